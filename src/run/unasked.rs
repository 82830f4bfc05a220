//! No registry at all: what stands behind `explain --tags`, which has to work without any.

use async_trait::async_trait;

use crate::image::{Digest, ImageFacts, ImageName, Tag};
use crate::registry::{Registry, RegistryError, Requests};

/// Answers nothing, so that a policy that needs more than tags says which fact it lacks.
#[derive(Debug)]
pub(super) struct Unasked;

#[async_trait]
impl Registry for Unasked {
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
