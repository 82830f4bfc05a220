//! The base branch as the remote has it now. Uses git only, no forge.

use std::collections::BTreeMap;

use crate::config::Config;
use crate::git::Git;
use crate::refname::{BranchName, CommitId};

use super::error::RunError;

/// The base branch, fetched, and Tagboat's own branches.
#[derive(Debug)]
pub(super) struct Base {
    /// The name of the base branch.
    pub(super) name: BranchName,
    /// The head of the base branch.
    pub(super) commit: CommitId,
    /// The heads of the base branch and of Tagboat's branches on the remote.
    pub(super) heads: BTreeMap<BranchName, CommitId>,
}

impl Base {
    /// Fetches the base branch: the one that the configuration names, or the default branch of the remote.
    pub(super) async fn fetch(git: &dyn Git, config: &Config) -> Result<Self, RunError> {
        let name = match &config.git.base {
            Some(base) => base.clone(),
            None => git.default_branch().await?,
        };
        let heads = git.remote_branches(&name, &config.pull_requests.branch_prefix).await?;
        let Some(commit) = heads.get(&name).cloned() else { return Err(RunError::NoBase(name)) };
        git.fetch(&[(name.clone(), commit.clone())]).await?;
        Ok(Self { name, commit, heads })
    }
}
