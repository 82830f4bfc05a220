//! Commits, trees and blobs, read and written with gix in a temporary repository. Starts no process, uses no network.
//!
//! That repository is bare, exists for one run, and *borrows* the objects of the user's checkout
//! (gitrepository-layout(5), `objects/info/alternates`), as `git clone --shared` does. Nothing is written into the
//! checkout, which may be read-only: no objects, no refs, no `FETCH_HEAD`, and no `shallow` file, because a fetch with
//! `--depth` inside a full clone would cut off its history. No object can be collected as garbage before its push either.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::refname::CommitId;
use crate::text::{chain, escaped_name};
use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};
use gix::objs::WriteTo as _;
use gix::objs::tree::EntryKind;
use jiff::Timestamp;

use super::error::GitError;
use super::git::{Author, CommitInfo, FileKind, TreeFile};
use super::ssh_signing::SshSigningKey;
use crate::temporary::{REPOSITORIES, TemporaryFolder};

/// The temporary repository.
pub(super) struct Objects {
    repository: gix::ThreadSafeRepository,
    dir: TemporaryFolder,
}

impl Objects {
    /// Creates the repository. It borrows the objects of `lender`, a git directory.
    pub(super) fn new(lender: Option<&Path>) -> Result<Self, GitError> {
        let io = |source| GitError::Io { operation: "create a temporary repository".to_owned(), source };
        let dir = TemporaryFolder::new(&REPOSITORIES).map_err(io)?;
        // Isolated: only its own configuration, and no environment.
        let options = gix::open::Options::isolated();
        let (kind, create) = (gix::create::Kind::Bare, gix::create::Options::default());
        gix::ThreadSafeRepository::init_opts(dir.path(), kind, create, options.clone())
            .map_err(|error| io(io::Error::other(error)))?;
        if let Some(lender) = lender {
            borrow(dir.path(), lender).map_err(io)?;
        }
        let repository =
            gix::ThreadSafeRepository::open_opts(dir.path(), options).map_err(|error| io(io::Error::other(error)))?;
        Ok(Self { repository, dir })
    }

    /// Returns the git directory, for the `git` program.
    pub(super) fn git_dir(&self) -> &Path {
        self.dir.path()
    }

    /// Returns whether the commit is in this repository or in the lender.
    pub(super) fn has(&self, commit: &CommitId) -> bool {
        id(commit.as_str()).is_ok_and(|id| self.repository.to_thread_local().has_object(id))
    }

    /// Returns a commit and its ancestors, and whether these are all: a fetch with a depth cuts the history off.
    pub(super) fn history(&self, head: &CommitId) -> Result<(HashSet<ObjectId>, bool), GitError> {
        let repository = self.repository.to_thread_local();
        let unreadable =
            |cause: &(dyn std::error::Error + 'static)| unreadable(&format!("the history of {head}"), cause);
        let walk = repository.rev_walk([id(head.as_str())?]).all().map_err(|cause| unreadable(&cause))?;
        let commits = walk.map(|commit| Ok(commit.map_err(|cause| unreadable(&cause))?.id));
        let is_complete = !repository.is_shallow().map_err(|cause| unreadable(&cause))?;
        Ok((commits.collect::<Result<_, GitError>>()?, is_complete))
    }

    /// See [`Git::files`](super::git::Git::files).
    pub(super) fn files(&self, commit: &CommitId) -> Result<Vec<TreeFile>, GitError> {
        let repository = self.repository.to_thread_local();
        let tree = tree_of(&repository, commit)?;
        let mut files = Vec::new();
        walk(&repository, tree, &mut BString::default(), &mut files)?;
        Ok(files)
    }

    /// Returns the file at a path of a commit; `None` if there is nothing.
    pub(super) fn file(&self, commit: &CommitId, path: &str) -> Result<Option<TreeFile>, GitError> {
        let repository = self.repository.to_thread_local();
        let tree = tree_of(&repository, commit)?;
        let tree = repository.find_tree(tree).map_err(|error| unreadable(&format!("the tree of {commit}"), &error))?;
        let Some(entry) = tree.lookup_entry_by_path(path).map_err(|error| unreadable(path, &error))? else {
            return Ok(None);
        };
        let kind = entry.mode().kind();
        if !matches!(kind, EntryKind::Blob | EntryKind::BlobExecutable) {
            return Err(GitError::NotAFile { path: path.to_owned(), commit: commit.to_string() });
        }
        let kind = if kind == EntryKind::BlobExecutable { FileKind::Executable } else { FileKind::Regular };
        Ok(Some(TreeFile { path: path.into(), is_unicode: true, blob: entry.object_id().to_string().into(), kind }))
    }

    /// See [`Git::read`](super::git::Git::read).
    pub(super) fn read(&self, file: &TreeFile) -> Result<Vec<u8>, GitError> {
        let repository = self.repository.to_thread_local();
        let mut blob = repository.find_blob(id(&file.blob)?).map_err(|cause| unreadable(&file.path, &cause))?;
        Ok(blob.take_data())
    }

    /// See [`Git::commit_info`](super::git::Git::commit_info).
    pub(super) fn commit_info(&self, commit: &CommitId) -> Result<CommitInfo, GitError> {
        let repository = self.repository.to_thread_local();
        let unreadable = |cause: &(dyn std::error::Error + 'static)| unreadable(&format!("commit {commit}"), cause);
        let object = repository.find_commit(id(commit.as_str())?).map_err(|cause| unreadable(&cause))?;
        let decoded = object.decode().map_err(|cause| unreadable(&cause))?;
        let author = decoded.author().map_err(|cause| unreadable(&cause))?;
        let committer = decoded.committer().map_err(|cause| unreadable(&cause))?;
        let parents = decoded.parents().map(|parent| Ok(CommitId::new(&parent.to_string())?));
        Ok(CommitInfo {
            parents: parents.collect::<Result<_, GitError>>()?,
            author: person(&author),
            committer: person(&committer),
            committed: committer
                .time()
                .ok()
                .and_then(|time| Timestamp::from_second(time.seconds).ok())
                .unwrap_or_default(),
            message: decoded.message.to_str_lossy().into_owned(),
        })
    }

    /// Writes the tree of a commit with new contents in some files, and returns its id.
    pub(super) fn tree(&self, base: &CommitId, files: &BTreeMap<Arc<str>, Vec<u8>>) -> Result<ObjectId, GitError> {
        let repository = self.repository.to_thread_local();
        let tree = tree_of(&repository, base)?;
        let mut editor = repository.edit_tree(tree).map_err(|cause| unwritable(&cause))?;
        let tree = repository.find_tree(tree).map_err(|cause| unreadable(&format!("the tree of {base}"), &cause))?;
        for (path, contents) in files {
            let entry = tree.lookup_entry_by_path(&**path).map_err(|cause| unreadable(path, &cause))?;
            let kind = entry.map(|entry| entry.mode().kind());
            let Some(kind @ (EntryKind::Blob | EntryKind::BlobExecutable)) = kind else {
                return Err(GitError::NoSuchFile { path: path.to_string(), commit: base.to_string() });
            };
            let blob = repository.write_blob(contents).map_err(|cause| unwritable(&cause))?;
            editor.upsert(&**path, kind, blob).map_err(|cause| unwritable(&cause))?;
        }
        Ok(editor.write().map_err(|cause| unwritable(&cause))?.detach())
    }

    /// Writes a commit of a tree on `base`, signed if there is a key.
    pub(super) fn commit(
        &self,
        base: &CommitId,
        tree: ObjectId,
        message: &str,
        author: &Author,
        when: Timestamp,
        key: Option<&SshSigningKey>,
    ) -> Result<CommitId, GitError> {
        let repository = self.repository.to_thread_local();
        let person = gix::actor::Signature {
            name: author.name.as_str().into(),
            email: author.email.as_str().into(),
            // Always UTC: the time zone of the machine must not change the id of the commit.
            time: gix::date::Time { seconds: when.as_second(), offset: 0 },
        };
        let mut commit = gix::objs::Commit {
            tree,
            parents: [id(base.as_str())?].into(),
            author: person.clone(),
            committer: person,
            encoding: None,
            message: message.into(),
            extra_headers: Vec::new(),
        };
        if let Some(key) = key {
            let mut unsigned = Vec::new();
            commit.write_to(&mut unsigned).map_err(|cause| unwritable(&cause))?;
            let signature = key.sign(&unsigned).map_err(|source| GitError::SigningKey { source })?;
            commit.extra_headers.push(("gpgsig".into(), signature.trim_end().into()));
        }
        let written = repository.write_object(&commit).map_err(|cause| unwritable(&cause))?;
        Ok(CommitId::new(&written.to_string())?)
    }
}

fn borrow(dir: &Path, lender: &Path) -> io::Result<()> {
    let mut line = lender.join("objects").into_os_string().into_encoded_bytes();
    line.push(b'\n');
    #[expect(clippy::disallowed_methods, reason = "inside the temporary repository")]
    fs::write(dir.join("objects/info/alternates"), line)?;
    // Without this file, git would expect parents that the shallow lender does not have.
    match fs::copy(lender.join("shallow"), dir.join("shallow")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn tree_of(repository: &gix::Repository, commit: &CommitId) -> Result<ObjectId, GitError> {
    let unreadable = |cause: &(dyn std::error::Error + 'static)| unreadable(&format!("commit {commit}"), cause);
    let object = repository.find_commit(id(commit.as_str())?).map_err(|cause| unreadable(&cause))?;
    Ok(object.tree_id().map_err(|cause| unreadable(&cause))?.detach())
}

/// Collects the files of a tree depth first. git sorts entries as if folders ended with a slash, so this is the order of
/// whole paths.
fn walk(
    repository: &gix::Repository,
    tree: ObjectId,
    path: &mut BString,
    files: &mut Vec<TreeFile>,
) -> Result<(), GitError> {
    let tree = repository.find_tree(tree).map_err(|cause| unreadable(&format!("folder /{path}"), &cause))?;
    for entry in tree.iter() {
        let entry = entry.map_err(|cause| unreadable(&format!("folder /{path}"), &cause))?;
        let length = path.len();
        path.extend_from_slice(entry.filename());
        let kind = match entry.kind() {
            EntryKind::Tree => {
                path.push(b'/');
                walk(repository, entry.object_id(), path, files)?;
                None
            }
            EntryKind::Blob => Some(FileKind::Regular),
            EntryKind::BlobExecutable => Some(FileKind::Executable),
            EntryKind::Link => Some(FileKind::Link),
            EntryKind::Commit => None,
        };
        files.extend(kind.map(|kind| TreeFile {
            path: escaped_name(path).into(),
            is_unicode: path.to_str().is_ok(),
            blob: entry.object_id().to_string().into(),
            kind,
        }));
        path.truncate(length);
    }
    Ok(())
}

fn person(signature: &gix::actor::SignatureRef<'_>) -> Author {
    Author {
        name: signature.name.trim().to_str_lossy().into_owned(),
        email: signature.email.trim().to_str_lossy().into_owned(),
    }
}

pub(super) fn id(hex: &str) -> Result<ObjectId, GitError> {
    ObjectId::from_hex(hex.as_bytes()).map_err(|cause| unreadable(hex, &cause))
}

fn unreadable(what: &str, cause: &(dyn std::error::Error + 'static)) -> GitError {
    GitError::Corrupt { what: what.to_owned(), cause: chain(cause) }
}

fn unwritable(cause: &(dyn std::error::Error + 'static)) -> GitError {
    GitError::Io {
        operation: "write an object into the temporary repository".to_owned(),
        source: io::Error::other(chain(cause)),
    }
}
