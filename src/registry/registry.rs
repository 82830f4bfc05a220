//! The trait of all registries: the information that policies need.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::image::{Digest, ImageFacts, ImageName, Tag};

use super::error::RegistryError;

/// Reads from registries. Implementations retry idempotent requests and obey rate limits. A tag may be the version of a chart;
/// `tags` returns it as the registry has it.
#[async_trait]
pub trait Registry: Send + Sync {
    /// Returns all tags of an image in the order of the registry; an error if the list cannot be read to its end.
    async fn tags(&self, name: &ImageName) -> Result<Vec<Tag>, RegistryError>;

    /// Returns the current digest of a tag: of the index of a multi-platform image, else of the manifest.
    async fn digest(&self, name: &ImageName, tag: &Tag) -> Result<Digest, RegistryError>;

    /// Returns all facts in the manifest and configuration of a tag.
    async fn facts(&self, name: &ImageName, tag: &Tag) -> Result<ImageFacts, RegistryError>;

    /// Returns all facts in the manifest with this digest and in its configuration. A tag may name it, or an index.
    async fn facts_of(&self, name: &ImageName, digest: &Digest) -> Result<ImageFacts, RegistryError>;

    /// Returns how long a tag has pointed at this digest, as far as that is known.
    async fn age(&self, _: &ImageName, _: &Tag, _: Option<&Digest>) -> Result<Age, RegistryError> {
        Ok(Age::default())
    }

    /// Returns how many requests were sent so far.
    fn requests(&self) -> Requests;
}

/// How long a tag has pointed at its digest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Age {
    /// When the registry received it, if the vendor publishes that.
    pub pushed: Option<Timestamp>,
    /// When a run recorded it in this cache folder for the first time, if there is one.
    pub first_seen: Option<Timestamp>,
}

/// Requests sent so far, for the report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Requests {
    /// Requests to registries, without those for tokens.
    pub registry: u64,
    /// Requests for tokens.
    pub token: u64,
}
