//! The registry of `explain --tags`, which works offline.

use async_trait::async_trait;

use crate::image::{Digest, ImageFacts, ImageName, Tag};
use crate::registry::{Registry, RegistryError, Requests};

/// A registry that fails every request. A policy that needs more than tags then reports the missing fact.
#[derive(Debug)]
pub(super) struct Offline;

#[async_trait]
impl Registry for Offline {
    async fn tags(&self, name: &ImageName) -> Result<Vec<Tag>, RegistryError> {
        Err(offline(name))
    }

    async fn digest(&self, name: &ImageName, _: &Tag) -> Result<Digest, RegistryError> {
        Err(offline(name))
    }

    async fn facts(&self, name: &ImageName, _: &Tag) -> Result<ImageFacts, RegistryError> {
        Err(offline(name))
    }

    async fn facts_of(&self, name: &ImageName, _: &Digest) -> Result<ImageFacts, RegistryError> {
        Err(offline(name))
    }

    fn requests(&self) -> Requests {
        Requests::default()
    }
}

fn offline(name: &ImageName) -> RegistryError {
    RegistryError::Offline { image: name.to_string() }
}
