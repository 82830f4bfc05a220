//! Checks requests and responses against a vendor's description of its API (OpenAPI 3 or Swagger 2). The descriptions are not
//! part of the project; without them, the doubles record a skip and check nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value, json};

/// The file of a description, and its known errors.
#[derive(Clone, Copy)]
pub(crate) struct Description {
    /// The file name.
    pub(crate) file: &'static str,
    /// Whether it marks fields that can be null. If not, nulls in responses are not checked.
    pub(crate) accepts_null: bool,
    /// For YAML, which is slow to read: texts of which each required path contains one.
    pub(crate) paths: &'static [&'static str],
    /// Query parameters and fields of requests that only its prose and examples mention.
    pub(crate) also: &'static [&'static str],
    /// The field with the list in responses that it describes as a list.
    pub(crate) wrapped: Option<&'static str>,
    /// Fields of responses whose described type contradicts the vendor's examples.
    pub(crate) mistyped: &'static [&'static str],
}

/// A description in memory.
pub(crate) struct Spec {
    doc: Value,
    /// The prefix of the paths of the description.
    base: String,
    known: Description,
    /// Compiled schemas by their use.
    compiled: Mutex<HashMap<String, Arc<jsonschema::Validator>>>,
}

impl Spec {
    /// Reads a description, once per process. Returns `None` and records a skip if it is absent.
    pub(crate) fn load(known: Description) -> Option<Arc<Self>> {
        static READ: Mutex<BTreeMap<&str, Option<Arc<Spec>>>> = Mutex::new(BTreeMap::new());
        let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
        read.entry(known.file).or_insert_with(|| Self::read(known).map(Arc::new)).clone()
    }

    fn read(known: Description) -> Option<Self> {
        let file = known.file;
        let folder = super::shared("specs")?;
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let doc: Value = if file.ends_with(".json") {
            serde_json::from_str(&text).unwrap()
        } else {
            serde_yaml::from_str(&only_paths(&text, known.paths)).unwrap()
        };
        let base = doc["basePath"].as_str().unwrap_or("").trim_end_matches('/').to_owned();
        Some(Self { doc, base, known, compiled: Mutex::default() })
    }

    /// Returns the errors in a request; none for an operation without a description.
    pub(crate) fn request(&self, method: &str, path: &str, query: &[(String, String)], body: &Value) -> Vec<String> {
        let Some((operation, parameters)) = self.operation(method, path) else { return vec![] };
        let mut wrong = Vec::new();
        for (name, value) in query.iter().filter(|(name, _)| !self.known.also.contains(&name.as_str())) {
            let known = parameters.iter().find(|p| p["in"] == "query" && p["name"] == name.as_str());
            let Some(parameter) = known else {
                wrong.push(format!("{method} {path}: unknown query parameter {name}"));
                continue;
            };
            let schema = parameter.get("schema").unwrap_or(parameter);
            let allowed = self.resolve(schema)["enum"].as_array().cloned().unwrap_or_default();
            if !allowed.is_empty() && !allowed.contains(&json!(value)) {
                wrong.push(format!("{method} {path}: {name}={value} is not one of {allowed:?}"));
            }
        }
        for parameter in parameters.iter().filter(|p| p["in"] == "query" && p["required"] == true) {
            if !query.iter().any(|(name, _)| parameter["name"] == name.as_str()) {
                wrong.push(format!("{method} {path}: {} is missing", parameter["name"]));
            }
        }
        let described = operation.get("requestBody").map(|body| self.content(self.resolve(body)));
        let in_swagger = parameters.iter().find(|p| p["in"] == "body").map(|p| &p["schema"]);
        match described.flatten().or(in_swagger) {
            Some(schema) if !body.is_null() => {
                wrong.extend(self.against(schema, body, &format!("{method} {path}")));
                wrong.extend(
                    self.unknown_fields(schema, body)
                        .map(|field| format!("{method} {path}: the vendor has no field {field}")),
                );
            }
            _ => {}
        }
        wrong
    }

    /// Returns the errors in a response; none for an operation or status without a description.
    pub(crate) fn response(&self, method: &str, path: &str, status: u16, body: &Value) -> Vec<String> {
        let Some((operation, _)) = self.operation(method, path) else { return vec![] };
        let responses = &operation["responses"];
        let described = responses.get(status.to_string());
        // Swagger that is generated from code often describes 200 only.
        let is_only_200 = responses.as_object().is_some_and(|all| all.len() == 1 && all.contains_key("200"));
        let only = if status == 201 && is_only_200 { responses.get("200") } else { None };
        let Some(response) = described.or(only) else {
            // 203 comes from a proxy, not from the API (RFC 9110, 15.3.4): a sign-in page, for example.
            let wrong = status < 400 && status != 203 && responses.get("default").is_none();
            return if wrong { vec![format!("{method} {path}: no response {status} is described")] } else { vec![] };
        };
        let response = self.resolve(response);
        let Some(schema) = self.content(response).or_else(|| response.get("schema")) else { return vec![] };
        let is_list = self.resolve(schema)["type"] == "array";
        let mut body = match self.known.wrapped {
            Some(field) if is_list => body[field].clone(),
            _ => body.clone(),
        };
        if !self.known.accepts_null {
            drop_nulls(&mut body);
        }
        self.against(schema, &body, &format!("{status} for {method} {path}"))
    }

    /// Returns the operation at a path, from the template with the fewest parameters, and its parameters with those of the path.
    fn operation(&self, method: &str, path: &str) -> Option<(&Value, Vec<&Value>)> {
        let path = path.strip_prefix(&self.base)?;
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let fits = |template: &&String| {
            let wanted: Vec<&str> = template.trim_matches('/').split('/').collect();
            wanted.len() == parts.len()
                && wanted.iter().zip(&parts).all(|(want, is)| want.starts_with('{') || want.eq_ignore_ascii_case(is))
        };
        let paths = self.doc["paths"].as_object()?;
        let template = paths.keys().filter(fits).min_by_key(|template| template.matches('{').count())?;
        let item = &paths[template];
        let operation = item.get(method.to_ascii_lowercase())?;
        let lists = [item.get("parameters"), operation.get("parameters")];
        let parameters = lists.into_iter().flatten().filter_map(Value::as_array).flatten();
        Some((operation, parameters.map(|parameter| self.resolve(parameter)).collect()))
    }

    fn content<'a>(&'a self, of: &'a Value) -> Option<&'a Value> {
        let content = of.get("content")?.as_object()?;
        let (_, media) = content.iter().find(|(name, _)| name.contains("json"))?;
        media.get("schema")
    }

    fn resolve<'a>(&'a self, mut value: &'a Value) -> &'a Value {
        while let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            value = self.doc.pointer(reference.trim_start_matches('#')).unwrap();
        }
        value
    }

    fn against(&self, schema: &Value, body: &Value, what: &str) -> Vec<String> {
        let key = schema.to_string();
        let compiled = self.compiled.lock().unwrap().get(&key).cloned();
        let validator = compiled.unwrap_or_else(|| {
            let validator = Arc::new(self.compile(schema));
            self.compiled.lock().unwrap().insert(key, Arc::clone(&validator));
            validator
        });
        let mistyped = |place: &str| {
            what.starts_with(|c: char| c.is_ascii_digit())
                && self.known.mistyped.iter().any(|field| place.ends_with(&format!("/{field}")))
        };
        let errors = validator.iter_errors(body).filter(|error| !mistyped(error.instance_path().as_str()));
        errors
            .map(|error| {
                let text: String = error.to_string().chars().take(300).collect();
                format!("{what}: at {}: {text}", error.instance_path())
            })
            .collect()
    }

    fn compile(&self, schema: &Value) -> jsonschema::Validator {
        // Only the reachable part of the description is compiled; all of it has megabytes.
        let mut reached = BTreeSet::new();
        let mut todo = vec![schema];
        while let Some(value) = todo.pop() {
            match value {
                Value::Object(fields) => {
                    if let Some(reference) = fields.get("$ref").and_then(Value::as_str)
                        && reached.insert(reference.trim_start_matches('#').to_owned())
                    {
                        todo.push(self.doc.pointer(reference.trim_start_matches('#')).unwrap());
                    }
                    todo.extend(fields.values());
                }
                Value::Array(items) => todo.extend(items),
                _ => {}
            }
        }
        let mut root = json!({});
        for pointer in &reached {
            let mut place = &mut root;
            for part in pointer.trim_start_matches('/').split('/') {
                let fields = place.as_object_mut().unwrap();
                place = fields.entry(part.replace("~1", "/")).or_insert_with(|| json!({}));
            }
            *place = as_json_schema(self.doc.pointer(pointer).unwrap());
        }
        root["allOf"] = json!([as_json_schema(schema)]);
        jsonschema::options().with_draft(jsonschema::Draft::Draft4).build(&root).unwrap()
    }

    /// Returns the top-level fields of `body` that no branch of the schema names.
    fn unknown_fields<'a>(&self, schema: &Value, body: &'a Value) -> impl Iterator<Item = &'a String> + use<'a> {
        let mut known = BTreeSet::new();
        let mut todo = vec![schema];
        while let Some(schema) = todo.pop() {
            let schema = self.resolve(schema);
            known.extend(schema["properties"].as_object().into_iter().flat_map(Map::keys).cloned());
            for key in ["allOf", "oneOf", "anyOf"] {
                todo.extend(schema[key].as_array().into_iter().flatten());
            }
        }
        let open = known.is_empty();
        known.extend(self.known.also.iter().map(|field| (*field).to_owned()));
        body.as_object().into_iter().flat_map(Map::keys).filter(move |field| !open && !known.contains(*field))
    }
}

/// Removes the paths of an OpenAPI file in YAML that contain none of `wanted`.
fn only_paths(text: &str, wanted: &[&str]) -> String {
    let mut keep = true;
    let kept = text.split_inclusive('\n').filter(|line| {
        if line.starts_with("  \"/") {
            keep = wanted.iter().any(|wanted| line.contains(wanted));
        } else if line.starts_with(|c: char| c.is_ascii_alphabetic()) {
            keep = true;
        }
        keep
    });
    kept.collect()
}

/// Converts `nullable` of OpenAPI to JSON Schema, and removes examples and discriminators.
fn as_json_schema(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(key, value)| match key.as_str() {
                "nullable" | "discriminator" | "xml" | "externalDocs" | "readOnly" => false,
                "example" | "examples" | "default" | "format" => value.is_object() && value.get("type").is_some(),
                _ => true,
            });
            let schema = Value::Object(kept.map(|(key, value)| (key.clone(), as_json_schema(value))).collect());
            match fields.get("nullable") {
                Some(Value::Bool(true)) => json!({"anyOf": [{"type": "null"}, schema]}),
                _ => schema,
            }
        }
        Value::Array(items) => items.iter().map(as_json_schema).collect(),
        other => other.clone(),
    }
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}
