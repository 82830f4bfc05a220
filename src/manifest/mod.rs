//! References in manifests: where they are, and how to change them without changing anything else.
//!
//! [`find`] returns the references in a file, [`edits`] the changes of bytes for a target, and [`rewrite`] the changed
//! bytes, after it has checked that nothing else changed. Formats are the rows of [`FORMATS`]. This module gets bytes,
//! never files.

mod document;
mod edit;
mod find;
mod format;
mod format_set;
mod formats;
mod found;
mod ignored;
mod keys;
mod marker;
mod marker_comment;
mod markers;
mod occurrence;
mod options;
mod outer_marker;
mod part_span;
mod place;
mod rewrite;
mod screen;
mod split_reference;
mod value;
mod variables;

use std::sync::LazyLock;

use format_set::FormatSet;

pub use document::Document;
pub use edit::{Edit, EditTarget, RefusedEdit, edits, kept_comment};
pub use find::FieldPath;
pub use format::{Format, TextParser};
pub use formats::FORMATS;
pub use found::DocumentFindings;
pub use occurrence::{
    DigestSlot, Finding, Marker, MarkerKind, Notice, NoticeStatus, Occurrence, OccurrenceId, PartSpan, PartSpans, Place,
};
pub use options::{FindOptions, RepositoryLayout, ValuesImage};
pub use screen::{Ignored, IgnoredScope};
pub use variables::{name_variables, reference_variables};

/// The set of all [`FORMATS`], and what they declare.
static ALL: LazyLock<FormatSet<'static>> = LazyLock::new(|| FormatSet::new(FORMATS));

/// Returns whether Tagboat reads a file, judged by its path.
pub fn reads(path: &str, options: &FindOptions) -> bool {
    ALL.reads(path, options)
}

/// Returns the findings of a file, sorted by position: references, and what looks like one with the reason to leave it
/// alone.
///
/// Accepts any bytes. A document that does not parse becomes a [`Notice`], and the others are still read. `path` is
/// relative to the root of the repository, with forward slashes.
pub fn find(path: &str, bytes: &[u8], options: &FindOptions) -> Vec<Finding> {
    find::find(&ALL, path, bytes, options)
}

/// Returns the paths of all fields of a file, aside from documents that do not parse and those inside others.
pub fn fields(path: &str, bytes: &[u8]) -> Vec<FieldPath> {
    find::fields(&ALL, path, bytes)
}

/// Returns the images that objects in a file compose from values of other files: each with the path of the file that has
/// the values, for [`FindOptions::values_images`].
pub fn images_of_other_files(bytes: &[u8]) -> Vec<(String, ValuesImage)> {
    ALL.formats.iter().flat_map(|format| format.images_of_other_files(bytes)).collect()
}

/// Returns the bytes of a file after the edits, and checks that no other value changed.
///
/// # Errors
/// If an edit does not fit the bytes, if two edits conflict, or if the file has another change of values after the
/// edits.
pub fn rewrite(path: &str, before: &[u8], edits: &[Edit], options: &FindOptions) -> Result<Vec<u8>, RefusedEdit> {
    let after = rewrite::apply(before, edits)?;
    if ALL.reads_yaml(path, options) {
        rewrite::compare(path, before, &after, edits)?;
    }
    rewrite::compare_findings(&find(path, before, options), &find(path, &after, options), edits)?;
    Ok(after)
}
