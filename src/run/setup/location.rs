//! Where the manifests are.

use std::io;
use std::path::{Path, PathBuf};

use crate::docs::hint;
use crate::error::Error;
use crate::forge::RemoteUrl;
use crate::git::{self, GitError};

use super::variables::variable;
use super::working_tree::{WorkingTrees, root};

/// The variable with the value of `--repository`.
const REPOSITORY: &str = "TAGBOAT_REPOSITORY";

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
    /// If the folder does not exist, if a symbolic link of a working tree leads to a folder outside of it, or if a URL in the arguments
    /// has a password.
    pub fn root(&self) -> Result<Option<PathBuf>, Error> {
        let folder = match self {
            Self::Folder(folder) => folder,
            Self::Url(url) => return refuse_password(url).map(|()| None),
        };
        check_folder(folder)?;
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

/// Checks that a folder exists.
fn check_folder(folder: &Path) -> Result<(), Error> {
    if folder.is_relative()
        && let Err(error) = std::env::current_dir()
    {
        return Err(Error::usage(
            format!("cannot read the current folder: {error}"),
            hint!("command-line.md#where-the-manifests-are", "change to a folder that exists"),
        ));
    }
    let shown = git::shown(&folder.display().to_string());
    let cause = match std::fs::metadata(folder) {
        _ if shown.is_empty() => "it is empty".to_owned(),
        Ok(found) if found.is_dir() => return Ok(()),
        Ok(_) => format!("{shown} is not a folder"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => format!("the folder {shown} does not exist"),
        Err(error) => format!("cannot read {shown}: {error}"),
    };
    Err(Error::usage(
        format!("invalid value for --repository: {cause}"),
        hint!("command-line.md#where-the-manifests-are", "correct --repository or {REPOSITORY}"),
    ))
}

/// Returns the error of git, and for a URL that git cannot use the error of the argument or variable with it.
pub(super) fn invalid_url(url: &str, error: GitError) -> Error {
    let hint = error.hint();
    match error {
        GitError::InvalidUrl { cause } | GitError::SecretInUrl { cause } => {
            let source = if variable(REPOSITORY).as_deref() == Some(url) { REPOSITORY } else { "--repository" };
            Error::usage(format!("invalid value for {source}: {cause}"), hint)
        }
        error => error.into(),
    }
}

/// Checks that a URL of the command line has no password: other users of the machine can read the arguments of a process, and CI
/// systems print them.
fn refuse_password(url: &str) -> Result<(), Error> {
    if !git::has_secret_login(url) || variable(REPOSITORY).as_deref() == Some(url) {
        return Ok(());
    }
    Err(Error::usage(
        "invalid value for --repository: the URL has a password or a token, which other programs can read in the arguments",
        hint!(
            "forges.md#tokens",
            "remove it, and set TAGBOAT_FORGE_TOKEN, or TAGBOAT_GIT_USER and TAGBOAT_GIT_PASSWORD, or set {REPOSITORY} to the URL"
        ),
    ))
}
