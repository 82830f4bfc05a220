//! Reads the configuration from a folder, or from the base branch of a repository.

use std::path::{Path, PathBuf};

use crate::config::{self, Config};
use crate::error::Error;
use crate::git::Repository;
use crate::run::base::Base;
use crate::run::snapshot::{CommitSnapshot, ReadError, Snapshot as _};

/// A configuration and its file.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The configuration, or the defaults without a file.
    pub config: Config,
    /// The file, if there is one; for a cloned repository, relative to its root.
    pub file: Option<PathBuf>,
}

/// Reads the configuration from the named file, or from `tagboat.yaml` in the folder if it exists.
pub fn load(named: Option<&Path>, folder: &Path) -> Result<Loaded, Error> {
    let file = named.map_or_else(|| folder.join(config::FILE_NAME), Path::to_owned);
    match std::fs::read_to_string(&file) {
        Ok(text) => parse(&text, file),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => {
            Ok(Loaded { config: Config::default(), file: None })
        }
        Err(error) => Err(Error::usage(format!("cannot read the configuration {}: {error}", file.display()))
            .hint(Some("correct --config or TAGBOAT_CONFIG, or omit both to run without a configuration"))),
    }
}

/// Reads the configuration of a cloned repository from its base branch.
pub async fn load_remote(named: Option<&Path>, git: &Repository) -> Result<Loaded, Error> {
    if named.is_some() {
        return load(named, Path::new("."));
    }
    match base(git, &Config::default()).await?.read(config::FILE_NAME) {
        Ok(bytes) => parse(&String::from_utf8_lossy(&bytes), config::FILE_NAME.into()),
        Err(ReadError::Missing(_)) => Ok(Loaded { config: Config::default(), file: None }),
        Err(error) => Err(Error::usage(format!("cannot read {} in the base branch: {error}", config::FILE_NAME))),
    }
}

/// Returns the files of the base branch as the remote has it now.
pub async fn base<'a>(git: &'a Repository, config: &Config) -> Result<CommitSnapshot<'a>, Error> {
    let base = Base::fetch(git, config).await?;
    Ok(CommitSnapshot::new(git, &base.commit)?)
}

fn parse(text: &str, file: PathBuf) -> Result<Loaded, Error> {
    Ok(Loaded { config: config::parse(text, &file.display().to_string())?, file: Some(file) })
}
