//! Reads the configuration: the operator's file, and the repository's from a folder or from the base branch. Only this file
//! decides who wrote a configuration file; `docs/security.md` has the rules.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::config::{self, Config, ConfigFile, ConfigSource, Overrides, RepositoryConfig};
use crate::docs::{hint, page};
use crate::error::Error;
use crate::forge::FORGES;
use crate::git::{Git as _, GitError, Repository};
use crate::refname::{BranchName, CommitId};
use crate::run::base::Base;
use crate::run::retry::repeat_on_race;
use crate::run::snapshot::CommitSnapshot;
use crate::text::utf8;

use super::location::Location;
use super::regular_file::{checked_size, path_inside, read_inside};
use super::working_tree::WorkingTrees;

/// A configuration and the files it is made of.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The configuration, or the defaults without a file.
    pub config: Config,
    /// The names of its files; the operator's is first.
    pub files: Vec<String>,
    /// The root of the working tree, if there is one.
    pub root: Option<PathBuf>,
    /// The certificates that the repository's file names, by their paths.
    pub(super) certificates: BTreeMap<PathBuf, Vec<u8>>,
}

impl Loaded {
    /// Returns these settings with the values of flags, which win.
    #[must_use]
    pub fn with(mut self, overrides: &Overrides) -> Self {
        self.config = self.config.with(overrides);
        self
    }
}

/// The operator's configuration, before the repository's is read.
#[derive(Debug, Clone)]
pub struct Operator {
    /// What it sets.
    pub config: Config,
    /// Its text, its name and its folder; `None` without a file of the operator.
    file: Option<(String, String, PathBuf)>,
    /// The path of the repository's file, from its root.
    repository_file: PathBuf,
    /// Whether `--config` names the repository's file.
    is_named: bool,
}

impl Operator {
    /// Reads the file that `--config` names. One in a working tree belongs to the repository: it is used in place of `tagboat.yaml`.
    ///
    /// # Errors
    /// If it cannot be read, or is in the working tree of the current folder while `location` is a folder in another one: then it is
    /// neither the operator's nor in the repository.
    pub fn read(named: Option<&Path>, location: &Location) -> Result<Self, Error> {
        let none =
            Self { config: Config::default(), file: None, repository_file: config::FILE_NAME.into(), is_named: false };
        let Some(path) = named else { return Ok(none) };
        if path.to_str().is_some_and(|path| path.contains("://")) {
            return Err(Error::usage(
                "cannot use the configuration: --config and TAGBOAT_CONFIG name a file, not a URL",
                hint!("configuration.md#where-it-is-read-from", "download the file first, and name it"),
            ));
        }
        if let Some(inside) = location.trees().inside(path) {
            if let Location::Folder(folder) = location
                && WorkingTrees::of_folder(folder).inside(path).is_none()
            {
                return Err(Error::usage(
                    format!(
                        "cannot use the configuration {}: it is in the working tree of the current folder, and {} is in another one",
                        path.display(),
                        folder.display()
                    ),
                    hint!(
                        "security.md#three-sources-of-settings",
                        "move the file of the operator out of the working tree, or run in the one that has the manifests"
                    ),
                ));
            }
            return Ok(Self { repository_file: inside, is_named: true, ..none });
        }
        let text = std::fs::read(path).and_then(|bytes| Ok(utf8(&bytes)?.to_owned())).map_err(|error| {
            Error::usage(
                format!("cannot read the configuration {}: {error}", path.display()),
                hint!(
                    "configuration.md#where-it-is-read-from",
                    "correct --config or TAGBOAT_CONFIG, or omit both to run without a configuration"
                ),
            )
        })?;
        let name = path.display().to_string();
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let folder = absolute.parent().unwrap_or(Path::new("")).to_owned();
        let file = ConfigFile { text: &text, name: &name, folder: &folder, source: ConfigSource::Operator };
        let config = config::parse_all(&[file], Some(&forge_kinds()))?;
        Ok(Self { config, file: Some((text, name, folder)), ..none })
    }

    /// Returns whether `--config` names a file of the repository.
    pub fn is_in_repository(&self) -> bool {
        self.is_named
    }

    /// Adds the repository's configuration in a working tree.
    pub fn with_folder(&self, root: &Path) -> Result<Loaded, Error> {
        let read = |path: &Path| read_inside(root, path);
        let name = root.join(&self.repository_file).display().to_string();
        self.merge(name.strip_prefix("./").unwrap_or(&name), Some(root), read)
    }

    /// Adds the repository's configuration on the base branch: `branch`, else the operator's `git.base`, else the default branch of
    /// the remote. Reports a different file in the working tree `root`.
    pub async fn with_base(
        &self,
        branch: Option<&BranchName>,
        git: &Repository,
        root: Option<&Path>,
    ) -> Result<Loaded, Error> {
        let mut config = self.config.clone();
        config.git.base = branch.cloned().or(config.git.base);
        if config.repository_config == RepositoryConfig::Ignore {
            return self.merge("", root, |_| Ok(None));
        }
        let base = repeat_on_race(async || Base::fetch_named(git, &config).await).await?;
        let name = self.repository_file.display().to_string();
        let read = |path: &Path| read_commit(git, &base.commit, path);
        if let Some(root) = root {
            // A file that cannot be read is an error below.
            if let Ok(on_base) = read(&self.repository_file) {
                self.report_difference(root, &base.name, on_base);
            }
        }
        self.merge(&name, root, read)
    }

    /// Names the files of the repository from its root, as in reports; messages name them from the current folder.
    fn name_files(&self, config: &mut Config, name: &str, root: Option<&Path>) {
        let from_root = self.repository_file.display().to_string();
        let globs = config.declared_globs.iter_mut().map(|declared| &mut declared.file);
        for file in globs.chain(config.unreachable_rules.iter_mut().map(|rule| &mut rule.file)) {
            if file == name {
                file.clone_from(&from_root);
            }
        }
        config.own_files = [from_root].into_iter().chain(self.file_inside(root)).collect();
    }

    /// Returns the path of the operator's file from the root of the repository, if it is in this folder, which is no working tree.
    fn file_inside(&self, root: Option<&Path>) -> Option<String> {
        let (_, name, _) = self.file.as_ref()?;
        let file = Path::new(name).canonicalize().ok()?;
        Some(file.strip_prefix(root?.canonicalize().ok()?).ok()?.display().to_string())
    }

    /// Logs that the working tree has another configuration than the base branch.
    fn report_difference(&self, root: &Path, base: &BranchName, on_base: Option<Vec<u8>>) {
        let file = &self.repository_file;
        let is_other = match read_inside(root, file) {
            Ok(in_folder) => in_folder.is_some() && in_folder != on_base,
            // Such as a symbolic link.
            Err(_) => true,
        };
        if is_other {
            tracing::warn!(
                "ignoring {} of the working tree: it differs from the one on the base branch {base}, which applies ({})",
                file.display(),
                page!("security.md#three-sources-of-settings")
            );
        }
    }

    /// Parses both files as one configuration. `read` returns a file of the repository by its path from the root.
    fn merge(
        &self,
        name: &str,
        root: Option<&Path>,
        read: impl Fn(&Path) -> io::Result<Option<Vec<u8>>>,
    ) -> Result<Loaded, Error> {
        let unreadable = |what: &str, path: &Path, error: &io::Error| {
            Error::usage(
                format!("cannot read {what}{} of the repository: {error}", path.display()),
                hint!("security.md#settings-and-who-may-set-them", "commit a regular file of at most 1 MiB"),
            )
        };
        let bytes = match self.config.repository_config {
            RepositoryConfig::Ignore => None,
            _ => read(&self.repository_file).map_err(|error| unreadable("", &self.repository_file, &error))?,
        };
        let text = bytes.as_deref().map(utf8).transpose().map_err(|error| {
            Error::usage(
                format!("cannot read {name} of the repository: {error}"),
                hint!("configuration.md#where-it-is-read-from", "save the file as UTF-8, and commit it"),
            )
        })?;
        if text.is_none() && (self.is_named || self.config.repository_config == RepositoryConfig::Required) {
            let hint = if self.is_named {
                hint!(
                    "configuration.md#where-it-is-read-from",
                    "correct the path of --config; a file of the repository has to be committed, except for `plan`, `list`, `edit` and `explain`"
                )
            } else {
                hint!(
                    "configuration.md#where-it-is-read-from",
                    "commit the file, or remove `repository-config: required` from the file of --config"
                )
            };
            return Err(Error::usage(format!("cannot read {name} of the repository: no such file"), hint));
        }
        let root_folder = root.unwrap_or(Path::new(""));
        let folder = root_folder.join(self.repository_file.parent().unwrap_or(Path::new("")));
        let operator = self.file.as_ref().map(|(text, name, folder)| ConfigFile {
            text,
            name,
            folder,
            source: ConfigSource::Operator,
        });
        let repository = text.map(|text| ConfigFile { text, name, folder: &folder, source: ConfigSource::Repository });
        let files: Vec<ConfigFile<'_>> = operator.into_iter().chain(repository).collect();
        let mut config = Config { folder: folder.clone(), ..config::parse_all(&files, Some(&forge_kinds()))? };
        self.name_files(&mut config, name, root);
        let mut certificates = BTreeMap::new();
        for (host, file) in config.registries.iter().filter_map(|(host, one)| Some((host, one.ca_file.as_ref()?))) {
            if file.source == ConfigSource::Repository {
                let inside = file.value.strip_prefix(root_folder).unwrap_or(&file.value);
                let unreadable = |error| unreadable(&format!("the ca-file of {host}, "), inside, &error);
                let bytes = read(inside).map_err(unreadable)?;
                let absent = || unreadable(io::Error::other("no such file"));
                certificates.insert(file.value.clone(), bytes.ok_or_else(absent)?);
            }
        }
        let files = files.iter().map(|file| file.name.to_owned()).collect();
        Ok(Loaded { config, files, root: root.map(Path::to_owned), certificates })
    }
}

/// Returns the names of the forges, the values of `forge.kind`.
fn forge_kinds() -> Vec<&'static str> {
    FORGES.iter().map(|forge| forge.name).collect()
}

/// Reads a file of a commit.
fn read_commit(git: &Repository, commit: &CommitId, path: &Path) -> io::Result<Option<Vec<u8>>> {
    let inside = path_inside(path).ok_or_else(|| io::Error::other("the path leads out of the repository"))?;
    let Some(inside) = inside.to_str() else { return Ok(None) };
    let file = git.file(commit, inside).map_err(|error| match error {
        // The message around it names the file.
        GitError::NotAFile { commit, .. } => io::Error::other(format!("not a regular file in commit {commit}")),
        error => io::Error::other(error),
    });
    let Some(file) = file? else { return Ok(None) };
    checked_size(git.read(&file).map_err(io::Error::other)?).map(Some)
}

/// Returns the name of the base branch, and its files as the remote has it now.
pub async fn base<'a>(git: &'a Repository, config: &Config) -> Result<(BranchName, CommitSnapshot<'a>), Error> {
    let base = repeat_on_race(async || Base::fetch(git, config).await).await?;
    let snapshot = CommitSnapshot::new(git, &base.commit)?;
    Ok((base.name, snapshot))
}
