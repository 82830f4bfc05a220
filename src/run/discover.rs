//! Reads every manifest of a snapshot and says what governs each reference in it. One bad file stops nobody.

use std::sync::Arc;

use rayon::prelude::*;

use crate::config::{Config, FluxObjects};
use crate::manifest::{self, Finding, Layout, Named, Options, Pattern, Place, Remark, Standing, ValuesImage};
use crate::plan::{Listed, govern};
use crate::text::Position;

use super::snapshot::Snapshot;

/// What stands in a snapshot.
#[derive(Debug)]
pub(super) struct Discovered {
    /// Every finding and what governs it, in the order of paths and positions.
    pub(super) listed: Vec<Listed>,
    /// What the files were read with: an edit is checked by reading them so again.
    pub(super) options: Options,
}

/// One file, read.
struct Read {
    path: Arc<str>,
    findings: Vec<Finding>,
    /// Its text, if Flux objects stand in it.
    flux: Option<String>,
    /// What it says about the values in other files.
    values_images: Vec<(String, ValuesImage)>,
    /// Whether Flux objects elsewhere may tell more about it.
    refers: bool,
}

/// Finds and governs all references. Each file is read once; those that refer to Flux objects are read again when it is
/// known which there are, and so are values files that an application tells about.
pub(super) fn discover(snapshot: &dyn Snapshot, config: &Config) -> Discovered {
    let paths = snapshot.paths();
    let mut options = options(&paths, config);
    let wanted = paths
        .into_par_iter()
        .filter(|path| (manifest::reads(path) || options.is_patterned(path)) && config.paths.read(path));
    let mut files = wanted.map(|path| read(snapshot, path, &options)).collect::<Vec<_>>();

    let mut objects = FluxObjects::default();
    for file in &mut files {
        if let Some(text) = file.flux.take() {
            objects.read(&file.path, &text);
        }
        for (path, image) in std::mem::take(&mut file.values_images) {
            options.values_images.entry(path).or_default().push(image);
        }
    }
    let config = config.clone().with_flux(&objects);
    options.policy_images.clone_from(&config.flux_images);
    options.helm_repositories = objects.helm_repositories().collect();
    let has_objects = !(options.policy_images.is_empty() && options.helm_repositories.is_empty());
    let again = |file: &&mut Read| (has_objects && file.refers) || options.values_images.contains_key(&*file.path);
    files.par_iter_mut().filter(again).for_each(|file| *file = read(snapshot, Arc::clone(&file.path), &options));
    let findings = files.into_iter().flat_map(|file| file.findings);
    Discovered { listed: findings.map(|finding| govern(finding, &config)).collect(), options }
}

/// What the configuration opts into, and what the paths of the repository tell.
fn options(paths: &[Arc<str>], config: &Config) -> Options {
    let settings = &config.manifests;
    let pattern = |one: &crate::config::ReferencePattern| Pattern {
        paths: one.paths.clone(),
        regex: one.regex.clone(),
        image: one.image.clone(),
    };
    let named = |one: &crate::config::TagValue| Named {
        paths: one.paths.clone(),
        field: one.field.clone(),
        image: one.image.clone(),
    };
    Options {
        app_versions: settings.app_versions.iter().map(|one| (one.paths.clone(), one.image.clone())).collect(),
        variable_defaults: settings.variable_defaults,
        patterns: settings.patterns.iter().map(pattern).collect(),
        named: settings.tags.iter().map(named).collect(),
        layout: Layout::new(paths.iter().map(|path| &**path)),
        ..Options::default()
    }
}

fn read(snapshot: &dyn Snapshot, path: Arc<str>, options: &Options) -> Read {
    match snapshot.read(&path) {
        Ok(bytes) => {
            let flux = FluxObjects::may_hold(&bytes).then(|| String::from_utf8_lossy(&bytes).into_owned());
            let findings = manifest::find(&path, &bytes, options);
            let values_images = manifest::values_images(&bytes);
            Read { refers: FluxObjects::may_refer(&bytes), path, findings, flux, values_images }
        }
        Err(error) => Read {
            findings: vec![unreadable(&path, error.to_string())],
            path,
            flux: None,
            values_images: Vec::new(),
            refers: false,
        },
    }
}

fn unreadable(path: &Arc<str>, reason: String) -> Finding {
    let position = Position { line: 1, column: 1 };
    let place = Place { path: Arc::clone(path), position, field: String::new(), value: String::new(), span: None };
    Finding::Remark(Remark { place, format: "file", standing: Standing::Held, reason })
}

/// `tagboat list`: every finding and what governs it.
pub fn list(snapshot: &dyn Snapshot, config: &Config) -> Vec<Listed> {
    discover(snapshot, config).listed
}
