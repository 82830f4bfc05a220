//! Temporary files and folders that do not outlive their process, even if it is killed: the next process finds that their lock is
//! free, and removes them.

mod lock;
mod new_file;

pub(crate) use lock::Lock;
pub(crate) use new_file::{NewFile, remove_abandoned};
