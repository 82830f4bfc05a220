//! The content of a repository in a registry, complete or not, for a double or for the storage of a real registry.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::docker_registry::{point, store};
use super::http_double::{ReceivedRequest, Reply};

pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

/// The content of one repository by digest, with its media type, and the digests of the tags.
#[derive(Clone, Default)]
pub(crate) struct Content {
    pub(crate) documents: BTreeMap<String, (String, String)>,
    pub(crate) tags: BTreeMap<String, String>,
}

impl Content {
    /// Adds a document and returns its descriptor.
    pub(crate) fn add(&mut self, kind: &str, body: &str) -> Value {
        let hex: String = Sha256::digest(body.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        let digest = format!("sha256:{hex}");
        self.documents.insert(digest.clone(), (kind.to_owned(), body.to_owned()));
        json!({ "mediaType": kind, "digest": digest, "size": body.len() })
    }

    /// Removes a document and returns its descriptor, as a clean-up does.
    pub(crate) fn removed(&mut self, descriptor: Value) -> Value {
        self.documents.remove(descriptor["digest"].as_str().unwrap());
        descriptor
    }

    pub(crate) fn manifest(&mut self, config: &Value) -> Value {
        let body = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [] }).to_string();
        self.add(MANIFEST, &body)
    }

    /// Adds the image of one platform and returns the entry of an index.
    pub(crate) fn image(&mut self, built: &str, architecture: &str) -> Value {
        let config = json!({ "created": built, "os": "linux", "architecture": architecture }).to_string();
        let config = self.add(CONFIG, &config);
        let mut entry = self.manifest(&config);
        entry["platform"] = json!({ "os": "linux", "architecture": architecture });
        entry
    }

    pub(crate) fn index(&mut self, entries: &[Value]) -> Value {
        self.add(INDEX, &json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries }).to_string())
    }

    pub(crate) fn tag(&mut self, tag: &str, top: &Value) {
        self.tags.insert(tag.to_owned(), top["digest"].as_str().unwrap().to_owned());
    }

    /// Adds a complete image for two platforms.
    pub(crate) fn complete(&mut self, tag: &str, built: &str) {
        let entries = ["amd64", "arm64"].map(|architecture| self.image(built, architecture));
        let index = self.index(&entries);
        self.tag(tag, &index);
    }

    /// Answers a request as a registry does.
    pub(crate) fn reply(&self, request: &ReceivedRequest) -> Reply {
        let last = request.path().rsplit('/').next().unwrap();
        if request.path().ends_with("/tags/list") {
            return Reply::tags(self.tags.keys());
        }
        let digest = self.tags.get(last).map_or(last, String::as_str);
        match self.documents.get(digest) {
            Some((kind, body)) => {
                Reply::new(200, body.as_str()).header("content-type", kind).header("docker-content-digest", digest)
            }
            None => Reply::new(404, r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#),
        }
    }

    /// Writes everything into the storage of a registry.
    pub(crate) fn write(&self, folder: &Path, path: &str) {
        for (digest, (_, body)) in &self.documents {
            store(folder, path, digest, body.as_bytes());
        }
        for (tag, digest) in &self.tags {
            point(folder, path, tag, digest);
        }
    }
}
