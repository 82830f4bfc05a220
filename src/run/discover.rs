//! The stages *discover* and *govern*: finds every reference in a snapshot, then the policy that manages it. A file that
//! cannot be read does not affect the others.

use std::sync::Arc;

use rayon::prelude::*;

use crate::config::{Config, FILE_NAME};
use crate::govern::{Listed, Policies, govern, unmatched};
use crate::interop::{self, Automation, Kustomization, Kustomizations, Object, may_depend_on_objects};
use crate::manifest::{self, FindOptions, Finding, Notice, NoticeStatus, Place, RepositoryLayout, ValuesImage};
use crate::text::Position;

use super::snapshot::{Snapshot, Unlisted, UnlistedCause};

/// The findings in a snapshot.
#[derive(Debug)]
pub(super) struct Discovered {
    /// Every finding, in the order of paths and positions, also of the configuration.
    pub(super) findings: Vec<Finding>,
    /// The options with which the files were read. An edited file is read with the same options to check the edit.
    pub(super) options: FindOptions,
    /// Objects of other tools that configure image updates.
    pub(super) objects: Vec<Object>,
    /// The image automation that the objects configure.
    pub(super) automation: Automation,
}

/// A file that was read.
struct ReadFile {
    path: Arc<str>,
    findings: Vec<Finding>,
    /// Objects in the file that configure image updates.
    objects: Vec<Object>,
    /// The file, if it is a kustomization.
    kustomization: Option<Kustomization>,
    /// Images that the file sets for values in other files.
    values_images: Vec<(String, ValuesImage)>,
    /// Whether objects in other files may change its findings.
    may_depend_on_objects: bool,
}

/// Finds all references. Each file is read once, and a second time if objects in other files may change its findings.
pub(super) fn discover(snapshot: &dyn Snapshot, config: &Config) -> Discovered {
    let all_paths = snapshot.paths();
    let mut options = options(&all_paths, config);
    // The configuration names images that it does not use.
    let is_own = |path: &str| path == FILE_NAME || config.own_files.iter().any(|own| own == path);
    let is_manifest = |path: &Arc<str>| !is_own(path) && config.paths.read(path);
    let paths =
        all_paths.par_iter().map(Arc::clone).filter(|path| manifest::reads(path, &options) && is_manifest(path));
    let mut files = paths.map(|path| read(snapshot, path, &options)).collect::<Vec<_>>();

    let mut objects = Vec::new();
    for file in &mut files {
        objects.append(&mut file.objects);
        for (path, image) in std::mem::take(&mut file.values_images) {
            options.values_images.entry(path).or_default().push(image);
        }
    }
    for (path, name) in files.iter().flat_map(|file| manifest::reference_variables(&file.findings)) {
        options.reference_variables.entry(path).or_default().insert(name);
    }
    let mut automation = Automation::new(&objects);
    automation.extend(&mut options);
    let has_tag_fields = |path: &str| options.tag_fields.iter().any(|one| one.paths.is_match(path));
    let is_affected = |file: &&mut ReadFile| {
        options.values_images.contains_key(&*file.path)
            || options.reference_variables.contains_key(&*file.path)
            || !objects.is_empty() && (file.may_depend_on_objects || has_tag_fields(&file.path))
    };
    files.par_iter_mut().filter(is_affected).for_each(|file| *file = read(snapshot, Arc::clone(&file.path), &options));
    let is_manifest = |path: &str| manifest::reads(path, &options) && config.paths.read(path);
    files.extend(snapshot.unlisted().iter().filter_map(|one| unlisted(one, config, is_manifest)));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    add_notices(&mut files, &mut automation);
    let mut findings: Vec<Finding> = files.into_iter().flat_map(|file| file.findings).collect();
    manifest::name_variables(&mut findings, &|path| {
        all_paths.binary_search_by(|known| (**known).cmp(path)).ok().and_then(|_| snapshot.read(path).ok())
    });
    let fields = |path: &str| snapshot.read(path).map(|bytes| manifest::fields(path, &bytes)).unwrap_or_default();
    let unlisted = snapshot.unlisted().iter();
    let unread: Vec<&str> =
        unlisted.filter(|one| matches!(one.cause, UnlistedCause::Folder(_))).map(|one| &*one.path).collect();
    findings
        .extend(unmatched(config, (&snapshot.names(), &unread), &findings, &fields).into_iter().map(Finding::Notice));
    // A file of the configuration may have other findings. The sort is stable.
    findings.sort_by(|a, b| a.place().path.cmp(&b.place().path));
    Discovered { findings, options, objects, automation }
}

/// Returns every finding with its status: managed, held or ignored.
pub(super) fn govern_all(findings: Vec<Finding>, config: &Config, automation: &Automation) -> Vec<Listed> {
    let policies = Policies::new(config, automation);
    findings.into_iter().map(|finding| govern(finding, &policies)).collect()
}

/// Adds the notices about settings of other tools to the findings of their files.
fn add_notices(files: &mut [ReadFile], automation: &mut Automation) {
    let kustomizations: Kustomizations = files.iter_mut().filter_map(|file| file.kustomization.take()).collect();
    let paths: Vec<Arc<str>> = files.iter().map(|file| Arc::clone(&file.path)).collect();
    for notice in automation.bind(kustomizations, &paths, files.iter().flat_map(|file| &file.findings)) {
        let Ok(at) = paths.binary_search_by(|path| path.cmp(&notice.place.path)) else { continue };
        let findings = &mut files[at].findings;
        let position = notice.place.position;
        let after = findings.partition_point(|finding| finding.place().position <= position);
        findings.insert(after, Finding::Notice(notice));
    }
}

/// Returns the reading options from the configuration and the paths in the repository.
fn options(paths: &[Arc<str>], config: &Config) -> FindOptions {
    let settings = &config.manifests;
    FindOptions {
        app_versions: settings.app_versions.clone(),
        variable_defaults: settings.variable_defaults,
        named_files: config.named_files().cloned().collect(),
        patterns: settings.patterns.clone(),
        tag_fields: settings.tags.clone(),
        layout: RepositoryLayout::new(paths.iter().map(|path| &**path)),
        ..FindOptions::default()
    }
}

fn read(snapshot: &dyn Snapshot, path: Arc<str>, options: &FindOptions) -> ReadFile {
    match snapshot.read(&path) {
        Ok(bytes) => {
            let objects = interop::objects(&path, &bytes);
            let kustomization = Kustomization::read(&path, &bytes);
            let findings = manifest::find(&path, &bytes, options);
            let values_images = manifest::images_of_other_files(&bytes);
            let may_depend_on_objects = may_depend_on_objects(&bytes);
            ReadFile { path, findings, objects, kustomization, values_images, may_depend_on_objects }
        }
        Err(error) => ReadFile::unreadable(path, NoticeStatus::Held, error.to_string()),
    }
}

/// Returns the notice about a file or folder that cannot be listed; `None` if it cannot have manifests. `is_manifest` is whether a
/// path is one.
fn unlisted(one: &Unlisted, config: &Config, is_manifest: impl Fn(&str) -> bool) -> Option<ReadFile> {
    let (status, reason) = match &one.cause {
        UnlistedCause::Name if is_manifest(&one.path) => (NoticeStatus::Ignored, "the name is not UTF-8".to_owned()),
        UnlistedCause::Link if is_manifest(&one.path) => (
            NoticeStatus::Ignored,
            "a symbolic link; a target in the repository is read under its own name, and no other is read".to_owned(),
        ),
        UnlistedCause::Special if is_manifest(&one.path) => (NoticeStatus::Ignored, "not a regular file".to_owned()),
        // Any manifest in it would be read.
        UnlistedCause::Folder(error) if config.paths.read(&format!("{}/values.yaml", one.path)) => {
            (NoticeStatus::Held, format!("cannot read the folder: {error}"))
        }
        _ => return None,
    };
    Some(ReadFile::unreadable(Arc::clone(&one.path), status, reason))
}

impl ReadFile {
    /// Returns a file, or a folder, about which nothing but this notice is known.
    fn unreadable(path: Arc<str>, status: NoticeStatus, reason: String) -> Self {
        let position = Position { line: 1, column: 1 };
        let place = Place { path: Arc::clone(&path), position, field: String::new(), value: String::new(), span: None };
        let findings = vec![Finding::Notice(Notice { place, format: "file", status, reason })];
        Self {
            path,
            findings,
            objects: Vec::new(),
            kustomization: None,
            values_images: Vec::new(),
            may_depend_on_objects: false,
        }
    }
}

/// Returns every finding with its status, for `tagboat list`.
pub fn list(snapshot: &dyn Snapshot, config: &Config) -> Vec<Listed> {
    let found = discover(snapshot, config);
    govern_all(found.findings, config, &found.automation)
}
