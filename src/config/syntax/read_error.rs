//! How reading continues after a value that does not fit: the value is recorded and skipped, and the rest is read again.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;

use serde::de;

use super::node::{MapEntry, Node};
use super::place::ConfigPlace;
use crate::config::error::Problem;
use crate::text::Position;

/// The problems found so far, and the values that are skipped because of them. Values are identified by their address: the
/// tree does not move while it is read.
pub(in crate::config) struct Recovery {
    /// The index of the file that is read.
    file: usize,
    problems: RefCell<Vec<Problem>>,
    skipped: RefCell<HashSet<*const Node>>,
}

impl Recovery {
    /// Starts to read a file, by its index.
    pub(in crate::config) fn new(file: usize) -> Self {
        Self { file, problems: RefCell::default(), skipped: RefCell::default() }
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
            let problem = Problem::unknown(
                ConfigPlace { file: self.file, position: entry.position },
                "key",
                &entry.key,
                known.iter().copied(),
            );
            self.problems.borrow_mut().push(problem);
        }
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
