//! Errors that stop a run before it writes anything.

use crate::config::Config;
use crate::docs::{Hint, hint};
use crate::error::{Error, Exit};
use crate::forge::ForgeError;
use crate::git::GitError;
use crate::refname::BranchName;
use crate::text::chain;

/// Why a run stopped before it wrote anything.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Git failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The forge failed to list pull requests.
    #[error(transparent)]
    Forge(#[from] ForgeError),
    /// The remote has no base branch.
    #[error("cannot read the base branch: the remote has no branch {0}")]
    NoBase(BranchName),
    /// The configuration sets `commits: api` on a forge without such an API.
    #[error("cannot create commits: `commits: api` is not supported by this forge")]
    NoCommitApi,
}

impl RunError {
    /// Returns whether the base branch changed while it was read, so that the run can be repeated.
    pub(super) fn is_race(&self, config: &Config) -> bool {
        match self {
            Self::Git(error) => matches!(error, GitError::LostRace { .. }),
            // A default branch that was renamed since the remote named it.
            Self::NoBase(_) => config.git.base.is_none(),
            Self::Forge(_) | Self::NoCommitApi => false,
        }
    }

    /// Returns what to do next.
    pub fn hint(&self) -> Hint {
        match self {
            Self::Git(error) => error.hint(),
            Self::Forge(error) => error.hint(),
            Self::NoBase(_) => {
                hint!(
                    "troubleshooting.md#git",
                    "name a branch of the remote with --base, or correct `git.base` where it is set"
                )
            }
            Self::NoCommitApi => {
                hint!("forges.md#what-each-forge-supports", "remove `commits: api` from `git:` in tagboat.yaml")
            }
        }
    }
}

impl From<RunError> for Error {
    fn from(error: RunError) -> Self {
        let hint = error.hint();
        Self::new(Exit::Failed, chain(&error), hint)
    }
}
