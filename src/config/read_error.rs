//! How reading continues after a value that does not fit: the value is recorded and skipped, and the rest is read again.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;

use serde::de;

use super::error::Problem;
use super::node::{Entry, Node};
use crate::text::Position;

/// The start of a file: where a problem without a position is reported.
const START: Position = Position { line: 1, column: 1 };

/// The problems found so far, and the values that are skipped because of them. Values are identified by their address: the
/// tree does not move while it is read.
#[derive(Default)]
pub(super) struct Recovery {
    problems: RefCell<Vec<Problem>>,
    skipped: RefCell<HashSet<*const Node>>,
}

impl Recovery {
    /// Returns whether a value is skipped.
    pub(super) fn is_skipped(&self, node: &Node) -> bool {
        self.skipped.borrow().contains(&std::ptr::from_ref(node))
    }

    /// Records an error and skips the value that caused it. Returns false if no value can be skipped.
    pub(super) fn skip(&self, error: ReadError) -> bool {
        let node = error.node;
        self.record(error);
        node.is_some_and(|node| self.skipped.borrow_mut().insert(node))
    }

    /// Records an error after which reading continues with another value.
    pub(super) fn record(&self, error: ReadError) {
        self.problems.borrow_mut().push(error.problem());
    }

    /// Records an unknown key, once, and skips its value.
    pub(super) fn unknown_key(&self, entry: &Entry, known: &[&str]) {
        if self.skipped.borrow_mut().insert(&raw const entry.value) {
            let problem = Problem::unknown(entry.position, "key", &entry.key, known.iter().copied());
            self.problems.borrow_mut().push(problem);
        }
    }

    /// Returns every recorded problem.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems.into_inner()
    }
}

/// Why a value does not fit, and the innermost value that can be skipped because of it.
#[derive(Debug)]
pub(super) struct ReadError {
    pub(super) position: Option<Position>,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    pub(super) node: Option<*const Node>,
}

impl ReadError {
    /// Adds the value in which the error occurred, unless a value within it is known already.
    pub(super) fn within(mut self, node: &Node) -> Self {
        self.position.get_or_insert(node.position);
        self.node.get_or_insert(std::ptr::from_ref(node));
        self
    }

    fn problem(self) -> Problem {
        Problem { position: self.position.unwrap_or(START), message: self.message, hint: self.hint }
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
