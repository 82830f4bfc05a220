//! What the API of Azure DevOps returns, as far as it is read.

use serde::Deserialize;
use serde_json::Value;

use crate::forge::forge::PullRequestComment;
use crate::plan::{PullRequest, PullRequestState};
use crate::refname::{BranchName, CommitId};

#[derive(Deserialize)]
pub(super) struct Threads {
    pub(super) value: Vec<Thread>,
}

#[derive(Deserialize)]
pub(super) struct Thread {
    pub(super) id: u64,
    #[serde(default)]
    comments: Vec<ThreadComment>,
}

impl Thread {
    /// Returns the comments, all with the id of the thread.
    pub(super) fn observed(self) -> impl Iterator<Item = PullRequestComment> {
        let texts = self.comments.into_iter().filter_map(|comment| comment.content);
        texts.map(move |text| PullRequestComment { id: self.id, text })
    }
}

#[derive(Deserialize)]
struct ThreadComment {
    /// Missing in a comment that was deleted.
    content: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Listing {
    pub(super) value: Vec<Pull>,
}

#[derive(Deserialize)]
pub(super) struct Pull {
    #[serde(rename = "pullRequestId")]
    pub(super) number: u64,
    pub(super) title: String,
    pub(super) description: Option<String>,
    pub(super) status: String,
    #[serde(rename = "sourceRefName")]
    pub(super) source: String,
    #[serde(rename = "targetRefName")]
    pub(super) target: String,
    /// Present only if the branch is in a fork.
    #[serde(rename = "forkSource")]
    pub(super) fork: Option<Value>,
    #[serde(rename = "lastMergeSourceCommit")]
    pub(super) head: Option<Commit>,
    pub(super) labels: Option<Vec<Label>>,
    /// Who enabled auto-merge; missing if it is not enabled.
    #[serde(rename = "autoCompleteSetBy")]
    pub(super) auto_merge: Option<Identity>,
    #[serde(rename = "createdBy")]
    pub(super) author: Option<Identity>,
}

#[derive(Deserialize)]
pub(super) struct Identity {
    pub(super) id: String,
}

#[derive(Deserialize)]
pub(super) struct Commit {
    #[serde(rename = "commitId")]
    pub(super) id: String,
}

#[derive(Deserialize)]
pub(super) struct Label {
    pub(super) name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Repository {
    #[serde(default)]
    pub(super) is_disabled: bool,
}

impl Pull {
    pub(super) fn branch(&self) -> &str {
        self.source.strip_prefix("refs/heads/").unwrap_or(&self.source)
    }

    pub(super) fn observed(self, web: &str) -> Option<PullRequest> {
        Some(PullRequest {
            number: self.number,
            url: format!("{web}/pullrequest/{}", self.number),
            branch: BranchName::new(self.branch()).ok()?,
            base: BranchName::new(self.target.strip_prefix("refs/heads/")?).ok()?,
            state: match self.status.as_str() {
                "active" => PullRequestState::Open,
                "completed" => PullRequestState::Merged,
                _ => PullRequestState::Closed,
            },
            head: self.head.and_then(|head| CommitId::new(&head.id).ok()),
            title: self.title,
            body: self.description.unwrap_or_default(),
            labels: self.labels.unwrap_or_default().into_iter().map(|label| label.name).collect(),
        })
    }
}
