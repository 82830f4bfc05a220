//! What one text is: a reference, or the reason why it is none.

use std::ops::Range;

use super::occurrence::NoticeStatus;
use crate::image::{Digest, ImageReference};

/// What a text turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reading {
    /// A reference, and the part of the text that it is (schemes are no part of it).
    Reference(ImageReference, Range<usize>),
    /// Something else.
    Not(NoticeStatus, String),
}

/// Schemes before a reference in the wild: WebAssembly modules, Argo CD and Helm OCI sources, skopeo.
const SCHEMES: [&str; 3] = ["oci://", "docker://", "docker-pullable://"];

/// Reads a text that stands where an image reference should.
pub(super) fn read(text: &str) -> Reading {
    let start = text.len() - text.trim_start().len();
    let trimmed = text.trim();
    if let Some((status, reason)) = no_literal(trimmed) {
        return Reading::Not(status, reason);
    }
    let scheme = SCHEMES.iter().find(|scheme| trimmed.starts_with(**scheme)).map_or(0, |scheme| scheme.len());
    let reference = &trimmed[scheme..];
    if scheme == 0 && trimmed.contains("://") {
        return Reading::Not(NoticeStatus::Ignored, format!("a URL, not an image reference: {}", shown(trimmed)));
    }
    if reference.ends_with("@sha256") || reference.ends_with("@sha512") {
        return Reading::Not(
            NoticeStatus::Held,
            "its digest stands in another field: the name ends in @sha256".to_owned(),
        );
    }
    match ImageReference::new(reference) {
        Ok(read) if read.tag().is_some_and(|tag| is_bare_digest(tag.as_str())) => {
            Reading::Not(NoticeStatus::Held, "the tag is the hex of a digest, without @sha256: before it".to_owned())
        }
        Ok(read) => Reading::Reference(read, start + scheme..start + trimmed.len()),
        Err(error) => Reading::Not(NoticeStatus::Held, format!("malformed reference: {error}")),
    }
}

/// Why a text can't be read as literal words, if so.
pub(super) fn no_literal(text: &str) -> Option<(NoticeStatus, String)> {
    if text.is_empty() {
        return Some((NoticeStatus::Held, "the value is empty".to_owned()));
    }
    if ["{{", "{%", "[[", "<%", "<<"].iter().any(|mark| text.contains(mark)) {
        return Some((NoticeStatus::Ignored, format!("a template fills it in: {}", shown(text))));
    }
    if let Some(whole) = variable(text) {
        return Some(if whole {
            (NoticeStatus::Ignored, format!("a variable fills it in: {}", shown(text)))
        } else {
            (NoticeStatus::Held, format!("it holds a variable: {}", shown(text)))
        });
    }
    if text.starts_with("ko://") {
        return Some((NoticeStatus::Ignored, "ko builds the image from that Go package".to_owned()));
    }
    if text.contains(['*', '|']) || text.starts_with('!') {
        return Some((NoticeStatus::Ignored, format!("a pattern, not a reference: {}", shown(text))));
    }
    if text.contains(['<', '{']) || text.contains(char::is_whitespace) {
        return Some((NoticeStatus::Held, format!("a placeholder or free text, not a reference: {}", shown(text))));
    }
    None
}

/// Whether variables stand in the text, and whether they are all of it.
fn variable(text: &str) -> Option<bool> {
    let first = text.find('$')?;
    let closes = text.ends_with(['}', ')']) || text.bytes().skip(1).all(|b| b.is_ascii_alphanumeric() || b == b'_');
    Some(first == 0 && closes && text.matches('$').count() == 1)
}

/// 64 hex digits: what stands behind `sha256:`.
pub(super) fn is_bare_digest(text: &str) -> bool {
    text.len() == 64 && Digest::new(&format!("sha256:{text}")).is_ok()
}

/// Whether a text that stands where an image is talked about is a whole reference: it has a tag or a digest.
pub(super) fn is_surely_reference(text: &str) -> bool {
    let Reading::Reference(reference, _) = read(text) else { return false };
    if reference.digest().is_some() {
        return true;
    }
    // `localhost:8080` and `env:NAME` read as references too.
    let is_host = reference.as_str().starts_with("localhost:") && !reference.as_str().contains('/');
    let is_word = |tag: &str| tag.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    let has_path = reference.as_str().contains('/');
    reference.tag().is_some_and(|tag| !is_host && (has_path || !is_word(tag.as_str())))
}

/// Whether a text can be nothing but a reference, whatever its key: host, path, and tag or digest.
pub(super) fn is_by_itself(text: &str) -> bool {
    let has_host = text.split_once('/').is_some_and(|(host, _)| host.contains('.') && !host.contains(':'));
    has_host && text.contains([':', '@']) && is_surely_reference(text)
}

/// Shortened for messages.
fn shown(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}
