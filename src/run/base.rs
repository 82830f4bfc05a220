//! The base branch as the remote has it now. Uses git only, no forge.

use std::collections::BTreeMap;

use crate::config::Config;
use crate::git::{Git, GitError};
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
    /// Whether it is the base branch because it is the default branch of the remote.
    is_default: bool,
}

impl Base {
    /// Fetches the base branch: the one that the configuration names, or the default branch of the remote. If the remote has none,
    /// it is the branch that the checkout tracks, and this is logged.
    pub(super) async fn fetch(git: &dyn Git, config: &Config) -> Result<Self, RunError> {
        let error = match Self::fetch_named(git, config).await {
            Err(error @ RunError::Git(GitError::NoDefaultBranch { .. })) => error,
            done => return done,
        };
        let Some(tracked) = git.tracked_branch() else { return Err(error) };
        match Self::fetch_branch(git, tracked.clone(), config).await {
            Err(RunError::NoBase(_)) => Err(error),
            done => {
                tracing::warn!("{error}; using {tracked}, the branch that the checkout tracks; --base names another");
                done
            }
        }
    }

    /// Fetches the base branch like [`fetch`](Self::fetch), but never the one that the checkout tracks: a pull request may have
    /// written what is checked out, so its branch is not the source of settings.
    pub(super) async fn fetch_named(git: &dyn Git, config: &Config) -> Result<Self, RunError> {
        match &config.git.base {
            Some(base) => Self::fetch_branch(git, base.clone(), config).await,
            None => match Self::fetch_branch(git, git.default_branch().await?.0, config).await {
                Err(RunError::NoBase(branch)) => Err(RunError::DefaultBranchGone(branch)),
                done => Ok(Self { is_default: true, ..done? }),
            },
        }
    }

    /// Returns the end of the branches of its pull requests, so that each base has its own: empty for the default branch of the
    /// remote, and where the remote has none.
    pub(super) async fn branch_suffix(&self, git: &dyn Git) -> Result<String, GitError> {
        if self.is_default {
            return Ok(String::new());
        }
        match git.default_branch().await {
            Ok((default, _)) if default != self.name => Ok(format!("@{}", self.name)),
            Ok(_) | Err(GitError::NoDefaultBranch { .. }) => Ok(String::new()),
            Err(error) => Err(error),
        }
    }

    /// Returns why the remote no longer has this base, and `None` if it has: its default branch is another one, or a force push
    /// removed the commit from the branch. A commit on top of a removed one would return it with the merge. Queries the remote
    /// once, and reads the history of a branch that moved.
    pub(super) async fn replaced(&self, git: &dyn Git, config: &Config) -> Result<Option<String>, GitError> {
        let name = &self.name;
        let head = if self.is_default {
            let (branch, head) = git.default_branch().await?;
            if branch != *name {
                return Ok(Some(format!("the default branch of the remote is now {branch}, not {name}")));
            }
            Some(head)
        } else {
            git.remote_branches(name, &config.pull_requests.branch_prefix).await?.remove(name)
        };
        let Some(head) = head else { return Ok(Some(format!("the remote has no branch {name} any more"))) };
        let is_kept = git.is_ancestor(&self.commit, &head).await?;
        Ok((!is_kept).then(|| format!("a force push removed {} from {name}", self.commit)))
    }

    async fn fetch_branch(git: &dyn Git, name: BranchName, config: &Config) -> Result<Self, RunError> {
        let heads = git.remote_branches(&name, &config.pull_requests.branch_prefix).await?;
        let Some(commit) = heads.get(&name).cloned() else { return Err(RunError::NoBase(name)) };
        git.fetch(&[(name.clone(), commit.clone())]).await?;
        tracing::info!("the base branch is {name} at {commit}");
        Ok(Self { name, commit, heads, is_default: false })
    }
}
