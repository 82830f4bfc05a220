//! Where image references stand in manifests: what every format reports.

use std::sync::Arc;

use crate::image::ImageReference;
use crate::text::{Position, Span, Style};

/// What a format says about one place in a manifest. Nothing is skipped in silence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// An image reference that Tagboat could edit.
    Occurrence(Box<Occurrence>),
    /// Something that looks like one, or a whole file, that it will not edit, and why.
    Notice(Notice),
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
    pub spans: PartSpans,
    /// The marker on it, if there is one.
    pub marker: Option<Marker>,
}

/// A place that is held back or not ours, and the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Which file and where in it; a whole file is remarked upon at its first line with an empty field.
    pub place: Place,
    /// The format that found it; `file` for whole files.
    pub format: &'static str,
    /// Whether a person should do something about it.
    pub status: NoticeStatus,
    /// A lower-case fragment.
    pub reason: String,
}

/// What Tagboat makes of a place it does not edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoticeStatus {
    /// It should be governed, but can't be: unreadable, malformed, a variable.
    Held,
    /// It is someone else's: a pattern, a scan target, a status.
    Ignored,
}

/// Identifies a finding within one snapshot of a repository: its file, and its number among the findings of that file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OccurrenceId {
    /// Relative to the repository's root, with forward slashes.
    pub path: Arc<str>,
    /// From 0, in the order of [`find`](super::find).
    pub index: u32,
}

/// A value in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Relative to the repository's root, with forward slashes.
    pub path: Arc<str>,
    /// The number of the finding in its file: see [`OccurrenceId`]. Set by [`find`](super::find) and [`number`].
    pub index: u32,
    /// Of the first byte of the value.
    pub position: Position,
    /// The YAML route: `spec.template.spec.containers[0].image`.
    pub field: String,
    /// The value as YAML reads it.
    pub value: String,
    /// Its bytes, quotes included; `None` for a whole file.
    pub span: Option<Span>,
}

/// Where the parts of a reference stand, for editing and for `list`. `None` where a part is absent, or where its bytes
/// can't be told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartSpans {
    /// The name, where it stands in the same scalar as the tag or could take one.
    pub name: Option<PartSpan>,
    /// The tag.
    pub tag: Option<PartSpan>,
    /// The digest, `sha256:` included where it is written.
    pub digest: Option<PartSpan>,
    /// Where a digest would go that is not written yet, if there is a place that its reader understands.
    pub digest_slot: Option<DigestSlot>,
    /// The tag that a comment behind the value repeats, rightly or not: `# tag: 3.12`.
    pub tag_comment: Option<PartSpan>,
}

/// Where a digest can be written that does not stand there yet.
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
    /// How that scalar is written.
    pub style: Style,
    /// The bytes of the scalar, as they stand.
    pub raw: Box<str>,
}

impl PartSpan {
    /// The bytes of the part, as they stand. They differ from the part's text where a double-quoted scalar breaks or
    /// escapes it.
    pub fn written(&self) -> &str {
        &self.raw[self.span.start - self.scalar.start..self.span.end - self.scalar.start]
    }
}

impl Occurrence {
    /// The bytes of the tag where they are exactly its text, as `list` reports them.
    pub fn tag_span(&self) -> Option<Span> {
        let site = self.spans.tag.as_ref()?;
        (self.reference.tag()?.as_str() == site.written()).then_some(site.span)
    }

    /// The bytes of the digest where they are exactly its text, with or without `sha256:`, as `list` reports them.
    pub fn digest_span(&self) -> Option<Span> {
        let site = self.spans.digest.as_ref()?;
        let digest = self.reference.digest()?;
        (digest.as_str() == site.written() || digest.hex() == site.written()).then_some(site.span)
    }
}

/// Numbers the findings of one file in their order. To be called again after a finding was added or removed.
pub fn number(findings: &mut [Finding]) {
    for (index, finding) in (0..).zip(findings) {
        finding.place_mut().index = index;
    }
}

impl Place {
    /// Returns the id of the finding at this place.
    pub fn id(&self) -> OccurrenceId {
        OccurrenceId { path: Arc::clone(&self.path), index: self.index }
    }
}

impl Finding {
    /// Returns the id of the finding.
    pub fn id(&self) -> OccurrenceId {
        self.place().id()
    }

    fn place_mut(&mut self) -> &mut Place {
        match self {
            Self::Occurrence(occurrence) => &mut occurrence.place,
            Self::Notice(notice) => &mut notice.place,
        }
    }

    /// Where it stands.
    pub fn place(&self) -> &Place {
        match self {
            Self::Occurrence(occurrence) => &occurrence.place,
            Self::Notice(notice) => &notice.place,
        }
    }
}

/// A comment that says what governs the value beside it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Marker {
    /// Who understands it.
    pub kind: MarkerKind,
    /// The policy that it names, as written: `release`, or `flux-system:podinfo` in a Flux marker. Empty in a comment that
    /// only names the image: `# tagboat: image=ghcr.io/acme/api`. In Renovate's, what they say about versions:
    /// `versioning=semver`.
    pub policy: String,
    /// Where the comment stands.
    pub position: Position,
}

impl Marker {
    /// Whether it names a policy. What Renovate's comments say about versions is less than that.
    pub(super) fn names_policy(&self) -> bool {
        self.kind != MarkerKind::Renovate && !self.policy.is_empty()
    }
}

/// Whose comment it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MarkerKind {
    /// `# tagboat: release`
    Tagboat,
    /// `# {"$imagepolicy": "flux-system:podinfo"}`; Flux may edit the value too.
    Flux,
    /// `# renovate: datasource=docker depName=ghcr.io/acme/api`: names the image, and how its versions are read.
    Renovate,
}
