//! Maps the bytes of a text to the bytes of the file that it was taken from.

use super::span::Span;
use super::tree::Tree;

/// Maps offsets of a text to offsets of its file.
///
/// A document of a stream is one piece; the content of a `|` block is one piece per line, since the indentation
/// between the lines is no part of it.
#[derive(Debug, Clone)]
pub struct Origin {
    /// Offset in the text, offset in the file; sorted.
    pieces: Vec<(usize, usize)>,
}

impl Origin {
    /// Returns the origin of a text that is one piece of its file, at `offset`.
    pub fn at(offset: usize) -> Self {
        Self { pieces: vec![(0, offset)] }
    }

    /// Returns the file offset of a byte of the text.
    pub fn offset(&self, local: usize) -> usize {
        let piece = self.pieces.partition_point(|(start, _)| *start <= local).saturating_sub(1);
        let (start, file) = self.pieces[piece];
        file + (local - start)
    }

    /// Returns the file bytes of a span of the text; `None` if the file has other bytes between them.
    pub fn span(&self, local: Span) -> Option<Span> {
        let piece = self.pieces.partition_point(|(start, _)| *start <= local.start).saturating_sub(1);
        let whole = self.pieces.get(piece + 1).is_none_or(|(next, _)| local.end <= *next);
        whole.then(|| {
            let start = self.offset(local.start);
            Span::new(start, start + local.len())
        })
    }

    /// Returns the origin of the text from `start` on.
    #[must_use]
    pub fn skip(&self, start: usize) -> Self {
        let later = self.pieces.iter().filter(|(local, _)| *local > start).map(|(local, file)| (local - start, *file));
        Self { pieces: std::iter::once((0, self.offset(start))).chain(later).collect() }
    }

    /// Returns the origin of a value that is written as it is read on one line, with or without quotes. `None` if it is written
    /// otherwise.
    pub fn of_line(&self, tree: &Tree<'_>, scalar: Span, value: &str) -> Option<Self> {
        let raw = &tree.text()[scalar.range()];
        let quotes = (raw.len().checked_sub(value.len())?) / 2;
        let is_verbatim = raw.get(quotes..raw.len() - quotes) == Some(value) && !value.contains('\n');
        (is_verbatim && self.span(scalar).is_some()).then(|| self.skip(scalar.start + quotes))
    }

    /// Returns the origin of the value of a block scalar: `value` as YAML reads it, `content` as written in `tree`. `None` if the
    /// lines of the value are not the lines of the file, as in a folded block.
    pub fn of_block(&self, tree: &Tree<'_>, content: Span, value: &str) -> Option<Self> {
        let raw = &tree.text()[content.range()];
        let mut pieces = Vec::new();
        let (mut at, mut local) = (0, 0);
        for line in value.split_inclusive('\n') {
            let text = line.trim_end_matches('\n');
            let raw_line_end = memchr::memchr(b'\n', &raw.as_bytes()[at..]).map_or(raw.len(), |n| at + n);
            let raw_line = raw[at..raw_line_end].trim_end_matches('\r');
            let indent = raw_line.len().checked_sub(text.len())?;
            if !raw_line.is_char_boundary(indent) || &raw_line[indent..] != text {
                return None;
            }
            if !raw_line[..indent].bytes().all(|b| b == b' ') {
                return None;
            }
            pieces.push((local, self.offset(content.start + at + indent)));
            local += line.len();
            at = (raw_line_end + 1).min(raw.len());
        }
        (!pieces.is_empty()).then_some(Self { pieces })
    }
}
