//! The registry of `explain --tags`, which works offline.

use async_trait::async_trait;

use crate::image::{Digest, ImageFacts, ImageName, Tag};
use crate::registry::{Registry, RegistryError, Requests};

/// A registry that fails every request, so that a policy that needs more than tags reports the fact that it lacks.
#[derive(Debug)]
pub(super) struct Offline;

#[async_trait]
impl Registry for Offline {
    async fn tags(&self, name: &ImageName) -> Result<Vec<Tag>, RegistryError> {
        Err(not_asked(name))
    }

    async fn digest(&self, name: &ImageName, _: &Tag) -> Result<Digest, RegistryError> {
        Err(not_asked(name))
    }

    async fn facts(&self, name: &ImageName, _: &Tag) -> Result<ImageFacts, RegistryError> {
        Err(not_asked(name))
    }

    fn requests(&self) -> Requests {
        Requests::default()
    }
}

fn not_asked(name: &ImageName) -> RegistryError {
    RegistryError::Offline { image: name.to_string() }
}
