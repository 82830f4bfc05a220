//! The JSON Schema of `tagboat.yaml`, for editors. The kinds of policies and their keys come from their table.

use serde_json::{Map, Value, json};

use super::config::{IGNORE, SHAPE};
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
    schema
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
