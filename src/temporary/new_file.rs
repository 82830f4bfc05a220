//! Writes a file completely or not at all, also after a kill or on a full disk: the new file is written beside the old one, which it
//! then replaces.

use std::collections::BTreeSet;
use std::fs::{self, File, Metadata, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tempfile::NamedTempFile;

use super::abandoned::{Temporary, remove_abandoned};
use super::lock::Lock;

/// New files until they replace the old ones.
pub(crate) const NEW_FILES: Temporary = Temporary {
    prefix: ".tagboat-",
    suffix: ".tmp",
    is_removable: Metadata::is_file,
    lock: Lock::of_file,
    remove: |path| fs::remove_file(path),
};

/// How often the new file of another process may be taken for an abandoned one before it is locked.
const ATTEMPTS: u32 = 5;

/// A file that is to replace another one. It is removed when dropped.
pub(crate) struct NewFile {
    file: NamedTempFile,
    path: PathBuf,
}

impl NewFile {
    /// Creates a file beside `path`, with this mode less the bits of the umask. The first call of a process for a folder removes the new
    /// files that killed processes left there.
    pub(crate) fn beside(path: &Path, mode: u32) -> io::Result<Self> {
        static CLEANED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if CLEANED.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.to_owned()) {
            remove_abandoned(folder, &NEW_FILES);
        }
        let mut options = File::options();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
        let mut builder = tempfile::Builder::new();
        builder.prefix(NEW_FILES.prefix).suffix(NEW_FILES.suffix);
        for _ in 0..ATTEMPTS {
            // The error of `tempfile_in` has the name of the new file, which means nothing to a person.
            let file =
                builder.make_in(folder, |path| options.open(path)).map_err(|error| about_folder(folder, error))?;
            let is_held = matches!(file.as_file().try_lock(), Err(TryLockError::WouldBlock));
            if !is_held && file.path().exists() {
                return Ok(Self { file, path: path.to_owned() });
            }
        }
        Err(io::Error::other("other processes remove it"))
    }

    /// Returns the file, to change its attributes.
    pub(crate) fn file(&self) -> &File {
        self.file.as_file()
    }

    /// Waits until the content is on the disk, then replaces the old file.
    pub(crate) fn replace(self) -> io::Result<()> {
        self.synced(Self::replace_unsynced)
    }

    /// Waits until the content is on the disk, then gives the file its name.
    ///
    /// # Errors
    /// If there is a file with this name, which stays as it is.
    pub(crate) fn create(self) -> io::Result<()> {
        self.synced(|new| new.file.persist_noclobber(&new.path).map(drop).map_err(|error| error.error))
    }

    /// Gives the file its name with `persist`, between the content and the name reaching the disk.
    fn synced(self, persist: impl FnOnce(Self) -> io::Result<()>) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        let folder = self.path.parent().map(Path::to_owned);
        persist(self)?;
        // The rename is durable once the folder is. Not every file system can do this, and the contents are whole either way.
        if let Some(Ok(folder)) = folder.map(File::open) {
            let _ = folder.sync_all();
        }
        Ok(())
    }

    /// Replaces the old file. If the machine stops now, the content may be lost.
    pub(crate) fn replace_unsynced(self) -> io::Result<()> {
        self.file.persist(&self.path).map(drop).map_err(|error| error.error)
    }
}

/// Returns an error that names the folder if that is missing: the error of the system does not say what is.
fn about_folder(folder: &Path, error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::NotFound if !folder.exists() => {
            io::Error::new(ErrorKind::NotFound, format!("the folder {} does not exist", folder.display()))
        }
        ErrorKind::NotADirectory => {
            io::Error::new(ErrorKind::NotADirectory, format!("{} is not a folder", folder.display()))
        }
        _ => error,
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_file_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_file_mut().flush()
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test's own temporary folder")]
mod tests {
    use super::super::abandoned::names;
    use super::*;

    #[test]
    fn replaces_the_old_file_or_leaves_it_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "old").unwrap();
        let mut new = NewFile::beside(&path, 0o600).unwrap();
        new.write_all(b"new").unwrap();
        assert_eq!(names(folder.path()).len(), 2);
        drop(new);
        assert_eq!((names(folder.path()), fs::read(&path).unwrap()), (vec!["a".to_owned()], b"old".to_vec()));
        let mut new = NewFile::beside(&path, 0o600).unwrap();
        new.write_all(b"new").unwrap();
        assert_eq!(new.create().unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!((names(folder.path()), fs::read(&path).unwrap()), (vec!["a".to_owned()], b"old".to_vec()));
        NewFile::beside(&folder.path().join("b"), 0o600).unwrap().create().unwrap();
        assert_eq!(names(folder.path()), ["a", "b"]);
        fs::remove_file(folder.path().join("b")).unwrap();
        let mut new = NewFile::beside(&path, 0o600).unwrap();
        new.write_all(b"new").unwrap();
        new.replace().unwrap();
        assert_eq!((names(folder.path()), fs::read(&path).unwrap()), (vec!["a".to_owned()], b"new".to_vec()));
    }

    #[cfg(unix)]
    #[test]
    fn removes_files_of_processes_that_ended_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let running = NewFile::beside(&folder.path().join("a"), 0o600).unwrap();
        for name in ["a", ".tagboat-left.tmp", ".tagboat-other", ".other.tmp"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::create_dir(folder.path().join(".tagboat-folder.tmp")).unwrap();
        std::os::unix::fs::symlink("a", folder.path().join(".tagboat-link.tmp")).unwrap();
        remove_abandoned(folder.path(), &NEW_FILES);
        let name = running.file.path().file_name().unwrap().to_str().unwrap();
        let mut expected = [".other.tmp", ".tagboat-folder.tmp", ".tagboat-link.tmp", ".tagboat-other", "a", name];
        expected.sort_unstable();
        assert_eq!(names(folder.path()), expected);
    }
}
