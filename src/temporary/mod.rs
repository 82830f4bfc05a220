//! Temporary files and folders that do not outlive their process, even if it is killed: the next process finds that their lock is
//! free, and removes them.

mod abandoned;
mod folder;
mod lock;
mod new_file;

#[cfg(test)]
pub(crate) use abandoned::names;
pub(crate) use abandoned::remove_abandoned;
pub(crate) use folder::{DEMONSTRATIONS, REPOSITORIES, TemporaryFolder, remove_abandoned_folders, remove_own_folders};
pub(crate) use new_file::{NEW_FILES, NewFile};
