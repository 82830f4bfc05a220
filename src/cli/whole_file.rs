//! Writes a file completely or not at all, where its folder allows that.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use crate::temporary::NewFile;

/// The mode of a new file, less the bits of the umask.
const MODE: u32 = 0o666;

/// Writes a file that a person named: a new file takes the place of an old one, so that a kill or a full disk leaves the old one
/// whole. What is no regular file, such as `/dev/stdout` or a pipe, is written directly, and so is a file that cannot be replaced:
/// its folder is read-only, or it is mounted.
///
/// # Errors
/// If the file cannot be written, or is a folder.
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // The target of a symbolic link is replaced, not the link.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if path.is_dir() {
        return Err(io::Error::new(ErrorKind::IsADirectory, "it is a folder, not a file"));
    }
    // A link whose target does not exist yet is no regular file either.
    if fs::symlink_metadata(&path).is_ok_and(|old| !old.is_file()) {
        return directly(&path, bytes);
    }
    match replaced(&path, bytes) {
        Err(error) if path.is_file() && is_about_the_folder(error.kind()) => directly(&path, bytes),
        result => result,
    }
}

/// Writes a file that does not exist yet: until it is whole, nothing has its name.
///
/// # Errors
/// If the file cannot be written, or if there is one, which stays as it is.
pub(super) fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::symlink_metadata(path).is_ok() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    let mut new = NewFile::beside(path, MODE)?;
    new.write_all(bytes)?;
    new.create()
}

fn replaced(path: &PathBuf, bytes: &[u8]) -> io::Result<()> {
    let mut new = NewFile::beside(path, MODE)?;
    new.write_all(bytes)?;
    if let Ok(old) = fs::metadata(path) {
        new.file().set_permissions(old.permissions())?;
    }
    new.replace()
}

fn directly(path: &Path, bytes: &[u8]) -> io::Result<()> {
    File::create(path)?.write_all(bytes)
}

/// Returns whether an error means that files of this folder cannot be replaced, but may be writable.
fn is_about_the_folder(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem | ErrorKind::ResourceBusy)
}
