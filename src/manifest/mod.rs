//! Where references stand in manifests, and how to change them without touching anything else.
//!
//! [`find`] says what stands in a file; [`edits`] says which bytes to change for a target; [`rewrite`] changes them and
//! proves that nothing else changed. Formats are the rows of [`FORMATS`]; nothing here knows files, only bytes.

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
mod markers;
mod occurrence;
mod options;
mod part_span;
mod place;
mod rewrite;
mod screen;
mod split_reference;
mod value;

use std::sync::LazyLock;

use format_set::FormatSet;

pub use document::Document;
pub use edit::{Edit, EditTarget, RefusedEdit, edits, kept_comment};
pub use format::{Format, TextParser};
pub use formats::{FORMATS, values_images};
pub use found::Found;
pub use occurrence::{
    DigestSlot, Finding, Marker, MarkerKind, Notice, NoticeStatus, Occurrence, OccurrenceId, PartSpan, PartSpans,
    Place, number,
};
pub use options::{Layout, Options, ValuesImage};
pub use screen::{Ignored, Scope};

/// [`FORMATS`], with what they declare.
static ALL: LazyLock<FormatSet<'static>> = LazyLock::new(|| FormatSet::new(FORMATS));

/// Returns whether Tagboat reads a file, judged by its path.
pub fn reads(path: &str, options: &Options) -> bool {
    ALL.reads(path, options)
}

/// Everything that stands in a file: references, and what looks like one and why it is left alone.
///
/// Total: whatever the bytes are, it returns; a document that can't be read is a [`Notice`], and the others are still read.
/// Sorted by position. `path` is relative to the repository's root, with forward slashes.
pub fn find(path: &str, bytes: &[u8], options: &Options) -> Vec<Finding> {
    find::find(&ALL, path, bytes, options)
}

/// The bytes of a file after the edits, proven to differ in nothing else.
///
/// # Errors
/// If an edit does not fit the bytes, two edits touch the same ones, or reading the result again shows that anything else
/// changed its value.
pub fn rewrite(path: &str, before: &[u8], edits: &[Edit], options: &Options) -> Result<Vec<u8>, RefusedEdit> {
    let after = rewrite::apply(before, edits)?;
    if ALL.reads_yaml(path) {
        rewrite::compare(before, &after, edits)?;
    }
    rewrite::compare_findings(&find(path, before, options), &find(path, &after, options), edits)?;
    Ok(after)
}
