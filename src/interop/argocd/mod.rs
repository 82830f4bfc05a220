//! Argo CD Image Updater: annotations on Applications, and `ImageUpdater` objects.

mod application;
mod notices;
mod scope;
pub mod settings;
mod translate;
mod watches;

pub use translate::translate;
pub use watches::{Applications, Watch};
