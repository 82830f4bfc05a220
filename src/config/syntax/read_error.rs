//! How reading continues after a value that does not fit: the value is recorded and skipped, and the rest is read again.

use std::cell::{OnceCell, RefCell};
use std::collections::HashSet;
use std::fmt;

use serde::de;

use super::key_sections::{KeySections, key_sections};
use super::node::{MapEntry, Node};
use super::place::ConfigPlace;
use crate::config::error::Problem;
use crate::text::{Position, is_misspelling_of};

/// The problems found so far, and the values that are skipped because of them. Values are identified by their address: the
/// tree does not move while it is read.
pub(in crate::config) struct Recovery {
    /// The index of the file that is read.
    file: usize,
    problems: RefCell<Vec<Problem>>,
    skipped: RefCell<HashSet<*const Node>>,
    /// Returns the JSON Schema of the file.
    schema: fn() -> serde_json::Value,
    /// The sections that have each key. Only an unknown key needs them.
    sections: OnceCell<KeySections>,
}

impl Recovery {
    /// Starts to read a file, by its index. `schema` returns its JSON Schema.
    pub(in crate::config) fn new(file: usize, schema: fn() -> serde_json::Value) -> Self {
        Self { file, problems: RefCell::default(), skipped: RefCell::default(), schema, sections: OnceCell::new() }
    }

    /// Returns the index of the file that is read.
    pub(in crate::config) fn file(&self) -> usize {
        self.file
    }

    /// Returns whether a value is skipped.
    pub(in crate::config) fn is_skipped(&self, node: &Node) -> bool {
        self.skipped.borrow().contains(&std::ptr::from_ref(node))
    }

    /// Records an error and skips the value that caused it. Returns false if no value can be skipped.
    pub(in crate::config) fn skip(&self, error: ReadError) -> bool {
        let node = error.node;
        self.record(error);
        node.is_some_and(|node| self.skipped.borrow_mut().insert(node))
    }

    /// Records an error after which reading continues with another value.
    pub(in crate::config) fn record(&self, error: ReadError) {
        let start = ConfigPlace::start_of(self.file);
        let place = error.position.map_or(start, |position| ConfigPlace { position, ..start });
        let problem = Problem::new(place, error.message);
        self.problems.borrow_mut().push(match error.hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        });
    }

    /// Records an unknown key, once, and skips its value.
    pub(in crate::config) fn unknown_key(&self, entry: &MapEntry, known: &[&str]) {
        if self.skipped.borrow_mut().insert(&raw const entry.value) {
            let place = ConfigPlace { file: self.file, position: entry.position };
            let problem = Problem::unknown(place, "key", &entry.key, known.iter().copied());
            let is_misspelled = known.iter().any(|known| is_misspelling_of(&entry.key, known));
            self.problems.borrow_mut().push(match self.elsewhere(&entry.key) {
                Some(sections) if !is_misspelled => problem.hint(format!("move `{}` to {sections}", entry.key)),
                _ => problem,
            });
        }
    }

    /// Returns the sections that have a key: `` `forge` or `registries.HOST` ``.
    fn elsewhere(&self, key: &str) -> Option<String> {
        let sections = self.sections.get_or_init(|| key_sections(&(self.schema)())).get(key)?;
        let names = sections.iter().map(|section| match section.as_str() {
            "" => "the top level of the file".to_owned(),
            section => format!("`{section}`"),
        });
        Some(names.collect::<Vec<_>>().join(" or "))
    }

    /// Returns every recorded problem.
    pub(in crate::config) fn into_problems(self) -> Vec<Problem> {
        self.problems.into_inner()
    }
}

/// Why a value does not fit, and the innermost value that can be skipped because of it.
#[derive(Debug)]
pub(in crate::config) struct ReadError {
    pub(in crate::config) position: Option<Position>,
    pub(in crate::config) message: String,
    pub(in crate::config) hint: Option<String>,
    pub(in crate::config) node: Option<*const Node>,
}

impl ReadError {
    /// Adds the value in which the error occurred, unless a value within it is known already.
    pub(in crate::config) fn within(mut self, node: &Node) -> Self {
        self.position.get_or_insert(node.position);
        self.node.get_or_insert(std::ptr::from_ref(node));
        self
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ReadError {}

impl de::Error for ReadError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { position: None, message: message.to_string(), hint: None, node: None }
    }
}
