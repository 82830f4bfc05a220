//! Bytes and where they are: spans, lines and columns, and the scalars of YAML and JSON with their exact bytes.
//!
//! Nothing here renders YAML: what is read is never written back as a whole.

mod span;

pub use span::{LineIndex, Position, Span};
