//! `ImageUpdateAutomation` objects of Flux: which markers they apply, and so which of them Tagboat manages.

use std::cmp::Reverse;

use serde_json::Value;

use super::policies::FluxPolicy;
use crate::interop::label_selector::selects;
use crate::interop::objects::Object;

/// The `ImageUpdateAutomation` objects of a repository.
#[derive(Debug, Clone, Default)]
pub struct FluxAutomations(Vec<FluxAutomation>);

/// One `ImageUpdateAutomation`.
#[derive(Debug, Clone)]
struct FluxAutomation {
    namespace: String,
    is_suspended: bool,
    /// The file or folder that it updates, from the root of the repository; `None` for all of it.
    path: Option<String>,
    /// The label selector of the policies that it applies; null for all of them.
    policies: Value,
    /// `the ImageUpdateAutomation at clusters/a/images.yaml:32`
    source: String,
}

/// Why an automation does not apply a marker. The first one is the nearest to applying it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Obstacle {
    Suspended,
    Path,
    Labels,
    Namespace,
}

impl FluxAutomations {
    /// Reads the automations among the objects.
    pub fn read(objects: &[Object]) -> Self {
        Self(objects.iter().filter(|object| object.kind == "ImageUpdateAutomation").map(read).collect())
    }

    /// Returns why no automation applies a marker that names a policy in a file: a lower-case fragment that names the object;
    /// `None` if one does, or if the repository has no automation, which may then be in another repository.
    pub fn obstacle(&self, policy: &FluxPolicy, path: &str) -> Option<String> {
        let mut obstacles = Vec::with_capacity(self.0.len());
        for automation in &self.0 {
            obstacles.push((automation.obstacle(policy, path)?, automation));
        }
        // Of several that update other folders, the one of the nearest folder, and one that runs.
        let nearest = obstacles.into_iter().min_by_key(|(obstacle, automation)| {
            (*obstacle, Reverse(automation.shared_folders(path)), automation.is_suspended)
        });
        nearest.map(|(obstacle, automation)| automation.describe(obstacle, policy))
    }
}

fn read(object: &Object) -> FluxAutomation {
    let spec = &object.value["spec"];
    FluxAutomation {
        namespace: object.namespace.clone(),
        is_suspended: spec["suspend"] == true,
        path: spec["update"]["path"].as_str().and_then(updated_path),
        policies: spec["policySelector"].clone(),
        source: object.source(),
    }
}

/// Returns the `update.path` of an automation from the root of the repository; `None` for all of it, or if a variable or a template
/// sets it. Flux never leaves the root.
fn updated_path(written: &str) -> Option<String> {
    if written.contains('$') || written.contains("{{") {
        return None;
    }
    let mut folders = Vec::new();
    for part in written.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(folders.pop()),
            folder => folders.push(folder),
        }
    }
    (!folders.is_empty()).then(|| folders.join("/"))
}

impl FluxAutomation {
    fn obstacle(&self, policy: &FluxPolicy, path: &str) -> Option<Obstacle> {
        // A kustomization sets a namespace that is not written.
        let namespaces = [&self.namespace, &policy.namespace];
        let shares_namespace = namespaces[0] == namespaces[1] || namespaces.iter().any(|one| one.is_empty());
        let is_below = |folder: &String| {
            path.strip_prefix(folder.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if !shares_namespace {
            return Some(Obstacle::Namespace);
        }
        if !self.policies.is_null() && !selects(&self.policies, &policy.labels) {
            return Some(Obstacle::Labels);
        }
        if !self.path.as_ref().is_none_or(is_below) {
            return Some(Obstacle::Path);
        }
        self.is_suspended.then_some(Obstacle::Suspended)
    }

    /// Returns how many folders at the start of a path are those of `update.path`.
    fn shared_folders(&self, path: &str) -> usize {
        let folders = self.path.iter().flat_map(|own| own.split('/'));
        folders.zip(path.split('/')).take_while(|(own, folder)| own == folder).count()
    }

    fn describe(&self, obstacle: Obstacle, policy: &FluxPolicy) -> String {
        let source = &self.source;
        match obstacle {
            Obstacle::Suspended => format!("{source} is suspended; resume it, or remove it if Tagboat replaces Flux"),
            Obstacle::Path => {
                let path = self.path.as_deref().unwrap_or_default();
                format!(
                    "{source} updates only `{path}`, and this file is not in it; correct `update.path`, or remove the marker"
                )
            }
            Obstacle::Labels => {
                format!(
                    "{source} does not select {}; correct its `policySelector`, or remove the marker",
                    policy.source
                )
            }
            Obstacle::Namespace => format!(
                "no ImageUpdateAutomation is in the namespace `{}` of {}, and Flux applies policies only in their namespace; add one, or \
                 remove the marker",
                policy.namespace, policy.source
            ),
        }
    }
}
