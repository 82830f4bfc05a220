//! The manifests repository: objects with gix, the network with the `git` program, because gix cannot push.
//!
//! Only branches, commits, files and their bytes; nothing about forges or images.

mod ancestry;
mod checkout;
mod command;
mod embedded;
mod environment;
mod error;
mod git;
mod history;
mod objects;
mod options;
mod output;
mod refusal;
mod remote;
mod repository;
mod rewriting;
mod settings;
mod ssh_signing;
mod working_tree;

pub use embedded::has_no_checkout;
pub use error::GitError;
pub use git::{Author, CommitInfo, FileKind, Git, TreeFile};
pub use history::{FirstParents, first_parents};
pub use options::{Options, Signing};
pub use remote::{Login, has_secret_login, shown};
pub use repository::Repository;
pub use ssh_signing::SshKeyError;
pub use working_tree::{is_tracked, remote_url};
