//! `ImagePolicy`, `ImageRepository` and `HelmRepository` objects of Flux in the manifests, by name. [`settings`] parses
//! them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::settings;
use crate::image::ImageName;
use crate::interop::objects::Object;
use crate::policy::{self, Pinning, PolicyEntry, PolicyError, Settings};

/// A policy from an `ImagePolicy`.
#[derive(Debug, Clone)]
pub struct FluxPolicy {
    /// The file that contains it.
    pub(crate) path: String,
    /// Empty if the manifest leaves the namespace to a kustomization.
    pub(crate) namespace: String,
    /// The labels of the object; null if it has none.
    pub(crate) labels: Value,
    /// The policy and its settings, or why the object is invalid.
    pub(crate) policy: Result<(Arc<PolicyEntry>, Settings), String>,
    /// Whether the digest is written after the tag.
    pub(crate) pinning: Pinning,
    /// The image of its `ImageRepository`.
    pub(crate) image: Option<ImageName>,
    /// `the ImagePolicy at apps/policy.yaml:9`
    pub(crate) source: String,
}

/// Returns whether a file may refer to an object, by a marker or by the name of a Helm repository. Cheap: searches for two
/// words.
pub fn may_refer(bytes: &[u8]) -> bool {
    let holds = |what: &str| memchr::memmem::find(bytes, what.as_bytes()).is_some();
    holds("$imagepolicy") || holds("HelmRepository")
}

/// The `ImagePolicy` objects of a repository, by the names that markers use: `namespace:name`. In a repository with several
/// clusters, several objects can have the same name.
#[derive(Debug, Clone, Default)]
pub struct FluxPolicies(BTreeMap<String, Vec<FluxPolicy>>);

impl FluxPolicies {
    /// Reads the policies among the objects.
    pub fn read(objects: &[Object]) -> Self {
        let mut policies = BTreeMap::<String, Vec<FluxPolicy>>::new();
        for object in objects.iter().filter(|object| object.kind == "ImagePolicy") {
            let known = policies.entry(format!("{}:{}", object.namespace, object.name)).or_default();
            known.push(read(object, objects));
        }
        Self(policies)
    }

    /// Returns whether there is no policy.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns every policy in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = &FluxPolicy> {
        self.0.values().flatten()
    }

    /// Returns the image of each policy, by the name that markers use. Excludes names whose policies have different images.
    pub fn images(&self) -> BTreeMap<String, String> {
        let image = |(name, policies): (&String, &Vec<FluxPolicy>)| {
            let mut images = policies.iter().map(|policy| policy.image.as_ref());
            let first = images.next().flatten()?;
            images.all(|other| other == Some(first)).then(|| (name.clone(), first.to_string()))
        };
        self.0.iter().filter_map(image).collect()
    }

    /// Finds the policy that a marker in a file names. If the manifest leaves the namespace to a kustomization, only the name
    /// has to match.
    ///
    /// # Errors
    /// If two different policies match, and neither shares more folders with the file.
    pub fn find(&self, marker: &str, path: &str) -> Option<Result<&FluxPolicy, String>> {
        let without_namespace = || self.0.get(marker.get(marker.find(':')?..)?);
        let found = self.0.get(marker).or_else(without_namespace)?;
        let settings = |policy: &FluxPolicy| policy.policy.as_ref().ok().map(|(_, settings)| settings.clone());
        let same = |a: &FluxPolicy, b: &FluxPolicy| {
            settings(a).is_some() && settings(a) == settings(b) && (a.pinning, &a.image) == (b.pinning, &b.image)
        };
        match nearest(found, path, |policy| &policy.path, same) {
            Ok(policy) => policy.map(Ok),
            Err([one, other]) => Some(Err(format!(
                "{marker} is ambiguous: {} and {} have this name, and neither is nearer to this file; define the policy in \
                 tagboat.yaml, or exclude the file of one of them with `paths`",
                one.source, other.source
            ))),
        }
    }
}

fn read(object: &Object, objects: &[Object]) -> FluxPolicy {
    let spec = &object.value["spec"];
    let source = object.source();
    let parse = || -> Result<_, PolicyError> {
        if object.is_encrypted() {
            return Err(
                PolicyError::whole("encrypted with SOPS").with_hint("define a policy of the same name in tagboat.yaml")
            );
        }
        let repository = repository(object, objects)?;
        if spec["suspend"] == true || repository.value["spec"]["suspend"] == true {
            return Err(PolicyError::at("suspend", "suspended; resume it to update its images"));
        }
        let settings = settings::settings(spec, Some(&repository.value["spec"]))?;
        let pinning = settings::pinning(spec)?;
        let text = repository.value["spec"]["image"].as_str().unwrap_or_default();
        let image = ImageName::new(text).map_err(|error| {
            PolicyError::at("image", format!("{}: invalid image name `{text}`: {error}", repository.source()))
        })?;
        Ok((Arc::new(policy::build(&settings)?), settings, pinning, image))
    };
    let (policy, pinning, image) = match parse() {
        Ok((entry, settings, pinning, image)) => (Ok((entry, settings)), pinning, Some(image)),
        Err(error) => (Err(format!("{source} cannot be applied: {}", error.reason())), Pinning::Keep, None),
    };
    let (path, namespace) = (object.path.clone(), object.namespace.clone());
    let labels = object.value["metadata"]["labels"].clone();
    FluxPolicy { path, namespace, labels, policy, pinning, image, source }
}

/// Returns the `ImageRepository` that a policy refers to. Without it, the excluded tags are unknown.
fn repository<'o>(policy: &Object, objects: &'o [Object]) -> Result<&'o Object, PolicyError> {
    let reference = &policy.value["spec"]["imageRepositoryRef"];
    let name = reference["name"].as_str().unwrap_or_default();
    let namespace = reference["namespace"].as_str().unwrap_or(&policy.namespace);
    let wrong = |message: String| PolicyError::at("imageRepositoryRef", message);
    let named = |object: &&Object| object.kind == "ImageRepository" && object.name == name;
    let fitting =
        |wanted: &str| objects.iter().filter(named).filter(|object| object.namespace == wanted).collect::<Vec<_>>();
    let mut found = fitting(namespace);
    if found.is_empty() {
        found = fitting("");
    }
    let same = |a: &&Object, b: &&Object| a.value["spec"] == b.value["spec"];
    match nearest(&found, &policy.path, |object| &object.path, same) {
        Ok(Some(object)) => Ok(object),
        Ok(None) => Err(wrong(format!("no ImageRepository {namespace}:{name} in this repository")).with_hint(format!(
            "add it, or define the policy \"{}:{}\" in tagboat.yaml: {}",
            policy.namespace,
            policy.name,
            crate::docs::page!("markers.md#flux")
        ))),
        Err([one, other]) => {
            Err(wrong(format!("{namespace}:{name} is ambiguous: {} and {}", one.source(), other.source())))
        }
    }
}

/// Returns the object that shares the most folders with a file, of several with the same name. A repository with several
/// clusters has such objects.
///
/// # Errors
/// If two different objects share the same number of folders with the file.
fn nearest<'o, T>(
    found: &'o [T],
    path: &str,
    path_of: impl Fn(&T) -> &str,
    same: impl Fn(&T, &T) -> bool,
) -> Result<Option<&'o T>, [&'o T; 2]> {
    let folders = |path: &str| path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let here = folders(path);
    let shared = |one: &T| {
        let there = folders(path_of(one));
        here.split('/').zip(there.split('/')).take_while(|(a, b)| a == b && !a.is_empty()).count()
    };
    let Some(most) = found.iter().map(shared).max() else { return Ok(None) };
    let mut best = found.iter().filter(|one| shared(one) == most);
    let Some(first) = best.next() else { return Ok(None) };
    match best.find(|other| !same(first, other)) {
        Some(other) => Err([first, other]),
        None => Ok(Some(first)),
    }
}

/// Returns the addresses of the Helm repositories that are OCI registries, by name.
pub fn helm_repositories(objects: &[Object]) -> BTreeMap<String, String> {
    let repositories = objects.iter().filter(|object| object.kind == "HelmRepository");
    let address = |object: &Object| object.value["spec"]["url"].as_str().map(str::to_owned);
    let oci = repositories.filter_map(|object| Some((object.name.clone(), address(object)?)));
    oci.filter(|(_, url)| url.starts_with("oci://")).collect()
}
