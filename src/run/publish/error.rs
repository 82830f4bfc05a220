//! Errors that affect one group. The other groups are still published.

use crate::docs::{Hint, hint};
use crate::forge::ForgeError;
use crate::git::GitError;
use crate::manifest::RefusedEdit;
use crate::plan::TextError;
use crate::run::snapshot::SnapshotError;

/// Why a group was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Git failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The forge failed.
    #[error(transparent)]
    Forge(#[from] ForgeError),
    /// An edit would change more than the reference.
    #[error(transparent)]
    Edit(#[from] RefusedEdit),
    /// A manifest cannot be read.
    #[error(transparent)]
    Read(#[from] SnapshotError),
    /// Title, body or commit message cannot be written.
    #[error(transparent)]
    Text(#[from] TextError),
    /// There is no forge.
    #[error("cannot open pull requests: no forge is connected")]
    NoForge,
}

impl PublishError {
    /// Returns what to do next.
    pub fn hint(&self) -> Hint {
        match self {
            Self::Git(error) => error.hint(),
            Self::Forge(error) => error.hint(),
            Self::Text(error) => error.hint(),
            Self::Edit(error) => error.hint(),
            Self::Read(error) => error.hint(),
            Self::NoForge => hint!("forges.md#tokens", "set `forge: {{ kind: … }}` in tagboat.yaml"),
        }
    }
}
