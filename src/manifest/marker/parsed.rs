//! The content of a marker comment.

use crate::manifest::occurrence::MarkerKind;

/// The policy of a marker that leaves its value alone, whatever else applies to it.
pub(super) const IGNORE: &str = "ignore";

/// The content of a marker comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::manifest) struct ParsedMarker {
    pub(in crate::manifest) kind: MarkerKind,
    /// The policy that it names; empty if it names only the image.
    pub(in crate::manifest) policy: String,
    /// The image, if the comment names it.
    pub(in crate::manifest) image: Option<String>,
    /// Whether that image is a Helm chart.
    pub(in crate::manifest) is_chart: bool,
    /// The Renovate datasource of a value that is not an image version.
    pub(in crate::manifest) foreign_datasource: Option<String>,
    /// The part of a reference that the marked value holds.
    pub(in crate::manifest) part: MarkedPart,
    /// Why it cannot be applied and holds its value, and what to write instead.
    pub(in crate::manifest) problem: Option<String>,
}

impl ParsedMarker {
    pub(super) fn new(kind: MarkerKind, policy: String) -> Self {
        Self {
            kind,
            policy,
            image: None,
            is_chart: false,
            foreign_datasource: None,
            part: MarkedPart::Any,
            problem: None,
        }
    }

    /// Returns a marker that is meant as one and cannot be applied.
    pub(super) fn malformed(kind: MarkerKind, problem: String) -> Self {
        Self { problem: Some(problem), ..Self::new(kind, String::new()) }
    }

    /// Returns whether it leaves its value alone.
    pub(in crate::manifest) fn is_ignore(&self) -> bool {
        self.kind == MarkerKind::Tagboat && self.problem.is_none() && self.policy == IGNORE
    }
}

/// The part of a reference that a marked value holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::manifest) enum MarkedPart {
    /// The marker does not restrict it.
    Any,
    Name,
    Tag,
    Digest,
}
