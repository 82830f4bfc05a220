//! The lock of a temporary file or folder. The system releases it when the process ends, whatever ends it. A process id would not do:
//! two containers that share a folder may use the same one.

use std::fs::{File, Metadata, TryLockError};
use std::io;
use std::path::Path;
use std::time::Duration;

/// The age after which a file or folder was left behind, on file systems that cannot lock it.
const ABANDONED: Duration = Duration::from_hours(24);

/// The lock of a file or folder.
pub(crate) enum Lock {
    /// This process has it now.
    Taken { _file: File },
    /// Another process has it.
    Held,
    /// The file system has no locks for it.
    Unsupported,
}

impl Lock {
    /// Locks a folder, or returns why not.
    pub(crate) fn of_folder(path: &Path) -> Self {
        Self::take(File::open(path))
    }

    /// Locks a file, or returns why not. NFS locks only files that are open for writing.
    pub(super) fn of_file(path: &Path) -> Self {
        Self::take(File::options().read(true).write(true).open(path))
    }

    fn take(opened: io::Result<File>) -> Self {
        let Ok(file) = opened else { return Self::Unsupported };
        match file.try_lock() {
            Ok(()) => Self::Taken { _file: file },
            Err(TryLockError::WouldBlock) => Self::Held,
            Err(TryLockError::Error(_)) => Self::Unsupported,
        }
    }

    /// Returns whether a process that ended left behind what has this lock.
    pub(crate) fn is_abandoned(&self, metadata: &Metadata) -> bool {
        let age = || metadata.modified().ok().and_then(|time| time.elapsed().ok());
        match self {
            Self::Taken { .. } => true,
            Self::Held => false,
            Self::Unsupported => age().is_some_and(|age| age > ABANDONED),
        }
    }
}
