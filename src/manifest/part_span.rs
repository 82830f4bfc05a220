//! The exact bytes of a part of a scalar.

use std::ops::Range;

use super::document::Document;
use super::occurrence::PartSpan;
use super::place::File;
use crate::image::Tag;
use crate::text::{NodeId, Origin, Shape, Span, Style};

/// The bytes of a part of a scalar's value.
pub(super) fn site(document: &Document<'_>, file: &File<'_>, node: NodeId, part: Range<usize>) -> Option<PartSpan> {
    let Shape::Scalar(value, style) = document.tree.shape(node) else { return None };
    let local = document.tree.span(node);
    let raw = &document.tree.text()[local.range()];
    let within = match style {
        Style::Plain | Style::Text => (raw == value).then(|| part.clone())?,
        Style::Single => (raw.len() == value.len() + 2).then(|| part.start + 1..part.end + 1)?,
        Style::Double if raw.len() == value.len() + 2 => part.start + 1..part.end + 1,
        Style::Double => within_escaped(raw, part.clone())?,
        Style::Block => {
            let lines = Origin::at(0).of_block(document.tree, local, value)?;
            let span = lines.span(Span::new(part.start, part.end))?;
            span.start - local.start..span.end - local.start
        }
    };
    let span = Span::new(local.start + within.start, local.start + within.end);
    let origin = document.origin.bytes.as_ref()?;
    let scalar = if *style == Style::Block { span } else { local };
    let (span, scalar) = (origin.span(span)?, origin.span(scalar)?);
    let raw = std::str::from_utf8(&file.bytes[scalar.range()]).ok()?;
    Some(PartSpan { span, scalar, style: *style, raw: raw.into() })
}

/// Where a part of a double-quoted scalar's value stands between its quotes, escapes counted with what they stand for.
fn within_escaped(raw: &str, part: Range<usize>) -> Option<Range<usize>> {
    let bytes = raw.as_bytes();
    let (mut at, mut value) = (1, 0);
    let (mut start, mut end) = (None, None);
    while at < bytes.len() - 1 {
        if value == part.start && start.is_none() {
            start = Some(at);
        }
        match (bytes[at], bytes.get(at + 1)) {
            (b'\\', Some(b'\n' | b'\r')) => {
                at += 1;
                while matches!(bytes[at], b'\n' | b'\r' | b' ' | b'\t') {
                    at += 1;
                }
                continue;
            }
            (b'\\', Some(kind)) => {
                let digits = match kind {
                    b'x' => 2,
                    b'u' => 4,
                    b'U' => 8,
                    _ => 0,
                };
                let hex = raw.get(at + 2..at + 2 + digits)?;
                value += match u32::from_str_radix(hex, 16) {
                    Ok(code) => char::from_u32(code)?.len_utf8(),
                    Err(_) if matches!(kind, b'N' | b'_') => 2,
                    Err(_) if matches!(kind, b'L' | b'P') => 3,
                    Err(_) => 1,
                };
                at += 2 + digits;
            }
            // A folded line: how many characters it stands for is not worth knowing.
            (b'\n' | b'\r', _) => return None,
            _ => {
                value += 1;
                at += 1;
            }
        }
        if value == part.end {
            end = end.or(Some(at));
        }
    }
    Some(start?..end?).filter(|range| range.start <= range.end)
}

/// The tag in a comment behind a value: `#tag: 3.12`.
pub(super) fn tag_comment(document: &Document<'_>, file: &File<'_>, node: NodeId) -> Option<PartSpan> {
    let end = document.tree.span(node).end;
    let rest = &document.tree.text()[end..];
    let line = &rest[..rest.find(['\n', '\r']).unwrap_or(rest.len())];
    let comment = line.trim_start().strip_prefix('#')?;
    let word = comment.trim_start().strip_prefix("tag:")?.trim();
    if Tag::new(word).is_err() || line.starts_with('#') {
        return None;
    }
    let start = end + line.rfind(word)?;
    let span = document.origin.bytes.as_ref()?.span(Span::new(start, start + word.len()))?;
    let raw = std::str::from_utf8(&file.bytes[span.range()]).ok()?;
    Some(PartSpan { span, scalar: span, style: Style::Text, raw: raw.into() })
}
