//! The trait of all forges: five verbs and what a forge can't do, as data.

use async_trait::async_trait;

use crate::plan::{Proposal, PullRequest};

use super::error::ForgeError;

/// Speaks to one repository at a code host. Knows no git and no policy.
#[async_trait]
pub trait Forge: Send + Sync {
    /// What this forge can't do, or only so far.
    fn limits(&self) -> Limits;

    /// All pull requests, in any state, whose branch starts with `prefix` and is in this repository (not in a fork).
    /// No obligation to sort.
    async fn pull_requests(&self, prefix: &str) -> Result<Vec<PullRequest>, ForgeError>;

    /// Opens a pull request for a branch that has been pushed.
    async fn open(&self, proposal: &Proposal) -> Result<PullRequest, ForgeError>;

    /// Makes title, body, labels and people of an open pull request what they should be. Sends nothing for what is
    /// so already; labels and people that someone added are kept.
    async fn update(&self, existing: &PullRequest, proposal: &Proposal) -> Result<PullRequest, ForgeError>;

    /// Says why in a comment, sets the body (so that the next run knows who closed it), and closes. The branch is
    /// deleted by git, not here.
    async fn close(&self, existing: &PullRequest, body: &str, comment: &str) -> Result<(), ForgeError>;

    /// Asks with a read request whether the repository is there and what the token may do; for `tagboat check`.
    async fn check(&self) -> Result<Access, ForgeError>;

    /// Requests sent so far.
    fn requests(&self) -> u64;
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
}

/// What `tagboat check` says about a forge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Who the token belongs to, where the forge tells.
    pub user: Option<String>,
    /// What it may do, in words.
    pub rights: Vec<String>,
    /// Requests left before the rate limit, where the forge tells.
    pub remaining: Option<u64>,
}
