//! Parses OCI manifests, indexes and image configurations into facts about an image. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use oci_distribution::manifest::{
    IMAGE_CONFIG_MEDIA_TYPE, IMAGE_DOCKER_CONFIG_MEDIA_TYPE, IMAGE_MANIFEST_LIST_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE,
    ImageIndexEntry, OCI_IMAGE_INDEX_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE, OciManifest,
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256, Sha512};

use crate::image::{Digest, ImageFacts, Platform};

/// The supported media types, for the `Accept` header. Without it, registries convert to schema 1 or respond with an error.
pub(super) const ACCEPT: [&str; 4] =
    [OCI_IMAGE_INDEX_MEDIA_TYPE, IMAGE_MANIFEST_LIST_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE];

/// Returns whether a content type is one of Docker's schema 1.
pub(super) fn is_schema1(content_type: &str) -> bool {
    content_type.starts_with("application/vnd.docker.distribution.manifest.v1+")
}

/// Returns whether a body is in Docker's schema 1, independent of its content type.
pub(super) fn is_schema1_body(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Versioned {
        #[serde(rename = "schemaVersion")]
        schema_version: u8,
    }
    serde_json::from_slice::<Versioned>(body).is_ok_and(|found| found.schema_version == 1)
}

/// Returns the digest of some bytes, with the algorithm of `like` (sha256 by default).
pub(super) fn digest_of(bytes: &[u8], like: Option<&Digest>) -> String {
    let hex = |hash: &[u8]| hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    match like {
        Some(digest) if digest.as_str().starts_with("sha512:") => format!("sha512:{}", hex(&Sha512::digest(bytes))),
        _ => format!("sha256:{}", hex(&Sha256::digest(bytes))),
    }
}

/// The document to read after a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NextDocument {
    /// The manifest of one platform.
    Manifest(String),
    /// The configuration of the image.
    Config(String),
    /// None: the manifest is not of a container image, but of a chart, for example.
    End,
}

/// Adds the facts of a manifest or index that are still missing, and returns the document to read next.
pub(super) fn read_manifest(body: &[u8], facts: &mut ImageFacts) -> Result<NextDocument, serde_json::Error> {
    match serde_json::from_slice(body)? {
        OciManifest::Image(manifest) => {
            take_labels(&manifest.annotations.unwrap_or_default(), facts);
            let sizes = manifest.layers.iter().map(|layer| layer.size);
            let mut sizes = sizes.chain([manifest.config.size]).map(|size| u64::try_from(size).ok());
            facts.size = sizes.try_fold(0_u64, |sum, size| sum.checked_add(size?));
            let media_type = &*manifest.config.media_type;
            let is_image = [IMAGE_CONFIG_MEDIA_TYPE, IMAGE_DOCKER_CONFIG_MEDIA_TYPE].contains(&media_type);
            Ok(if is_image { NextDocument::Config(manifest.config.digest) } else { NextDocument::End })
        }
        OciManifest::ImageIndex(index) => {
            take_labels(&index.annotations.unwrap_or_default(), facts);
            let children: Vec<_> = index.manifests.iter().filter(|child| !is_attestation(child)).collect();
            if facts.platforms.is_empty() {
                facts.platforms = children.iter().filter_map(|child| platform(child)).collect();
            }
            let default = children.iter().find(|child| {
                platform(child).is_some_and(|platform| platform.os == "linux" && platform.architecture == "amd64")
            });
            Ok(default
                .or(children.first())
                .map_or(NextDocument::End, |child| NextDocument::Manifest(child.digest.clone())))
        }
    }
}

/// The used part of an image configuration. All fields are optional, because many tools omit some.
#[derive(Deserialize)]
struct ImageConfig {
    created: Option<String>,
    architecture: Option<String>,
    os: Option<String>,
    variant: Option<String>,
    config: Option<Inner>,
}

#[derive(Deserialize)]
struct Inner {
    #[serde(rename = "Labels")]
    labels: Option<BTreeMap<String, String>>,
}

/// Adds the facts of a configuration. Its labels override annotations, because they belong to the image that runs.
pub(super) fn read_config(body: &[u8], facts: &mut ImageFacts) -> Result<(), serde_json::Error> {
    let config: ImageConfig = serde_json::from_slice(body)?;
    let mut own = ImageFacts::default();
    take_labels(&config.config.and_then(|inner| inner.labels).unwrap_or_default(), &mut own);
    let created = config.created.as_deref().and_then(time);
    facts.created = created.or(own.created).or(facts.created);
    for (kept, own) in [
        (&mut facts.source, own.source),
        (&mut facts.revision, own.revision),
        (&mut facts.version, own.version),
        (&mut facts.url, own.url),
    ] {
        *kept = own.or(kept.take());
    }
    if let (true, Some(os), Some(architecture)) = (facts.platforms.is_empty(), config.os, config.architecture) {
        let variant = config.variant.filter(|variant| !variant.is_empty());
        facts.platforms.push(Platform { os, architecture, variant });
    }
    Ok(())
}

/// Adds missing facts from `org.opencontainers.image.*` (image specification, "Pre-Defined Annotation Keys").
fn take_labels(labels: &BTreeMap<String, String>, facts: &mut ImageFacts) {
    let label =
        |key: &str| labels.get(&format!("org.opencontainers.image.{key}")).filter(|text| !text.is_empty()).cloned();
    facts.created = facts.created.or_else(|| label("created").as_deref().and_then(time));
    facts.source = facts.source.take().or_else(|| label("source"));
    facts.revision = facts.revision.take().or_else(|| label("revision"));
    facts.version = facts.version.take().or_else(|| label("version"));
    facts.url = facts.url.take().or_else(|| label("url")).or_else(|| label("documentation"));
}

/// Parses a time in RFC 3339. Go's zero time means that no time is set.
fn time(text: &str) -> Option<Timestamp> {
    if text.starts_with("0001-") { None } else { text.parse().ok() }
}

/// Returns whether an index entry is provenance or an SBOM of BuildKit: it is for `unknown/unknown`, or has an annotation
/// that names the image.
fn is_attestation(child: &ImageIndexEntry) -> bool {
    let annotated = |map: &BTreeMap<String, String>| map.contains_key("vnd.docker.reference.type");
    child.annotations.as_ref().is_some_and(annotated)
        || platform(child).is_some_and(|platform| platform.os == "unknown" && platform.architecture == "unknown")
}

fn platform(child: &ImageIndexEntry) -> Option<Platform> {
    let platform = child.platform.as_ref()?;
    let variant = platform.variant.clone().filter(|variant| !variant.is_empty());
    Some(Platform { os: platform.os.to_string(), architecture: platform.architecture.to_string(), variant })
}
