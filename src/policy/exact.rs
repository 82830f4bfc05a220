//! `exact`: one reference that somebody else has chosen, such as the step after `docker push`.

use std::sync::Arc;

use super::external_facts::ExternalFacts;
use super::policy::{Follow, Policy, Reader, Reason};
use super::settings::{OptionDoc, PolicyError, Settings};
use crate::image::{Digest, Tag};

/// This tag, with this digest if one is given, higher or lower.
#[derive(Debug)]
pub struct Exact {
    tag: Tag,
    digest: Option<Digest>,
}

impl Exact {
    /// The policy for one tag.
    pub fn new(tag: Tag, digest: Option<Digest>) -> Self {
        Self { tag, digest }
    }
}

/// Keys of this policy beside the common ones.
pub(super) const OPTIONS: &[OptionDoc] = &[];

/// Reads `{ exact: 1.4.2 }` or `{ exact: 1.4.2@sha256:… }`.
pub(super) fn build(settings: &Settings) -> Result<Arc<dyn Policy>, PolicyError> {
    let text = settings.text("exact")?.unwrap_or_default();
    let (tag, digest) = text.split_once('@').map_or((text, None), |(tag, digest)| (tag, Some(digest)));
    let wrong = |error: &dyn std::fmt::Display| {
        PolicyError::at("exact", error.to_string())
            .with_hint("write a tag, with or without its digest: \"1.4.2\" or \"1.4.2@sha256:…\"")
    };
    let tag = Tag::new(tag).map_err(|error| wrong(&error))?;
    let digest = digest.map(Digest::new).transpose().map_err(|error| wrong(&error))?;
    Ok(Arc::new(Exact { tag, digest }))
}

impl Policy for Exact {
    fn describe(&self) -> String {
        format!("exact: {}", self.tag)
    }

    fn follows(&self) -> Option<Follow<'_>> {
        Some(Follow::Exactly(&self.tag, self.digest.as_ref()))
    }

    fn reader<'a>(
        &'a self,
        _current: Option<&'a str>,
        _supplied: &'a ExternalFacts,
    ) -> Result<Box<dyn Reader + 'a>, Reason> {
        Err(Reason::new("one tag has no order"))
    }
}
