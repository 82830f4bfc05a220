//! The commits of a branch of any clone on this machine, along first parents: for the order of images that are named after
//! them. Reads with gix; starts nothing, asks no network.

use std::path::Path;

use gix::bstr::ByteSlice as _;

use super::error::GitError;
use crate::refname::CommitId;

/// The line of first parents that ends at one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstParents {
    /// Newest first.
    pub commits: Vec<CommitId>,
    /// Whether the clone is cut off at its old end.
    pub shallow: bool,
}

/// Reads the history of the clone in a folder, back from a branch, tag or commit, or from what is checked out. A branch
/// that the clone has not checked out is found at `origin`. The files of the commits need not be there.
pub fn first_parents(clone: &Path, from: Option<&str>) -> Result<FirstParents, GitError> {
    let unreadable = |what: String, why: &dyn std::fmt::Display| GitError::Corrupt { what, why: why.to_string() };
    // Isolated: what another repository's configuration says must not start or change anything here.
    let mut repository = gix::open_opts(clone, gix::open::Options::isolated())
        .map_err(|error| GitError::NotARepository { dir: clone.to_owned(), said: error.to_string() })?;
    repository.object_cache_size_if_unset(4 << 20);
    let name = from.unwrap_or("HEAD");
    let end = |name: &str| repository.rev_parse_single(name.as_bytes().as_bstr());
    let tip = end(name).or_else(|error| end(&format!("refs/remotes/origin/{name}")).map_err(|_| error));
    let missing = |why: &dyn std::fmt::Display| unreadable(format!("{name} of {}", clone.display()), why);
    let tip = tip.map_err(|why| missing(&why))?.object().map_err(|why| missing(&why))?;
    let tip = tip.peel_to_commit().map_err(|why| missing(&why))?;
    let walk = repository.rev_walk([tip.id]).first_parent_only().all().map_err(|why| missing(&why))?;
    let mut commits = Vec::new();
    for commit in walk {
        commits.push(CommitId::new(&commit.map_err(|why| missing(&why))?.id.to_string())?);
    }
    let shallow = repository.is_shallow().map_err(|why| missing(&why))?;
    Ok(FirstParents { commits, shallow })
}
