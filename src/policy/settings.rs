//! A policy entry as users write it, parsed from YAML, and the errors in it.

use std::fmt;

use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value};

use super::versions::OrderKey;
use crate::docs::{Hint, page};
use crate::text::nearest_name;

/// One policy entry: `{ semver: ">=1.0 <3", exclude: "-debug$" }`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings(Map<String, Value>);

/// An error in a policy entry. The caller adds the file and the position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", key.as_ref().map(|key| format!("`{key}`: ")).unwrap_or_default())]
pub struct PolicyError {
    /// The key that it concerns, if it is one.
    pub key: Option<String>,
    /// The error, a lower-case fragment.
    pub message: String,
    /// What to do, in the imperative, and the address of the page that documents it.
    pub hint: Option<Hint>,
}

impl PolicyError {
    /// Creates an error about the value of one key.
    pub fn at(key: &str, message: impl Into<String>) -> Self {
        Self { key: Some(key.to_owned()), message: message.into(), hint: None }
    }

    /// Creates an error about the whole entry.
    pub fn whole(message: impl Into<String>) -> Self {
        Self { key: None, message: message.into(), hint: None }
    }

    /// Adds a hint, and the address of the section that documents the key unless the hint ends with an address.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        let hint = Hint::new(hint.into(), self.address());
        Self { hint: Some(hint), ..self }
    }

    /// Returns what to do, if this error has a hint of its own.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Returns what to do.
    pub fn hint_or_default(&self) -> Hint {
        self.hint
            .clone()
            .unwrap_or_else(|| Hint::new("correct the definition of the policy".to_owned(), self.address()))
    }

    /// Returns the error and what to do, as one reason.
    pub fn reason(&self) -> String {
        let hint = self.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
        format!("{self}{hint}")
    }

    /// Returns the address of the section that documents the key.
    fn address(&self) -> &'static str {
        let section = SECTIONS.iter().find(|(key, _)| self.key.as_deref() == Some(*key));
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
                    PolicyError::at(key, format!("expected true or false, found {value}"))
                        .with_hint(format!("write {key}: true"))
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
            let error = PolicyError::at(key, format!("expected one of {}, found `{text}`", names.join(", ")));
            let first = names.first().copied().unwrap_or_default();
            match nearest_name(text, names) {
                Some(name) => error.with_hint(format!("use `{name}`")),
                None => error.with_hint(format!("write {key}: {first}, or another of them")),
            }
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
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Err(PolicyError::at(key, format!("expected a string, found the number {number}"))
            .with_hint(format!("quote it, because 1.10 without quotes is the number 1.1: {key}: \"{number}\""))),
        Value::Bool(switch) => Err(PolicyError::at(key, format!("expected a string, found {switch}"))
            .with_hint("quote the word if it is meant as a string")),
        other => Err(PolicyError::at(key, format!("expected a string, found {}", kind_of(other)))
            .with_hint("write a string, or remove the key")),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
        _ => "no value",
    }
}

/// Compiles a regular expression with a limit on its size.
pub fn pattern(key: &str, text: &str) -> Result<Regex, PolicyError> {
    RegexBuilder::new(text).size_limit(PATTERN_LIMIT).dfa_size_limit(PATTERN_LIMIT).build().map_err(|error| match error
    {
        regex::Error::CompiledTooBig(_) => {
            PolicyError::at(key, format!("invalid regular expression `{text}`: it is too large"))
                .with_hint("reduce its counted repetitions")
        }
        other => invalid_pattern(key, text, &other),
    })
}

fn invalid_pattern(key: &str, text: &str, error: &dyn fmt::Display) -> PolicyError {
    let message = error.to_string();
    let cause = message.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
    PolicyError::at(key, format!("invalid regular expression `{text}`: {cause}")).with_hint(
        if cause.contains("look-around") || cause.contains("backreferences") {
            "remove look-around and backreferences, and use `exclude` for what must not match"
        } else {
            "write a literal dot as \\. and quote the pattern with ' in YAML"
        },
    )
}
