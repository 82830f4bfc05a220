//! The error of a parser of option values, which `usage` turns into a message with a hint.

use std::fmt;

use crate::docs::Hint;

/// Why a value of an option is invalid, and what to write instead.
#[derive(Debug)]
pub(super) struct ValueError {
    pub(super) cause: String,
    pub(super) hint: Hint,
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)
    }
}

impl std::error::Error for ValueError {}
