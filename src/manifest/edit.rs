//! The edits that turn an occurrence into a target, or the reason why they are refused.

use super::occurrence::{DigestSlot, Occurrence, PartSpan};
use crate::docs::{Hint, hint};
use crate::image::{Digest, Tag};
use crate::text::{Span, Style, is_plain_string};

/// One change of bytes. It states what it replaces, so that it applies to nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The bytes to replace; empty to insert.
    pub span: Span,
    /// The current bytes.
    pub expected: Vec<u8>,
    /// The new bytes.
    pub replacement: Vec<u8>,
}

/// What an occurrence should become.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct EditTarget {
    /// The tag; `None` keeps the current one.
    pub tag: Option<Tag>,
    /// The digest of the tag, which an occurrence with a digest needs.
    pub digest: Option<Digest>,
    /// Another name, as written: a Flux marker on a whole reference follows its `ImageRepository`.
    pub name: Option<String>,
    /// Whether to update a comment that repeats the tag.
    pub comments: bool,
}

/// The reason why an edit is refused. Nothing is changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefusedEdit {
    /// The reference has a digest, and the target has none. To keep it would leave the old image running, to remove it
    /// would lose the pin.
    #[error("{0} is pinned by a digest, and no digest is known for the new tag")]
    StaleDigest(String),
    /// The reference has no tag, and no place for one.
    #[error("{0} has no tag to change")]
    NoTag(String),
    /// The target has a digest, and the manifest has no place for one.
    #[error("there is no field for a digest beside {0}")]
    NoPlaceForDigest(String),
    /// The bytes of a part are not contiguous in the file.
    #[error("the {part} of {reference} is not contiguous in the file")]
    NotContiguous {
        /// `name`, `tag` or `digest`.
        part: &'static str,
        /// The reference as written.
        reference: String,
    },
    /// The file has changed since the edit was computed.
    #[error("expected `{}` at byte {at}, found `{}`", .expected.escape_debug(), .found.escape_debug())]
    Stale {
        /// The offset in the file.
        at: usize,
        /// The bytes that the edit replaces.
        expected: String,
        /// The bytes in the file.
        found: String,
    },
    /// Two edits replace the same bytes with different ones.
    #[error("conflicting edits at byte {at}: `{}` and `{}`", .first.escape_debug(), .second.escape_debug())]
    Conflict {
        /// The offset in the file.
        at: usize,
        /// The replacement of the first edit.
        first: String,
        /// The replacement of the second edit.
        second: String,
    },
    /// The file has other changes after the edit than the intended ones.
    #[error("after the edit, {what}")]
    Changed {
        /// The other change, as a sentence without a full stop.
        what: String,
    },
}

impl RefusedEdit {
    /// Returns what to do next.
    #[rustfmt::skip]
    pub fn hint(&self) -> Hint {
        match self {
            Self::StaleDigest(_) => hint!("policies.md#all-policies",
                "let the policy look up digests, or remove the digest from the manifest"),
            Self::NoPlaceForDigest(_) => hint!("formats.md#digests-in-values",
                "write the digest once where the chart reads it, such as `digest: sha256:…`, or set `pin: false` in a rule for this image"),
            Self::NotContiguous { .. } => hint!("formats.md#what-an-edit-changes", "write the reference on one line, without escapes"),
            Self::Conflict { .. } => hint!("markers.md#when-two-policies-apply",
                "give both images the same policy, or write the value twice instead of an alias"),
            Self::NoTag(_) => hint!("formats.md#what-an-edit-changes", "write the first tag into the manifest by hand"),
            Self::Stale { .. } => hint!("formats.md#what-an-edit-changes", "run again: the file changed while it was read"),
            Self::Changed { .. } => hint!("formats.md#what-an-edit-changes",
                "write the value in the usual form of its format, or edit it yourself"),
        }
    }
}

/// Returns the edits that turn an occurrence into the target; none if it is the target already.
///
/// # Errors
/// If a part cannot be changed. Tag and digest change together or not at all.
pub fn edits(occurrence: &Occurrence, target: &EditTarget) -> Result<Vec<Edit>, RefusedEdit> {
    let Occurrence { reference, spans, .. } = occurrence;
    let new_tag = target.tag.as_ref().filter(|tag| reference.tag() != Some(*tag));
    let new_digest = target.digest.as_ref().filter(|digest| reference.digest() != Some(*digest));
    if new_tag.is_some() && reference.digest().is_some() && target.digest.is_none() {
        return Err(RefusedEdit::StaleDigest(reference.to_string()));
    }
    let mut editor = Editor { occurrence, edits: Vec::new() };
    if let Some(name) = &target.name
        && *name != reference.as_str()[reference.name_range()]
    {
        let part = editor.contiguous("name", spans.name.as_ref())?;
        editor.edits.push(replace(part, name));
    }
    // A tag and the digest that follows it are written as one text: a number in quotes cannot be continued after them.
    let appends_to_tag =
        matches!(&spans.digest_slot, Some(DigestSlot::AppendTo(part)) if spans.tag.as_ref() == Some(part));
    match (new_tag, new_digest) {
        (Some(tag), Some(digest)) if reference.tag().is_some() && reference.digest().is_none() && appends_to_tag => {
            editor.set_tag(&format!("{tag}@{digest}"))?;
        }
        (tag, digest) => {
            tag.map(|tag| editor.set_tag(tag.as_str())).transpose()?;
            digest.map(|digest| editor.set_digest(digest)).transpose()?;
        }
    }
    if let (Some(tag), Some(comment)) = (new_tag, &spans.tag_comment)
        && target.comments
        && repeats_tag(occurrence, comment)
    {
        editor.edits.push(replace(comment, tag.as_str()));
    }
    Ok(editor.edits)
}

/// Collects the edits of one occurrence.
struct Editor<'o> {
    occurrence: &'o Occurrence,
    edits: Vec<Edit>,
}

impl<'o> Editor<'o> {
    fn contiguous(&self, part: &'static str, span: Option<&'o PartSpan>) -> Result<&'o PartSpan, RefusedEdit> {
        let reference = || self.occurrence.reference.to_string();
        span.ok_or_else(|| RefusedEdit::NotContiguous { part, reference: reference() })
    }

    fn set_tag(&mut self, tag: &str) -> Result<(), RefusedEdit> {
        let Occurrence { reference, spans, .. } = self.occurrence;
        match (reference.tag(), reference.digest(), &spans.name) {
            (Some(_), ..) => {
                let part = self.contiguous("tag", spans.tag.as_ref())?;
                self.edits.push(replace(part, tag));
            }
            // A reference that is pinned without a tag stays so.
            (None, Some(_), _) => {}
            (None, None, Some(name)) => self.append(name, &format!(":{tag}")),
            (None, None, None) => return Err(RefusedEdit::NoTag(reference.to_string())),
        }
        Ok(())
    }

    fn set_digest(&mut self, digest: &Digest) -> Result<(), RefusedEdit> {
        let Occurrence { reference, spans, .. } = self.occurrence;
        let text = |is_hex_only| if is_hex_only { digest.hex() } else { digest.as_str() };
        match (reference.digest(), &spans.digest_slot) {
            (Some(_), _) => {
                let part = self.contiguous("digest", spans.digest.as_ref())?;
                self.edits.push(replace(part, text(!part.written().contains("sha"))));
            }
            (None, Some(DigestSlot::AppendTo(part))) => self.append(part, &format!("@{digest}")),
            (None, Some(DigestSlot::EmptyField { field, is_hex_only })) => {
                self.edits.push(replace(field, text(*is_hex_only)));
            }
            (None, None) => return Err(RefusedEdit::NoPlaceForDigest(reference.to_string())),
        }
        Ok(())
    }

    /// Appends a text to a part, or to the replacement of an edit that ends there.
    fn append(&mut self, part: &PartSpan, text: &str) {
        match self.edits.iter_mut().find(|edit| edit.span.end == part.span.end) {
            Some(edit) => edit.replacement.extend_from_slice(text.as_bytes()),
            None => {
                let end = Span::new(part.span.end, part.span.end);
                self.edits.push(Edit { span: end, expected: Vec::new(), replacement: text.as_bytes().to_vec() });
            }
        }
    }
}

/// Returns whether a comment holds exactly the tag of the value beside it.
fn repeats_tag(occurrence: &Occurrence, comment: &PartSpan) -> bool {
    occurrence.reference.tag().is_some_and(|tag| tag.as_str() == comment.written())
}

/// Returns what to report about a comment that holds a tag, if a change leaves the comment as it is.
pub fn kept_comment(occurrence: &Occurrence, comments: bool) -> Option<String> {
    let comment = occurrence.spans.tag_comment.as_ref()?;
    let text = comment.written();
    match (repeats_tag(occurrence, comment), comments) {
        (true, true) => None,
        (true, false) => Some(format!(
            "the comment `tag: {text}` repeats the tag and is not updated; set `update-comments: true` in a rule to update \
             it"
        )),
        (false, _) => Some(format!(
            "the comment `tag: {text}` differs from the current tag and is not updated; correct or remove it"
        )),
    }
}

/// Returns the edit that replaces a part. A plain scalar that would no longer be a string is put in quotes as a whole.
fn replace(part: &PartSpan, text: &str) -> Edit {
    if part.style == Style::Plain {
        let start = part.span.start - part.scalar.start;
        let value = format!("{}{text}{}", &part.raw[..start], &part.raw[start + part.span.len()..]);
        if !is_plain_string(&value) {
            let replacement = format!("\"{value}\"").into_bytes();
            return Edit { span: part.scalar, expected: part.raw.as_bytes().to_vec(), replacement };
        }
    }
    let expected = part.written().as_bytes().to_vec();
    Edit { span: part.span, expected, replacement: text.as_bytes().to_vec() }
}
