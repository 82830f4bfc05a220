//! The manifests repository: objects by gix, the network by the `git` binary.

mod error;
mod git;

pub use error::GitError;
pub use git::{Author, CommitInfo, Git, TreeFile};
