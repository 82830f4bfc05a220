//! Searches the history of a branch for a commit.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use gix::ObjectId;

use crate::refname::CommitId;

use super::error::GitError;
use super::objects::{self, Objects};

/// How many commits of a branch are fetched: few at first, which is enough for most branches.
const DEPTHS: [usize; 2] = [100, 10_000];

/// The command that fetches a history: without the files of the commits, where the server supports that. It needs a
/// repository of its own: among other objects, a commit without files would look complete.
pub(super) const FETCH: [&str; 6] =
    ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--filter=tree:0"];

/// The name of the remote in that repository. git records where the missing files are by the name of the remote, which cannot be
/// an absolute path.
pub(super) const REMOTE: &str = "origin";

/// The last history that was fetched.
#[derive(Default)]
pub(super) struct Ancestry(Mutex<Option<BranchHistory>>);

/// The newest commits of a branch.
pub(super) struct BranchHistory {
    head: CommitId,
    depth: usize,
    commits: HashSet<ObjectId>,
    /// Whether there are no older ones.
    is_complete: bool,
}

impl BranchHistory {
    /// Reads the commits that were fetched.
    pub(super) fn read(fetched: &Objects, head: &CommitId, depth: usize) -> Result<Self, GitError> {
        let (commits, is_complete) = fetched.history(head)?;
        Ok(Self { head: head.clone(), depth, commits, is_complete })
    }
}

/// The result of a search.
pub(super) enum SearchResult {
    /// Whether the commit is in the history.
    Found(bool),
    /// That many commits of the history have to be fetched first.
    Fetch(usize),
}

impl Ancestry {
    /// Searches for `commit` among `head` and its ancestors.
    pub(super) fn search(&self, commit: &CommitId, head: &CommitId) -> Result<SearchResult, GitError> {
        if commit == head {
            return Ok(SearchResult::Found(true));
        }
        let commit = objects::id(commit.as_str())?;
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(history) = last.as_ref().filter(|history| history.head == *head) else {
            return Ok(SearchResult::Fetch(DEPTHS[0]));
        };
        let deeper = DEPTHS.into_iter().find(|depth| *depth > history.depth && !history.is_complete);
        Ok(match (history.commits.contains(&commit), deeper) {
            (false, Some(depth)) => SearchResult::Fetch(depth),
            (is_found, _) => SearchResult::Found(is_found),
        })
    }

    /// Remembers a history.
    pub(super) fn set(&self, history: BranchHistory) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(history);
    }
}
