//! Parses OCI manifests, indexes and image configurations into facts about an image. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use oci_distribution::manifest::{
    IMAGE_CONFIG_MEDIA_TYPE, IMAGE_DOCKER_CONFIG_MEDIA_TYPE, IMAGE_MANIFEST_LIST_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE,
    OCI_IMAGE_INDEX_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE,
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256, Sha512};

use crate::image::{Digest, ImageFacts, Platform};

/// The supported media types, for the `Accept` header. Without it, registries convert to schema 1 or respond with an error.
pub(super) const ACCEPT: [&str; 4] =
    [OCI_IMAGE_INDEX_MEDIA_TYPE, IMAGE_MANIFEST_LIST_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE];

/// The type of the empty configuration of an artifact (image specification, "Guidance for an Empty Descriptor").
const EMPTY_MEDIA_TYPE: &str = "application/vnd.oci.empty.v1+json";

/// The type of the configuration of a BuildKit cache (`cache-to: type=registry`).
const BUILD_CACHE_MEDIA_TYPE: &str = "application/vnd.buildkit.cacheconfig.v0";

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

/// A manifest or an index, as far as its readers need it. All fields are optional, because many tools omit some.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ManifestDocument {
    artifact_type: Option<String>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
    manifests: Option<Vec<Descriptor>>,
    annotations: Option<BTreeMap<String, String>>,
}

/// A reference to content by its digest (image specification, "OCI Content Descriptors").
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: Option<String>,
    digest: String,
    size: Option<i64>,
    platform: Option<DescribedPlatform>,
    annotations: Option<BTreeMap<String, String>>,
}

/// The platform of an index entry.
#[derive(Deserialize)]
struct DescribedPlatform {
    os: Option<String>,
    architecture: Option<String>,
    variant: Option<String>,
}

/// What a manifest leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ManifestContent {
    /// The manifests of an index, the one to read first in front.
    Index(Vec<Digest>),
    /// The configuration of an image.
    Image(Digest),
    /// Nothing: it is an artifact, such as a chart or a build cache.
    Artifact,
}

/// Adds the facts of a manifest or index that are still missing, and returns what it leads to. Fails with the problem if it
/// describes nothing that can be read.
pub(super) fn read_manifest(body: &[u8], facts: &mut ImageFacts) -> Result<ManifestContent, String> {
    let document: ManifestDocument = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    take_labels(&document.annotations.unwrap_or_default(), facts);
    match (document.config, document.manifests) {
        (Some(config), _) => {
            let layers = document.layers.unwrap_or_default();
            let sizes = layers.iter().map(|layer| layer.size).chain([config.size]);
            let mut sizes = sizes.map(|size| size.and_then(|size| u64::try_from(size).ok()));
            facts.size = sizes.try_fold(0_u64, |sum, size| sum.checked_add(size?));
            let media_type = config.media_type.as_deref().unwrap_or_default();
            if [IMAGE_CONFIG_MEDIA_TYPE, IMAGE_DOCKER_CONFIG_MEDIA_TYPE].contains(&media_type) {
                return Ok(ManifestContent::Image(config.digest()?));
            }
            // Artifacts with an empty configuration have their type in a field of its own (image specification, 1.1).
            let own_type = if media_type == EMPTY_MEDIA_TYPE { document.artifact_type } else { None };
            facts.artifact_type = Some(own_type.unwrap_or_else(|| media_type.to_owned()));
            Ok(ManifestContent::Artifact)
        }
        (None, Some(entries)) => read_index(&entries, facts),
        (None, None) => Err("it has neither `config` nor `manifests`".to_owned()),
    }
}

/// Reads the entries of an index, in which attestations are beside the images.
fn read_index(entries: &[Descriptor], facts: &mut ImageFacts) -> Result<ManifestContent, String> {
    // BuildKit writes a cache as an index whose entries are layers.
    if let Some(cache) = entries.iter().find(|entry| !entry.is_manifest()) {
        let kind = entries.iter().find(|entry| entry.media_type.as_deref() == Some(BUILD_CACHE_MEDIA_TYPE));
        if kind.is_some() || !entries.iter().any(Descriptor::is_manifest) {
            facts.artifact_type = kind.unwrap_or(cache).media_type.clone();
            return Ok(ManifestContent::Artifact);
        }
    }
    let images: Vec<_> = entries.iter().filter(|entry| entry.is_manifest() && !entry.is_attestation()).collect();
    if images.is_empty() {
        return Err("its index lists no image".to_owned());
    }
    let named: Vec<Platform> = images.iter().filter_map(|entry| entry.platform()).collect();
    // Where no entry has a platform, each is read for its own; one whose platform lacks a part cannot be selected by any runtime.
    if named.is_empty() && images.iter().all(|entry| entry.platform.is_some()) {
        return Err("its index names no platform with an operating system and an architecture".to_owned());
    }
    if facts.platforms.is_empty() {
        facts.platforms = named;
        let member = |entry: &&Descriptor| Some((entry.platform()?, entry.digest().ok()?));
        facts.members = images.iter().filter_map(member).collect();
    }
    let is_default = |entry: &Descriptor| {
        entry.platform().is_some_and(|platform| platform.os == "linux" && platform.architecture == "amd64")
    };
    let (first, others): (Vec<_>, Vec<_>) = images.into_iter().partition(|entry| is_default(entry));
    first.into_iter().chain(others).map(Descriptor::digest).collect::<Result<_, _>>().map(ManifestContent::Index)
}

impl Descriptor {
    /// Parses the digest before it becomes part of a URL.
    fn digest(&self) -> Result<Digest, String> {
        Digest::new(&self.digest).map_err(|error| format!("it has an unusable digest: {error}"))
    }

    /// Returns whether it is for a manifest or an index, as an entry without a media type is.
    fn is_manifest(&self) -> bool {
        self.media_type.as_deref().is_none_or(|kind| ACCEPT.contains(&kind) || is_schema1(kind))
    }

    /// Returns the platform, if it names an operating system and an architecture.
    fn platform(&self) -> Option<Platform> {
        let DescribedPlatform { os, architecture, variant } = self.platform.as_ref()?;
        let named = |part: &Option<String>| part.clone().filter(|text| !text.is_empty());
        Some(Platform { os: named(os)?, architecture: named(architecture)?, variant: named(variant) })
    }

    /// Returns whether it is provenance or an SBOM of BuildKit: it is for `unknown/unknown`, or has an annotation that names
    /// the image.
    fn is_attestation(&self) -> bool {
        let annotated = |map: &BTreeMap<String, String>| map.contains_key("vnd.docker.reference.type");
        self.annotations.as_ref().is_some_and(annotated)
            || self.platform().is_some_and(|platform| platform.os == "unknown" && platform.architecture == "unknown")
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
pub(super) fn read_config(body: &[u8], facts: &mut ImageFacts) -> Result<(), String> {
    let config: ImageConfig = serde_json::from_slice(body).map_err(|error| error.to_string())?;
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
