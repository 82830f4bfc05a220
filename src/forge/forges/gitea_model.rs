//! What the API of Gitea and Forgejo returns, as far as it is read.

use serde::Deserialize;

use crate::forge::forge::PullRequestComment;
use crate::plan::{PullRequest, PullRequestState};
use crate::refname::{BranchName, CommitId};

/// The prefix of a title that makes a pull request a draft, by the default of both servers.
pub(super) const DRAFT: &str = "WIP: ";

#[derive(Deserialize)]
pub(super) struct IssueComment {
    pub(super) id: u64,
    pub(super) body: String,
}

impl IssueComment {
    pub(super) fn observed(self) -> PullRequestComment {
        PullRequestComment { id: self.id, text: self.body }
    }
}

/// An event in the timeline of a pull request.
#[derive(Deserialize)]
pub(super) struct Event {
    #[serde(rename = "type")]
    kind: String,
}

impl Event {
    /// Returns whether the event enabled auto-merge; `None` if it has nothing to do with it.
    pub(super) fn auto_merge(&self) -> Option<bool> {
        match self.kind.as_str() {
            "pull_scheduled_merge" => Some(true),
            "pull_cancel_scheduled_merge" => Some(false),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Pull {
    pub(super) number: u64,
    pub(super) html_url: String,
    pub(super) state: String,
    #[serde(default)]
    pub(super) merged: bool,
    pub(super) title: String,
    pub(super) body: Option<String>,
    #[serde(default)]
    pub(super) draft: bool,
    pub(super) labels: Option<Vec<Label>>,
    pub(super) assignees: Option<Vec<User>>,
    pub(super) head: Side,
    pub(super) base: Side,
}

#[derive(Deserialize)]
pub(super) struct Side {
    #[serde(rename = "ref")]
    pub(super) name: String,
    /// `owner:branch` or the branch; remains after the branch is deleted.
    #[serde(default)]
    pub(super) label: String,
    #[serde(default)]
    pub(super) sha: String,
    pub(super) repo_id: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct Label {
    pub(super) name: String,
}

#[derive(Deserialize)]
pub(super) struct User {
    pub(super) login: String,
}

#[derive(Deserialize)]
pub(super) struct Repository {
    #[serde(default)]
    pub(super) archived: bool,
    #[serde(default)]
    pub(super) permissions: std::collections::BTreeMap<String, bool>,
}

impl Pull {
    /// Returns whether the branch is in the repository, not in a fork.
    pub(super) fn is_local(&self) -> bool {
        self.head.repo_id == self.base.repo_id
    }

    /// Returns the branch. After it is deleted, `ref` is `refs/pull/1/head`, and only the label has its name.
    pub(super) fn branch(&self) -> &str {
        if self.head.name.starts_with("refs/") {
            self.head.label.rsplit(':').next().unwrap_or_default()
        } else {
            &self.head.name
        }
    }

    pub(super) fn observed(self) -> Option<PullRequest> {
        let branch = BranchName::new(self.branch()).ok()?;
        Some(PullRequest {
            number: self.number,
            url: self.html_url,
            branch,
            base: BranchName::new(&self.base.name).ok()?,
            state: match self.state.as_str() {
                _ if self.merged => PullRequestState::Merged,
                "open" => PullRequestState::Open,
                _ => PullRequestState::Closed,
            },
            head: CommitId::new(&self.head.sha).ok(),
            title: if self.draft {
                self.title.strip_prefix(DRAFT).unwrap_or(&self.title).to_owned()
            } else {
                self.title
            },
            body: self.body.unwrap_or_default(),
            labels: self.labels.unwrap_or_default().into_iter().map(|label| label.name).collect(),
        })
    }
}
