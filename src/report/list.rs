//! The result of `tagboat list`: every reference that was found, with its status.

use serde::{Serialize, Serializer};

use crate::image::{Digest, ImageReference, Tag};
use crate::manifest::{Finding, NoticeStatus, Place};
use crate::text::Span;

/// All references, ordered by path and line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ReferenceList {
    /// One row per reference.
    pub rows: Vec<ReferenceRow>,
}

/// One reference in a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReferenceRow {
    /// The file, from the root of the repository.
    pub path: String,
    /// The line in it, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The format that the file was read as.
    pub format: &'static str,
    /// The path of the field, such as `spec.containers[0].image`.
    pub field: String,
    /// The value as written.
    pub value: String,
    /// The normalized name of the image.
    pub name: Option<String>,
    /// The current tag.
    pub tag: Option<String>,
    /// The current digest.
    pub digest: Option<String>,
    /// The bytes of the value.
    pub value_span: Option<Span>,
    /// The bytes of the tag; `None` if there is no tag or it is not contiguous.
    pub tag_span: Option<Span>,
    /// The bytes of the digest.
    pub digest_span: Option<Span>,
    /// Whether the reference is managed, held or ignored.
    pub status: ReferenceStatus,
    /// The policy that manages the reference.
    pub policy: Option<String>,
    /// Where the policy was assigned, or why the reference is held or ignored.
    pub reason: Option<String>,
    /// The reference as written, for people.
    #[serde(skip)]
    pub reference: Option<ImageReference>,
}

/// What Tagboat does with a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReferenceStatus {
    /// A policy chooses the tag.
    Managed,
    /// Tagboat will not change it until a person acts.
    Held,
    /// Tagboat deliberately leaves it alone.
    Ignored,
}

impl ReferenceStatus {
    /// Returns the word that every output prints.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Managed => "managed",
            Self::Held => "held",
            Self::Ignored => "ignored",
        }
    }
}

impl Serialize for ReferenceStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl ReferenceRow {
    /// Returns the row of a finding that a policy manages; `reason` says where the policy was assigned.
    pub fn managed(finding: &Finding, policy: &str, reason: &str) -> Self {
        Self {
            policy: Some(policy.to_owned()),
            reason: Some(reason.to_owned()),
            ..Self::new(finding, ReferenceStatus::Managed)
        }
    }

    /// Returns the row of a finding that is held or ignored, with the reason.
    pub fn unmanaged(finding: &Finding, status: NoticeStatus, reason: &str) -> Self {
        let status = match status {
            NoticeStatus::Held => ReferenceStatus::Held,
            NoticeStatus::Ignored => ReferenceStatus::Ignored,
        };
        Self { reason: Some(reason.to_owned()), ..Self::new(finding, status) }
    }

    /// Returns the policy of a managed reference, or the reason for which it is held or ignored.
    pub fn policy_or_reason(&self) -> &str {
        let text = if self.status == ReferenceStatus::Managed { &self.policy } else { &self.reason };
        text.as_deref().unwrap_or_default()
    }

    fn new(finding: &Finding, status: ReferenceStatus) -> Self {
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

    fn at(place: &Place, format: &'static str, status: ReferenceStatus) -> Self {
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
