//! Where image references stand in manifests: what every format reports.

use crate::image::ImageReference;
use crate::text::{Position, Span};

/// What a format says about one place in a manifest. Nothing is skipped in silence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// An image reference that Tagboat could edit.
    Occurrence(Occurrence),
    /// Something that looks like one, or a whole file, that it will not edit, and why.
    Remark(Remark),
}

/// One place in a manifest where an image reference stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// Which file and where in it.
    pub place: Place,
    /// The format that found it, by the name in its table row.
    pub format: &'static str,
    /// The reference, put together from all its parts.
    pub reference: ImageReference,
    /// The bytes of its parts.
    pub sites: Sites,
    /// The marker on it, if there is one.
    pub marker: Option<Marker>,
}

/// A place that is held back or not ours, and the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Which file and where in it; a whole file is remarked upon at its first line with an empty field.
    pub place: Place,
    /// The format that found it; `file` for whole files.
    pub format: &'static str,
    /// Whether a person should do something about it.
    pub standing: Standing,
    /// A lower-case fragment.
    pub reason: String,
}

/// What Tagboat makes of a place it does not edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// It should be governed, but can't be: unreadable, malformed, a variable.
    Held,
    /// It is someone else's: a pattern, a scan target, a status.
    NotOurs,
}

/// A value in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Relative to the repository's root, with forward slashes.
    pub path: std::sync::Arc<str>,
    /// Of the first byte of the value.
    pub position: Position,
    /// The YAML route: `spec.template.spec.containers[0].image`.
    pub field: String,
    /// The value as YAML reads it.
    pub value: String,
    /// Its bytes, quotes included; `None` for a whole file.
    pub span: Option<Span>,
}

/// Where the parts of a reference stand, for editing and for `list`.
///
/// Spans cover exactly the bytes of the part; `None` where a part is absent or its bytes are not contiguous.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sites {
    /// The tag.
    pub tag: Option<Site>,
    /// The digest, `sha256:` included where it is written.
    pub digest: Option<Site>,
}

/// One part of a reference within one scalar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The bytes of the part.
    pub span: Span,
    /// The scalar that holds it, with its quotes.
    pub scalar: Span,
}

/// A comment that says what governs the value beside it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Marker {
    /// The policy that it names, as written: `release`, or `flux-system:podinfo` in a Flux marker.
    pub policy: String,
    /// Where the comment stands.
    pub position: Position,
}
