//! Tagboat's own markers: `# tagboat: release image=ghcr.io/acme/api`.

use super::parsed::{IGNORE, ParsedMarker};
use crate::image::ImageName;
use crate::manifest::occurrence::MarkerKind;
use crate::text::is_misspelling_of;

const NAME: &str = "tagboat";

const FORMS: &str = "write `# tagboat: POLICY`, `# tagboat: image=NAME` or `# tagboat: POLICY image=NAME`";

/// Parses the text of a comment. Returns `None` if it is not meant as a marker of Tagboat.
pub(super) fn parse(text: &str) -> Option<ParsedMarker> {
    let (rest, is_misspelled) = match text.strip_prefix("tagboat:") {
        Some(rest) => (rest, false),
        None => (misspelled(text)?, true),
    };
    let rest = rest.trim();
    let malformed = |problem| ParsedMarker::malformed(MarkerKind::Tagboat, problem);
    Some(match words(rest) {
        Ok(_) if is_misspelled => malformed(format!("misspelled marker: write `# tagboat: {rest}`")),
        Ok(marker) => marker,
        Err(cause) => malformed(format!("{cause}; {FORMS}")),
    })
}

/// Returns the words behind a misspelled name: `Tagboat: release`, `tagbot: release` or `tagboat ignore`. Prose about Tagboat is
/// not meant as a marker.
fn misspelled(text: &str) -> Option<&str> {
    let end = text.bytes().take(16).position(|byte| byte == b':' || byte.is_ascii_whitespace())?;
    let (word, rest) = text.split_at(end);
    let rest = rest.trim_start();
    if let Some(rest) = rest.strip_prefix(':') {
        return is_misspelling_of(word, NAME).then_some(rest);
    }
    let next = rest.split_whitespace().next().unwrap_or_default();
    let is_meant = word == NAME && (matches!(next, IGNORE | "shape") || next.starts_with("image="));
    is_meant.then_some(rest)
}

/// Parses `release image=ghcr.io/acme/api`, in any order: a policy, an image, or both.
fn words(text: &str) -> Result<ParsedMarker, String> {
    let (mut policy, mut image) = (None, None);
    for word in text.split_whitespace() {
        match word.strip_prefix("image=") {
            Some(name) if ImageName::new(name).is_err() => {
                return Err(format!("`{name}` in the marker is not the name of an image"));
            }
            Some(name) if image.is_none() => image = Some(name.to_owned()),
            None if policy.is_none() => policy = Some(word.to_owned()),
            _ => return Err(format!("the marker has a surplus word `{word}`")),
        }
    }
    if policy.is_none() && image.is_none() {
        return Err("the marker names no policy and no image".to_owned());
    }
    Ok(ParsedMarker { image, ..ParsedMarker::new(MarkerKind::Tagboat, policy.unwrap_or_default()) })
}
