//! Temporary files and folders that do not outlive their process, even if it is killed: the next process finds that their lock is
//! free, and removes them.

mod abandoned;
mod lock;
mod new_file;

#[cfg(test)]
pub(crate) use abandoned::names;
pub(crate) use abandoned::{Temporary, remove_abandoned};
pub(crate) use lock::Lock;
pub(crate) use new_file::{NEW_FILES, NewFile};
