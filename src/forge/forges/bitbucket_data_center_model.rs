//! What the API of Bitbucket Data Center returns, as far as it is read.

use serde::Deserialize;

use crate::forge::forge::PullRequestComment;
use crate::plan::{PullRequest, PullRequestState};
use crate::refname::{BranchName, CommitId};

/// An event of a pull request; the other kinds have no comment.
#[derive(Deserialize)]
pub(super) struct Activity {
    comment: Option<ActivityComment>,
}

impl Activity {
    pub(super) fn observed(self) -> Option<PullRequestComment> {
        self.comment.map(|comment| PullRequestComment { id: comment.id, text: comment.text })
    }
}

#[derive(Deserialize)]
pub(super) struct ActivityComment {
    pub(super) id: u64,
    text: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listing<T> {
    pub(super) values: Vec<T>,
    #[serde(default)]
    pub(super) is_last_page: bool,
    pub(super) next_page_start: Option<u64>,
}

#[derive(Deserialize)]
pub(super) struct Pull {
    pub(super) id: u64,
    pub(super) version: u64,
    pub(super) title: String,
    #[serde(default)]
    pub(super) description: String,
    pub(super) state: String,
    #[serde(rename = "fromRef")]
    pub(super) from: Reference,
    #[serde(rename = "toRef")]
    pub(super) to: Reference,
    #[serde(default)]
    pub(super) reviewers: Vec<Reviewer>,
    pub(super) links: Links,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reference {
    pub(super) id: String,
    pub(super) latest_commit: Option<String>,
    pub(super) repository: Repository,
}

#[derive(Deserialize)]
pub(super) struct Repository {
    pub(super) id: u64,
    pub(super) slug: String,
    #[serde(default)]
    pub(super) archived: bool,
}

/// The server's properties.
#[derive(Deserialize)]
pub(super) struct About {
    pub(super) version: String,
}

impl About {
    pub(super) fn has_auto_merge(&self) -> bool {
        let mut numbers = self.version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        (numbers.next(), numbers.next()) >= (Some(8), Some(15))
    }
}

#[derive(Deserialize)]
pub(super) struct Reviewer {
    pub(super) user: User,
}

#[derive(Deserialize)]
pub(super) struct User {
    pub(super) name: String,
}

#[derive(Deserialize)]
pub(super) struct Links {
    #[serde(rename = "self")]
    pub(super) this: Vec<Link>,
}

#[derive(Deserialize)]
pub(super) struct Link {
    pub(super) href: String,
}

impl Reference {
    pub(super) fn branch(&self) -> &str {
        self.id.strip_prefix("refs/heads/").unwrap_or(&self.id)
    }
}

impl Pull {
    pub(super) fn is_local(&self) -> bool {
        self.from.repository.id == self.to.repository.id
    }

    pub(super) fn observed(self) -> Option<PullRequest> {
        Some(PullRequest {
            number: self.id,
            branch: BranchName::new(self.from.branch()).ok()?,
            base: BranchName::new(self.to.branch()).ok()?,
            url: self.links.this.into_iter().next()?.href,
            state: match self.state.as_str() {
                "OPEN" => PullRequestState::Open,
                "MERGED" => PullRequestState::Merged,
                _ => PullRequestState::Closed,
            },
            head: self.from.latest_commit.and_then(|commit| CommitId::new(&commit).ok()),
            title: self.title,
            body: self.description,
            labels: vec![],
        })
    }
}
