//! The files that one configuration is made of: where a value is written, by whom, and where its path starts.

use std::path::PathBuf;

use super::source::{ConfigFile, ConfigSource, FILE_NAME, Setting};
use super::syntax::located::Located;
use super::syntax::place::ConfigPlace;

/// The files of a configuration: the operator's, then the repository's.
#[derive(Debug, Clone, Copy)]
pub(super) struct ConfigFiles<'a>(pub(super) &'a [ConfigFile<'a>]);

impl ConfigFiles<'_> {
    /// Returns file and line, for messages: `tagboat.yaml:12`.
    pub(super) fn line(self, place: ConfigPlace) -> String {
        format!("{}:{}", self.name(place), place.position.line)
    }

    /// Returns the name of the file that a place is in.
    pub(super) fn name(&self, place: ConfigPlace) -> &str {
        self.0.get(place.file).map_or(FILE_NAME, |file| file.name)
    }

    /// Returns who wrote the value at a place.
    pub(super) fn source(self, place: ConfigPlace) -> ConfigSource {
        self.0.get(place.file).map_or(ConfigSource::Operator, |file| file.source)
    }

    /// Returns the folder of a file, where relative paths in it start.
    pub(super) fn folder(self, file: usize) -> PathBuf {
        self.0.get(file).map_or_else(PathBuf::new, |file| file.folder.to_owned())
    }

    /// Returns a value with who set it.
    pub(super) fn setting<T>(self, written: Located<T>) -> Setting<T> {
        Setting { source: self.source(written.place), value: written.value }
    }

    /// Returns the path that a value names.
    pub(super) fn path(self, written: Located<String>) -> Setting<PathBuf> {
        let path = self.folder(written.place.file).join(&written.value);
        Setting { value: path, source: self.source(written.place) }
    }
}
