//! The types of values that keys of the configuration have, and the message for a value of another type.

use super::node::Value;
use crate::config::excerpt::truncated;

/// Keys for whose values no example follows from the type: a string that is a duration, a list of maps, a map of maps.
#[rustfmt::skip]
pub(in crate::config) const EXAMPLES: &[(&str, &str)] = &[
    ("min-age",         "3d"),
    ("request-timeout", "30s"),
    ("image-timeout",   "5m"),
    ("policies",        "{ release: { semver: \"^1.2\" } }"),
    ("rules",           "[{ images: [\"ghcr.io/acme/**\"], policy: shape }]"),
    ("registries",      "{ ghcr.io: { mirror: harbor.acme.internal/ghcr } }"),
    ("app-versions",    "[{ paths: [\"charts/api/Chart.yaml\"], image: ghcr.io/acme/api }]"),
    ("tags",            "[{ paths: [\"envs/**/values.yaml\"], field: image.tag, image: ghcr.io/acme/api }]"),
    ("patterns",        "[{ paths: [\"**/*.tf\"], regex: 'image = \"(?<name>[^:]+):(?<tag>[^\"]+)\"' }]"),
    ("schedule",        "[{ days: [mon-fri], hours: \"9:00-17:00\" }]"),
];

/// The type of value that a key has.
#[derive(Debug, Clone, Copy)]
pub(in crate::config) enum Expected<'a> {
    Bool,
    Integer,
    AtLeast(u64),
    AtMost(u64),
    Text,
    List,
    Map,
    /// A map with keys such as this one.
    MapWith(&'a str),
}

impl Expected<'_> {
    fn describe(self) -> String {
        match self {
            Self::Bool => "`true` or `false`".to_owned(),
            Self::Integer => "a whole number".to_owned(),
            Self::AtLeast(least) => format!("a whole number of {least} or more"),
            Self::AtMost(most) => format!("a whole number of {most} or less"),
            Self::Text => "a string".to_owned(),
            Self::List => "a list".to_owned(),
            Self::Map => "a map".to_owned(),
            Self::MapWith(key) => format!("a map with keys such as `{key}`"),
        }
    }

    /// Returns the message for a value of the key `label`; `None` is the whole configuration.
    pub(in crate::config) fn message(self, label: Option<&str>, found: &Value) -> String {
        let expected = self.describe();
        match label {
            Some(key) => format!("`{key}`: expected {expected}, found {}", found.describe()),
            // Not the text, which may be that of a key or of a list of passwords.
            None => format!("expected {expected}, found {}", found.describe_type()),
        }
    }

    /// Returns what to write instead, for the key `label`: the value as it was probably meant, if it shows that.
    pub(in crate::config) fn hint(self, label: Option<&str>, found: &Value) -> String {
        let key = label.map(|label| format!("{label}: ")).unwrap_or_default();
        let example = EXAMPLES.iter().find(|(known, _)| label == Some(known)).map(|(_, example)| *example);
        match (self, found) {
            (Self::Text | Self::List | Self::Map, _) if let Some(example) = example => {
                format!("write `{key}{example}`, or remove the key")
            }
            (Self::Text, Value::Number(text)) => format!("quote it: `\"{}\"`", truncated(text)),
            (Self::Text, Value::Bool(value)) => format!("quote it: `\"{value}\"`"),
            (Self::Text, Value::Map(_)) if label == Some("policy") => {
                "write a string; the settings of a policy belong under `policies`, and a rule has its name".to_owned()
            }
            (Self::Text, _) => "write a string, as in `\"…\"`, or remove the key".to_owned(),
            (Self::List, Value::Text(text)) => format!("write a list: `{key}[\"{}\"]`", truncated(text)),
            (Self::List, _) => format!("write a list in brackets, as in `{key}[\"…\"]`, or remove the key"),
            (Self::Map, _) => format!("write the settings of a policy, as in `{key}{{ semver: \"^1.2\" }}`"),
            (Self::MapWith(key), _) => format!("write keys such as `{key}`, each with a colon and a value"),
            (Self::Bool, _) => format!("write `{key}true` or `{key}false`, without quotes"),
            (Self::Integer | Self::AtLeast(_) | Self::AtMost(_), Value::Number(_)) => {
                format!("write a whole number in this range, as in `{key}5`")
            }
            (Self::Integer | Self::AtLeast(_) | Self::AtMost(_), _) => {
                format!("write a whole number without quotes, as in `{key}5`")
            }
        }
    }
}
