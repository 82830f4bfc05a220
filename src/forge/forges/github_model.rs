//! What the API of GitHub returns, as far as it is read.

use octocrab::models::IssueState;
use octocrab::models::pulls::PullRequest as Pull;
use serde::Deserialize;

use crate::forge::forge::PullRequestComment;
use crate::plan::{PullRequest, PullRequestState};
use crate::refname::{BranchName, CommitId};

#[derive(Deserialize)]
pub(super) struct IssueComment {
    pub(super) id: u64,
    body: Option<String>,
}

impl IssueComment {
    pub(super) fn observed(self) -> Option<PullRequestComment> {
        Some(PullRequestComment { id: self.id, text: self.body? })
    }
}

#[derive(Deserialize)]
pub(super) struct User {
    pub(super) login: String,
}

#[derive(Deserialize)]
pub(super) struct Assigned {
    pub(super) assignees: Vec<User>,
}

/// Returns what a run needs of a pull request; `None` if a branch name is not a valid git ref.
pub(super) fn observed(pull: Pull) -> Option<PullRequest> {
    let state = match (pull.merged_at, pull.state) {
        (Some(_), _) => PullRequestState::Merged,
        (None, Some(IssueState::Open)) => PullRequestState::Open,
        (None, _) => PullRequestState::Closed,
    };
    Some(PullRequest {
        number: pull.number,
        url: pull.html_url.map_or(pull.url, String::from),
        branch: BranchName::new(&pull.head.ref_field).ok()?,
        base: BranchName::new(&pull.base.ref_field).ok()?,
        state,
        head: CommitId::new(&pull.head.sha).ok(),
        title: pull.title.unwrap_or_default(),
        body: pull.body.unwrap_or_default(),
        labels: pull.labels.unwrap_or_default().into_iter().map(|label| label.name).collect(),
    })
}
