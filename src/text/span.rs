//! Half-open byte ranges, and the lines and columns of their bytes.

use serde::Serialize;

/// Bytes `[start, end)` of a file. A byte order mark counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// Returns the span from `start` to `end`, which it does not include.
    pub fn new(start: usize, end: usize) -> Self {
        debug_assert!(start <= end, "{start}..{end}");
        Self { start, end }
    }

    /// Returns the span as an index for slices.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start..self.end
    }

    /// Returns the number of bytes.
    pub fn len(self) -> usize {
        self.end - self.start
    }

    /// Returns whether it contains no byte.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Returns whether it contains all of `other`.
    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Returns whether both contain the same byte.
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

impl Serialize for Span {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        [self.start, self.end].serialize(serializer)
    }
}

/// A line and a column, as editors count them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

/// The offsets at which the lines of a text begin. Converts byte offsets to positions.
#[derive(Debug, Clone)]
pub struct LineIndex {
    starts: Vec<usize>,
    /// The number of characters that begin before each block of [`BLOCK`] bytes: a file may be one long line.
    characters: Vec<usize>,
}

/// The bytes from one number of characters to the next.
const BLOCK: usize = 1024;

impl LineIndex {
    /// Finds the starts of lines. `\n`, `\r\n` and a lone `\r` end a line, as in YAML.
    pub fn new(text: &[u8]) -> Self {
        let mut starts = vec![0];
        for at in memchr::memchr2_iter(b'\n', b'\r', text) {
            if text[at] == b'\n' || text.get(at + 1) != Some(&b'\n') {
                starts.push(at + 1);
            }
        }
        let mut characters = vec![0];
        for block in text.chunks(BLOCK) {
            characters.push(characters[characters.len() - 1] + characters_of(block));
        }
        Self { starts, characters }
    }

    /// Returns the position of a byte. A byte order mark is not a character of the first line.
    pub fn position(&self, text: &[u8], offset: usize) -> Position {
        let line = self.starts.partition_point(|start| *start <= offset) - 1;
        let mut start = self.starts[line];
        if line == 0 && text.starts_with(b"\xef\xbb\xbf") {
            start = 3.min(offset);
        }
        let characters = self.characters_before(text, offset) - self.characters_before(text, start);
        Position { line: line + 1, column: characters + 1 }
    }

    fn characters_before(&self, text: &[u8], offset: usize) -> usize {
        let block = offset / BLOCK;
        self.characters[block] + characters_of(&text[block * BLOCK..offset])
    }

    /// Returns the bytes of a line (from 1) without its end.
    pub fn line(&self, text: &[u8], line: usize) -> Option<Span> {
        let start = *self.starts.get(line.checked_sub(1)?)?;
        let mut end = self.starts.get(line).copied().unwrap_or(text.len());
        while end > start && matches!(text[end - 1], b'\n' | b'\r') {
            end -= 1;
        }
        Some(Span::new(start, end))
    }
}

/// Returns the number of characters that begin in a part of a text in UTF-8.
fn characters_of(text: &[u8]) -> usize {
    text.iter().filter(|byte| (**byte as i8) >= -0x40).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computes_positions_for_all_line_ends() {
        let text = "\u{feff}äb\r\ncd\re\n\n".as_bytes();
        let index = LineIndex::new(text);
        let at = |needle: u8| {
            let offset = text.iter().rposition(|b| *b == needle).unwrap();
            let position = index.position(text, offset);
            (position.line, position.column)
        };
        assert_eq!((at(b'b'), at(b'd'), at(b'e')), ((1, 2), (2, 2), (3, 1)));
        let long = "é".repeat(BLOCK);
        for offset in [0, 2, BLOCK - 2, BLOCK, BLOCK + 2, long.len()] {
            let position = LineIndex::new(long.as_bytes()).position(long.as_bytes(), offset);
            assert_eq!((position.line, position.column), (1, offset / 2 + 1));
        }
        let line = |n| index.line(text, n).map(|s| &text[s.range()]);
        assert_eq!((line(2), line(3), line(4), line(9)), (Some(&b"cd"[..]), Some(&b"e"[..]), Some(&b""[..]), None));
    }
}
