//! The trait over one manifests repository: reads trees and blobs, builds commits as objects, fetches and pushes.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::refname::{BranchName, CommitId};

use super::error::GitError;

/// One manifests repository and its remote. Never touches a working tree, an index or a local branch.
///
/// What is asynchronous waits for the network. The rest reads and writes objects on disk, which takes microseconds each.
#[async_trait]
pub trait Git: Send + Sync {
    /// Branches of the remote that start with `prefix`, and the one named `base`, with the commits they point at.
    /// Asks the remote once, each time it is called. A branch that is not there is not in the answer.
    async fn remote_branches(
        &self,
        base: &BranchName,
        prefix: &str,
    ) -> Result<BTreeMap<BranchName, CommitId>, GitError>;

    /// The remote's default branch.
    async fn default_branch(&self) -> Result<BranchName, GitError>;

    /// Brings commits here, each with its files and with those of its parents, in one request; those that are here
    /// already are not asked for. [`GitError::LostRace`] if the remote no longer has one of them.
    async fn fetch(&self, branches: &[(BranchName, CommitId)]) -> Result<(), GitError>;

    /// Every file of a commit's tree, in the order of the bytes of their paths: no symbolic links, no submodules.
    /// A path that isn't UTF-8 is given with replacement characters, and can't be committed to.
    fn files(&self, commit: &CommitId) -> Result<Vec<TreeFile>, GitError>;

    /// The bytes of a file.
    fn read(&self, file: &TreeFile) -> Result<Vec<u8>, GitError>;

    /// What is said in a commit.
    fn commit_info(&self, commit: &CommitId) -> Result<CommitInfo, GitError>;

    /// Builds a commit on `base` in which the given files have new contents; their modes are kept. All of them must
    /// be there already ([`GitError::NoSuchFile`]). The same arguments give the same commit id, unless it is signed.
    /// Nothing points at it until it is pushed.
    async fn commit(
        &self,
        base: &CommitId,
        files: &BTreeMap<Arc<str>, Vec<u8>>,
        message: &str,
        author: &Author,
        when: Timestamp,
    ) -> Result<CommitId, GitError>;

    /// Whether commits are signed.
    fn signs(&self) -> bool;

    /// Makes a remote branch point at `commit` if it points at `expected` now (`None`: if it does not exist); else
    /// [`GitError::LostRace`]. Fine if it points at `commit` already.
    async fn push(&self, branch: &BranchName, commit: &CommitId, expected: Option<&CommitId>) -> Result<(), GitError>;

    /// Deletes a remote branch if it points at `expected` now; else [`GitError::LostRace`]. Fine if it is gone already.
    async fn delete(&self, branch: &BranchName, expected: &CommitId) -> Result<(), GitError>;
}

/// A file in a commit's tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeFile {
    /// From the repository's root, with forward slashes.
    pub path: Arc<str>,
    /// The blob's object id, in hex.
    pub blob: Box<str>,
    /// Whether it may be run as a program.
    pub executable: bool,
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
