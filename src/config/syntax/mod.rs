//! The file as a tree with positions, and the types that are read from it. Reading continues after a problem.

pub(super) mod expected;
mod key_sections;
pub(super) mod located;
pub(super) mod node;
pub(super) mod place;
pub(super) mod read_error;
pub(super) mod reader;
