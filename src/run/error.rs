//! Errors that stop a run before it writes anything.

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
    /// The remote does not have the branch that a person named.
    #[error("cannot read the base branch: the remote has no branch {0}")]
    NoBase(BranchName),
    /// The remote does not have the branch that it named as its default branch just before.
    #[error("cannot read the base branch: the remote named {0} as its default branch, and has no such branch any more")]
    DefaultBranchGone(BranchName),
    /// The configuration sets `commits: api` on a forge without such an API.
    #[error("cannot create commits: `commits: api` is not supported by {0}")]
    NoCommitApi(&'static str),
}

impl RunError {
    /// Returns whether the base branch changed while it was read, so that this can be repeated.
    pub(super) fn is_race(&self) -> bool {
        matches!(self, Self::Git(GitError::LostRace { .. }) | Self::DefaultBranchGone(_))
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
            Self::DefaultBranchGone(_) => {
                hint!(
                    "troubleshooting.md#git",
                    "run again; if it fails again, correct the default branch at the server"
                )
            }
            Self::NoCommitApi(_) => {
                hint!("forges.md#what-each-forge-supports", "remove `commits: api` where `git:` is set")
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
