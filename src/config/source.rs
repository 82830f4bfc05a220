//! Who wrote a configuration file, and who set a value.

use std::path::Path;

/// The name of the configuration file at the root of a repository.
pub const FILE_NAME: &str = "tagboat.yaml";

/// Who wrote a configuration file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConfigSource {
    /// The person who runs Tagboat, in the file that `--config` names.
    Operator,
    /// Anyone who can change the repository, in its `tagboat.yaml`.
    Repository,
}

/// A configuration file.
#[derive(Debug, Clone, Copy)]
pub struct ConfigFile<'a> {
    /// The text of the file.
    pub text: &'a str,
    /// Its name in messages.
    pub name: &'a str,
    /// The folder where relative paths in it start.
    pub folder: &'a Path,
    /// Who wrote it.
    pub source: ConfigSource,
}

/// A value, and who set it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Setting<T> {
    /// The value as validated.
    pub value: T,
    /// Who set it.
    pub source: ConfigSource,
}
