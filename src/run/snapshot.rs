//! The manifests as they stand: in a commit, or in a folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::git::{Git, GitError, TreeFile};
use crate::refname::CommitId;

/// One state of the repository's files. Reading is repeatable: nothing is kept in memory.
pub trait Snapshot: Send + Sync {
    /// Every regular file, from the root, with forward slashes, in order.
    fn paths(&self) -> Vec<Arc<str>>;

    /// The bytes of a file that [`paths`](Self::paths) names.
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError>;
}

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// From the object database.
    #[error(transparent)]
    Git(#[from] GitError),
    /// From the folder.
    #[error("can't read {path}: {source}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It was never there.
    #[error("there is no file {0}")]
    Missing(String),
}

/// A commit's tree.
pub struct CommitSnapshot<'a> {
    git: &'a dyn Git,
    files: Vec<TreeFile>,
}

impl<'a> CommitSnapshot<'a> {
    /// Lists the tree.
    pub fn new(git: &'a dyn Git, commit: &CommitId) -> Result<Self, GitError> {
        let mut files = git.files(commit)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { git, files })
    }

    /// The object that holds a file, to tell whether it changed between two commits.
    pub fn blob(&self, path: &str) -> Option<&str> {
        self.find(path).map(|file| &*file.blob)
    }

    /// All files with their objects.
    pub fn files(&self) -> &[TreeFile] {
        &self.files
    }

    /// Whether a file may be run as a program.
    pub(super) fn is_executable(&self, path: &str) -> bool {
        self.find(path).is_some_and(|file| file.executable)
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

/// A folder on disk, hidden files included, `.git` left out. Symbolic links are not followed: what they point at is
/// found where it is.
pub struct Folder {
    root: PathBuf,
    paths: Vec<Arc<str>>,
}

impl Folder {
    /// Walks the folder in parallel. What can't be read is logged and left out.
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
                    Err(error) => tracing::warn!("can't look into a folder: {error}"),
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

/// A path from the root with forward slashes; `None` for names that aren't Unicode, which no configuration can name.
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
    #[expect(clippy::disallowed_methods, reason = "a test's own temporary folder")]
    fn hidden_files_yes_git_and_links_no() {
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
