//! The observed state: pull requests on a forge. Pure data, the same for every forge.

use crate::refname::{BranchName, CommitId};

/// A pull request (a merge request on GitLab) on one of Tagboat's branches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number in the repository.
    pub number: u64,
    /// The address of its page.
    pub url: String,
    /// The branch with the changes.
    pub branch: BranchName,
    /// The branch to merge into.
    pub base: BranchName,
    /// Open, merged or closed.
    pub state: PullRequestState,
    /// The head of the branch, if the forge reports it.
    pub head: Option<CommitId>,
    /// The current title; a person may have changed it.
    pub title: String,
    /// The current body; a person may have changed it.
    pub body: String,
    /// The current labels.
    pub labels: Vec<String>,
}

/// The state of a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PullRequestState {
    /// Neither merged nor closed.
    Open,
    /// Merged into its base.
    Merged,
    /// Closed without being merged.
    Closed,
}

#[cfg(test)]
impl PullRequest {
    /// Returns an open pull request without a record, for tests.
    pub(super) fn example() -> Self {
        Self {
            number: 1,
            url: "https://forge.test/1".into(),
            branch: BranchName::new("tagboat/a").unwrap(),
            base: BranchName::new("main").unwrap(),
            state: PullRequestState::Open,
            head: None,
            title: "t".into(),
            body: String::new(),
            labels: vec![],
        }
    }
}
