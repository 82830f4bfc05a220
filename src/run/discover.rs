//! The stages *discover* and *govern*: reads every manifest of a snapshot and finds the policy that manages each reference. A
//! file that cannot be read does not affect the others.

use std::sync::Arc;

use rayon::prelude::*;

use crate::config::Config;
use crate::govern::{Listed, Policies, govern};
use crate::interop::{Object, flux};
use crate::manifest::{self, Finding, Layout, Notice, NoticeStatus, Options, Place, ValuesImage};
use crate::text::Position;

use super::snapshot::Snapshot;

/// The findings in a snapshot.
#[derive(Debug)]
pub(super) struct Discovered {
    /// Every finding, in the order of paths and positions.
    pub(super) findings: Vec<Finding>,
    /// The options with which the files were read. An edited file is read with the same options to check the edit.
    pub(super) options: Options,
    /// The policies of the configuration and of the manifests.
    pub(super) policies: Policies,
    /// Objects of other tools that configure image updates.
    pub(super) objects: Vec<Object>,
}

/// A file that was read.
struct ReadFile {
    path: Arc<str>,
    findings: Vec<Finding>,
    /// Objects in the file that configure image updates.
    objects: Vec<Object>,
    /// Images that the file sets for values in other files.
    values_images: Vec<(String, ValuesImage)>,
    /// Whether objects in other files may change its findings.
    may_refer: bool,
}

/// Finds all references. Each file is read once, and a second time if objects in other files may change its findings.
pub(super) fn discover(snapshot: &dyn Snapshot, config: &Config) -> Discovered {
    let paths = snapshot.paths();
    let mut options = options(&paths, config);
    let paths = paths.into_par_iter().filter(|path| manifest::reads(path, &options) && config.paths.read(path));
    let mut files = paths.map(|path| read(snapshot, path, &options)).collect::<Vec<_>>();

    let mut objects = Vec::new();
    for file in &mut files {
        objects.append(&mut file.objects);
        for (path, image) in std::mem::take(&mut file.values_images) {
            options.values_images.entry(path).or_default().push(image);
        }
    }
    let policies = Policies::new(config, &objects);
    options.policy_images = policies.flux.images();
    options.helm_repositories = flux::helm_repositories(&objects);
    options.tag_fields.extend(policies.applications.tags.iter().cloned());
    let has_tag_fields = |path: &str| options.tag_fields.iter().any(|one| one.paths.is_match(path));
    let is_affected = |file: &&mut ReadFile| {
        options.values_images.contains_key(&*file.path)
            || !objects.is_empty() && (file.may_refer || has_tag_fields(&file.path))
    };
    files.par_iter_mut().filter(is_affected).for_each(|file| *file = read(snapshot, Arc::clone(&file.path), &options));
    add_notices(&mut files, &policies);
    let findings = files.into_iter().flat_map(|file| file.findings).collect();
    Discovered { findings, options, policies, objects }
}

/// Returns every finding with its status: managed, held or ignored.
pub(super) fn govern_all(findings: Vec<Finding>, policies: &Policies) -> Vec<Listed> {
    findings.into_iter().map(|finding| govern(finding, policies)).collect()
}

/// Adds the notices about settings of other tools to the findings of their files.
fn add_notices(files: &mut [ReadFile], policies: &Policies) {
    let paths: Vec<Arc<str>> = files.iter().map(|file| Arc::clone(&file.path)).collect();
    let occurrences = files.iter().flat_map(|file| &file.findings).filter_map(|finding| match finding {
        Finding::Occurrence(occurrence) => Some(occurrence),
        Finding::Notice(_) => None,
    });
    let references = occurrences.map(|found| (found.reference.name(), &*found.place.path, found.place.position.line));
    let idle = policies.applications.without_effect(&paths, references);
    for notice in policies.applications.notices.iter().chain(&idle) {
        let Ok(at) = paths.binary_search_by(|path| path.cmp(&notice.place.path)) else { continue };
        let findings = &mut files[at].findings;
        let position = notice.place.position;
        let after = findings.partition_point(|finding| finding.place().position <= position);
        findings.insert(after, Finding::Notice(notice.clone()));
    }
}

/// Returns the reading options from the configuration and the paths in the repository.
fn options(paths: &[Arc<str>], config: &Config) -> Options {
    let settings = &config.manifests;
    Options {
        app_versions: settings.app_versions.clone(),
        variable_defaults: settings.variable_defaults,
        patterns: settings.patterns.clone(),
        tag_fields: settings.tags.clone(),
        layout: Layout::new(paths.iter().map(|path| &**path)),
        ..Options::default()
    }
}

fn read(snapshot: &dyn Snapshot, path: Arc<str>, options: &Options) -> ReadFile {
    match snapshot.read(&path) {
        Ok(bytes) => {
            let text = || String::from_utf8_lossy(&bytes);
            let objects = if Object::may_hold(&bytes) { Object::all(&path, &text()) } else { Vec::new() };
            let findings = manifest::find(&path, &bytes, options);
            let values_images = manifest::images_of_other_files(&bytes);
            ReadFile { may_refer: flux::may_refer(&bytes), path, findings, objects, values_images }
        }
        Err(error) => ReadFile {
            findings: vec![unreadable(&path, error.to_string())],
            path,
            objects: Vec::new(),
            values_images: Vec::new(),
            may_refer: false,
        },
    }
}

fn unreadable(path: &Arc<str>, reason: String) -> Finding {
    let position = Position { line: 1, column: 1 };
    let place = Place { path: Arc::clone(path), position, field: String::new(), value: String::new(), span: None };
    Finding::Notice(Notice { place, format: "file", status: NoticeStatus::Held, reason })
}

/// Returns every finding with its status, for `tagboat list`.
pub fn list(snapshot: &dyn Snapshot, config: &Config) -> Vec<Listed> {
    let found = discover(snapshot, config);
    govern_all(found.findings, &found.policies)
}
