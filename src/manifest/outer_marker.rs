//! A marker that covers a document within a text.

use super::occurrence::Marker;

/// A marker at a text that holds a document, or at a list or mapping around it.
#[derive(Debug, Clone)]
pub(super) enum OuterMarker {
    /// It leaves all values alone.
    Ignore(Marker),
    /// It could mean any value. The number of its line.
    Unclear(usize),
}
