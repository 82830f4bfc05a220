//! Argo CD Image Updater: annotations on Applications, and `ImageUpdater` objects.

mod application;
mod notice;
mod notices;
mod scope;
pub mod settings;
mod translate;
mod watches;

pub use translate::translate;
pub use watches::{Applications, Watch};

use super::objects::ApiGroup;

/// The objects that are read.
pub(super) const OBJECTS: &[ApiGroup] = &[
    ApiGroup { name: "argoproj.io", kinds: &["Application", "ApplicationSet"] },
    ApiGroup { name: "argocd-image-updater.argoproj.io", kinds: &["ImageUpdater"] },
];
