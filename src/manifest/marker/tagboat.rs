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

/// Returns the words behind a misspelled name: `Tagboat: release`, `tagbot: release`, `tagboat ignore` or `tagboat-ignore`. Prose
/// about Tagboat is not meant as a marker.
fn misspelled(text: &str) -> Option<&str> {
    let is_separator = |byte: u8| byte.is_ascii_whitespace() || matches!(byte, b':' | b'=' | b'-');
    let end = text.bytes().take(16).position(is_separator).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let rest = rest.trim_start();
    if let Some(rest) = rest.strip_prefix(':') {
        return is_misspelling_of(word, NAME).then_some(rest);
    }
    let words = rest.trim_start_matches(['=', '-', ' ']);
    let next = words.split_whitespace().next().unwrap_or_default();
    let is_word = rest == next;
    let is_meant = matches!(next, IGNORE | "shape") || next.starts_with("image=") || is_word;
    (word == NAME && is_meant).then_some(words)
}

/// Returns the kind of a marker that ends a comment behind other text: `pinned; tagboat: release`.
pub(super) fn in_prose(text: &str) -> Option<MarkerKind> {
    let (before, rest) = text.rsplit_once("tagboat:")?;
    let is_word = !before.ends_with(|c: char| c.is_alphanumeric());
    let rest = rest.trim_end_matches(|c: char| !c.is_alphanumeric());
    (is_word && words(rest).is_ok()).then_some(MarkerKind::Tagboat)
}

/// Parses `release image=ghcr.io/acme/api`, in any order: a policy, an image, or both.
fn words(text: &str) -> Result<ParsedMarker, String> {
    let (mut policy, mut image) = (None, None);
    // A further comment may follow.
    for word in text.split_whitespace().take_while(|word| !word.starts_with('#')) {
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
