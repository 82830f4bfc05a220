//! `digest`: a moving tag stays, the digest beside it follows what the registry serves under that tag.

use std::sync::Arc;

use super::external_facts::ExternalFacts;
use super::policy::{Follow, Need, Policy, Reader, Reason};
use super::settings::{OptionDoc, PolicyError, Settings};
use crate::image::Tag;

/// The digest of one tag, or of whichever tag stands there.
#[derive(Debug)]
pub(super) struct MovingDigest {
    tag: Option<Tag>,
}

/// Keys of this policy beside the common ones.
pub(super) const OPTIONS: &[OptionDoc] = &[];

/// Reads `{ digest: latest }`, or `{ digest: true }` for the tag that stands there.
pub(super) fn build(settings: &Settings) -> Result<Arc<dyn Policy>, PolicyError> {
    if settings.value("digest").is_some_and(serde_json::Value::is_boolean) {
        return match settings.switch("digest")? {
            Some(false) => Err(PolicyError::at("digest", "false is no policy")
                .with_hint("leave the entry out, or name another policy")),
            _ => Ok(Arc::new(MovingDigest { tag: None })),
        };
    }
    let text = settings.text("digest")?.unwrap_or_default();
    let tag = Tag::new(text).map_err(|error| {
        PolicyError::at("digest", format!("names the tag to follow: {error}"))
            .with_hint("write `digest: latest`, or `digest: true` for the tag that stands there")
    })?;
    Ok(Arc::new(MovingDigest { tag: Some(tag) }))
}

impl Policy for MovingDigest {
    fn describe(&self) -> String {
        match &self.tag {
            Some(tag) => format!("digest: {tag}"),
            None => "digest".to_owned(),
        }
    }

    fn needs(&self) -> Need {
        Need::Digest
    }

    fn follows(&self) -> Option<Follow<'_>> {
        Some(self.tag.as_ref().map_or(Follow::Current, Follow::Tag))
    }

    fn reader<'a>(
        &'a self,
        _current: Option<&'a str>,
        _supplied: &'a ExternalFacts,
    ) -> Result<Box<dyn Reader + 'a>, Reason> {
        Err(Reason::new("a digest has no order"))
    }
}
