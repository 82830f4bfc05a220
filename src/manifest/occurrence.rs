//! The types that formats report: image references in manifests, and what is left alone.

use std::sync::Arc;

use crate::image::{ImageName, ImageReference};
use crate::text::{Position, Span, Style};

/// What a format found at one place in a manifest. Nothing is skipped silently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// An image reference that Tagboat could edit.
    Occurrence(Arc<Occurrence>),
    /// A value or a whole file that Tagboat does not edit, and the reason.
    Notice(Notice),
}

/// One place in a manifest that holds an image reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// Its number among the occurrences of the file: see [`OccurrenceId`].
    pub index: u32,
    /// The file, and where in it.
    pub place: Place,
    /// The format that found it, by the name in its table row.
    pub format: &'static str,
    /// The reference, joined from all its parts.
    pub reference: ImageReference,
    /// The bytes of its parts.
    pub spans: PartSpans,
    /// The marker on it, if there is one.
    pub marker: Option<Marker>,
    /// Why it is ignored unless a marker, or a rule that names its file, makes it managed. A lower-case fragment.
    pub ignored_by_default: Option<String>,
}

/// A place that is held or ignored, and the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The file, and where in it. A whole file is reported at its first line, with an empty field.
    pub place: Place,
    /// The format that found it; `file` for whole files.
    pub format: &'static str,
    /// Whether a person should act.
    pub status: NoticeStatus,
    /// A lower-case fragment.
    pub reason: String,
}

/// The status of a place that Tagboat does not edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoticeStatus {
    /// It should be managed, but a person must act first: it is malformed, a variable or not readable.
    Held,
    /// It is deliberately left alone: a pattern, a scan target, a status.
    Ignored,
}

/// Identifies an occurrence within one snapshot of a repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OccurrenceId {
    /// Relative to the repository's root, with forward slashes.
    pub path: Arc<str>,
    /// From 0, in the order in which the formats find the occurrences of the file.
    pub index: u32,
}

/// A value in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Relative to the repository's root, with forward slashes.
    pub path: Arc<str>,
    /// The position of the first byte of the value.
    pub position: Position,
    /// The path of keys: `spec.template.spec.containers[0].image`.
    pub field: String,
    /// The value as YAML reads it.
    pub value: String,
    /// Its bytes, quotes included; `None` for a whole file.
    pub span: Option<Span>,
}

/// The bytes of the parts of a reference, for editing and for `list`. `None` if a part is absent, or if its bytes are
/// not contiguous in the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartSpans {
    /// The name, if its scalar also holds the tag or could hold one.
    pub name: Option<PartSpan>,
    /// Where the tag is, if the reference has one.
    pub tag: Option<PartSpan>,
    /// The digest, with `sha256:` if that is written.
    pub digest: Option<PartSpan>,
    /// Where a missing digest can be written, if the reader of the manifest supports it.
    pub digest_slot: Option<DigestSlot>,
    /// The tag in a comment after the value, whether or not it is the current one: `# tag: 3.12`.
    pub tag_comment: Option<PartSpan>,
}

impl PartSpans {
    /// Returns whether the digest is in another value than the tag.
    pub fn has_own_digest(&self) -> bool {
        self.digest.as_ref().is_some_and(|digest| self.tag.as_ref().is_none_or(|tag| tag.scalar != digest.scalar))
    }
}

/// A place where a missing digest can be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DigestSlot {
    /// After this part, with `@` between: `nginx:1.27@sha256:…`.
    AppendTo(PartSpan),
    /// Between the quotes of an empty field for digests.
    EmptyField {
        /// The empty value.
        field: PartSpan,
        /// Whether the field takes the hex without `sha256:`.
        is_hex_only: bool,
    },
}

/// One part of a reference within one scalar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartSpan {
    /// The bytes of the part.
    pub span: Span,
    /// The scalar that holds it, with its quotes; the part alone in blocks and text files.
    pub scalar: Span,
    /// The style of that scalar.
    pub style: Style,
    /// The bytes of the scalar as written.
    pub raw: Box<str>,
}

impl PartSpan {
    /// Returns the bytes of the part as written. They differ from its text if a double-quoted scalar escapes or folds
    /// it.
    pub fn written(&self) -> &str {
        &self.raw[self.span.start - self.scalar.start..self.span.end - self.scalar.start]
    }
}

impl Occurrence {
    /// Returns the id of the occurrence.
    pub fn id(&self) -> OccurrenceId {
        OccurrenceId { path: Arc::clone(&self.place.path), index: self.index }
    }

    /// Returns the bytes of the tag if they are exactly its text, as `list` reports them.
    pub fn tag_span(&self) -> Option<Span> {
        let part = self.spans.tag.as_ref()?;
        (self.reference.tag()?.as_str() == part.written()).then_some(part.span)
    }

    /// Returns the bytes of the digest if they are exactly its text, with or without `sha256:`, as `list` reports them.
    pub fn digest_span(&self) -> Option<Span> {
        let part = self.spans.digest.as_ref()?;
        let digest = self.reference.digest()?;
        (digest.as_str() == part.written() || digest.hex() == part.written()).then_some(part.span)
    }
}

impl Finding {
    /// Returns where the finding is.
    pub fn place(&self) -> &Place {
        match self {
            Self::Occurrence(occurrence) => &occurrence.place,
            Self::Notice(notice) => &notice.place,
        }
    }
}

impl Notice {
    /// Returns the name of the image if the value is a reference aside from its tag: `ghcr.io/acme/api:${TAG}`.
    pub fn image_name(&self) -> Option<ImageName> {
        let value = &self.place.value;
        let last = value.rfind('/').map_or(0, |slash| slash + 1);
        let end = value[last..].find([':', '@', '$', '{']).map_or(value.len(), |end| last + end);
        ImageName::new(&value[..end]).ok()
    }
}

/// A comment that names the policy or the image of the value beside it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Marker {
    /// The tool that it is for.
    pub kind: MarkerKind,
    /// The policy that it names, as written: `release`, or `flux-system:podinfo` in a Flux marker. Empty in a comment
    /// that names only the image: `# tagboat: image=ghcr.io/acme/api`. In a Renovate comment, the words about versions:
    /// `versioning=semver`.
    pub policy: String,
    /// The position of the comment.
    pub position: Position,
}

impl Marker {
    /// Returns whether it names a policy. The words of a Renovate comment about versions do not.
    pub(super) fn names_policy(&self) -> bool {
        self.kind != MarkerKind::Renovate && !self.policy.is_empty()
    }
}

/// The tool that a marker is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MarkerKind {
    /// Tagboat: `# tagboat: release`.
    Tagboat,
    /// Flux: `# {"$imagepolicy": "flux-system:podinfo"}`. Flux may edit the value too.
    Flux,
    /// Renovate: `# renovate: datasource=docker depName=ghcr.io/acme/api`. It names the image and how to read its
    /// versions.
    Renovate,
}
