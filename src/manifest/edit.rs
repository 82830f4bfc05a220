//! Which bytes to change for a target: edits, or the reason why there are none.

use super::occurrence::{DigestSlot, Occurrence, PartSpan};
use crate::image::{Digest, Tag};
use crate::text::{Span, Style, is_plain_string};

/// One change of bytes. It states what it expects to replace, so that it can't be applied to anything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The bytes to replace; empty to insert.
    pub span: Span,
    /// What must stand there.
    pub expected: Vec<u8>,
    /// What will stand there.
    pub replacement: Vec<u8>,
}

/// What an occurrence should become.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct EditTarget {
    /// The tag; `None` keeps an occurrence without tag as it is.
    pub tag: Option<Tag>,
    /// The digest that the tag has; needed wherever a digest is written.
    pub digest: Option<Digest>,
    /// Another name, as it is to be written: a Flux marker on a whole reference follows its `ImageRepository`.
    pub name: Option<String>,
    /// Whether a comment that repeats the tag is changed with it.
    pub comments: bool,
}

/// Why an edit is not made. Nothing is changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefusedEdit {
    /// A digest is written, and the target has none: keeping it would leave the old image running, dropping it would
    /// lose a pin.
    #[error("{0} is pinned by a digest, and no digest is known for the new tag")]
    StaleDigest(String),
    /// A digest is written without a tag, and only a tag is given.
    #[error("{0} has no tag to change")]
    NoTag(String),
    /// A digest should be written where the manifest has no place for one.
    #[error("there is no field for a digest beside {0}")]
    NoPlaceForDigest(String),
    /// The bytes of a part can't be told.
    #[error("the bytes of the {part} of {reference} can't be told apart in the file")]
    NotContiguous {
        /// `name`, `tag` or `digest`.
        part: &'static str,
        /// The reference.
        reference: String,
    },
    /// The file is not what it was when the edit was made.
    #[error("at byte {at} stands {found:?}, not {expected:?}")]
    Stale {
        /// Where.
        at: usize,
        /// What the edit is for.
        expected: String,
        /// What is there.
        found: String,
    },
    /// Two edits want the same bytes to be different things.
    #[error("two edits disagree about byte {at}: {one:?} and {other:?}")]
    Conflict {
        /// Where.
        at: usize,
        /// The one.
        one: String,
        /// The other.
        other: String,
    },
    /// Reading the file again showed more changes than intended.
    #[error("after the edit, {what}")]
    Changed {
        /// What differs.
        what: String,
    },
}

impl RefusedEdit {
    /// What to do next.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::StaleDigest(_) => Some("let the policy look up digests, or remove the digest from the manifest"),
            Self::NoPlaceForDigest(_) => Some(
                "write the digest once where the chart or the custom resource reads it (`digest: sha256:…`, or \
                 `tag: 1.2@sha256:…` where the chart joins name and tag with a colon): it is kept up to date from then on; \
                 or set `pin: false` in a rule for this image",
            ),
            Self::NotContiguous { .. } => Some("write the reference on one line, without escapes"),
            Self::Conflict { .. } => Some("give both images one policy, or write the value twice instead of an alias"),
            Self::NoTag(_) | Self::Stale { .. } | Self::Changed { .. } => None,
        }
    }
}

/// The edits that turn an occurrence into the target; none if it is that already.
///
/// # Errors
/// If the change can't be made in whole: tag and digest move together or not at all.
pub fn edits(occurrence: &Occurrence, target: &EditTarget) -> Result<Vec<Edit>, RefusedEdit> {
    let reference = &occurrence.reference;
    let shown = || reference.to_string();
    let mut edits = Vec::new();
    let new_tag = target.tag.as_ref().filter(|tag| reference.tag() != Some(*tag));
    let mut new_digest = target.digest.as_ref().filter(|digest| reference.digest() != Some(*digest));
    if new_tag.is_some() && reference.digest().is_some() && target.digest.is_none() {
        return Err(RefusedEdit::StaleDigest(shown()));
    }
    let written = &reference.as_str()[reference.name_range()];
    if let Some(name) = target.name.as_ref().filter(|name| *name != written) {
        let site = occurrence.spans.name.as_ref();
        let site = site.ok_or_else(|| RefusedEdit::NotContiguous { part: "name", reference: shown() })?;
        edits.push(replace(site, name));
    }
    if let Some(tag) = new_tag {
        match (reference.tag(), &occurrence.spans.tag, &occurrence.spans.name) {
            (Some(_), Some(site), _) => match (&new_digest, &occurrence.spans.digest_slot, reference.digest()) {
                // As one text: a number in quotes can't be continued behind them.
                (Some(digest), Some(DigestSlot::AppendTo(behind)), None) if behind == site => {
                    edits.push(replace(site, &format!("{tag}@{digest}")));
                    new_digest = None;
                }
                _ => edits.push(replace(site, tag.as_str())),
            },
            (Some(_), None, _) => return Err(RefusedEdit::NotContiguous { part: "tag", reference: shown() }),
            (None, _, Some(name)) if reference.digest().is_none() => extend(&mut edits, name, &format!(":{tag}")),
            (None, ..) if reference.digest().is_some() => {}
            (None, ..) => return Err(RefusedEdit::NoTag(shown())),
        }
        if let Some(tag_comment) =
            occurrence.spans.tag_comment.as_ref().filter(|_| target.comments && repeats(occurrence))
        {
            edits.push(replace(tag_comment, tag.as_str()));
        }
    }
    if let Some(digest) = new_digest {
        let written = |bare| if bare { digest.hex() } else { digest.as_str() };
        match (reference.digest(), &occurrence.spans.digest, &occurrence.spans.digest_slot) {
            (Some(_), Some(site), _) => edits.push(replace(site, written(!site.written().contains("sha")))),
            (Some(_), None, _) => return Err(RefusedEdit::NotContiguous { part: "digest", reference: shown() }),
            (None, _, Some(DigestSlot::AppendTo(site))) => extend(&mut edits, site, &format!("@{digest}")),
            (None, _, Some(DigestSlot::EmptyField { field, is_hex_only })) => {
                edits.push(replace(field, written(*is_hex_only)))
            }
            (None, _, None) => return Err(RefusedEdit::NoPlaceForDigest(shown())),
        }
    }
    Ok(edits)
}

/// Whether a comment says exactly the tag that stands beside it.
fn repeats(occurrence: &Occurrence) -> bool {
    let tag_comment = occurrence.spans.tag_comment.as_ref().map(PartSpan::written);
    tag_comment.is_some() && tag_comment == occurrence.reference.tag().map(Tag::as_str)
}

/// What is to be said about a comment that repeats the tag, if a change leaves it as it is.
pub fn kept_comment(occurrence: &Occurrence, comments: bool) -> Option<String> {
    let says = occurrence.spans.tag_comment.as_ref()?.written();
    match (repeats(occurrence), comments) {
        (true, true) => None,
        (true, false) => Some(format!(
            "the comment `tag: {says}` repeats the tag and stays; hint: `update-comments: true` in a rule changes both"
        )),
        (false, _) => Some(format!("the comment `tag: {says}` is not the tag that stands beside it, so it stays")),
    }
}

/// Puts a text behind a part, or behind what an edit is about to put there.
fn extend(edits: &mut Vec<Edit>, site: &PartSpan, text: &str) {
    match edits.iter_mut().find(|edit| edit.span.end == site.span.end) {
        Some(edit) => edit.replacement.extend_from_slice(text.as_bytes()),
        None => edits.push(append(site, text)),
    }
}

fn append(site: &PartSpan, text: &str) -> Edit {
    let end = Span::new(site.span.end, site.span.end);
    Edit { span: end, expected: Vec::new(), replacement: text.as_bytes().to_vec() }
}

/// Replaces a part; a plain scalar that would stop being a string is put in quotes as a whole.
fn replace(site: &PartSpan, text: &str) -> Edit {
    if site.style == Style::Plain {
        let start = site.span.start - site.scalar.start;
        let value = format!("{}{text}{}", &site.raw[..start], &site.raw[start + site.span.len()..]);
        if !is_plain_string(&value) {
            let replacement = format!("\"{value}\"").into_bytes();
            return Edit { span: site.scalar, expected: site.raw.as_bytes().to_vec(), replacement };
        }
    }
    let expected = site.written().as_bytes().to_vec();
    Edit { span: site.span, expected, replacement: text.as_bytes().to_vec() }
}
