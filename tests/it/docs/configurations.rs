//! Checks blocks of configuration: each one parses for its author, and those of the reference contain every key.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use tagboat::config::{self, ConfigFile, ConfigSource};
use tagboat::forge::FORGES;

use super::pages::{Block, blocks};

/// The marks of blocks, and who writes such a file.
const MARKS: &[(&str, ConfigSource)] =
    &[("yaml tagboat.yaml", ConfigSource::Repository), ("yaml operator.yaml", ConfigSource::Operator)];

/// Returns the blocks that are marked as a configuration, and who writes them.
fn configurations() -> Vec<(Block<'static>, ConfigSource)> {
    let source = |block: &Block<'_>| MARKS.iter().find(|(mark, _)| block.info == *mark).map(|(_, source)| *source);
    blocks().into_iter().filter_map(|block| source(&block).map(|source| (block, source))).collect()
}

#[test]
fn configurations_parse() {
    assert!(configurations().len() > 10);
    for (Block { page, text, .. }, source) in configurations() {
        let file = ConfigFile { text, name: page, folder: Path::new(""), source };
        let forges = FORGES.iter().map(|forge| forge.name).collect::<Vec<_>>();
        config::parse_all(&[file], Some(&forges)).unwrap_or_else(|errors| panic!("{errors}\nin {text}"));
    }
}

#[test]
fn reference_shows_every_key() {
    let schema = config::json_schema(&[]);
    let mut shown = BTreeSet::new();
    for (block, _) in configurations().iter().filter(|(block, _)| block.page == "docs/configuration.md") {
        let value: Value = serde_yaml::from_str(block.text).unwrap();
        value_keys(&value, &schema, &schema, "", &mut shown);
    }
    let mut known = BTreeSet::new();
    schema_keys(&schema, &schema, "", &mut known);
    assert!(known.contains("rules.policy") && known.contains("registries.ca-file"), "{known:?}");
    let missing = known.difference(&shown).collect::<Vec<_>>();
    assert!(missing.is_empty(), "docs/configuration.md does not show {missing:?}");
}

/// Resolves references in a schema, and choices between a schema and null.
fn resolved<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    if let Some(to) = schema["$ref"].as_str() {
        return resolved(root.pointer(to.trim_start_matches('#')).unwrap(), root);
    }
    let choices = schema["anyOf"].as_array().into_iter().flatten();
    choices.map(|one| resolved(one, root)).find(|one| one["type"] != "null").unwrap_or(schema)
}

/// Collects every key of a schema as a path: `rules.policy`.
fn schema_keys(schema: &Value, root: &Value, path: &str, into: &mut BTreeSet<String>) {
    let schema = resolved(schema, root);
    for (key, of) in schema["properties"].as_object().into_iter().flatten() {
        into.insert(format!("{path}{key}"));
        schema_keys(of, root, &format!("{path}{key}."), into);
    }
    for inner in ["items", "additionalProperties"] {
        if schema[inner].is_object() {
            schema_keys(&schema[inner], root, path, into);
        }
    }
}

/// Collects the keys of a value that are in the schema.
fn value_keys(value: &Value, schema: &Value, root: &Value, path: &str, into: &mut BTreeSet<String>) {
    let schema = resolved(schema, root);
    for item in value.as_array().into_iter().flatten() {
        value_keys(item, &schema["items"], root, path, into);
    }
    for (key, value) in value.as_object().into_iter().flatten() {
        if schema["properties"][key].is_null() {
            value_keys(value, &schema["additionalProperties"], root, path, into);
        } else {
            into.insert(format!("{path}{key}"));
            value_keys(value, &schema["properties"][key], root, &format!("{path}{key}."), into);
        }
    }
}
