//! What a key of the configuration takes, and the message for a value that does not fit. A table; reads nothing.

use super::node::Value;

/// What a key takes.
#[derive(Debug, Clone, Copy)]
pub(in crate::config) enum Expected<'a> {
    Bool,
    Integer,
    NonNegative,
    Text,
    List,
    Map,
    /// A map with keys such as this one.
    MapWith(&'a str),
}

impl Expected<'_> {
    fn describe(self) -> String {
        match self {
            Self::Bool => "true or false".to_owned(),
            Self::Integer => "a whole number".to_owned(),
            Self::NonNegative => "a whole number that is not negative".to_owned(),
            Self::Text => "text".to_owned(),
            Self::List => "a list".to_owned(),
            Self::Map => "a map".to_owned(),
            Self::MapWith(key) => format!("a map with keys such as `{key}`"),
        }
    }

    /// Returns the message for a value of the key `label`; `None` is the whole configuration.
    pub(in crate::config) fn message(self, label: Option<&str>, found: &Value) -> String {
        let label = label.map_or_else(|| "the configuration".to_owned(), |key| format!("`{key}`"));
        format!("{label} takes {}, not {}", self.describe(), found.describe())
    }

    /// Returns what to write instead, where the value shows what was meant.
    pub(in crate::config) fn hint(self, found: &Value) -> Option<String> {
        match (self, found) {
            (Self::Text, Value::Number(text)) => Some(format!("put it in quotes: \"{text}\"")),
            (Self::Text, Value::Bool(value)) => Some(format!("put it in quotes: \"{value}\"")),
            (Self::Text, Value::Map(_)) => Some("put a value that starts with { in quotes: \"{{ image }}\"".to_owned()),
            (Self::List, Value::Text(text)) => Some(format!("write [\"{text}\"]")),
            _ => None,
        }
    }
}
