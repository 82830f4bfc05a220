//! What `tagboat list` says: every reference that was found, and what becomes of it.

use serde::{Serialize, Serializer};

use crate::image::{Digest, ImageReference, Tag};
use crate::manifest::{Finding, NoticeStatus, Place};
use crate::text::Span;

/// Every place that was looked at, in the order of paths and lines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct List {
    /// One row a place.
    pub rows: Vec<Row>,
}

/// One place in a manifest, as scripts read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Row {
    /// From the root of the repository.
    pub path: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// The format that found it.
    pub format: &'static str,
    /// The YAML route.
    pub field: String,
    /// What stands there.
    pub value: String,
    /// The normalised name of the image.
    pub name: Option<String>,
    /// Its tag.
    pub tag: Option<String>,
    /// Its digest.
    pub digest: Option<String>,
    /// The bytes of the value.
    pub value_span: Option<Span>,
    /// The bytes of the tag; `None` where it is absent or not in one piece.
    pub tag_span: Option<Span>,
    /// The bytes of the digest.
    pub digest_span: Option<Span>,
    /// What becomes of it.
    pub status: RowStatus,
    /// What governs it.
    pub policy: Option<String>,
    /// Why that governs it, or why nothing does.
    pub reason: Option<String>,
    /// The reference as it is written, for people.
    #[serde(skip)]
    pub reference: Option<ImageReference>,
}

/// What becomes of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowStatus {
    /// A policy chooses its tag.
    Governed,
    /// A person has to do something about it first.
    Held,
    /// It is left alone.
    NotOurs,
}

impl RowStatus {
    /// As scripts and people read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Governed => "governed",
            Self::Held => "held",
            Self::NotOurs => "not-ours",
        }
    }
}

impl Serialize for RowStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Row {
    /// A finding that a policy governs; `reason` tells where that is said.
    pub fn governed(finding: &Finding, policy: &str, reason: &str) -> Self {
        Self {
            policy: Some(policy.to_owned()),
            reason: Some(reason.to_owned()),
            ..Self::new(finding, RowStatus::Governed)
        }
    }

    /// A finding that nothing governs, and why.
    pub fn ungoverned(finding: &Finding, standing: NoticeStatus, reason: &str) -> Self {
        let status = match standing {
            NoticeStatus::Held => RowStatus::Held,
            NoticeStatus::Ignored => RowStatus::NotOurs,
        };
        Self { reason: Some(reason.to_owned()), ..Self::new(finding, status) }
    }

    fn new(finding: &Finding, status: RowStatus) -> Self {
        match finding {
            Finding::Occurrence(found) => Self {
                name: Some(found.reference.name().to_string()),
                tag: found.reference.tag().map(Tag::to_string),
                digest: found.reference.digest().map(Digest::to_string),
                tag_span: found.tag_span(),
                digest_span: found.digest_span(),
                reference: Some(found.reference.clone()),
                ..Self::at(&found.place, found.format, status)
            },
            Finding::Notice(notice) => Self::at(&notice.place, notice.format, status),
        }
    }

    fn at(place: &Place, format: &'static str, status: RowStatus) -> Self {
        Self {
            path: place.path.to_string(),
            line: place.position.line,
            column: place.position.column,
            format,
            field: place.field.clone(),
            value: place.value.clone(),
            name: None,
            tag: None,
            digest: None,
            value_span: place.span,
            tag_span: None,
            digest_span: None,
            status,
            policy: None,
            reason: None,
            reference: None,
        }
    }
}
