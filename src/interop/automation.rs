//! The image automation that objects of other tools configure in a repository, and its effect on the files.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::kustomization::Kustomizations;
use super::objects::{ApiGroup, Object};
use super::{argocd, flux};
use crate::manifest::{FindOptions, Finding, Notice};
use crate::text::as_yaml;

/// The objects that each tool reads.
const OBJECTS: [&[ApiGroup]; 2] = [flux::OBJECTS, argocd::OBJECTS];

/// The image automation of a repository, from the objects in its manifests.
#[derive(Debug, Clone, Default)]
pub struct Automation {
    /// Flux's policies, by the names that markers use.
    pub flux: flux::FluxPolicies,
    /// Flux's automations, which bound where its markers apply.
    pub flux_automations: flux::FluxAutomations,
    /// Argo CD's applications, bound to their files.
    pub applications: argocd::Applications,
    /// The kustomizations, which may set the tags of images in the files that they take.
    pub kustomizations: Kustomizations,
    /// The addresses of Flux's Helm repositories that are OCI registries, by name.
    helm_repositories: BTreeMap<String, String>,
}

impl Automation {
    /// Reads the automation that the objects configure.
    pub fn new(objects: &[Object]) -> Self {
        Self {
            flux: flux::FluxPolicies::read(objects),
            flux_automations: flux::FluxAutomations::read(objects),
            applications: argocd::Applications::read(objects),
            kustomizations: Kustomizations::default(),
            helm_repositories: flux::helm_repositories(objects),
        }
    }

    /// Adds to the options the names of images that only the objects contain.
    pub fn extend(&self, options: &mut FindOptions) {
        options.policy_images = self.flux.images();
        options.helm_repositories.clone_from(&self.helm_repositories);
        options.tag_fields.extend(self.applications.tags.iter().cloned());
    }

    /// Binds the automation to the files, and returns the notices about settings that are invalid or have no effect. `paths`
    /// are all files, `findings` all findings.
    pub fn bind<'a>(
        &mut self,
        kustomizations: Kustomizations,
        paths: &[Arc<str>],
        findings: impl Iterator<Item = &'a Finding> + Clone,
    ) -> Vec<Notice> {
        let without_effect = self.applications.bind(&kustomizations, paths, findings);
        self.kustomizations = kustomizations;
        self.applications.notices.iter().cloned().chain(without_effect).collect()
    }
}

/// Returns the objects of a file that a tool reads, including the items of lists.
pub fn objects(path: &str, bytes: &[u8]) -> Vec<Object> {
    // Most files hold none, and a search is much faster than parsing.
    let groups = OBJECTS.concat();
    if groups.iter().any(|group| group.may_be_in(bytes)) {
        Object::all(path, &as_yaml(path, &String::from_utf8_lossy(bytes)).text, &groups)
    } else {
        Vec::new()
    }
}

/// Returns whether objects in other files may change the findings in a file. Cheap: searches for a few words.
pub fn may_depend_on_objects(bytes: &[u8]) -> bool {
    flux::may_refer(bytes)
}
