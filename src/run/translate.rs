//! `tagboat init --from`: translates the settings of another tool into a configuration.

use std::collections::{HashMap, HashSet};

use crate::config::Config;
use crate::error::{Error, Exit};
use crate::interop::{FoundReference, Translation, argocd, flux, renovate};
use crate::manifest::{self, Finding, MarkerKind, Occurrence, Options};
use crate::text::Position;

use super::discover::{Discovered, discover, govern_all};
use super::snapshot::Snapshot;

/// A tool whose settings can be translated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// Renovate's configuration file.
    Renovate,
    /// Flux's `ImagePolicy` and `ImageRepository` objects and its markers.
    Flux,
    /// Argo CD Image Updater's annotations and objects.
    ArgoCd,
}

/// The files in which Renovate looks for its configuration, in its order.
const RENOVATE: [&str; 10] = [
    "renovate.json",
    "renovate.json5",
    ".github/renovate.json",
    ".github/renovate.json5",
    ".gitlab/renovate.json",
    ".gitlab/renovate.json5",
    ".renovaterc",
    ".renovaterc.json",
    ".renovaterc.json5",
    "package.json",
];

/// Translates the settings of a tool in a snapshot. Fails if there are none.
pub fn translate(snapshot: &dyn Snapshot, tool: Tool) -> Result<Translation, Error> {
    if tool == Tool::Renovate {
        return from_renovate(snapshot);
    }
    let Discovered { findings, options, policies, objects } = discover(snapshot, &Config::default());
    let listed = govern_all(findings, &policies);
    let occurrences = listed.iter().filter_map(|one| match &one.finding {
        Finding::Occurrence(occurrence) => Some(&**occurrence),
        Finding::Notice(_) => None,
    });
    let mut with_names = NamedReferences {
        snapshot,
        options: Options { tag_fields: Vec::new(), policy_images: [].into(), ..options },
        known: HashMap::new(),
    };
    let found: Vec<FoundReference<'_>> =
        occurrences.map(|occurrence| found_reference(occurrence, &mut with_names)).collect();
    let (has_settings, missing) = match tool {
        Tool::Flux => (!policies.flux.is_empty(), "no ImagePolicy"),
        _ => (!policies.applications.is_empty(), "no Application with Argo CD Image Updater annotations"),
    };
    if !has_settings {
        return Err(Error::usage(format!("cannot translate settings: {missing} in these manifests")).hint(Some(
            "run `tagboat init` without --from to write a configuration for the images in these manifests",
        )));
    }
    Ok(match tool {
        Tool::Flux => flux::translate(&policies.flux, &objects, &found),
        _ => argocd::translate(&policies.applications, &found),
    })
}

fn from_renovate(snapshot: &dyn Snapshot) -> Result<Translation, Error> {
    let paths = snapshot.paths();
    for path in RENOVATE.iter().filter(|name| paths.iter().any(|path| **path == ***name)) {
        let unreadable =
            |error: &dyn std::fmt::Display| Error::new(Exit::Failed, format!("cannot read {path}: {error}"));
        let bytes = snapshot.read(path).map_err(|error| unreadable(&error))?;
        let text = String::from_utf8(bytes).map_err(|error| unreadable(&error))?;
        if *path == "package.json" && !text.contains("\"renovate\"") {
            continue;
        }
        return renovate::translate(path, &text).map_err(|error| Error::usage(error.to_string()));
    }
    Err(Error::usage("cannot translate settings: no Renovate configuration in this folder")
        .hint(Some(format!("add one of {}", RENOVATE.join(", ")))))
}

/// The references whose image name is in the same file, read with no settings of other tools.
struct NamedReferences<'a> {
    snapshot: &'a dyn Snapshot,
    options: Options,
    known: HashMap<String, HashSet<Position>>,
}

impl NamedReferences<'_> {
    fn contains(&mut self, occurrence: &Occurrence) -> bool {
        let path = &*occurrence.place.path;
        let read = || {
            let bytes = self.snapshot.read(path).unwrap_or_default();
            let found = manifest::find(path, &bytes, &self.options);
            let occurrences = found.iter().filter(|finding| matches!(finding, Finding::Occurrence(_)));
            occurrences.map(|finding| finding.place().position).collect()
        };
        self.known.entry(path.to_owned()).or_insert_with(read).contains(&occurrence.place.position)
    }
}

fn found_reference<'o>(occurrence: &'o Occurrence, with_names: &mut NamedReferences<'_>) -> FoundReference<'o> {
    let marker = occurrence.marker.as_ref().filter(|marker| marker.kind == MarkerKind::Flux);
    FoundReference {
        name: occurrence.reference.name(),
        path: &occurrence.place.path,
        line: occurrence.place.position.line,
        field: &occurrence.place.field,
        flux: marker.map(|marker| marker.policy.as_str()),
        nameless: !with_names.contains(occurrence),
    }
}
