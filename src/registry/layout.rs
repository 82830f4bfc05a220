//! A folder with an OCI image layout instead of a registry: for mirrors without a network, and for tests.
//!
//! The folder contains either one layout for each image path (`<folder>/acme/api/index.json`), or one layout for the whole
//! registry. The references in the latter are full names (`io.containerd.image.name`, or `org.opencontainers.image.ref.name`
//! with a colon) or bare tags; a bare tag applies to any image.

use std::path::{Path, PathBuf};

use oci_distribution::manifest::{ImageIndexEntry, OciImageIndex};

use crate::image::{Digest, ImageFacts, ImageName, ImageReference, Tag};

use super::content;
use super::credential::SentCredential;
use super::error::RegistryError;
use super::inspection::{Inspection, NextDocument};

/// The annotation with the tag of an entry (image specification, "Pre-Defined Annotation Keys").
const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// The annotation in which containerd and `docker save` store the full name.
const FULL_NAME: &str = "io.containerd.image.name";

/// The largest manifest or configuration; layers are not read.
const LIMIT: u64 = 16 << 20;

/// A folder instead of a registry.
#[derive(Debug)]
pub(super) struct LayoutFolder {
    root: PathBuf,
}

impl LayoutFolder {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Returns all tags of an image, in the order of the index.
    pub(super) fn tags(&self, name: &ImageName) -> Result<Vec<Tag>, RegistryError> {
        let (_, entries) = self.entries(name)?;
        Ok(entries.into_iter().map(|(tag, _)| tag).collect())
    }

    /// Returns the digest of a tag.
    pub(super) fn digest(&self, name: &ImageName, tag: &Tag) -> Result<Digest, RegistryError> {
        let (folder, entries) = self.entries(name)?;
        let found = entries.into_iter().find(|(known, _)| known == tag);
        let (_, entry) = found.ok_or_else(|| RegistryError::NotFound {
            image: label(name, tag),
            url: folder.display().to_string(),
            sent: SentCredential::None,
            detail: String::new(),
        })?;
        digest(name, &folder, &entry.digest)
    }

    /// Returns all facts in the manifest and configuration of a tag.
    pub(super) fn facts(&self, name: &ImageName, tag: &Tag) -> Result<ImageFacts, RegistryError> {
        self.facts_in(name, &label(name, tag), self.digest(name, tag)?)
    }

    /// Returns all facts in the manifest with this digest and in its configuration.
    pub(super) fn facts_of(&self, name: &ImageName, digest: &Digest) -> Result<ImageFacts, RegistryError> {
        self.facts_in(name, &format!("{}@{digest}", name.familiar()), digest.clone())
    }

    /// Returns the facts in a manifest and its configuration. Of an index, the first manifest that is present is read.
    fn facts_in(&self, name: &ImageName, label: &str, digest: Digest) -> Result<ImageFacts, RegistryError> {
        let (folder, _) = self.entries(name)?;
        let mut inspection = Inspection::new(digest);
        let mut first = None;
        loop {
            let (NextDocument::Manifest(digest) | NextDocument::Config(digest)) = inspection.next().clone() else {
                return Ok(inspection.into_facts());
            };
            let read = blob(name, label, &folder, &digest).and_then(|(path, body)| {
                inspection.read(&body).map_err(|cause| RegistryError::NotAnImage {
                    image: label.to_owned(),
                    url: path.display().to_string(),
                    expected: "an image manifest or configuration",
                    cause,
                })
            });
            let Err(error) = read else { continue };
            if !error.is_permanent() {
                return Err(error);
            }
            let first = first.get_or_insert(error);
            if !inspection.skip() {
                return Err(first.clone());
            }
        }
    }

    /// Returns the folder of the layout that an image is in, and its tags there.
    fn entries(&self, name: &ImageName) -> Result<(PathBuf, Vec<(Tag, ImageIndexEntry)>), RegistryError> {
        let own = self.root.join(name.path());
        let folder = if own.join("index.json").is_file() { own } else { self.root.clone() };
        let path = folder.join("index.json");
        let body = read(name, &path)?;
        let index: OciImageIndex =
            serde_json::from_slice(&body).map_err(|error| unreadable(name, &path, &error.to_string()))?;
        let tagged = index.manifests.into_iter().filter_map(|entry| Some((tag_of(&entry, name)?, entry))).collect();
        Ok((folder, tagged))
    }
}

/// Returns the tag of an entry if it is one of this image.
fn tag_of(entry: &ImageIndexEntry, name: &ImageName) -> Option<Tag> {
    let annotations = entry.annotations.as_ref()?;
    let text = annotations.get(FULL_NAME).or_else(|| annotations.get(REF_NAME))?;
    if !text.contains([':', '/']) {
        return Tag::new(text).ok();
    }
    let reference = ImageReference::new(text).ok()?;
    // A reference without a host is in this registry.
    let written = text.split([':', '@']).next();
    let is_this_image = reference.name() == name || written == Some(name.path());
    if is_this_image { reference.tag().cloned() } else { None }
}

fn digest(name: &ImageName, folder: &Path, text: &str) -> Result<Digest, RegistryError> {
    Digest::new(text).map_err(|error| unreadable(name, folder, &error.to_string()))
}

/// Reads a blob that matches its digest.
fn blob(name: &ImageName, label: &str, folder: &Path, digest: &Digest) -> Result<(PathBuf, Vec<u8>), RegistryError> {
    let path = folder.join("blobs").join(digest.as_str().replacen(':', "/", 1));
    if !path.exists() {
        let (image, url) = (label.to_owned(), path.display().to_string());
        return Err(RegistryError::MissingContent { image, url, detail: String::new() });
    }
    let body = read(name, &path)?;
    let actual = content::digest_of(&body, Some(digest));
    if actual != digest.as_str() {
        return Err(unreadable(name, &path, &format!("its content has digest {actual}")));
    }
    Ok((path, body))
}

fn label(name: &ImageName, tag: &Tag) -> String {
    format!("{}:{tag}", name.familiar())
}

fn read(name: &ImageName, path: &Path) -> Result<Vec<u8>, RegistryError> {
    let size = std::fs::metadata(path).map_err(|error| unreadable(name, path, &error.to_string()))?.len();
    if size > LIMIT {
        return Err(unreadable(name, path, &format!("it is larger than {LIMIT} bytes")));
    }
    std::fs::read(path).map_err(|error| unreadable(name, path, &error.to_string()))
}

fn unreadable(name: &ImageName, path: &Path, cause: &str) -> RegistryError {
    RegistryError::Layout {
        image: name.familiar().to_owned(),
        path: path.display().to_string(),
        cause: cause.to_owned(),
    }
}
