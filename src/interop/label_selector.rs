//! Label selectors of Kubernetes, which objects of several tools have.

use serde_json::Value;

/// Returns whether a Kubernetes label selector selects these labels. An unknown operator selects nothing.
pub(super) fn selects(selector: &Value, labels: &Value) -> bool {
    let mut equal = selector["matchLabels"].as_object().into_iter().flatten();
    let mut expressions = selector["matchExpressions"].as_array().into_iter().flatten();
    equal.all(|(key, value)| labels.get(key) == Some(value))
        && expressions.all(|one| {
            let label = one["key"].as_str().and_then(|key| labels.get(key));
            let among = label.is_some_and(|label| one["values"].as_array().is_some_and(|list| list.contains(label)));
            match one["operator"].as_str() {
                Some("In") => among,
                Some("NotIn") => !among,
                Some("Exists") => label.is_some(),
                Some("DoesNotExist") => label.is_none(),
                _ => false,
            }
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn selects_by_labels_and_expressions() {
        let labels = json!({ "team": "web", "env": "prod" });
        let expression = |key: &str, operator: &str, values: Value| json!({ "matchExpressions": [{ "key": key, "operator": operator, "values": values }] });
        let rows = [
            (json!({}), true),
            (json!({ "matchLabels": { "team": "web" } }), true),
            (json!({ "matchLabels": { "team": "web", "env": "dev" } }), false),
            (expression("env", "In", json!(["prod"])), true),
            (expression("env", "NotIn", json!(["prod"])), false),
            (expression("tier", "NotIn", json!(["a"])), true),
            (expression("env", "Exists", Value::Null), true),
            (expression("env", "DoesNotExist", Value::Null), false),
            (expression("env", "Near", Value::Null), false),
        ];
        for (selector, expected) in rows {
            assert_eq!(selects(&selector, &labels), expected, "{selector}");
        }
        assert!(!selects(&json!({ "matchLabels": { "team": "web" } }), &Value::Null));
    }
}
