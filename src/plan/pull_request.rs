//! What the forge has: pull requests as observed. Pure data, in neutral words.

use crate::refname::{BranchName, CommitId};

/// A pull request (a merge request on GitLab) on one of our branches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number in the repository.
    pub number: u64,
    /// Where people see it.
    pub url: String,
    /// The branch with the changes.
    pub branch: BranchName,
    /// The branch it is to be merged into.
    pub base: BranchName,
    /// Open, merged or closed.
    pub state: PullRequestState,
    /// The commit that the forge has for the branch, where it tells.
    pub head: Option<CommitId>,
    /// The title now, perhaps changed by a person.
    pub title: String,
    /// The body now, perhaps changed by a person.
    pub body: String,
    /// Labels now.
    pub labels: Vec<String>,
}

/// What became of a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PullRequestState {
    /// Waiting.
    Open,
    /// Merged into its base.
    Merged,
    /// Closed without being merged.
    Closed,
}
