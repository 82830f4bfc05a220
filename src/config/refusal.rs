//! What the reader notes when a value does not fit, and what it leaves out because of it. Reads nothing itself.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;

use serde::de;

use super::error::Problem;
use super::node::{Entry, Node};
use crate::text::Position;

/// What has been found wrong so far. Nodes are known by their address: the tree does not move while it is read.
#[derive(Default)]
pub(super) struct Notes {
    problems: RefCell<Vec<Problem>>,
    left_out: RefCell<HashSet<*const Node>>,
}

impl Notes {
    /// Whether a value is still to be read.
    pub(super) fn keeps(&self, node: &Node) -> bool {
        !self.left_out.borrow().contains(&std::ptr::from_ref(node))
    }

    /// Notes a refusal, and what is left out because of it. False if that would be everything.
    pub(super) fn leave_out(&self, refusal: Refusal) -> bool {
        let node = refusal.node;
        self.problems.borrow_mut().push(refusal.problem());
        node.is_some_and(|node| self.left_out.borrow_mut().insert(node))
    }

    /// Notes a refusal after which reading goes on with a stand-in.
    pub(super) fn note(&self, read: Result<(), Refusal>) {
        if let Err(refusal) = read {
            self.problems.borrow_mut().push(refusal.problem());
        }
    }

    /// All that was noted.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems.into_inner()
    }

    /// Notes a key that is not known, once.
    pub(super) fn unknown(&self, entry: &Entry, known: &[&str]) {
        if self.left_out.borrow_mut().insert(&raw const entry.value) {
            let problem = Problem::unknown(entry.position, "key", &entry.key, known.iter().copied());
            self.problems.borrow_mut().push(problem);
        }
    }
}

/// Why a value does not fit, and the innermost value that can be left out because of it.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) position: Option<Position>,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    pub(super) node: Option<*const Node>,
}

impl Refusal {
    fn problem(self) -> Problem {
        let position = self.position.unwrap_or(Position { line: 1, column: 1 });
        Problem { position, message: self.message, hint: self.hint }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}

impl de::Error for Refusal {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { position: None, message: message.to_string(), hint: None, node: None }
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let nowhere = Position { line: 1, column: 1 };
        let problem = Problem::unknown(nowhere, "value", variant, expected.iter().copied());
        Self { position: None, message: problem.message, hint: problem.hint, node: None }
    }
}
