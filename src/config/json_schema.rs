//! The JSON Schema of `tagboat.yaml`, for editors. The kinds of policies and their keys, and the keys of the operator, come from their tables.

use serde_json::{Map, Value, json};

use super::config::{IGNORE, SHAPE};
use super::operator_keys::OPERATOR_KEYS;
use super::schema::Schema;
use crate::policy::{POLICIES, PolicyKind, common_options};

/// Returns the schema of the file, in draft 2020-12. `forges` are the kinds of forges.
pub fn json_schema(forges: &[&str]) -> Value {
    let mut schema = schemars::schema_for!(Schema).to_value();
    if let Some(root) = schema.as_object_mut() {
        root.insert("title".to_owned(), json!("tagboat.yaml"));
    }
    if let Some(policies) = schema.pointer_mut("/properties/policies") {
        policies["propertyNames"] = json!({ "pattern": "^\\S+$", "not": { "enum": [IGNORE, SHAPE] } });
        policies["additionalProperties"] = json!({ "oneOf": POLICIES.iter().map(entry).collect::<Vec<_>>() });
    }
    if let Some(kind) = schema.pointer_mut("/$defs/ForgeSchema/properties/kind") {
        kind["enum"] = forges.iter().copied().map(Value::from).chain([Value::Null]).collect();
    }
    for key in OPERATOR_KEYS {
        mark_operator_key(&mut schema, key);
    }
    schema
}

/// Adds to the description of a key that only the operator may set it.
fn mark_operator_key(schema: &mut Value, key: &str) {
    let mut pointer = String::new();
    for part in key.split('.') {
        let definition = schema.pointer(&pointer).and_then(|at| at["$ref"].as_str());
        if let Some(definition) = definition {
            pointer = definition.trim_start_matches('#').to_owned();
        }
        pointer += &if part == "*" { "/additionalProperties".to_owned() } else { format!("/properties/{part}") };
    }
    if let Some(Value::String(description)) = schema.pointer_mut(&format!("{pointer}/description")) {
        description.push_str(" Only in the operator's configuration.");
    }
}

/// Returns the schema of a policy of one kind, which requires its key and allows no unknown one.
fn entry(kind: &PolicyKind) -> Value {
    let mut properties = Map::new();
    for option in kind.options.iter().chain(common_options()) {
        properties.insert(option.key.to_owned(), json!({ "description": option.about, "type": OPTION_TYPES }));
    }
    properties.insert(
        kind.key.to_owned(),
        json!({ "description": format!("{}: {}", kind.about, kind.example), "type": OPTION_TYPES }),
    );
    json!({
        "title": kind.key,
        "description": kind.about,
        "type": "object",
        "properties": properties,
        "required": [kind.key],
        "additionalProperties": false,
    })
}

/// The types of values that policies accept. Each policy is stricter.
const OPTION_TYPES: [&str; 4] = ["string", "boolean", "integer", "array"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::syntax::expected::EXAMPLES;

    fn marked<'a>(value: &'a Value, key: &'a str, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(map) => map.iter().for_each(|(inner, value)| {
                let is_marked = |text: &str| text.contains("operator's configuration");
                if inner == "description" && value.as_str().is_some_and(is_marked) {
                    found.push(key);
                }
                marked(value, inner, found);
            }),
            Value::Array(list) => list.iter().for_each(|value| marked(value, key, found)),
            _ => {}
        }
    }

    /// Collects the keys whose values are lists or maps of maps.
    fn nested<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        for (key, of) in value["properties"].as_object().into_iter().flatten() {
            let is_nested = |inner: &str| {
                let inner = &of[inner];
                inner["$ref"].is_string() || inner["oneOf"].is_array()
            };
            if is_nested("items") || is_nested("additionalProperties") {
                found.push(key);
            }
        }
        value["$defs"].as_object().into_iter().flatten().for_each(|(_, definition)| nested(definition, found));
    }

    #[test]
    fn every_list_or_map_of_maps_has_an_example() {
        let (schema, mut found) = (json_schema(&[]), Vec::new());
        nested(&schema, &mut found);
        assert!(found.len() > 6, "{found:?}");
        let has_example = |key: &&&str| EXAMPLES.iter().any(|(known, _)| known == *key);
        assert_eq!(found.iter().filter(has_example).count(), found.len(), "{found:?}");
    }

    #[test]
    fn marks_the_keys_of_the_operator() {
        let (schema, mut found) = (json_schema(&[]), Vec::new());
        marked(&schema, "", &mut found);
        let mut expected: Vec<&str> = OPERATOR_KEYS.iter().filter_map(|key| key.rsplit('.').next()).collect();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected);
    }
}
