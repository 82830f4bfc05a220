//! A git repository that changes concurrently: between what a run reads and what it pushes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use tagboat::git::{Author, CommitInfo, Git, GitError, Repository, TreeFile};
use tagboat::refname::{BranchName, CommitId};

type ConcurrentChange = Box<dyn FnOnce() + Send>;

/// A repository, and what happens before each push to it, and before one of all calls.
pub(crate) struct RacingGit {
    inner: Repository,
    before_pushes: Mutex<VecDeque<ConcurrentChange>>,
    pushes: AtomicUsize,
    before_call: Mutex<Option<(usize, ConcurrentChange)>>,
    calls: AtomicUsize,
}

impl RacingGit {
    pub(crate) fn new(inner: Repository, before_pushes: impl IntoIterator<Item = ConcurrentChange>) -> Self {
        Self {
            inner,
            before_pushes: Mutex::new(before_pushes.into_iter().collect()),
            pushes: AtomicUsize::new(0),
            before_call: Mutex::default(),
            calls: AtomicUsize::new(0),
        }
    }

    /// Returns a repository that changes before the call with this number. The first one is 0. Only calls that use the remote
    /// count.
    pub(crate) fn changing_before(inner: Repository, call: usize, change: ConcurrentChange) -> Self {
        Self { before_call: Mutex::new(Some((call, change))), ..Self::new(inner, []) }
    }

    /// Returns whether the call before which the repository changes has come.
    pub(crate) fn has_changed(&self) -> bool {
        self.before_call.lock().unwrap().is_none()
    }

    fn count_call(&self) {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        if let Some((_, change)) = self.before_call.lock().unwrap().take_if(|(at, _)| *at == call) {
            change();
        }
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
        self.count_call();
        self.inner.push(branch, commit, expected).await
    }

    async fn remote_branches(
        &self,
        base: &BranchName,
        prefix: &str,
    ) -> Result<BTreeMap<BranchName, CommitId>, GitError> {
        self.count_call();
        self.inner.remote_branches(base, prefix).await
    }

    async fn default_branch(&self) -> Result<(BranchName, CommitId), GitError> {
        self.count_call();
        self.inner.default_branch().await
    }

    async fn fetch(&self, branches: &[(BranchName, CommitId)]) -> Result<(), GitError> {
        self.count_call();
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
        self.count_call();
        self.inner.delete(branch, expected).await
    }
}
