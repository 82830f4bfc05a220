//! Flux's `ImagePolicy`, `ImageRepository` and `HelmRepository` objects in the manifests, by name. [`settings`] reads what
//! they mean.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::settings::{self, DigestReflection};
use crate::image::ImageName;
use crate::interop::objects::Object;
use crate::policy::{self, PolicyEntry, PolicyError, Settings};

/// An `ImagePolicy` as a policy.
#[derive(Debug, Clone)]
pub struct FluxPolicy {
    /// The file that contains it.
    pub(crate) path: String,
    /// The policy, or why it is invalid.
    pub(crate) read: Result<(Arc<PolicyEntry>, Settings), String>,
    /// Whether the digest is written beside the tag.
    pub(crate) pin: bool,
    /// The image of its `ImageRepository`.
    pub(crate) image: Option<ImageName>,
    /// `the ImagePolicy at apps/policy.yaml:9`
    pub(crate) source: String,
}

/// Whether a file can refer to an object: by a marker, or by the name of a Helm repository; cheap.
pub fn may_refer(bytes: &[u8]) -> bool {
    let holds = |what: &str| memchr::memmem::find(bytes, what.as_bytes()).is_some();
    holds("$imagepolicy") || holds("HelmRepository")
}

/// The `ImagePolicy` objects of a repository, by the names that markers use: `namespace:name`. Several share a name where
/// a repository holds several clusters.
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

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every policy, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &FluxPolicy> {
        self.0.values().flatten()
    }

    /// The image of each policy, by the name that markers use. Policies that share a name and differ in the image are left
    /// out.
    pub fn images(&self) -> BTreeMap<String, String> {
        let image = |(name, policies): (&String, &Vec<FluxPolicy>)| {
            let mut images = policies.iter().map(|policy| policy.image.as_ref());
            let first = images.next().flatten()?;
            images.all(|other| other == Some(first)).then(|| (name.clone(), first.to_string()))
        };
        self.0.iter().filter_map(image).collect()
    }

    /// Finds the policy that a marker in a file names. A manifest may leave the namespace to a kustomization; then the name
    /// alone has to match.
    ///
    /// # Errors
    /// If two different policies match and neither is nearer to the file.
    pub fn find(&self, marker: &str, path: &str) -> Option<Result<&FluxPolicy, String>> {
        let without_namespace = || self.0.get(marker.get(marker.find(':')?..)?);
        let found = self.0.get(marker).or_else(without_namespace)?;
        let settings = |policy: &FluxPolicy| policy.read.as_ref().ok().map(|(_, settings)| settings.clone());
        let same = |a: &FluxPolicy, b: &FluxPolicy| {
            settings(a).is_some() && settings(a) == settings(b) && (a.pin, &a.image) == (b.pin, &b.image)
        };
        match nearest(found, path, |policy| &policy.path, same) {
            Ok(policy) => policy.map(Ok),
            Err([one, other]) => Some(Err(format!(
                "two different objects are called {marker}, and neither is nearer: {} and {}; name the policy that is meant in \
                 tagboat.yaml, or exclude the other's file with `paths`",
                one.source, other.source
            ))),
        }
    }
}

fn read(object: &Object, objects: &[Object]) -> FluxPolicy {
    let spec = &object.value["spec"];
    let source = object.source();
    let built = || -> Result<_, PolicyError> {
        if object.is_encrypted() {
            return Err(PolicyError::whole("SOPS encrypted it"));
        }
        let repository = repository(object, objects)?;
        if spec["suspend"] == true || repository.value["spec"]["suspend"] == true {
            return Err(PolicyError::at("suspend", "it is suspended; resume it to update its images"));
        }
        let settings = settings::settings(spec, Some(&repository.value["spec"]))?;
        let pin = settings::digest_reflection(spec)? != DigestReflection::Never;
        let text = repository.value["spec"]["image"].as_str().unwrap_or_default();
        let image = ImageName::new(text)
            .map_err(|error| PolicyError::at("image", format!("{} names {text:?}: {error}", repository.source())))?;
        Ok((Arc::new(policy::build(&settings)?), settings, pin, image))
    };
    match built() {
        Ok((entry, settings, pin, image)) => {
            FluxPolicy { path: object.path.clone(), read: Ok((entry, settings)), pin, image: Some(image), source }
        }
        Err(error) => {
            let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
            let read = Err(format!("{source} is invalid: {error}{hint}"));
            FluxPolicy { path: object.path.clone(), read, pin: false, image: None, source }
        }
    }
}

/// The `ImageRepository` that a policy refers to. What it excludes has to be known.
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
        Ok(None) => Err(wrong(format!("no ImageRepository {namespace}:{name} in this repository"))
            .with_hint(format!("add it, or a policy called \"{}:{}\" to tagboat.yaml", policy.namespace, policy.name))),
        Err([one, other]) => {
            Err(wrong(format!("two objects are called {namespace}:{name}: {} and {}", one.source(), other.source())))
        }
    }
}

/// Of several objects of one name, such as there are where a repository holds several clusters, the one that shares most
/// folders with a file. Two that share as many and differ are ambiguous.
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

/// Addresses of the Helm repositories that are OCI registries, by their names.
pub fn helm_repositories(objects: &[Object]) -> BTreeMap<String, String> {
    let repositories = objects.iter().filter(|object| object.kind == "HelmRepository");
    let address = |object: &Object| object.value["spec"]["url"].as_str().map(str::to_owned);
    let oci = repositories.filter_map(|object| Some((object.name.clone(), address(object)?)));
    oci.filter(|(_, url)| url.starts_with("oci://")).collect()
}
