//! Removes what killed processes left behind.

use std::fs::{self, Metadata};
use std::io;
use std::path::Path;

use super::lock::Lock;

/// Temporary files or folders, by their names.
pub(crate) struct Temporary {
    /// The start of the names.
    pub(crate) prefix: &'static str,
    /// The end of the names.
    pub(crate) suffix: &'static str,
    /// Whether a file or folder may be removed here.
    pub(crate) is_removable: fn(&Metadata) -> bool,
    /// Locks a file or folder, or returns why it cannot be locked.
    pub(crate) lock: fn(&Path) -> Lock,
    /// Removes a file or folder.
    pub(crate) remove: fn(&Path) -> io::Result<()>,
}

/// Removes those in a folder that killed processes left behind. A failure is only logged: the next process tries again.
pub(crate) fn remove_abandoned(folder: &Path, temporary: &Temporary) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_temporary =
            name.to_str().is_some_and(|name| name.starts_with(temporary.prefix) && name.ends_with(temporary.suffix));
        // Of a symbolic link, not of its target.
        let metadata = entry.metadata().ok().filter(|metadata| is_temporary && (temporary.is_removable)(metadata));
        let path = entry.path();
        if metadata.is_some_and(|metadata| (temporary.lock)(&path).is_abandoned(&metadata)) {
            let removed = (temporary.remove)(&path);
            tracing::debug!("removing the abandoned {}: {removed:?}", path.display());
        }
    }
}

/// Returns the names in a folder, for tests.
#[cfg(test)]
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}
