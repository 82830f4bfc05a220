//! Where the manifests are.

use std::path::{Path, PathBuf};

use crate::docs::hint;
use crate::error::Error;
use crate::forge::RemoteUrl;

use super::working_tree::{WorkingTrees, root};

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

    /// Returns the root of the working tree with the folder; `None` for a URL.
    ///
    /// # Errors
    /// If a symbolic link of a working tree leads to a folder outside of it.
    pub fn root(&self) -> Result<Option<PathBuf>, Error> {
        let Self::Folder(folder) = self else { return Ok(None) };
        self.trees().refuse_links_out(folder).map_err(|error| {
            Error::usage(
                format!("cannot read {}: {error}", folder.display()),
                hint!("security.md#settings-and-who-may-set-them", "name a folder of the working tree"),
            )
        })?;
        Ok(Some(root(folder)))
    }

    /// Returns the working trees of the folder, if it is one, and of the current folder.
    pub fn trees(&self) -> WorkingTrees {
        match self {
            Self::Folder(folder) => WorkingTrees::of(Some(folder)),
            Self::Url(_) => WorkingTrees::of(None),
        }
    }
}
