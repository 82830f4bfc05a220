//! A git repository that changes concurrently: between what a run reads and what it pushes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use tagboat::git::{Author, CommitInfo, Git, GitError, Repository, TreeFile};
use tagboat::refname::{BranchName, CommitId};

type ConcurrentChange = Box<dyn FnOnce() + Send>;

/// A repository, and what happens before each push to it.
pub(crate) struct RacingGit {
    inner: Repository,
    before_pushes: Mutex<VecDeque<ConcurrentChange>>,
    pushes: AtomicUsize,
}

impl RacingGit {
    pub(crate) fn new(inner: Repository, before_pushes: impl IntoIterator<Item = ConcurrentChange>) -> Self {
        Self { inner, before_pushes: Mutex::new(before_pushes.into_iter().collect()), pushes: AtomicUsize::new(0) }
    }

    /// Returns how many pushes were attempted.
    pub(crate) fn pushes(&self) -> usize {
        self.pushes.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Git for RacingGit {
    async fn push(&self, branch: &BranchName, commit: &CommitId, expected: Option<&CommitId>) -> Result<(), GitError> {
        self.pushes.fetch_add(1, Ordering::Relaxed);
        if let Some(change) = self.before_pushes.lock().unwrap().pop_front() {
            change();
        }
        self.inner.push(branch, commit, expected).await
    }

    async fn remote_branches(
        &self,
        base: &BranchName,
        prefix: &str,
    ) -> Result<BTreeMap<BranchName, CommitId>, GitError> {
        self.inner.remote_branches(base, prefix).await
    }

    async fn default_branch(&self) -> Result<BranchName, GitError> {
        self.inner.default_branch().await
    }

    async fn fetch(&self, branches: &[(BranchName, CommitId)]) -> Result<(), GitError> {
        self.inner.fetch(branches).await
    }

    fn files(&self, commit: &CommitId) -> Result<Vec<TreeFile>, GitError> {
        self.inner.files(commit)
    }

    fn read(&self, file: &TreeFile) -> Result<Vec<u8>, GitError> {
        self.inner.read(file)
    }

    fn commit_info(&self, commit: &CommitId) -> Result<CommitInfo, GitError> {
        self.inner.commit_info(commit)
    }

    async fn is_ancestor(&self, commit: &CommitId, head: &CommitId) -> Result<bool, GitError> {
        self.inner.is_ancestor(commit, head).await
    }

    async fn commit(
        &self,
        base: &CommitId,
        files: &BTreeMap<Arc<str>, Vec<u8>>,
        message: &str,
        author: &Author,
        when: Timestamp,
    ) -> Result<CommitId, GitError> {
        self.inner.commit(base, files, message, author, when).await
    }

    fn signs(&self) -> bool {
        self.inner.signs()
    }

    async fn delete(&self, branch: &BranchName, expected: &CommitId) -> Result<(), GitError> {
        self.inner.delete(branch, expected).await
    }
}
