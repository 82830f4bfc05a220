//! The trait over one manifests repository: reads trees and blobs, builds commits as objects, fetches and pushes.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use crate::refname::{BranchName, CommitId};

use super::error::GitError;

/// One manifests repository and its remote. Never touches a working tree or an index.
#[async_trait]
pub trait Git: Send + Sync {
    /// Branches of the remote that start with `prefix`, and the one named `base`, with the commits they point at:
    /// one `ls-remote`.
    async fn remote_branches(
        &self,
        base: &BranchName,
        prefix: &str,
    ) -> Result<BTreeMap<BranchName, CommitId>, GitError>;

    /// The remote's default branch.
    async fn default_branch(&self) -> Result<BranchName, GitError>;

    /// Brings commits here, each with its tree and the commits just above it (`depth`), if they are not here yet.
    async fn fetch(&self, branches: &[(BranchName, CommitId)]) -> Result<(), GitError>;

    /// Every file of a commit's tree (no symbolic links, no submodules), in path order.
    fn files(&self, commit: &CommitId) -> Result<Vec<TreeFile>, GitError>;

    /// The bytes of a file.
    fn read(&self, file: &TreeFile) -> Result<Vec<u8>, GitError>;

    /// What is said in a commit.
    fn commit_info(&self, commit: &CommitId) -> Result<CommitInfo, GitError>;

    /// Builds a commit on `base` in which the given files have new contents; modes are kept.
    fn commit(
        &self,
        base: &CommitId,
        files: &BTreeMap<Arc<str>, Vec<u8>>,
        message: &str,
        author: &Author,
    ) -> Result<CommitId, GitError>;

    /// Makes a remote branch point at `commit` if it points at `expected` now (`None`: if it does not exist).
    async fn push(&self, branch: &BranchName, commit: &CommitId, expected: Option<&CommitId>) -> Result<(), GitError>;

    /// Deletes a remote branch if it points at `expected` now. A branch that is gone already is fine.
    async fn delete(&self, branch: &BranchName, expected: &CommitId) -> Result<(), GitError>;
}

/// A file in a commit's tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeFile {
    /// From the repository's root, with forward slashes.
    pub path: Arc<str>,
    /// The blob's object id, in hex.
    pub blob: Box<str>,
}

/// What is said in a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitInfo {
    /// Parents; those cut off by a shallow clone are named too.
    pub parents: Vec<CommitId>,
    /// Who wrote it.
    pub author: Author,
    /// Who committed it: changes when somebody amends or rebases.
    pub committer: Author,
    /// The whole message.
    pub message: String,
}

/// A name and address in a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// For people.
    pub name: String,
    /// The address, which identifies.
    pub email: String,
}
