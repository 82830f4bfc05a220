//! Flux's markers: `# {"$imagepolicy": "flux-system:podinfo:tag"}`.

use std::collections::BTreeMap;

use super::parsed::{MarkedPart, ParsedMarker};
use crate::manifest::occurrence::MarkerKind;
use crate::text::{is_misspelling_of, nearest_name};

const KEY: &str = "$imagepolicy";

/// The suffixes that restrict a marker to a part of a reference.
const SUFFIXES: [(&str, MarkedPart); 3] =
    [("tag", MarkedPart::Tag), ("name", MarkedPart::Name), ("digest", MarkedPart::Digest)];

/// Parses the text of a comment. Returns `None` if it is not meant as a marker of Flux.
pub(super) fn parse(text: &str) -> Option<ParsedMarker> {
    object(text).or_else(|| {
        let written = corrected(meant(text)?);
        Some(ParsedMarker::malformed(MarkerKind::Flux, format!("malformed marker: write {written}")))
    })
}

/// Returns the reason to hold a value of which a marker names another part than it holds.
pub(in crate::manifest) fn wrong_part(policy: &str, named: MarkedPart, held: MarkedPart) -> String {
    let name = |part| match part {
        MarkedPart::Any => "the whole reference",
        MarkedPart::Name => "the name",
        MarkedPart::Tag => "the tag",
        MarkedPart::Digest => "the digest",
    };
    let written = written(policy, held);
    format!("by this marker, Flux would write {} in place of {}; write {written}", name(named), name(held))
}

/// Returns the marker of a policy and a part as a person writes it.
fn written(policy: &str, part: MarkedPart) -> String {
    let suffix = SUFFIXES.iter().find(|(_, of)| *of == part).map(|(suffix, _)| format!(":{suffix}"));
    format!("`# {{\"{KEY}\": \"{policy}{}\"}}`", suffix.unwrap_or_default())
}

/// Parses `{"$imagepolicy": "namespace:policy[:tag|:name|:digest]"}`. As in Flux's kyaml setters, the whole comment is
/// one JSON object of strings, other keys are ignored, and the last of duplicate keys counts.
fn object(text: &str) -> Option<ParsedMarker> {
    if !text.starts_with('{') {
        return None;
    }
    let map: BTreeMap<String, String> = serde_json::from_str(text).ok()?;
    let value = map.get(KEY)?;
    let mut words = value.split(':');
    let (namespace, policy) = (words.next()?, words.next()?);
    let part = match (words.next(), words.next()) {
        (None, _) => MarkedPart::Any,
        (Some(suffix), None) => SUFFIXES.iter().find(|(known, _)| *known == suffix)?.1,
        _ => return None,
    };
    if namespace.is_empty() || policy.is_empty() || value.contains(char::is_whitespace) {
        return None;
    }
    Some(ParsedMarker { part, ..ParsedMarker::new(MarkerKind::Flux, format!("{namespace}:{policy}")) })
}

/// Returns the text after the key of what is meant as a marker: with another case, quotes or braces, or with a key that is
/// almost the right one.
fn meant(text: &str) -> Option<&str> {
    let is_object = text.starts_with('{');
    // Two braces begin an expression of a template.
    if text.starts_with("{{") || !text.starts_with(['{', '"', '\'', '$']) {
        return None;
    }
    let key = text.trim_start_matches(|c: char| matches!(c, '{' | '"' | '\'') || c.is_whitespace());
    let end = key.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '$' | '_' | '-')).unwrap_or(key.len());
    let (key, rest) = key.split_at(end);
    let lower = key.to_ascii_lowercase();
    let is_key = lower.starts_with("$imagepolic") || is_misspelling_of(key, KEY);
    let is_assigned = || rest.trim_start_matches(['"', '\'', ' ']).starts_with(':');
    if is_key && (is_object || is_assigned()) {
        return Some(rest);
    }
    // The key may be after others.
    (is_object && text.contains(KEY)).then_some("")
}

/// Returns a marker with what can be read of the policy and the part in a malformed one.
fn corrected(rest: &str) -> String {
    let is_quote = |c: char| matches!(c, '"' | '\'' | '}' | '{' | ',') || c.is_whitespace();
    let value = rest.trim_start_matches(|c: char| is_quote(c) || c == ':');
    let value = value.split(is_quote).next().unwrap_or_default();
    let mut words = value.split(':').filter(|word| !word.is_empty());
    let (policy, suffix) = match (words.next(), words.next()) {
        (Some(namespace), Some(policy)) => (format!("{namespace}:{policy}"), words.next()),
        (policy, _) => (format!("NAMESPACE:{}", policy.unwrap_or("POLICY")), None),
    };
    let Some(suffix) = suffix else {
        return format!("{} with or without :tag, :name or :digest", written(&policy, MarkedPart::Any));
    };
    match nearest_name(suffix, SUFFIXES.map(|(known, _)| known)) {
        Some(known) => {
            SUFFIXES.iter().find(|(one, _)| *one == known).map_or_else(String::new, |(_, part)| written(&policy, *part))
        }
        None => format!("{} with or without :tag, :name or :digest", written(&policy, MarkedPart::Any)),
    }
}
