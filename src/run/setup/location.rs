//! Where the manifests are.

use std::path::{Path, PathBuf};

use crate::forge::RemoteUrl;

/// Where the manifests are: a folder, or a URL to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A folder, in a checkout or not.
    Folder(PathBuf),
    /// A URL to clone.
    Url(String),
}

impl Location {
    /// Parses a path or a URL. An existing folder takes precedence over a remote like `git@host:path`, but not over a URL: a pull
    /// request may add a folder whose name reads like one.
    pub fn new(text: &str) -> Self {
        let is_remote = || RemoteUrl::parse(text).is_ok() && !Path::new(text).exists();
        if text.contains("://") || is_remote() { Self::Url(text.to_owned()) } else { Self::Folder(text.into()) }
    }
}

/// Returns the root of the checkout with a folder, or the folder itself outside a checkout.
pub fn checkout(folder: &Path) -> PathBuf {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    // Messages show the path as typed.
    let root = absolute.ancestors().find(|above| above.join(".git").exists()).filter(|root| **root != *absolute);
    root.map_or_else(|| folder.to_owned(), Path::to_owned)
}
