//! Writes values in the flow style of YAML, for configurations that a person or `init` puts into `tagboat.yaml`.

use serde_json::Value;

use super::scalar::is_plain_string;

/// Returns a value in the flow style: `{ semver: "^1.2", max-bump: minor }`.
pub fn flow_style(value: &Value) -> String {
    match value {
        Value::String(one) => flow_string(one),
        Value::Array(list) => format!("[{}]", list.iter().map(flow_style).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => flow_map(map.iter().map(|(key, value)| (key.as_str(), value))),
        other => other.to_string(),
    }
}

/// Returns a map in the flow style, with its entries in this order.
pub fn flow_map<'a>(entries: impl IntoIterator<Item = (&'a str, &'a Value)>) -> String {
    let entries = entries.into_iter().map(|(key, value)| format!("{key}: {}", flow_style(value)));
    format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
}

/// Returns a string as a scalar: plain if every reader takes it for a string, else in JSON quotes.
pub fn flow_string(text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b))
        && is_plain_string(text);
    if is_plain { text.to_owned() } else { Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn quotes_what_is_no_plain_string() {
        let map = json!({ "a": "^1", "b": ["x-y", "true", "a: b"], "c": true, "d": { "e": 1 } });
        assert_eq!(flow_style(&map), r#"{ a: "^1", b: [x-y, "true", "a: b"], c: true, d: { e: 1 } }"#);
    }
}
