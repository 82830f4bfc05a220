//! Blocks that show a `tagboat.yaml`: each one parses, and together those of the reference show every key.

use std::collections::BTreeSet;

use serde_json::Value;
use tagboat::config;

use super::pages::{Block, blocks};

/// Blocks that are marked with the name of the configuration file.
fn configurations() -> Vec<Block<'static>> {
    let mark = format!("yaml {}", config::FILE_NAME);
    blocks().into_iter().filter(|block| block.info == mark).collect()
}

#[test]
fn configurations_parse() {
    assert!(configurations().len() > 10);
    for Block { page, text, .. } in configurations() {
        config::parse(text, page).unwrap_or_else(|errors| panic!("{errors}\nin {text}"));
    }
}

#[test]
fn reference_shows_every_key() {
    let schema = config::json_schema();
    let mut shown = BTreeSet::new();
    for block in configurations().iter().filter(|block| block.page == "docs/configuration.md") {
        let value: Value = serde_yaml::from_str(block.text).unwrap();
        keys_shown(&value, &schema, &schema, "", &mut shown);
    }
    let mut known = BTreeSet::new();
    keys_known(&schema, &schema, "", &mut known);
    assert!(known.contains("rules.policy") && known.contains("registries.ca-file"), "{known:?}");
    let missing = known.difference(&shown).collect::<Vec<_>>();
    assert!(missing.is_empty(), "docs/configuration.md does not show {missing:?}");
}

/// What a schema refers to; of a choice between it and null, the one that is not null.
fn resolved<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    if let Some(to) = schema["$ref"].as_str() {
        return resolved(root.pointer(to.trim_start_matches('#')).unwrap(), root);
    }
    let choices = schema["anyOf"].as_array().into_iter().flatten();
    choices.map(|one| resolved(one, root)).find(|one| one["type"] != "null").unwrap_or(schema)
}

/// Collects every key that a schema names, as a path: `rules.policy`.
fn keys_known(schema: &Value, root: &Value, path: &str, into: &mut BTreeSet<String>) {
    let schema = resolved(schema, root);
    for (key, of) in schema["properties"].as_object().into_iter().flatten() {
        into.insert(format!("{path}{key}"));
        keys_known(of, root, &format!("{path}{key}."), into);
    }
    for inner in ["items", "additionalProperties"] {
        if schema[inner].is_object() {
            keys_known(&schema[inner], root, path, into);
        }
    }
}

/// Collects the keys of a value that the schema names.
fn keys_shown(value: &Value, schema: &Value, root: &Value, path: &str, into: &mut BTreeSet<String>) {
    let schema = resolved(schema, root);
    for item in value.as_array().into_iter().flatten() {
        keys_shown(item, &schema["items"], root, path, into);
    }
    for (key, value) in value.as_object().into_iter().flatten() {
        if schema["properties"][key].is_null() {
            keys_shown(value, &schema["additionalProperties"], root, path, into);
        } else {
            into.insert(format!("{path}{key}"));
            keys_shown(value, &schema["properties"][key], root, &format!("{path}{key}."), into);
        }
    }
}
