//! The commits of a branch of any clone on this machine, along first parents: the order of images that are named after
//! commits. Reads with gix; starts no process and uses no network.

use std::path::Path;

use gix::bstr::ByteSlice as _;

use super::embedded::is_embedded;
use super::error::GitError;
use crate::refname::CommitId;

/// The first parents of one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstParents {
    /// Newest first.
    pub commits: Vec<CommitId>,
    /// Whether the clone is shallow, so that older commits are missing.
    pub shallow: bool,
}

/// Reads the history of the clone in a folder, starting at a branch, tag or commit, or at `HEAD`. A branch that exists
/// only at the remote is read from `origin`. The files of the commits may be missing.
///
/// No bare repository in a working tree is read, as with git's `safe.bareRepository=explicit`: git never checks out a `.git`, but
/// it does check out the files of a bare repository from someone else's pull request, which may be links to any file. No message has
/// the content of a file.
pub fn first_parents(clone: &Path, from: Option<&str>) -> Result<FirstParents, GitError> {
    if is_embedded(clone) {
        return Err(GitError::Embedded { dir: clone.to_owned() });
    }
    let unreadable =
        |what: String, error: &(dyn std::error::Error + 'static)| GitError::Corrupt { what, cause: cause(error) };
    // Isolated: the configuration of another repository must not start or change anything here.
    let mut repository = gix::open_opts(clone, gix::open::Options::isolated())
        .map_err(|error| GitError::NotARepository { dir: clone.to_owned(), output: cause(&error) })?;
    repository.object_cache_size_if_unset(4 << 20);
    let name = from.unwrap_or("HEAD");
    let end = |name: &str| repository.rev_parse_single(name.as_bytes().as_bstr());
    let tip = end(name).or_else(|error| end(&format!("refs/remotes/origin/{name}")).map_err(|_| error));
    let missing =
        |cause: &(dyn std::error::Error + 'static)| unreadable(format!("{name} of {}", clone.display()), cause);
    let tip = tip.map_err(|cause| missing(&cause))?.object().map_err(|cause| missing(&cause))?;
    let tip = tip.peel_to_commit().map_err(|cause| missing(&cause))?;
    let walk = repository.rev_walk([tip.id]).first_parent_only().all().map_err(|cause| missing(&cause))?;
    let mut commits = Vec::new();
    for commit in walk {
        commits.push(CommitId::new(&commit.map_err(|cause| missing(&cause))?.id.to_string())?);
    }
    let shallow = repository.is_shallow().map_err(|cause| missing(&cause))?;
    Ok(FirstParents { commits, shallow })
}

/// Returns what the operating system reports. The messages of gix quote the content of files.
fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let system =
        causes.filter_map(|cause| cause.downcast_ref::<std::io::Error>()).find(|cause| cause.raw_os_error().is_some());
    system.map_or_else(|| "it does not exist, or is damaged".to_owned(), ToString::to_string)
}
