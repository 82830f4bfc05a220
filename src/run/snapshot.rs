//! The manifests in a commit or in a folder.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::docs::{Hint, hint};
use crate::git::{FileKind, Git, GitError, TreeFile};
use crate::refname::CommitId;
use crate::text::escaped_name;

/// The files of a repository at one point in time. Files are read on demand and not kept in memory.
pub trait Snapshot: Send + Sync {
    /// Returns the path of every regular file, relative to the root, with forward slashes, sorted.
    fn paths(&self) -> Vec<Arc<str>>;

    /// Returns what [`paths`](Self::paths) does not contain although it may be or have manifests, sorted by path.
    fn unlisted(&self) -> &[Unlisted];

    /// Returns the names of everything that [`paths`](Self::paths) and [`unlisted`](Self::unlisted) contain.
    fn names(&self) -> Vec<Arc<str>> {
        self.paths().into_iter().chain(self.unlisted().iter().map(|one| Arc::clone(&one.path))).collect()
    }

    /// Returns the bytes of a file that [`paths`](Self::paths) contains.
    fn read(&self, path: &str) -> Result<Vec<u8>, SnapshotError>;
}

/// A file or folder that cannot be listed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unlisted {
    /// Its path, as in [`Snapshot::paths`], with escaped bytes where it is not UTF-8.
    pub path: Arc<str>,
    /// Why it cannot be listed.
    pub cause: UnlistedCause,
}

/// Why a file or folder cannot be listed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum UnlistedCause {
    /// The path of a file is not UTF-8.
    Name,
    /// It is a symbolic link. Its target is listed under its own path, if that is in the repository.
    Link,
    /// It is neither a file nor a folder nor a link.
    Special,
    /// A folder cannot be read, with the error.
    Folder(String),
}

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Git cannot read the object.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The file system cannot read the file.
    #[error("cannot read {path}: {source}")]
    Folder {
        /// The path of the file.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The snapshot has no such file.
    #[error("cannot read {0}: no such file in this commit")]
    Missing(String),
}

impl SnapshotError {
    /// Returns what to do next.
    pub fn hint(&self) -> Hint {
        match self {
            Self::Git(error) => error.hint(),
            Self::Folder { source, .. } if let Some(hint) = Hint::about_machine(&source.to_string()) => hint,
            Self::Folder { .. } => hint!(
                "troubleshooting.md#held-references",
                "let the user of Tagboat read the file, or exclude it with `paths: {{ exclude: […] }}`"
            ),
            Self::Missing(_) => {
                hint!("troubleshooting.md#git", "run again to continue from the new state of the branch")
            }
        }
    }
}

/// The files of a commit.
pub struct CommitSnapshot<'a> {
    git: &'a dyn Git,
    files: Vec<TreeFile>,
    unlisted: Vec<Unlisted>,
}

impl<'a> CommitSnapshot<'a> {
    /// Lists the files of a commit.
    pub fn new(git: &'a dyn Git, commit: &CommitId) -> Result<Self, GitError> {
        let is_listed = |file: &TreeFile| file.is_unicode && file.kind != FileKind::Link;
        let (mut files, others): (Vec<_>, Vec<_>) = git.files(commit)?.into_iter().partition(is_listed);
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let unlisted = others.into_iter().map(|file| {
            let cause = if file.is_unicode { UnlistedCause::Link } else { UnlistedCause::Name };
            Unlisted { path: file.path, cause }
        });
        let mut unlisted: Vec<_> = unlisted.collect();
        unlisted.sort_unstable();
        Ok(Self { git, files, unlisted })
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
        self.find(path).is_some_and(|file| file.kind == FileKind::Executable)
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

    fn unlisted(&self) -> &[Unlisted] {
        &self.unlisted
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, SnapshotError> {
        let file = self.find(path).ok_or_else(|| SnapshotError::Missing(path.to_owned()))?;
        Ok(self.git.read(file)?)
    }
}

/// The files of a folder, including hidden files but not `.git`. Symbolic links are not followed: a target inside the folder
/// is listed under its own path.
pub struct Folder {
    root: PathBuf,
    paths: Vec<Arc<str>>,
    unlisted: Vec<Unlisted>,
}

/// The entries found so far.
#[derive(Default)]
struct FolderEntries {
    paths: Vec<Arc<str>>,
    unlisted: Vec<Unlisted>,
}

impl Folder {
    /// Lists the files of a folder in parallel.
    pub fn new(root: &Path) -> Self {
        let found = Mutex::new(FolderEntries::default());
        rayon::scope(|scope| walk(scope, root, root.to_owned(), &found));
        let FolderEntries { mut paths, mut unlisted } = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        paths.sort_unstable();
        unlisted.sort_unstable();
        Self { root: root.to_owned(), paths, unlisted }
    }
}

/// Lists a folder, and starts to list the folders in it.
fn walk<'s>(scope: &rayon::Scope<'s>, root: &'s Path, folder: PathBuf, found: &'s Mutex<FolderEntries>) {
    let mut here = FolderEntries::default();
    let listed = std::fs::read_dir(&folder).and_then(|entries| {
        for entry in entries {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            if kind.is_dir() && entry.file_name() != ".git" {
                scope.spawn(move |scope| walk(scope, root, path, found));
            } else if !kind.is_dir() {
                match (relative(root, &path), kind) {
                    ((path, false), _) => here.unlisted.push(Unlisted { path, cause: UnlistedCause::Name }),
                    ((path, true), kind) if kind.is_file() => here.paths.push(path),
                    ((path, true), kind) => {
                        let cause = if kind.is_symlink() { UnlistedCause::Link } else { UnlistedCause::Special };
                        here.unlisted.push(Unlisted { path, cause });
                    }
                }
            }
        }
        Ok(())
    });
    if let Err(error) = listed {
        here.unlisted
            .push(Unlisted { path: relative(root, &folder).0, cause: UnlistedCause::Folder(error.to_string()) });
    }
    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
    found.paths.append(&mut here.paths);
    found.unlisted.append(&mut here.unlisted);
}

/// Returns a path relative to the root, with forward slashes, and whether it is UTF-8. Bytes that are not are escaped.
fn relative(root: &Path, path: &Path) -> (Arc<str>, bool) {
    let parts = path.strip_prefix(root).unwrap_or(path).components().map(|part| part.as_os_str());
    let is_unicode = path.strip_prefix(root).is_ok_and(|path| path.to_str().is_some());
    let parts = parts.map(|part| escaped_name(part.as_encoded_bytes())).collect::<Vec<_>>();
    (parts.join("/").into(), is_unicode)
}

impl Snapshot for Folder {
    fn paths(&self) -> Vec<Arc<str>> {
        self.paths.clone()
    }

    fn unlisted(&self) -> &[Unlisted] {
        &self.unlisted
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, SnapshotError> {
        let path = self.root.join(path);
        std::fs::read(&path).map_err(|source| SnapshotError::Folder { path, source })
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
        #[cfg(unix)]
        assert_eq!(folder.unlisted(), [Unlisted { path: "link.yaml".into(), cause: UnlistedCause::Link }]);
        assert_eq!(folder.read("b/c.yaml").unwrap(), b"b/c.yaml");
        assert!(folder.read("nope").is_err());
    }

    #[cfg(unix)]
    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test writes to its own temporary folder")]
    fn lists_names_that_are_not_utf_8_and_folders_that_cannot_be_read_apart() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt as _;
        let root = tempfile::tempdir().unwrap();
        for path in [&b"caf\xe9/b.yaml"[..], b"a.yaml", b"z\xff.yaml"] {
            let path = root.path().join(OsStr::from_bytes(path));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let folder = Folder::new(root.path());
        assert_eq!(folder.paths(), ["a.yaml".into()]);
        let name = |path: &str| Unlisted { path: path.into(), cause: UnlistedCause::Name };
        assert_eq!(folder.unlisted(), [name("caf\\xe9/b.yaml"), name("z\\xff.yaml")]);
        let gone = Folder::new(&root.path().join("gone"));
        assert!(matches!(gone.unlisted(), [Unlisted { cause: UnlistedCause::Folder(_), .. }]), "{:?}", gone.unlisted());
    }
}
