//! The registries of one run: each lists the tags of an image once, however many passes the run has.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::image::{Digest, ImageFacts, ImageName, Tag};
use crate::registry::{Age, Registry, RegistryError, Requests};

/// Keeps each complete tag list. Tags that are pushed during a run are for the next one.
pub(super) struct ListedOnce<'a> {
    registry: &'a dyn Registry,
    lists: Mutex<HashMap<ImageName, Vec<Tag>>>,
}

impl<'a> ListedOnce<'a> {
    pub(super) fn new(registry: &'a dyn Registry) -> Self {
        Self { registry, lists: Mutex::default() }
    }
}

#[async_trait]
impl Registry for ListedOnce<'_> {
    async fn tags(&self, name: &ImageName) -> Result<Vec<Tag>, RegistryError> {
        let kept = self.lists.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if let Some(tags) = kept {
            return Ok(tags);
        }
        let tags = self.registry.tags(name).await?;
        self.lists.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), tags.clone());
        Ok(tags)
    }

    async fn digest(&self, name: &ImageName, tag: &Tag) -> Result<Digest, RegistryError> {
        self.registry.digest(name, tag).await
    }

    async fn facts(&self, name: &ImageName, tag: &Tag) -> Result<ImageFacts, RegistryError> {
        self.registry.facts(name, tag).await
    }

    async fn facts_of(&self, name: &ImageName, digest: &Digest) -> Result<ImageFacts, RegistryError> {
        self.registry.facts_of(name, digest).await
    }

    async fn age(&self, name: &ImageName, tag: &Tag, digest: Option<&Digest>) -> Result<Age, RegistryError> {
        self.registry.age(name, tag, digest).await
    }

    fn requests(&self) -> Requests {
        self.registry.requests()
    }
}
