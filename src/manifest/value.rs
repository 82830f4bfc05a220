//! Whether a text is an image reference, and the reason if it is not.

use std::ops::Range;

use super::occurrence::NoticeStatus;
use crate::image::{Digest, ImageReference};

/// The reason why a text is not read as a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotReference {
    pub(super) status: NoticeStatus,
    /// A lower-case fragment.
    pub(super) reason: String,
}

impl NotReference {
    pub(super) fn held(reason: impl Into<String>) -> Self {
        Self { status: NoticeStatus::Held, reason: reason.into() }
    }

    pub(super) fn ignored(reason: impl Into<String>) -> Self {
        Self { status: NoticeStatus::Ignored, reason: reason.into() }
    }
}

/// What to do about a value with a variable, unless it is known where that is set.
pub(super) const WHERE_SET: &str = "; update it where that is set";

/// Schemes before a reference in real manifests: WebAssembly modules, Argo CD and Helm OCI sources, skopeo, contexts of BuildKit.
const SCHEMES: [&str; 4] = ["oci://", "docker://", "docker-pullable://", "docker-image://"];

/// Parses a text where a reference is expected. Returns the reference and its bytes in the text, without a scheme.
///
/// # Errors
/// If the text is not a reference.
pub(super) fn parse(text: &str) -> Result<(ImageReference, Range<usize>), NotReference> {
    let start = text.len() - text.trim_start().len();
    let trimmed = text.trim();
    if let Some(not) = not_literal("the value", trimmed) {
        return Err(not);
    }
    let scheme = SCHEMES.iter().find(|scheme| trimmed.starts_with(**scheme)).map_or(0, |scheme| scheme.len());
    let reference = &trimmed[scheme..];
    if scheme == 0 && trimmed.contains("://") {
        return Err(NotReference::ignored("a URL, not an image reference"));
    }
    if reference.ends_with("@sha256") || reference.ends_with("@sha512") {
        return Err(NotReference::held(
            "the digest is split: the name ends in `@sha256`, the hex is in another field; write both into one",
        ));
    }
    match ImageReference::new(reference) {
        Ok(read) if read.tag().is_some_and(|tag| is_bare_digest(tag.as_str())) => {
            Err(NotReference::held("the tag is the hex of a digest; write `@sha256:` before it"))
        }
        Ok(read) => Ok((read, start + scheme..start + trimmed.len())),
        Err(error) => Err(NotReference::held(format!("malformed reference: {error}; write it as NAME:TAG"))),
    }
}

/// Returns the reason why a text is not literal, for example a template or a variable; `None` if it is. `subject` is
/// what the reason calls the text: every output has the value itself beside the reason.
pub(super) fn not_literal(subject: &str, text: &str) -> Option<NotReference> {
    if text.is_empty() {
        Some(NotReference::held(format!("{subject} is empty; write one, or remove the key")))
    } else if ["{{", "{%", "[[", "<%", "<<"].iter().any(|mark| text.contains(mark)) {
        Some(NotReference::ignored(format!("a template sets {subject}")))
    } else if is_one_variable(text) {
        Some(NotReference::ignored(format!("a variable sets {subject}")))
    } else if text.contains('$') {
        Some(NotReference::held(format!("{subject} contains a variable{WHERE_SET}")))
    } else if text.starts_with("ko://") {
        Some(NotReference::ignored("ko builds the image from this Go package"))
    } else if text.contains(['*', '|']) || text.starts_with('!') {
        Some(NotReference::ignored(format!("{subject} is a pattern, not a reference")))
    } else if text.contains(['<', '{']) || text.contains(char::is_whitespace) {
        Some(NotReference::held(format!(
            "{subject} is a placeholder or free text; write a reference, or add `# tagboat: ignore`"
        )))
    } else {
        None
    }
}

/// Returns whether a text is literal: no template, variable, pattern or free text.
pub(super) fn is_literal(text: &str) -> bool {
    not_literal("the value", text).is_none()
}

/// Returns whether a text is one variable and nothing else: `$TAG`, `${TAG}` or `$(TAG)`.
fn is_one_variable(text: &str) -> bool {
    let is_closed = text.ends_with(['}', ')']) || text.bytes().skip(1).all(|b| b.is_ascii_alphanumeric() || b == b'_');
    text.starts_with('$') && is_closed && text.matches('$').count() == 1
}

/// Returns whether a text is 64 hex digits: a SHA-256 digest without `sha256:`.
pub(super) fn is_bare_digest(text: &str) -> bool {
    text.len() == 64 && Digest::new(&format!("sha256:{text}")).is_ok()
}

/// Returns whether a text is a reference with a tag or a digest. Meant for values whose key is about an image: a host
/// with a port and a variable's name after a colon are not taken for one.
pub(super) fn is_full_reference(text: &str) -> bool {
    let Ok((reference, _)) = parse(text) else { return false };
    if reference.digest().is_some() {
        return true;
    }
    // `localhost:8080` and `env:NAME` parse as references too.
    let is_host = reference.as_str().starts_with("localhost:") && !reference.as_str().contains('/');
    let is_word = |tag: &str| tag.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    let has_path = reference.as_str().contains('/');
    reference.tag().is_some_and(|tag| !is_host && (has_path || !is_word(tag.as_str())))
}

/// Returns whether a text is a reference whatever its key: it has a host, a path, and a tag or a digest.
pub(super) fn is_unambiguous_reference(text: &str) -> bool {
    let has_host = text.split_once('/').is_some_and(|(host, _)| host.contains('.') && !host.contains(':'));
    has_host && text.contains([':', '@']) && is_full_reference(text)
}
