//! `exact`: one version that was selected elsewhere, such as in the step after `docker push`.

use crate::image::{Digest, Tag};
use crate::policy::pinned_policy::{PinnedPolicy, PinnedTarget};
use crate::policy::policy::Policy;
use crate::policy::settings::{OptionDoc, PolicyError, Settings};

/// One tag with an optional digest, newer or older than the current one.
#[derive(Debug)]
pub struct Exact {
    tag: Tag,
    digest: Option<Digest>,
}

impl Exact {
    /// Creates the policy for one tag.
    pub fn new(tag: Tag, digest: Option<Digest>) -> Self {
        Self { tag, digest }
    }
}

/// Keys of this policy besides those of all policies.
pub(crate) const OPTIONS: &[OptionDoc] = &[];

/// Reads `{ exact: 1.4.2 }` or `{ exact: 1.4.2@sha256:… }`.
pub(crate) fn build(settings: &Settings) -> Result<Policy, PolicyError> {
    let text = settings.text("exact")?.unwrap_or_default();
    let (tag, digest) = text.split_once('@').map_or((text, None), |(tag, digest)| (tag, Some(digest)));
    let wrong = |error: &dyn std::fmt::Display| {
        PolicyError::at("exact", error.to_string())
            .with_hint("write a tag, with or without its digest: `\"1.4.2\"` or `\"1.4.2@sha256:…\"`")
    };
    let tag = Tag::of_image_or_chart(tag).map_err(|error| wrong(&error))?;
    let digest = digest.map(Digest::new).transpose().map_err(|error| wrong(&error))?;
    Ok(Policy::pinned(Exact { tag, digest }))
}

impl PinnedPolicy for Exact {
    fn target(&self) -> PinnedTarget<'_> {
        PinnedTarget::Exact(&self.tag, self.digest.as_ref())
    }
}
