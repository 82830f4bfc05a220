//! The branch that pull requests are for, as the remote has it now. Asks git; knows no forge.

use std::collections::BTreeMap;

use crate::config::Config;
use crate::git::{Git, GitError};
use crate::refname::{BranchName, CommitId};

/// The base branch, fetched, and our own branches beside it.
#[derive(Debug)]
pub(super) struct Base {
    /// The branch.
    pub(super) name: BranchName,
    /// What it points at; `None` if the remote has no such branch.
    pub(super) commit: Option<CommitId>,
    /// The base and our branches on the remote, and what they point at.
    pub(super) heads: BTreeMap<BranchName, CommitId>,
}

impl Base {
    /// Asks the remote and fetches the base: the branch that the configuration names, else the remote's default one.
    pub(super) async fn fetch(git: &dyn Git, config: &Config) -> Result<Self, GitError> {
        let name = match &config.git.base {
            Some(base) => base.clone(),
            None => git.default_branch().await?,
        };
        let heads = git.remote_branches(&name, &config.pull_requests.branch_prefix).await?;
        let commit = heads.get(&name).cloned();
        if let Some(commit) = &commit {
            git.fetch(&[(name.clone(), commit.clone())]).await?;
        }
        Ok(Self { name, commit, heads })
    }
}
