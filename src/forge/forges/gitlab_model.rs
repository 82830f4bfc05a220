//! What the API of GitLab returns, as far as it is read.

use serde::Deserialize;
use serde_json::Value;

use crate::plan::{PullRequest, PullRequestState};
use crate::refname::{BranchName, CommitId};

/// The prefix of a title that makes a merge request a draft.
pub(super) const DRAFT: &str = "Draft: ";

#[derive(Deserialize)]
pub(super) struct Note {
    pub(super) id: u64,
    pub(super) body: String,
}

#[derive(Deserialize)]
pub(super) struct Merge {
    pub(super) iid: u64,
    pub(super) web_url: String,
    pub(super) source_branch: String,
    pub(super) target_branch: String,
    pub(super) source_project_id: Option<u64>,
    pub(super) target_project_id: u64,
    pub(super) state: String,
    pub(super) sha: Option<String>,
    /// Present only in the response about a single merge request.
    pub(super) head_pipeline: Option<Value>,
    /// Whether auto-merge is enabled.
    #[serde(default, rename = "merge_when_pipeline_succeeds")]
    pub(super) auto_merge: bool,
    pub(super) title: String,
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) labels: Vec<String>,
    #[serde(default)]
    pub(super) draft: bool,
    #[serde(default)]
    pub(super) reviewers: Vec<User>,
    #[serde(default)]
    pub(super) assignees: Vec<User>,
}

#[derive(Deserialize)]
pub(super) struct User {
    pub(super) id: u64,
    pub(super) username: String,
}

#[derive(Deserialize)]
pub(super) struct Project {
    #[serde(default)]
    pub(super) archived: bool,
    #[serde(default)]
    pub(super) permissions: Permissions,
}

#[derive(Deserialize, Default)]
pub(super) struct Permissions {
    pub(super) project_access: Option<Role>,
    pub(super) group_access: Option<Role>,
}

#[derive(Deserialize)]
pub(super) struct Role {
    pub(super) access_level: u8,
}

impl Merge {
    pub(super) fn is_local(&self) -> bool {
        self.source_project_id == Some(self.target_project_id)
    }

    pub(super) fn observed(self) -> Option<PullRequest> {
        Some(PullRequest {
            number: self.iid,
            url: self.web_url,
            branch: BranchName::new(&self.source_branch).ok()?,
            base: BranchName::new(&self.target_branch).ok()?,
            state: match self.state.as_str() {
                "merged" => PullRequestState::Merged,
                "closed" => PullRequestState::Closed,
                // GitLab reports `locked` during the merge.
                _ => PullRequestState::Open,
            },
            head: self.sha.and_then(|sha| CommitId::new(&sha).ok()),
            title: if self.draft {
                self.title.strip_prefix(DRAFT).unwrap_or(&self.title).to_owned()
            } else {
                self.title
            },
            body: self.description.unwrap_or_default(),
            labels: self.labels,
        })
    }
}

/// <https://docs.gitlab.com/api/access_requests/#valid-access-levels>
pub(super) fn role(level: u8) -> &'static str {
    match level {
        50.. => "owner",
        40..50 => "maintainer",
        30..40 => "developer",
        20..30 => "reporter",
        10..20 => "guest",
        _ => "no role in the project",
    }
}
