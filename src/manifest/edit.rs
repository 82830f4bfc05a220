//! The only code that changes bytes.

use crate::text::Span;

/// One change of bytes. It states what it expects to replace, so that it can't be applied to anything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The bytes to replace; empty to insert.
    pub span: Span,
    /// What must stand there.
    pub expected: Vec<u8>,
    /// What will stand there.
    pub replacement: Vec<u8>,
}
