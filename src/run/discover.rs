//! Reads every manifest of a snapshot and says what governs each reference in it. One bad file stops nobody.

use std::sync::Arc;

use rayon::prelude::*;

use crate::config::Config;
use crate::manifest::{self, Finding, Layout, Options, Place, Remark, Standing};
use crate::plan::{Listed, govern};
use crate::text::Position;

use super::snapshot::Snapshot;

/// What there is to know about the repository as a whole before a file of it is read.
pub(super) fn options(snapshot: &dyn Snapshot, _config: &Config) -> Options {
    Options { layout: Layout::new(snapshot.paths().iter().map(|path| &**path)), ..Options::default() }
}

/// Finds and governs all references, in the order of paths and positions.
pub(super) fn references(snapshot: &dyn Snapshot, config: &Config, options: &Options) -> Vec<Listed> {
    let paths = snapshot.paths();
    let wanted = paths.par_iter().filter(|path| manifest::reads(path) && config.paths.read(path));
    let found = wanted.map(|path| match snapshot.read(path) {
        Ok(bytes) => manifest::find(path, &bytes, options),
        Err(error) => vec![unreadable(path, error.to_string())],
    });
    found.flatten_iter().map(|finding| govern(finding, config)).collect()
}

fn unreadable(path: &Arc<str>, reason: String) -> Finding {
    let position = Position { line: 1, column: 1 };
    let place = Place { path: Arc::clone(path), position, field: String::new(), value: String::new(), span: None };
    Finding::Remark(Remark { place, format: "file", standing: Standing::Held, reason })
}

/// `tagboat list`: every finding and what governs it.
pub fn list(snapshot: &dyn Snapshot, config: &Config) -> Vec<Listed> {
    references(snapshot, config, &options(snapshot, config))
}
