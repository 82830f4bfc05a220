//! `digest`: a floating tag stays, and its digest follows the registry.

use crate::image::Tag;
use crate::policy::pinned_policy::{PinnedPolicy, PinnedTarget};
use crate::policy::policy::Policy;
use crate::policy::settings::{OptionDoc, PolicyError, Settings};

/// The digest of one tag, or of the current tag.
#[derive(Debug)]
pub(crate) struct FloatingTag {
    tag: Option<Tag>,
}

/// Keys of this policy besides those of all policies.
pub(crate) const OPTIONS: &[OptionDoc] = &[];

/// Reads `{ digest: latest }`, or `{ digest: true }` for the current tag.
pub(crate) fn build(settings: &Settings) -> Result<Policy, PolicyError> {
    if settings.value("digest").is_some_and(serde_json::Value::is_boolean) {
        return match settings.switch("digest")? {
            Some(false) => Err(PolicyError::at("digest", "expected a tag or true, found false")
                .with_hint("write `digest: true`, or the key of another policy")),
            _ => Ok(Policy::pinned(FloatingTag { tag: None })),
        };
    }
    let text = settings.text("digest")?.unwrap_or_default();
    let tag = Tag::of_image_or_chart(text).map_err(|error| {
        PolicyError::at("digest", format!("invalid tag: {error}"))
            .with_hint("write `digest: latest`, or `digest: true` for the current tag")
    })?;
    Ok(Policy::pinned(FloatingTag { tag: Some(tag) }))
}

impl PinnedPolicy for FloatingTag {
    fn target(&self) -> PinnedTarget<'_> {
        self.tag.as_ref().map_or(PinnedTarget::Current, PinnedTarget::Tag)
    }
}
