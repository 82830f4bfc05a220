//! The sections of a configuration that have a key, from its JSON Schema: where a key in the wrong section belongs. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The sections of each key, as paths of keys: `registries.HOST`. The path of the whole file is empty.
pub(super) type KeySections = BTreeMap<String, BTreeSet<String>>;

/// The name of an entry in a map whose keys a person chooses.
const ENTRIES: &[(&str, &str)] = &[("registries", "HOST")];

/// Returns the sections of every key of a schema.
pub(super) fn key_sections(schema: &Value) -> KeySections {
    let mut sections = KeySections::new();
    add(schema, schema, "", &mut sections);
    sections
}

/// Adds the keys of the values that a part of a schema describes.
fn add(schema: &Value, part: &Value, path: &str, sections: &mut KeySections) {
    let referenced = part["$ref"].as_str().and_then(|pointer| schema.pointer(pointer.trim_start_matches('#')));
    let alternatives = ["anyOf", "oneOf", "allOf"].into_iter().filter_map(|key| part[key].as_array()).flatten();
    for same in referenced.into_iter().chain(alternatives).chain(part.get("items")) {
        add(schema, same, path, sections);
    }
    if let Some(entry) = part.get("additionalProperties") {
        let named = ENTRIES.iter().find(|(map, _)| *map == path).map_or("NAME", |(_, name)| name);
        add(schema, entry, &format!("{path}.{named}"), sections);
    }
    for (key, value) in part["properties"].as_object().into_iter().flatten() {
        sections.entry(key.clone()).or_default().insert(path.to_owned());
        let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        add(schema, value, &below, sections);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_the_sections_of_each_key() {
        let schema = json!({
            "properties": {
                "rules": { "type": ["array", "null"], "items": { "$ref": "#/$defs/Rule" } },
                "registries": { "additionalProperties": { "$ref": "#/$defs/Registry" } },
                "git": { "anyOf": [{ "$ref": "#/$defs/Registry" }, { "type": "null" }] },
            },
            "$defs": {
                "Rule": { "properties": { "images": {} }, "additionalProperties": false },
                "Registry": { "properties": { "url": {} } },
            },
        });
        let sections = key_sections(&schema);
        let rows = sections
            .iter()
            .map(|(key, paths)| format!("{key}: {}", paths.iter().map(String::as_str).collect::<Vec<_>>().join(" ")));
        let expected = ["git: ", "images: rules", "registries: ", "rules: ", "url: git registries.HOST"];
        assert_eq!(rows.collect::<Vec<_>>(), expected);
    }
}
