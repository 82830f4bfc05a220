//! The results of a selection: a decision for an image, a verdict for each candidate.

use super::candidate::Known;
use super::reason::{MovedDigest, Reason};
use crate::image::{Digest, ImageReference, Tag};

/// The verdict on one candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may be selected.
    Accepted(Reason),
    /// A filter, the policy or a bound excludes it.
    Rejected(Reason),
    /// Only a gate or a failed lookup delays it: it may be selected later.
    NotEligibleYet(Reason),
}

impl Verdict {
    /// Returns whether the candidate may be selected.
    pub fn is_accepted(&self) -> bool {
        matches!(self, Self::Accepted(_))
    }

    /// Returns the reason.
    pub fn reason(&self) -> &Reason {
        match self {
            Self::Accepted(reason) | Self::Rejected(reason) | Self::NotEligibleYet(reason) => reason,
        }
    }
}

/// One candidate with its verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CandidateVerdict {
    /// The tag of the candidate.
    pub tag: Tag,
    /// Whether it may be selected, and why.
    pub verdict: Verdict,
    /// What is known about the candidate.
    pub facts: Known,
}

/// The decision for one image at one current reference under one policy. The verdicts on all candidates are not kept:
/// [`explain()`](fn@super::explain) gives them for the same question, best first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The current reference.
    pub current: ImageReference,
    /// The policy, as [`PolicyEntry::describe`](super::PolicyEntry::describe) gives it.
    pub policy: String,
    /// What to do.
    pub outcome: Outcome,
}

/// What to do about one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A newer version was selected.
    Update(Choice),
    /// The current version is the selected one.
    UpToDate(Reason),
    /// A newer version will be selected once it is old enough. No person has to act.
    Delayed(Reason),
    /// The policy cannot select a version until a person acts.
    Held(Reason),
    /// No decision is possible now: nothing changes, and an open pull request is left alone.
    Unknown(Reason),
}

impl Outcome {
    /// Returns the newer tags of another shape, if nothing of the same shape is newer.
    pub fn other_shapes(&self) -> &[Tag] {
        match self {
            Self::UpToDate(reason) => reason.other_shapes(),
            Self::Update(_) | Self::Delayed(_) | Self::Held(_) | Self::Unknown(_) => &[],
        }
    }

    /// Returns where the current tag points now, if the reference is pinned to another digest that does not follow it.
    pub fn moved_digest(&self) -> Option<&MovedDigest> {
        match self {
            Self::Update(choice) => choice.moved.as_ref(),
            Self::UpToDate(reason) => reason.moved_digest(),
            Self::Delayed(_) | Self::Held(_) | Self::Unknown(_) => None,
        }
    }

    /// Returns the same outcome for an image that a person named: what is delayed is not done.
    #[must_use]
    pub(super) fn of_given(self) -> Self {
        match self {
            Self::Delayed(reason) => Self::Held(reason),
            outcome => outcome,
        }
    }
}

/// The selected version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The tag to write.
    pub tag: Tag,
    /// The digest to write beside it, if it is part of the choice.
    pub digest: Option<Digest>,
    /// Why this version was selected.
    pub reason: Reason,
    /// Where the current tag points now, if the reference is pinned to another digest and that was looked up.
    pub moved: Option<MovedDigest>,
}

impl Choice {
    /// A choice of a tag, to whose digest nothing is known yet.
    pub fn of_tag(tag: Tag, reason: impl Into<Reason>) -> Self {
        Self { tag, digest: None, reason: reason.into(), moved: None }
    }

    /// Returns the reason, and what a person should know about the current tag.
    pub fn explanation(&self) -> String {
        match &self.moved {
            Some(moved) => format!("{}; {moved}", self.reason),
            None => self.reason.to_string(),
        }
    }
}
