//! The trait over one manifests repository: reads trees and blobs, builds commits as objects, fetches and pushes.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::refname::{BranchName, CommitId};

use super::error::GitError;

/// One manifests repository and its remote. It never changes a working tree, an index or a local branch.
///
/// The asynchronous methods wait for the network. The others read and write objects on disk, in microseconds each.
#[async_trait]
pub trait Git: Send + Sync {
    /// Returns the branches of the remote that start with `prefix`, and the one named `base`, with the commits that they
    /// point at. Each call queries the remote once. A branch that does not exist is missing from the result.
    async fn remote_branches(
        &self,
        base: &BranchName,
        prefix: &str,
    ) -> Result<BTreeMap<BranchName, CommitId>, GitError>;

    /// Returns the default branch of the remote, with the commit that it points at.
    async fn default_branch(&self) -> Result<(BranchName, CommitId), GitError>;

    /// Returns the branch of the remote that the branch of the checkout tracks; `None` without a checkout or for a detached `HEAD`.
    fn tracked_branch(&self) -> Option<BranchName> {
        None
    }

    /// Fetches commits with their files, and the files of their parents, in one request. Commits that are already here are
    /// not requested. Fails with [`GitError::LostRace`] if the remote no longer has one of them.
    async fn fetch(&self, branches: &[(BranchName, CommitId)]) -> Result<(), GitError>;

    /// Returns every file of a commit in byte order of the paths, without submodules. A path that is not
    /// UTF-8 gets replacement characters and cannot be changed by a commit.
    fn files(&self, commit: &CommitId) -> Result<Vec<TreeFile>, GitError>;

    /// Returns the content of a file.
    fn read(&self, file: &TreeFile) -> Result<Vec<u8>, GitError>;

    /// Returns parents, people and message of a commit.
    fn commit_info(&self, commit: &CommitId) -> Result<CommitInfo, GitError>;

    /// Returns whether `commit` is in the history of `head`, the newest commit of a remote branch. A commit further back than
    /// 10,000 commits counts as absent. Sends at most two requests for each head.
    async fn is_ancestor(&self, commit: &CommitId, head: &CommitId) -> Result<bool, GitError>;

    /// Builds a commit on `base` in which the given files have new contents; their modes are kept. All files must exist in
    /// `base` ([`GitError::NoSuchFile`]). The same arguments give the same commit id, unless the commit is signed. No ref
    /// points at the commit until it is pushed.
    async fn commit(
        &self,
        base: &CommitId,
        files: &BTreeMap<Arc<str>, Vec<u8>>,
        message: &str,
        author: &Author,
        when: Timestamp,
    ) -> Result<CommitId, GitError>;

    /// Returns whether commits are signed.
    fn signs(&self) -> bool;

    /// Sets a remote branch to `commit` if it points at `expected` (`None`: if it does not exist), and otherwise fails with
    /// [`GitError::LostRace`]. Succeeds if it already points at `commit`.
    async fn push(&self, branch: &BranchName, commit: &CommitId, expected: Option<&CommitId>) -> Result<(), GitError>;

    /// Deletes a remote branch if it points at `expected`, and otherwise fails with [`GitError::LostRace`]. Succeeds if the
    /// branch does not exist.
    async fn delete(&self, branch: &BranchName, expected: &CommitId) -> Result<(), GitError>;
}

/// A file in a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeFile {
    /// The path from the root of the repository, with forward slashes. Bytes that are not UTF-8 are escaped.
    pub path: Arc<str>,
    /// Whether the path has no such bytes.
    pub is_unicode: bool,
    /// The object id of the blob, in hex.
    pub blob: Box<str>,
    /// What it is.
    pub kind: FileKind,
}

/// What a file in a commit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    Regular,
    /// A regular file that can be executed.
    Executable,
    /// A symbolic link, whose blob is its target.
    Link,
}

/// Parents, people and message of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitInfo {
    /// The parents, also those that a shallow clone cuts off.
    pub parents: Vec<CommitId>,
    /// The author of the change.
    pub author: Author,
    /// The committer: changes when a person amends or rebases.
    pub committer: Author,
    /// When it was committed.
    pub committed: Timestamp,
    /// The whole message.
    pub message: String,
}

/// The name and email address of a person in a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The name, for people.
    pub name: String,
    /// The email address, which identifies the person.
    pub email: String,
}
