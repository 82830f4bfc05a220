//! Temporary folders. The next process removes one that a killed process left behind.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;

use super::abandoned::{Temporary, remove_abandoned};
use super::lock::Lock;

/// Repositories.
pub(crate) const REPOSITORIES: Temporary = of_this_user("tagboat-", ".git");

/// Folders of the demonstration that are not to be kept.
pub(crate) const DEMONSTRATIONS: Temporary = of_this_user("tagboat-demo-", ".tmp");

/// Returns the folders of all processes of this user with such names.
const fn of_this_user(prefix: &'static str, suffix: &'static str) -> Temporary {
    Temporary {
        prefix,
        suffix,
        is_removable: |metadata| metadata.is_dir() && is_of_this_user(metadata),
        lock: Lock::of_folder,
        remove: |path| fs::remove_dir_all(path),
    }
}

/// How often the folder of another process may be taken for an abandoned one before it is locked.
const ATTEMPTS: u32 = 5;

/// The folders of this process.
static IN_USE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A folder that only this user can read. It is removed when dropped.
pub(crate) struct TemporaryFolder {
    folder: TempDir,
    _lock: Lock,
}

impl TemporaryFolder {
    /// Creates a folder for one of these uses.
    pub(crate) fn new(temporary: &Temporary) -> io::Result<Self> {
        Self::new_in(&std::env::temp_dir(), temporary)
    }

    fn new_in(parent: &Path, temporary: &Temporary) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(temporary.prefix).suffix(temporary.suffix);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        for _ in 0..ATTEMPTS {
            let folder = builder.tempdir_in(parent)?;
            let lock = Lock::of_folder(folder.path());
            if !matches!(lock, Lock::Held) && folder.path().is_dir() {
                in_use().push(folder.path().to_owned());
                return Ok(Self { folder, _lock: lock });
            }
        }
        Err(io::Error::other("other processes remove it"))
    }

    /// Returns the path.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        in_use().retain(|path| path != self.folder.path());
    }
}

/// Removes the temporary folders that killed processes of this user left behind.
pub(crate) fn remove_abandoned_folders() {
    for temporary in [&REPOSITORIES, &DEMONSTRATIONS] {
        remove_abandoned(&std::env::temp_dir(), temporary);
    }
}

/// Removes the temporary folders of this process. Called when the process ends while threads still use them.
pub(crate) fn remove_own_folders() {
    for folder in in_use().drain(..) {
        // What cannot be removed now is removed by the next process.
        let _ = fs::remove_dir_all(folder);
    }
}

fn in_use() -> MutexGuard<'static, Vec<PathBuf>> {
    IN_USE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(unix)]
fn is_of_this_user(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    metadata.uid() == rustix::process::geteuid().as_raw()
}

#[cfg(not(unix))]
fn is_of_this_user(_: &fs::Metadata) -> bool {
    true
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test's own temporary folder")]
mod tests {
    use super::super::abandoned::names;
    use super::*;

    #[test]
    fn only_this_user_can_read_the_folder() {
        let parent = tempfile::tempdir().unwrap();
        let folder = TemporaryFolder::new_in(parent.path(), &REPOSITORIES).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(folder.path()).unwrap().permissions().mode() & 0o7777, 0o700);
        }
        drop(folder);
        assert_eq!(names(parent.path()), [""; 0]);
    }

    #[cfg(unix)]
    #[test]
    fn removes_folders_of_processes_that_ended_and_no_others() {
        let parent = tempfile::tempdir().unwrap();
        let running = TemporaryFolder::new_in(parent.path(), &REPOSITORIES).unwrap();
        let demonstration = TemporaryFolder::new_in(parent.path(), &DEMONSTRATIONS).unwrap();
        for name in
            ["tagboat-left.git/objects", "tagboat-demo-left.tmp/a", "tagboat-demo-1/forge.git", "other.git", "a.tmp"]
        {
            fs::create_dir_all(parent.path().join(name)).unwrap();
        }
        fs::write(parent.path().join("tagboat-file.git"), "").unwrap();
        std::os::unix::fs::symlink("other.git", parent.path().join("tagboat-link.git")).unwrap();
        remove_abandoned(parent.path(), &REPOSITORIES);
        remove_abandoned(parent.path(), &DEMONSTRATIONS);
        let [running, demonstration] =
            [&running, &demonstration].map(|folder| folder.path().file_name().unwrap().to_str().unwrap());
        let mut expected =
            ["other.git", "a.tmp", running, demonstration, "tagboat-demo-1", "tagboat-file.git", "tagboat-link.git"];
        expected.sort_unstable();
        assert_eq!(names(parent.path()), expected);
    }
}
