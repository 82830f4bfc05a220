//! The trait of all registries: what choosing may ask for.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::image::{Digest, ImageFacts, ImageName, Tag};

use super::error::RegistryError;

/// Asks registries. Implementers retry what is idempotent and obey limits; callers need not.
#[async_trait]
pub trait Registry: Send + Sync {
    /// All tags of an image, in the order the registry gives them; an error if the list can't be had to its end.
    async fn tags(&self, name: &ImageName) -> Result<Vec<Tag>, RegistryError>;

    /// What a tag points at now: the digest of the index of a multi-platform image, else of the manifest.
    async fn digest(&self, name: &ImageName, tag: &Tag) -> Result<Digest, RegistryError>;

    /// Everything that manifest and configuration tell about a tag.
    async fn facts(&self, name: &ImageName, tag: &Tag) -> Result<ImageFacts, RegistryError>;

    /// How long a tag has been there, as pointing at this digest: for those who ask for the age of images. Nobody has to
    /// know.
    async fn age(&self, _: &ImageName, _: &Tag, _: Option<&Digest>) -> Result<Age, RegistryError> {
        Ok(Age::default())
    }

    /// How many requests have been sent so far.
    fn requests(&self) -> Requests;
}

/// How long a tag has been there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Age {
    /// When the registry took it in, where it tells that.
    pub pushed: Option<Timestamp>,
    /// When a run with this cache folder first asked, where there is one.
    pub first_seen: Option<Timestamp>,
}

/// Requests sent so far, for the report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Requests {
    /// To registries, tokens not counted.
    pub registry: u64,
    /// For tokens.
    pub token: u64,
}
