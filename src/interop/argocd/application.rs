//! An Argo CD Application or ApplicationSet in the manifests: its name, its annotations and its files.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::scope::{ApplicationScope, Sources};
use super::settings::ApplicationRef;
use crate::interop::objects::Object;

/// An Application, or the template of an ApplicationSet.
pub(crate) struct Application<'a> {
    pub(crate) object: &'a Object,
    /// The pointer of its metadata in the object.
    pub(crate) metadata: &'static str,
    pub(crate) annotations: Map<String, Value>,
    /// Its name in messages: a set has its own name.
    pub(crate) title: &'a str,
    /// As written: it may contain a template expression.
    name: &'a str,
    labels: &'a Value,
    spec: &'a Value,
}

impl<'a> Application<'a> {
    /// Reads an object, if it is one.
    pub(crate) fn new(object: &'a Object) -> Option<Self> {
        let (metadata, holder) = match object.kind.as_str() {
            "Application" => ("/metadata", &object.value),
            "ApplicationSet" => ("/spec/template/metadata", &object.value["spec"]["template"]),
            _ => return None,
        };
        Some(Self {
            object,
            metadata,
            annotations: holder["metadata"]["annotations"].as_object().cloned().unwrap_or_default(),
            title: &object.name,
            name: holder["metadata"]["name"].as_str().unwrap_or_default(),
            labels: &holder["metadata"]["labels"],
            spec: &holder["spec"],
        })
    }

    /// Returns whether an `applicationRef` of an updater selects it.
    pub(crate) fn is_selected(&self, one: &ApplicationRef) -> bool {
        one.selects(self.name, self.labels)
    }

    /// Returns the places that belong to it; `target` is the write-back target.
    pub(crate) fn scope(&self, target: Option<&str>) -> Arc<ApplicationScope> {
        let object = self.object;
        Arc::new(ApplicationScope::new(&Sources {
            spec: self.spec,
            name: &untemplated(self.name),
            folders: folders(&object.value["spec"]["generators"], false),
            excluded: folders(&object.value["spec"]["generators"], true),
            target,
            own: (object.path.clone(), object.lines.0, object.lines.1),
        }))
    }

    /// Returns the field paths below which the manifest of the application has chart values, each with its separator.
    pub(crate) fn value_fields(&self) -> Vec<String> {
        let spec = if self.metadata == "/metadata" { "spec" } else { "spec.template.spec" };
        let many = self.spec["sources"].as_array().map_or(0, Vec::len);
        let one = ["source", "sourceHydrator.drySource"].map(str::to_owned);
        let sources = one.into_iter().chain((0..many).map(|at| format!("sources[{at}]")));
        let prefix = &self.object.field_prefix;
        sources
            .flat_map(|source| ["valuesObject.", "values|"].map(|end| format!("{prefix}{spec}.{source}.helm.{end}")))
            .collect()
    }
}

/// Returns the folders that git generators include or exclude, at any depth of nested generators.
fn folders(generators: &Value, excluded: bool) -> Vec<String> {
    match generators {
        Value::Array(list) => list.iter().flat_map(|one| folders(one, excluded)).collect(),
        Value::Object(map) => map
            .iter()
            .flat_map(|(key, value)| match (key.as_str(), value.as_array()) {
                ("directories", Some(list)) => {
                    let wanted = list.iter().filter(|one| (one["exclude"] == true) == excluded);
                    wanted.filter_map(|one| one["path"].as_str().map(str::to_owned)).collect()
                }
                _ => folders(value, excluded),
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Returns a name with `*` in place of each template expression.
fn untemplated(name: &str) -> Cow<'_, str> {
    let mut rest = name;
    let mut plain = String::new();
    while let Some((before, after)) = rest.split_once("{{") {
        plain = plain + before + "*";
        rest = after.split_once("}}").map_or("", |(_, tail)| tail);
    }
    if plain.is_empty() { Cow::Borrowed(name) } else { Cow::Owned(plain + rest) }
}
