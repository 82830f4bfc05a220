//! Whether the current tag names another image than the pinned one.

use super::question::Lookups;
use crate::image::{Digest, ImageFacts};
use crate::policy::candidate::{Candidate, Known, Need};
use crate::policy::reason::MovedDigest;

/// Returns the move of a tag away from the pinned digest, or which facts show it. The image manifest of a platform is still the image of
/// the tag if the index of the tag lists it.
pub(super) fn moved_digest(pinned: &Digest, listed: &Candidate) -> Result<Option<MovedDigest>, Lookups> {
    let need = match &listed.facts {
        Known::Tag => Need::Digest,
        Known::Digest(digest) if digest != pinned => Need::Facts,
        _ => Need::Tag,
    };
    if need > Need::Tag {
        return Err(vec![(listed.tag.clone(), need)]);
    }
    let is_member = |facts: &ImageFacts| facts.members.iter().any(|(_, digest)| digest == pinned);
    if listed.facts.facts().is_some_and(is_member) {
        return Ok(None);
    }
    Ok(listed.facts.digest().filter(|digest| *digest != pinned).map(|digest| MovedDigest {
        tag: listed.tag.clone(),
        from: pinned.clone(),
        to: digest.clone(),
    }))
}
