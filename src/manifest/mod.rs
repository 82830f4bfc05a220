//! Where references stand in manifests, and how to change them without touching anything else.
//!
//! [`find`] says what stands in a file; [`edits`] says which bytes to change for a target; [`rewrite`] changes them and
//! proves that nothing else changed. Formats are the rows of [`FORMATS`]; nothing here knows files, only bytes.

mod argo_cd;
mod charts;
mod compose;
mod document;
mod edit;
mod fields;
mod find;
mod fleet;
mod flux;
mod foreign;
mod format;
mod found;
mod helmfile;
mod kubernetes;
mod kustomize;
mod lines;
mod marked;
mod marker;
mod occurrence;
mod octopus;
mod options;
mod place;
mod reading;
mod rewrite;
mod screen;
mod site;
mod split;
mod values;

pub use document::Document;
pub use edit::{Edit, Refusal, Target, edits, left_comment};
pub use format::Format;
pub use found::Found;
pub use occurrence::{
    DigestSlot, Finding, Marker, MarkerKind, Notice, NoticeStatus, Occurrence, PartSpan, PartSpans, Place,
};
pub use octopus::values_images;
pub use options::{Layout, Named, Options, Pattern, ValuesImage};
pub use screen::{may_hold, reads};

/// All formats, in the order in which they are asked: what an earlier one has reported, a later one leaves alone.
pub const FORMATS: &[&dyn Format] = &[
    &lines::Patterns,
    &octopus::Octopus,
    &kustomize::Kustomize,
    &argo_cd::ArgoCd,
    &flux::Flux,
    &charts::Chart,
    &helmfile::Helmfile,
    &fleet::Fleet,
    &compose::Compose,
    &kubernetes::Kubernetes,
    &values::HelmValues,
    &lines::EnvFile,
    &lines::Dockerfile,
    &values::Yaml,
    &marked::Marked,
];

/// Everything that stands in a file: references, and what looks like one and why it is left alone.
///
/// Total: whatever the bytes are, it returns; a document that can't be read is a [`Notice`], and the others are still read.
/// Sorted by position. `path` is relative to the repository's root, with forward slashes.
pub fn find(path: &str, bytes: &[u8], options: &Options) -> Vec<Finding> {
    find::find(FORMATS, path, bytes, options)
}

/// The bytes of a file after the edits, proven to differ in nothing else.
///
/// # Errors
/// If an edit does not fit the bytes, two edits touch the same ones, or reading the result again shows that anything else
/// changed its value.
pub fn rewrite(path: &str, before: &[u8], edits: &[Edit], options: &Options) -> Result<Vec<u8>, Refusal> {
    let after = rewrite::apply(before, edits)?;
    if reads(path) && !lines::is_text_file(path) {
        rewrite::compare(before, &after, edits)?;
    }
    rewrite::compare_findings(&find(path, before, options), &find(path, &after, options), edits)?;
    Ok(after)
}
