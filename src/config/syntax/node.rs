//! A YAML file as a tree with the position of every value, for messages of the reader and the checks.
//!
//! Serde types alone lose the position of a value as soon as it is read, and stop at the first problem.

use std::fmt;

use serde::Deserialize;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde_yaml::{Location, Spanned};

use super::place::ConfigPlace;
use crate::config::error::Problem;
use crate::config::excerpt::{Excerpt, truncated};
use crate::text::Position;

/// A value in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) struct Node {
    pub(in crate::config) position: Position,
    pub(in crate::config) value: Value,
}

/// A value. Numbers are kept as written: `1.20` is not `1.2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) enum Value {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<MapEntry>),
}

/// One key of a map with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) struct MapEntry {
    pub(in crate::config) key: String,
    pub(in crate::config) position: Position,
    pub(in crate::config) value: Node,
}

impl Node {
    /// Reads the file with this index, of one YAML document. An empty file is an empty map.
    pub(in crate::config) fn parse(text: &str, file: usize) -> Result<Self, Problem> {
        // A configuration is some six levels deep, and its aliases repeat lists of patterns. `yes` and `on` are texts, as
        // in YAML 1.2.
        let options = serde_yaml::options! {
            budget: serde_yaml::budget! { max_depth: 16 },
            alias_limits: serde_yaml::alias_limits! { max_total_replayed_events: 10_000 },
            strict_booleans: true,
        };
        let read = serde_yaml::from_str_with_options(text, options);
        let raw: Option<Spanned<Raw>> = read.map_err(|error| syntax(&error, text, file))?;
        let empty = Self { position: Position { line: 1, column: 1 }, value: Value::Map(Vec::new()) };
        Ok(raw.map_or(empty, |raw| raw_node(raw, text)))
    }
}

impl Value {
    /// Returns what type was found, for messages.
    pub(in crate::config) fn describe_type(&self) -> &'static str {
        match self {
            Self::Null => "no value",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }

    /// Returns what was found, for messages.
    pub(in crate::config) fn describe(&self) -> String {
        match self {
            Self::Bool(value) => format!("`{value}`"),
            Self::Number(text) => format!("the number {}", truncated(text)),
            Self::Text(text) => format!("the string `{text}`"),
            Self::Null | Self::List(_) | Self::Map(_) => self.describe_type().to_owned(),
        }
    }
}

/// A value as serde hands it over.
enum Raw {
    Null,
    Bool(bool),
    Number,
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

fn raw_node(raw: Spanned<Raw>, text: &str) -> Node {
    let value = match raw.value {
        Raw::Null => Value::Null,
        Raw::Bool(value) => Value::Bool(value),
        Raw::Number => Value::Number(as_written(raw.defined, text)),
        Raw::Text(value) => Value::Text(value),
        Raw::List(items) => Value::List(items.into_iter().map(|item| raw_node(item, text)).collect()),
        Raw::Map(entries) => Value::Map(
            entries
                .into_iter()
                .map(|(key, value)| MapEntry {
                    position: position(key.referenced),
                    key: key.value,
                    value: raw_node(value, text),
                })
                .collect(),
        ),
    };
    Node { position: position(raw.referenced), value }
}

fn as_written(location: Location, text: &str) -> String {
    let start = location.span().byte_offset().and_then(|at| usize::try_from(at).ok());
    let length = location.span().byte_len().and_then(|n| usize::try_from(n).ok());
    let slice = start.zip(length).and_then(|(start, length)| text.get(start..start + length));
    slice.unwrap_or_default().trim().to_owned()
}

fn position(location: Location) -> Position {
    let at_least_one = |n: u64| usize::try_from(n).unwrap_or(1).max(1);
    Position { line: at_least_one(location.line()), column: at_least_one(location.column()) }
}

/// Returns the problem of a parser's error. Messages about the parser's own options are replaced.
fn syntax(error: &serde_yaml::Error, file_text: &str, file: usize) -> Problem {
    syntax_problem(error, file_text, file).showing(Excerpt::Start)
}

fn syntax_problem(error: &serde_yaml::Error, file_text: &str, file: usize) -> Problem {
    let start = ConfigPlace::start_of(file);
    let at = |location| ConfigPlace { position: on_text(position(location), file_text), ..start };
    let place = error.location().map_or(start, at);
    let text = error.without_snippet().to_string();
    let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
    let message = message.strip_prefix("error: ").unwrap_or(message);
    if let Some(rest) = message.strip_prefix("duplicate mapping key: ") {
        let key = rest.split(',').next().unwrap_or(rest);
        return Problem::new(place, format!("duplicate key `{key}`"))
            .hint(format!("write all values of `{key}` below one key"));
    }
    match SYNTAX.iter().find(|(part, ..)| message.contains(part)) {
        Some((_, message, hint)) => Problem::new(place, *message).hint(*hint),
        None => Problem::new(place, format!("invalid YAML: {message}"))
            .hint("write `key: value` on this line, and check the quotes and brackets of the line above it"),
    }
}

/// Returns a position on a line with text: what is open at the end of the file ends after its last line.
fn on_text(position: Position, text: &str) -> Position {
    let lines: Vec<&str> = text.lines().take(position.line).collect();
    let Some(last) = lines.iter().rposition(|line| !line.trim().is_empty()) else { return position };
    if last + 1 == position.line {
        return position;
    }
    let column = lines[last].chars().take_while(|c| c.is_whitespace()).count() + 1;
    Position { line: last + 1, column }
}

/// Parts of the parser's messages, the message instead, and the hint.
#[rustfmt::skip]
const SYNTAX: [(&str, &str, &str); 11] = [
    ("tab",                   "invalid indentation: the line starts with a tab", "indent with spaces, two for each level"),
    ("block scalar",          "invalid value: `>` and `|` start a block of text", "quote the value, as in `\">=1.0 <3\"`"),
    ("unclosed quote",        "unclosed quote", "close it with the same quote, as in `\">=1.0 <3\"`"),
    ("quoted scalar",         "unclosed quote", "close the quote on this line or above it, as in `\">=1.0 <3\"`"),
    ("unclosed bracket",      "unclosed bracket or brace", "close it, as in `labels: [deploy]` or `git: { base: main }`"),
    ("expected ',' or",       "unclosed bracket or brace", "close the bracket or brace above this place, as in `labels: [deploy]`, or add a comma"),
    ("placement of ':'",      "invalid place of a colon", "close the bracket, brace or quote above this place, or quote a value that has a colon and a space"),
    ("expected key",          "expected a key of a map", "indent the keys of a map equally, and end each with a colon, as in `policy: shape`"),
    ("expected string",       "invalid key: it is a map or a list", "quote a value that starts with a brace, as in `\"{{ path_dir }}\"`"),
    ("recursive ref",         "the alias is inside its own anchor", "write the value out in place of the alias"),
    ("multiple YAML",         "expected one document, found a second one", "remove the line `---` and what follows it"),
];

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}
