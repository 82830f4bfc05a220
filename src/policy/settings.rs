//! A policy entry as users write it, parsed from YAML, and the errors in it.

use std::fmt;

use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value};

use super::versions::OrderKey;
use crate::docs::{Hint, page};
use crate::text::{code_list, nearest_name};

/// One policy entry: `{ semver: ">=1.0 <3", exclude: "-debug$" }`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings(Map<String, Value>);

/// An error in a policy entry. The caller adds the file and the position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", part.key().map(|key| format!("`{key}`: ")).unwrap_or_default())]
pub struct PolicyError {
    /// What it is about.
    pub part: EntryPart,
    /// The error, a lower-case fragment.
    pub message: String,
    /// What to do, in the imperative, without an address.
    hint: Option<String>,
}

/// The part of a policy entry that an error is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryPart {
    /// The entry as a whole.
    Entry,
    /// A key that the entry may not have.
    Key(String),
    /// The value of a key.
    Value(String),
}

impl EntryPart {
    /// Returns the key, if it is about one.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Entry => None,
            Self::Key(key) | Self::Value(key) => Some(key),
        }
    }
}

impl PolicyError {
    /// Creates an error about the value of one key.
    pub fn at(key: &str, message: impl Into<String>) -> Self {
        Self::new(EntryPart::Value(key.to_owned()), message)
    }

    /// Creates an error about a key that the entry may not have.
    pub(super) fn at_key(key: &str, message: impl Into<String>) -> Self {
        Self::new(EntryPart::Key(key.to_owned()), message)
    }

    /// Creates an error about the whole entry.
    pub fn whole(message: impl Into<String>) -> Self {
        Self::new(EntryPart::Entry, message)
    }

    fn new(part: EntryPart, message: impl Into<String>) -> Self {
        Self { part, message: message.into(), hint: None }
    }

    /// Adds what to do.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Returns what to do, with the address of the section that documents the key.
    pub fn hint(&self) -> Hint {
        let example = "define the policy as in `{ semver: \">=1.0 <3\" }`";
        Hint::new(self.hint.clone().unwrap_or_else(|| example.to_owned()), self.address())
    }

    /// Returns the error and what to do, as one reason. A reason has no address.
    pub fn reason(&self) -> String {
        let hint = self.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        format!("{self}{hint}")
    }

    /// Returns the address of the section that documents the key.
    fn address(&self) -> &'static str {
        let section = SECTIONS.iter().find(|(key, _)| matches!(&self.part, EntryPart::Value(of) if of == key));
        section.map_or(page!("policies.md#all-policies"), |(_, address)| *address)
    }
}

/// The addresses of the sections about one key. The section about all policies documents every other key.
const SECTIONS: [(&str, &str); 8] = [
    ("shape", page!("policies.md#shape")),
    ("semver", page!("policies.md#semver")),
    ("newest-build", page!("policies.md#newest-build")),
    ("git-history", page!("policies.md#git-history")),
    ("branch", page!("policies.md#git-history")),
    ("commit", page!("policies.md#git-history")),
    ("digest", page!("policies.md#digest")),
    ("follow", page!("policies.md#follow")),
];

/// One option of a policy, for `--help`, `explain`, the schema and the check of unknown keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionDoc {
    /// The key in the entry.
    pub key: &'static str,
    /// One line: meaning and values.
    pub about: &'static str,
}

/// The direction of an order; its end is the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Ascending,
    Descending,
}

impl Direction {
    /// Parses `asc` or `desc`.
    pub(super) fn new(word: &str) -> Option<Self> {
        match word {
            "asc" => Some(Self::Ascending),
            "desc" => Some(Self::Descending),
            _ => None,
        }
    }

    /// Writes a part of a key in this direction.
    pub(super) fn write(self, key: &mut OrderKey, part: impl FnOnce(&mut OrderKey)) {
        let mark = key.mark();
        part(key);
        if self == Self::Descending {
            key.reverse_from(mark);
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Ascending { "asc" } else { "desc" })
    }
}

/// The size limit of a compiled pattern. A tag has at most 128 bytes, so no useful pattern comes near.
const PATTERN_LIMIT: usize = 1 << 20;

impl Settings {
    /// Wraps a mapping from YAML or JSON.
    pub fn new(map: Map<String, Value>) -> Self {
        Self(map)
    }

    /// Creates settings from pairs, for policies that are translated from other tools.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, Value)>) -> Self {
        Self(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// Returns the keys of the entry.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Returns the keys that have a value, with their values.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.as_str(), value))
    }

    /// Returns the value of a key, `None` if it is absent or null.
    pub fn value(&self, key: &str) -> Option<&Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    /// Returns a string. A number is an error, because YAML does not keep how it was written: `1.10` becomes `1.1`.
    pub fn text(&self, key: &str) -> Result<Option<&str>, PolicyError> {
        self.value(key).map(|value| text(key, value)).transpose()
    }

    /// Returns a boolean.
    pub fn switch(&self, key: &str) -> Result<Option<bool>, PolicyError> {
        self.value(key)
            .map(|value| {
                value.as_bool().ok_or_else(|| {
                    PolicyError::at(key, format!("expected `true` or `false`, found {}", describe(value)))
                        .with_hint(format!("write `{key}: true`, without quotes"))
                })
            })
            .transpose()
    }

    /// Returns a string, or a list of strings.
    pub fn texts(&self, key: &str) -> Result<Vec<&str>, PolicyError> {
        match self.value(key) {
            None => Ok(Vec::new()),
            Some(Value::Array(list)) => list.iter().map(|value| text(key, value)).collect(),
            Some(value) => Ok(vec![text(key, value)?]),
        }
    }

    /// Returns the value of one of these words.
    pub fn word<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Result<Option<T>, PolicyError> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        found.map(Some).ok_or_else(|| {
            let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let error = PolicyError::at(key, format!("expected one of {}, found `{text}`", code_list(&names)));
            let example = nearest_name(text, names.iter().copied()).or(names.first().copied()).unwrap_or_default();
            error.with_hint(format!("write `{key}: {example}`"))
        })
    }

    /// Returns the direction of an order, by default `asc`.
    pub(super) fn direction(&self, key: &str) -> Result<Direction, PolicyError> {
        if self.value(key) == Some(&Value::Bool(true)) {
            return Ok(Direction::Ascending);
        }
        let found = self.word(key, &[("asc", Direction::Ascending), ("desc", Direction::Descending)])?;
        Ok(found.unwrap_or(Direction::Ascending))
    }

    /// Returns the strings of a key as regular expressions.
    pub fn patterns(&self, key: &str) -> Result<Vec<Regex>, PolicyError> {
        self.texts(key)?.into_iter().map(|text| pattern(key, text)).collect()
    }
}

fn text<'v>(key: &str, value: &'v Value) -> Result<&'v str, PolicyError> {
    let Value::String(text) = value else {
        let error = PolicyError::at(key, format!("expected a string, found {}", describe(value)));
        return Err(error.with_hint(match value {
            Value::Number(number) => format!("write `{key}: \"{number}\"`: without quotes, `1.10` is the number 1.1"),
            Value::Bool(switch) => format!("write `{key}: \"{switch}\"` for the text"),
            _ => format!("write a string, as in `{key}: \"…\"`, or remove the key"),
        }));
    };
    Ok(text)
}

/// Returns what was found, for messages.
fn describe(value: &Value) -> String {
    match value {
        Value::String(text) => format!("the string `{text}`"),
        Value::Number(number) => format!("the number {number}"),
        Value::Bool(switch) => format!("`{switch}`"),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a map".to_owned(),
        Value::Null => "no value".to_owned(),
    }
}

/// Compiles a regular expression with a limit on its size.
pub fn pattern(key: &str, text: &str) -> Result<Regex, PolicyError> {
    RegexBuilder::new(text).size_limit(PATTERN_LIMIT).dfa_size_limit(PATTERN_LIMIT).build().map_err(|error| match error
    {
        regex::Error::CompiledTooBig(_) => {
            PolicyError::at(key, format!("invalid regular expression `{text}`: it is too large"))
                .with_hint("write smaller counts, such as `{7,40}` for `{7,4000}`")
        }
        other => invalid_pattern(key, text, &other),
    })
}

fn invalid_pattern(key: &str, text: &str, error: &dyn fmt::Display) -> PolicyError {
    let message = error.to_string();
    let cause = message.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
    PolicyError::at(key, format!("invalid regular expression `{text}`: {cause}")).with_hint(
        if cause.contains("look-around") || cause.contains("backreferences") {
            "write what must not match as a second expression, such as `exclude: '-rc'` for `(?!.*-rc)`"
        } else {
            "write a literal dot as `\\.`, close each group, and quote the expression, as in `'^v(\\d+)\\.'`"
        },
    )
}
