//! A position in one of the configuration files.

use crate::text::Position;

/// A position in one of the configuration files. The files have an order: the operator's comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::config) struct ConfigPlace {
    /// The index of the file in the list that is read.
    pub(in crate::config) file: usize,
    /// The position in that file.
    pub(in crate::config) position: Position,
}

impl ConfigPlace {
    /// Returns the start of a file.
    pub(in crate::config) fn start_of(file: usize) -> Self {
        Self { file, position: Position { line: 1, column: 1 } }
    }
}
