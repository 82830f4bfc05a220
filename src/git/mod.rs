//! The manifests repository: objects by gix, the network by the `git` program, since gix can't push.
//!
//! It knows neither forges nor images: branches, commits, files and their bytes.

mod checkout;
mod command;
mod error;
mod git;
mod history;
mod objects;
mod output;
mod refusal;
mod remote;
mod repository;
mod settings;

pub use error::GitError;
pub use git::{Author, CommitInfo, Git, TreeFile};
pub use history::{FirstParents, first_parents};
pub use remote::Login;
pub use repository::{Options, Repository, Signing};
