//! What a forge allows and how it answers, as data of its row: limits and creation rules.

use crate::plan::{Metadata, Proposal};

use super::error::ForgeError;

/// How a forge answers the request that creates a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreationRules {
    /// Text of the refusal if a pull request for that branch is open already.
    pub exists: &'static str,
    /// Text of the refusal if the branch was just pushed and is not visible yet. A missing branch is refused with the same
    /// text, so it counts only after several attempts.
    pub branch_not_visible: &'static str,
    /// Whether creating overwrites an open pull request, so that a search must precede it.
    pub overwrites: bool,
}

/// What a forge supports, and the lengths of texts that it accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Characters in a body.
    pub body: usize,
    /// Characters in a title.
    pub title: usize,
    /// Whether pull requests have labels.
    pub labels: bool,
    /// Whether pull requests can be drafts.
    pub drafts: bool,
    /// Whether a review can be requested from a person.
    pub reviewers: bool,
    /// Whether a review can be requested from a team.
    pub team_reviewers: bool,
    /// Whether people can be assigned.
    pub assignees: bool,
    /// Whether auto-merge can be enabled.
    pub auto_merge: bool,
}

impl Limits {
    /// Returns the limits of a forge that supports everything, with texts up to these lengths.
    pub const fn all(title: usize, body: usize) -> Self {
        Self {
            body,
            title,
            labels: true,
            drafts: true,
            reviewers: true,
            team_reviewers: true,
            assignees: true,
            auto_merge: true,
        }
    }

    /// Returns an error for a text that the forge would refuse or truncate.
    pub(super) fn check(&self, action: &str, title: &str, body: &str) -> Result<(), ForgeError> {
        for (what, text, limit) in [("title", title, self.title), ("body", body, self.body)] {
            let length = text.chars().count();
            if length > limit {
                return Err(ForgeError::TooLong { action: action.to_owned(), what, length, limit });
            }
        }
        Ok(())
    }

    /// Returns the part of labels and people that the forge supports.
    pub fn supported(&self, wanted: &Metadata) -> Metadata {
        let part = |supported: bool, names: &[String]| if supported { names.to_vec() } else { Vec::new() };
        Metadata {
            labels: part(self.labels, &wanted.labels),
            reviewers: part(self.reviewers, &wanted.reviewers),
            team_reviewers: part(self.team_reviewers, &wanted.team_reviewers),
            assignees: part(self.assignees, &wanted.assignees),
        }
    }

    /// Returns a warning for each of the proposal's extras that the forge does not support.
    pub(super) fn unsupported(&self, proposal: &Proposal, forge: &'static str) -> Vec<ForgeError> {
        let (extras, metadata, branch) = (&proposal.extras, &proposal.extras.metadata, &proposal.branch);
        let wanted = [
            ("set labels of", self.labels, !metadata.labels.is_empty()),
            ("open a draft for", self.drafts, extras.draft),
            ("request reviewers for", self.reviewers, !metadata.reviewers.is_empty()),
            ("request team reviewers for", self.team_reviewers, !metadata.team_reviewers.is_empty()),
            ("set assignees of", self.assignees, !metadata.assignees.is_empty()),
            ("enable auto-merge for", self.auto_merge, extras.auto_merge.is_some()),
        ];
        let missing = wanted.into_iter().filter(|(_, supported, wanted)| *wanted && !supported);
        missing
            .map(|(operation, ..)| ForgeError::NotSupported { action: format!("{operation} {branch}"), forge })
            .collect()
    }
}
