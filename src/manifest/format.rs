//! The trait of all manifest formats. A format finds; it never edits.

use super::document::Document;
use super::found::Found;

/// One kind of manifest: says where in a document image references stand.
pub trait Format: Sync {
    /// As `list` prints it, and as the fixtures' folder is called.
    fn name(&self) -> &'static str;

    /// One line for people.
    fn about(&self) -> &'static str;

    /// Whether this document, by its path and its content, is one of this format.
    fn reads(&self, document: &Document<'_>) -> bool;

    /// Reports every reference in the document that no earlier format has reported.
    fn find(&self, document: &Document<'_>, found: &mut Found<'_>);
}
