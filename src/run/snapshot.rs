//! The manifests in a commit or in a folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::git::{Git, GitError, TreeFile};
use crate::refname::CommitId;

/// The files of a repository at one point in time. Files are read on demand and not kept in memory.
pub trait Snapshot: Send + Sync {
    /// Returns the path of every regular file, relative to the root, with forward slashes, sorted.
    fn paths(&self) -> Vec<Arc<str>>;

    /// Returns the bytes of a file that [`paths`](Self::paths) contains.
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError>;
}

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Git cannot read the object.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The file system cannot read the file.
    #[error("cannot read {path}: {source}")]
    Folder {
        /// The path.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The snapshot has no such file.
    #[error("cannot read {0}: no such file in this commit")]
    Missing(String),
}

/// The files of a commit.
pub struct CommitSnapshot<'a> {
    git: &'a dyn Git,
    files: Vec<TreeFile>,
}

impl<'a> CommitSnapshot<'a> {
    /// Lists the files of a commit.
    pub fn new(git: &'a dyn Git, commit: &CommitId) -> Result<Self, GitError> {
        let mut files = git.files(commit)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { git, files })
    }

    /// Returns the id of the object with the bytes of a file.
    pub fn blob(&self, path: &str) -> Option<&str> {
        self.find(path).map(|file| &*file.blob)
    }

    /// Returns all files.
    pub fn files(&self) -> &[TreeFile] {
        &self.files
    }

    /// Returns whether a file is executable.
    pub(super) fn is_executable(&self, path: &str) -> bool {
        self.find(path).is_some_and(|file| file.executable)
    }

    /// Returns the paths of files that differ from those of another commit.
    pub(super) fn changed_paths<'s>(&'s self, other: &'s CommitSnapshot<'_>) -> Vec<&'s str> {
        let added = self.files.iter().filter(|file| other.blob(&file.path) != Some(&*file.blob));
        let removed = other.files.iter().filter(|file| self.blob(&file.path).is_none());
        added.chain(removed).map(|file| &*file.path).collect()
    }

    fn find(&self, path: &str) -> Option<&TreeFile> {
        self.files.binary_search_by(|file| (*file.path).cmp(path)).ok().map(|at| &self.files[at])
    }
}

impl Snapshot for CommitSnapshot<'_> {
    fn paths(&self) -> Vec<Arc<str>> {
        self.files.iter().map(|file| Arc::clone(&file.path)).collect()
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        let file = self.find(path).ok_or_else(|| ReadError::Missing(path.to_owned()))?;
        Ok(self.git.read(file)?)
    }
}

/// The files of a folder, including hidden files but not `.git`. Symbolic links are not followed: a target inside the folder
/// is listed under its own path.
pub struct Folder {
    root: PathBuf,
    paths: Vec<Arc<str>>,
}

impl Folder {
    /// Lists the files of a folder in parallel. Logs and omits folders that cannot be read.
    pub fn new(root: &Path) -> Self {
        let (send, receive) = std::sync::mpsc::channel::<Arc<str>>();
        let mut walk = ignore::WalkBuilder::new(root);
        walk.standard_filters(false).follow_links(false).filter_entry(|entry| entry.file_name() != ".git");
        walk.build_parallel().run(|| {
            let send = send.clone();
            Box::new(move |entry| {
                match entry {
                    Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_file()) => {
                        if let Some(path) = relative(root, entry.path()) {
                            let _ = send.send(path);
                        }
                    }
                    Ok(_) => {}
                    Err(error) => tracing::warn!("cannot list a folder: {error}"),
                }
                ignore::WalkState::Continue
            })
        });
        drop(send);
        let mut paths = receive.into_iter().collect::<Vec<_>>();
        paths.sort_unstable();
        Self { root: root.to_owned(), paths }
    }
}

/// Returns a path relative to the root, with forward slashes; `None` for a name that is not Unicode.
fn relative(root: &Path, path: &Path) -> Option<Arc<str>> {
    let parts = path.strip_prefix(root).ok()?.components().map(|part| part.as_os_str().to_str());
    Some(parts.collect::<Option<Vec<_>>>()?.join("/").into())
}

impl Snapshot for Folder {
    fn paths(&self) -> Vec<Arc<str>> {
        self.paths.clone()
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        let path = self.root.join(path);
        std::fs::read(&path).map_err(|source| ReadError::Folder { path, source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test writes to its own temporary folder")]
    fn lists_hidden_files_without_git_and_links() {
        let root = tempfile::tempdir().unwrap();
        for path in [".git/config", ".hidden/a.yaml", "b/c.yaml"] {
            std::fs::create_dir_all(root.path().join(path).parent().unwrap()).unwrap();
            std::fs::write(root.path().join(path), path).unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink("b/c.yaml", root.path().join("link.yaml")).unwrap();
        let folder = Folder::new(root.path());
        assert_eq!(folder.paths(), [".hidden/a.yaml".into(), "b/c.yaml".into()]);
        assert_eq!(folder.read("b/c.yaml").unwrap(), b"b/c.yaml");
        assert!(folder.read("nope").is_err());
    }
}
