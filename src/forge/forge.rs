//! The trait of all forges, and what a forge can't do, as data. Knows no forge by name, no git and no policy.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use crate::plan::{Extras, MergeMethod, Proposal, PullRequest};
use crate::refname::{BranchName, CommitId};

use super::error::ForgeError;

/// Speaks to one repository at a code host. Knows no git and no policy.
///
/// Reading is asked again when it fails, within bounds. A request that makes something is never sent twice: after an
/// answer that leaves open what happened, the forge is asked what there is.
#[async_trait]
pub trait Forge: Send + Sync {
    /// What this forge can't do, or only so far.
    fn limits(&self) -> Limits;

    /// The open pull requests whose branch starts with `prefix` and is in this repository (not in a fork). No
    /// obligation to sort. One request per hundred open pull requests of the repository.
    async fn open_pull_requests(&self, prefix: &str) -> Result<Vec<PullRequest>, ForgeError>;

    /// What became of earlier pull requests of a branch: merged or closed ones, newest first; perhaps only the newest
    /// hundred. One request.
    async fn closed_pull_requests(&self, branch: &BranchName) -> Result<Vec<PullRequest>, ForgeError>;

    /// CreatePullRequest a pull request for a branch that has been pushed, with labels and people. Where one is open already, that
    /// one is updated instead: there is never a second.
    async fn open(&self, proposal: &Proposal) -> Result<Written, ForgeError>;

    /// Makes title, body and base of an open pull request what they should be, and adds labels that are missing. Sends
    /// nothing for what is so already. Labels that someone added are kept. Reviewers, assignees and draft are a matter
    /// of opening only: whom a person removed is not asked again, and what a person marked as ready stays so.
    async fn update(&self, existing: &PullRequest, proposal: &Proposal) -> Result<Written, ForgeError>;

    /// Closes with this body (so that the next run knows who closed it), then says why in a comment. The branch is
    /// deleted by git, not here.
    async fn close(&self, existing: &PullRequest, body: &str, comment: &str) -> Result<Written, ForgeError>;

    /// Has it merged by the forge as soon as everything is there that the base branch asks for. Only where
    /// [`Limits::auto_merge`] says so.
    async fn merge_when_ready(&self, existing: &PullRequest, how: MergeMethod) -> Result<(), ForgeError> {
        let _ = (existing, how);
        Err(ForgeError::Unknown { what: "merging by itself" })
    }

    /// Makes commits itself, where the forge does.
    fn commits(&self) -> Option<&dyn Commits> {
        None
    }

    /// Asks with read requests whether the repository is there and what the token may do; for `tagboat check`.
    async fn check(&self) -> Result<Access, ForgeError>;

    /// Requests sent so far.
    fn requests(&self) -> u64;
}

/// A forge that makes commits by its API: signed by the forge, and without a push.
#[async_trait]
pub trait Commits: Send + Sync {
    /// The addresses with which the forge commits.
    fn committers(&self) -> Vec<String>;

    /// Makes a branch hold one commit on the base, or says [`ForgeError::LostRace`] if it is not where it was expected.
    /// At no moment does the branch hold anything else.
    async fn commit(&self, wanted: ApiCommit<'_>) -> Result<CommitId, ForgeError>;
}

/// A commit that a forge is to make. Files keep no mode but that of a plain file.
#[derive(Debug, Clone, Copy)]
pub struct ApiCommit<'a> {
    /// The branch; where it is the base itself, the commit is added to it.
    pub branch: &'a BranchName,
    /// What it points at now; `None` if it should not exist.
    pub expected: Option<&'a CommitId>,
    /// The parent.
    pub base: &'a CommitId,
    /// The new contents of every file that changes, by path.
    pub files: &'a BTreeMap<Arc<str>, Vec<u8>>,
    /// The whole message.
    pub message: &'a str,
}

/// A pull request as it is after it was written to.
#[derive(Debug)]
pub struct Written {
    /// As the forge has it now.
    pub pull_request: PullRequest,
    /// What could not be done, while the pull request itself stands: a label that doesn't exist, a reviewer that may
    /// not be asked.
    pub warnings: Vec<ForgeError>,
}

/// What a forge can't do, or only so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Characters in a body.
    pub body: usize,
    /// Characters in a title.
    pub title: usize,
    /// Whether it knows labels.
    pub labels: bool,
    /// Whether it knows drafts.
    pub drafts: bool,
    /// Whether people can be asked for a review.
    pub reviewers: bool,
    /// Whether teams can be asked for a review.
    pub team_reviewers: bool,
    /// Whether people can be assigned.
    pub assignees: bool,
    /// Whether a pull request can be set to merge by itself when everything is there that its base asks for.
    pub auto_merge: bool,
}

impl Limits {
    /// A forge that can do everything, with texts up to these lengths.
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

    /// Refuses a text that the forge would refuse or cut.
    pub fn fits(&self, title: &str, body: &str) -> Result<(), ForgeError> {
        for (what, text, limit) in [("title", title, self.title), ("body", body, self.body)] {
            let is = text.chars().count();
            if is > limit {
                return Err(ForgeError::TooLong { what, is, limit });
            }
        }
        Ok(())
    }

    /// What of `extras` this forge doesn't know, as warnings.
    pub fn unknown(&self, extras: &Extras) -> Vec<ForgeError> {
        let asked = [
            ("labels", self.labels, !extras.labels.is_empty()),
            ("drafts", self.drafts, extras.draft),
            ("reviewers", self.reviewers, !extras.reviewers.is_empty()),
            ("teams as reviewers", self.team_reviewers, !extras.team_reviewers.is_empty()),
            ("assignees", self.assignees, !extras.assignees.is_empty()),
            ("merging by itself", self.auto_merge, extras.auto_merge.is_some()),
        ];
        asked
            .into_iter()
            .filter(|(_, known, wanted)| *wanted && !known)
            .map(|(what, ..)| ForgeError::Unknown { what })
            .collect()
    }
}

/// What `tagboat check` says about a forge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Who the token belongs to, where the forge tells.
    pub user: Option<String>,
    /// What it may do, in the forge's words.
    pub rights: Vec<String>,
    /// Requests left before the rate limit, where the forge tells.
    pub remaining: Option<u64>,
}
