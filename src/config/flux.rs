//! Flux's `ImagePolicy`, `ImageRepository` and `HelmRepository` objects as they stand in the manifests: they need no
//! other configuration. What they mean is told by [`policy::flux`]; here they are found and given their names.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::config::{Config, InRepository};
use crate::image::ImageName;
use crate::policy::{self, flux};

/// The API group of image policies and image repositories.
const IMAGES: &str = "image.toolkit.fluxcd.io/";
/// The API group of Helm repositories.
const SOURCES: &str = "source.toolkit.fluxcd.io/";

/// Namespace and name. The namespace is empty where the manifest leaves it to a kustomization.
type Key = (String, String);

/// The objects of a repository, in whatever order its files are read.
#[derive(Debug, Default)]
pub struct FluxObjects {
    policies: BTreeMap<Key, (String, Value)>,
    repositories: BTreeMap<Key, Value>,
    /// Addresses of Helm repositories that are OCI registries.
    helm: BTreeMap<String, String>,
}

impl FluxObjects {
    /// Whether a file can hold one at all; cheap.
    pub fn may_hold(bytes: &[u8]) -> bool {
        let holds = |what: &str| memchr::memmem::find(bytes, what.as_bytes()).is_some();
        holds(IMAGES) || (holds(SOURCES) && holds("oci://"))
    }

    /// Whether a file can refer to one: by a marker, or by the name of a Helm repository; cheap.
    pub fn may_refer(bytes: &[u8]) -> bool {
        let holds = |what: &str| memchr::memmem::find(bytes, what.as_bytes()).is_some();
        holds("$imagepolicy") || holds("HelmRepository")
    }

    /// Addresses of the Helm repositories that are OCI registries, by name.
    pub fn helm_repositories(&self) -> impl Iterator<Item = (String, String)> {
        self.helm.iter().map(|(name, url)| (name.clone(), url.clone()))
    }

    /// Takes the objects of one file. A file that can't be read as YAML is told of elsewhere.
    pub fn read(&mut self, path: &str, text: &str) {
        for document in serde_yaml::from_multiple::<Value>(text).unwrap_or_default() {
            let items = match document["items"].as_array() {
                Some(items) if document["kind"].as_str().is_some_and(|kind| kind.ends_with("List")) => items.clone(),
                _ => vec![document],
            };
            items.into_iter().for_each(|object| self.take(path, object));
        }
    }

    fn take(&mut self, path: &str, mut object: Value) {
        let version = object["apiVersion"].as_str().unwrap_or_default();
        if !version.starts_with(IMAGES) && !version.starts_with(SOURCES) {
            return;
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let key = (text(&object["metadata"]["namespace"]), text(&object["metadata"]["name"]));
        match (text(&object["kind"]).as_str(), object["spec"].take()) {
            ("ImagePolicy", spec) => drop(self.policies.insert(key, (path.to_owned(), spec))),
            ("HelmRepository", spec) => {
                let url = spec["url"].as_str().filter(|url| url.starts_with("oci://"));
                self.helm.extend(url.map(|url| (key.1, url.to_owned())));
            }
            ("ImageRepository", spec) => drop(self.repositories.insert(key, spec)),
            _ => {}
        }
    }

    fn repository(&self, policy: &Value, namespace: &str) -> Option<&Value> {
        let reference = &policy["imageRepositoryRef"];
        let name = reference["name"].as_str()?;
        let namespace = reference["namespace"].as_str().unwrap_or(namespace);
        let find = |namespace: &str| self.repositories.get(&(namespace.to_owned(), name.to_owned()));
        find(namespace).or_else(|| find(""))
    }
}

impl Config {
    /// The same configuration with the policies that stand in the repository, under the names that markers call them.
    /// A policy of the same name in `tagboat.yaml` goes before.
    #[must_use]
    pub fn with_flux(mut self, objects: &FluxObjects) -> Self {
        for ((namespace, name), (path, spec)) in &objects.policies {
            let repository = objects.repository(spec, namespace);
            let marker = format!("{namespace}:{name}");
            if let Some(image) = repository.and_then(|spec| ImageName::new(spec["image"].as_str()?).ok()) {
                self.flux_images.insert(marker.clone(), image.to_string());
            }
            let read = flux::settings(spec, repository).and_then(|settings| {
                let pin = flux::digest_reflection(spec)? != flux::DigestReflection::Never;
                Ok((Arc::new(policy::build(&settings)?), pin))
            });
            let standing = match read {
                Ok((entry, pin)) => Ok(InRepository { entry, pin, source: format!("the ImagePolicy in {path}") }),
                Err(error) => Err(format!("the ImagePolicy {name} in {path} can't be used: {error}")),
            };
            self.in_repository.insert(marker, standing);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBJECTS: &str = "
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageRepository
metadata: { name: podinfo, namespace: flux-system }
spec: { image: ghcr.io/stefanprodan/podinfo, interval: 5m }
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImagePolicy
metadata: { name: podinfo, namespace: flux-system }
spec:
  imageRepositoryRef: { name: podinfo }
  policy: { semver: { range: 5.0.x } }
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImagePolicy
metadata: { name: broken }
spec:
  imageRepositoryRef: { name: podinfo }
  policy: { semver: { range: nope } }
";

    fn config() -> Config {
        let mut objects = FluxObjects::default();
        objects.read("apps/policy.yaml", OBJECTS);
        objects.read("apps/bad.yaml", "{ not: yaml");
        Config::default().with_flux(&objects)
    }

    #[test]
    fn markers_find_their_policy() {
        let (config, name) = (config(), ImageName::new("ghcr.io/stefanprodan/podinfo").unwrap());
        let found = config.select(&name, "apps/podinfo.yaml", Some("flux-system:podinfo")).unwrap();
        assert_eq!(found.entry.describe(), "semver: 5.0.x");
        assert_eq!(found.source, "the ImagePolicy in apps/policy.yaml");
        assert_eq!(config.flux_images.get("flux-system:podinfo").map(String::as_str), Some(name.as_str()));
    }

    #[test]
    fn a_policy_that_cannot_be_used_is_told_with_its_file() {
        let name = ImageName::new("nginx").unwrap();
        // The manifest leaves the namespace to a kustomization, so the marker's is taken for it.
        let why = config().select(&name, "a.yaml", Some("flux-system:broken")).unwrap_err().to_string();
        assert!(why.contains("ImagePolicy broken in apps/policy.yaml") && why.contains("nope"), "{why}");
        assert!(config().select(&name, "a.yaml", Some("flux-system:absent")).is_err());
    }
}
