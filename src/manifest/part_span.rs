//! The exact bytes of a part of a scalar.

use std::ops::Range;

use super::document::Document;
use super::occurrence::PartSpan;
use super::place::File;
use crate::image::Tag;
use crate::text::{NodeId, NodeKind, Origin, Span, Style};

/// Returns the bytes of a part of a scalar's value; `None` if they are not contiguous in the file.
pub(super) fn part_span(
    document: &Document<'_>,
    file: &File<'_>,
    node: NodeId,
    part: Range<usize>,
) -> Option<PartSpan> {
    let NodeKind::Scalar(value, style) = document.tree.kind(node) else { return None };
    let local = document.tree.span(node);
    let raw = &document.tree.text()[local.range()];
    let is_verbatim_in_quotes = raw.len() == value.len() + 2;
    let within = match style {
        Style::Plain | Style::Text if raw == value => part,
        Style::Single | Style::Double if is_verbatim_in_quotes => part.start + 1..part.end + 1,
        Style::Double => escaped_range(raw, &part)?,
        Style::Plain | Style::Text | Style::Single => return None,
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

/// Returns the bytes in a double-quoted scalar, quotes included, that a part of its value is written as.
fn escaped_range(raw: &str, part: &Range<usize>) -> Option<Range<usize>> {
    let closing_quote = raw.len() - 1;
    let (mut at, mut value) = (1, 0);
    let (mut start, mut end) = (None, None);
    while at < closing_quote {
        if value == part.start {
            start.get_or_insert(at);
        }
        let unit = Unit::first_of(raw, at)?;
        at += unit.written;
        value += unit.value;
        if value == part.end && unit.value > 0 {
            end.get_or_insert(at);
        }
    }
    let range = start?..end?;
    (range.start <= range.end).then_some(range)
}

/// The lengths of one piece of a double-quoted scalar: a byte, an escape or a line continuation.
struct Unit {
    /// Bytes in the file.
    written: usize,
    /// Bytes in the value.
    value: usize,
}

impl Unit {
    /// Reads the unit at an offset. Returns `None` for a folded line, which no reference contains, and for an escape of
    /// what is not a character.
    fn first_of(raw: &str, at: usize) -> Option<Self> {
        match raw.as_bytes()[at..] {
            [b'\\', b'\n' | b'\r', ..] => {
                let blanks = raw.as_bytes()[at + 1..].iter().take_while(|byte| b"\n\r \t".contains(byte));
                Some(Self { written: 1 + blanks.count(), value: 0 })
            }
            [b'\\', kind, ..] => Self::escape(kind, raw.get(at + 2..)?),
            [b'\n' | b'\r', ..] => None,
            _ => Some(Self { written: 1, value: 1 }),
        }
    }

    /// Reads an escape of YAML 1.2, section 5.7: its letter, and the text after that.
    fn escape(kind: u8, rest: &str) -> Option<Self> {
        let (digits, value) = match kind {
            b'x' => (2, None),
            b'u' => (4, None),
            b'U' => (8, None),
            // Next line and no-break space are two bytes of UTF-8, line and paragraph separator three.
            b'N' | b'_' => (0, Some(2)),
            b'L' | b'P' => (0, Some(3)),
            _ => (0, Some(1)),
        };
        let value = match (value, u32::from_str_radix(rest.get(..digits)?, 16)) {
            (Some(value), _) => value,
            (None, Ok(code)) => char::from_u32(code)?.len_utf8(),
            (None, Err(_)) => 1,
        };
        Some(Self { written: 2 + digits, value })
    }
}

/// Returns the tag in a comment after a value: `# tag: 3.12`.
pub(super) fn tag_comment(document: &Document<'_>, file: &File<'_>, node: NodeId) -> Option<PartSpan> {
    let end = document.tree.span(node).end;
    let rest = &document.tree.text()[end..];
    // Only a comment is searched for the end of its line: the line of a value may be the whole file.
    let behind = rest.trim_start_matches([' ', '\t']).strip_prefix('#')?;
    let comment = &behind[..behind.find(['\n', '\r']).unwrap_or(behind.len())];
    let word = comment.trim_start().strip_prefix("tag:")?.trim();
    if Tag::new(word).is_err() || rest.starts_with('#') {
        return None;
    }
    let start = end + (rest.len() - behind.len()) + comment.rfind(word)?;
    let span = document.origin.bytes.as_ref()?.span(Span::new(start, start + word.len()))?;
    let raw = std::str::from_utf8(&file.bytes[span.range()]).ok()?;
    Some(PartSpan { span, scalar: span, style: Style::Text, raw: raw.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_bytes_of_a_part_after_escapes() {
        #[rustfmt::skip]
        let rows = [
            (r#""a:1.\x30""#,         2..5, Some(r"1.\x30")),
            (r#""\u00e9a:1""#,        4..5, Some("1")),
            (r#""\U0001f600:1""#,     5..6, Some("1")),
            (r#""\N\_\L\P:1""#,       11..12, Some("1")),
            (r#""\t:1""#,             2..3, Some("1")),
            ("\"a:\\\n   1\"",        2..3, Some("\\\n   1")),
            ("\"a:\n   1\"",          2..3, None),
            (r#""\ud800:1""#,         4..5, None),
        ];
        for (raw, part, written) in rows {
            assert_eq!(escaped_range(raw, &part).map(|range| &raw[range]), written, "{raw}");
        }
    }
}
