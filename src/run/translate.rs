//! `tagboat init --from`: translates the settings of another tool into a configuration.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::config::Config;
use crate::docs::hint;
use crate::error::{Error, Exit};
use crate::interop::{FoundReference, Translation, argocd, flux, renovate};
use crate::manifest::{self, FindOptions, Finding, MarkerKind, Occurrence};
use crate::text::{Position, utf8};

use super::discover::discover;
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

impl Tool {
    /// The names on the command line.
    pub const ALL: [(&str, Self); 3] = [("renovate", Self::Renovate), ("flux", Self::Flux), ("argocd", Self::ArgoCd)];
}

/// Translates the settings of a tool in a snapshot. Fails if there are none.
pub fn translate(snapshot: &dyn Snapshot, tool: Tool) -> Result<Translation, Error> {
    match tool {
        Tool::Renovate => from_renovate(snapshot),
        Tool::Flux => from_flux(snapshot),
        Tool::ArgoCd => from_argocd(snapshot),
    }
}

fn from_renovate(snapshot: &dyn Snapshot) -> Result<Translation, Error> {
    let paths = snapshot.paths();
    for path in renovate::FILES.iter().filter(|name| paths.iter().any(|path| **path == ***name)) {
        let bytes = snapshot.read(path).map_err(|error| Error::new(Exit::Failed, error.to_string(), error.hint()))?;
        let text = utf8(&bytes).map_err(|error| invalid(format!("cannot read {path}: {error}")))?;
        if renovate::configures(path, text) {
            return renovate::translate(path, text).map_err(|error| invalid(error.to_string()));
        }
    }
    Err(nothing_to_translate(&format!(
        "no Renovate configuration: none of {} is a file here, and symbolic links are not followed",
        renovate::FILES.join(", ")
    )))
}

/// Returns the error of a configuration of Renovate that cannot be read.
fn invalid(message: String) -> Error {
    Error::usage(
        message,
        hint!("migration.md#from-renovate", "correct the file, which `renovate-config-validator` checks as well"),
    )
}

fn from_flux(snapshot: &dyn Snapshot) -> Result<Translation, Error> {
    let found = discover(snapshot, &Config::default());
    if found.automation.flux.is_empty() {
        return Err(nothing_to_translate("no ImagePolicy in these manifests"));
    }
    let references = references(snapshot, &found.findings, &found.options);
    let (policies, automations) = (&found.automation.flux, &found.automation.flux_automations);
    Ok(flux::translate(policies, automations, &found.objects, &references))
}

fn from_argocd(snapshot: &dyn Snapshot) -> Result<Translation, Error> {
    let found = discover(snapshot, &Config::default());
    if found.automation.applications.is_empty() {
        let cause = "no Application with Argo CD Image Updater annotations in these manifests";
        return Err(nothing_to_translate(cause));
    }
    let references = references(snapshot, &found.findings, &found.options);
    Ok(argocd::translate(&found.automation.applications, &references))
}

fn nothing_to_translate(cause: &str) -> Error {
    Error::usage(
        format!("cannot translate settings: {cause}"),
        hint!(
            "migration.md#migration",
            "run the command in the folder that has them, or without `--from` for a configuration from the images alone"
        ),
    )
}

/// Returns the references among the findings, in the form that translators read.
fn references<'f>(snapshot: &dyn Snapshot, findings: &'f [Finding], options: &FindOptions) -> Vec<FoundReference<'f>> {
    let options = FindOptions { tag_fields: Vec::new(), policy_images: BTreeMap::new(), ..options.clone() };
    let mut with_names = NamedReferences { snapshot, options, known: HashMap::new() };
    let occurrences = findings.iter().filter_map(|finding| match finding {
        Finding::Occurrence(occurrence) => Some(&**occurrence),
        Finding::Notice(_) => None,
    });
    occurrences.map(|occurrence| found_reference(occurrence, &mut with_names)).collect()
}

/// The references whose image name is in the same file, read with no settings of other tools.
struct NamedReferences<'a> {
    snapshot: &'a dyn Snapshot,
    options: FindOptions,
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
        can_pin: occurrence.spans.name.is_some() || occurrence.spans.has_own_digest(),
    }
}
