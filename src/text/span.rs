//! Half-open byte ranges, and the lines and columns that people know them by.

use serde::Serialize;

/// Bytes `[start, end)` of a file, a byte order mark included in the count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// From `start` up to and without `end`.
    pub fn new(start: usize, end: usize) -> Self {
        debug_assert!(start <= end, "{start}..{end}");
        Self { start, end }
    }

    /// As an index for slices.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start..self.end
    }

    /// How many bytes.
    pub fn len(self) -> usize {
        self.end - self.start
    }

    /// Whether it holds no byte.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether `other` lies within.
    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Whether the two share a byte.
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

impl Serialize for Span {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        [self.start, self.end].serialize(serializer)
    }
}

/// Line and column as editors count them: from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

/// Where the lines of a text begin, to turn byte offsets into positions.
#[derive(Debug, Clone)]
pub struct LineIndex {
    starts: Vec<usize>,
}

impl LineIndex {
    /// Finds the line starts. `\n`, `\r\n` and a lone `\r` end a line, as YAML has it.
    pub fn new(text: &[u8]) -> Self {
        let mut starts = vec![0];
        for at in memchr::memchr2_iter(b'\n', b'\r', text) {
            if text[at] == b'\n' || text.get(at + 1) != Some(&b'\n') {
                starts.push(at + 1);
            }
        }
        Self { starts }
    }

    /// The position of a byte. A byte order mark is no character of the first line.
    pub fn position(&self, text: &[u8], offset: usize) -> Position {
        let line = self.starts.partition_point(|start| *start <= offset) - 1;
        let mut start = self.starts[line];
        if line == 0 && text.starts_with(b"\xef\xbb\xbf") {
            start = 3.min(offset);
        }
        let characters = text[start..offset].iter().filter(|b| (**b as i8) >= -0x40).count();
        Position { line: line + 1, column: characters + 1 }
    }

    /// The bytes of a line (from 1), without what ends it.
    pub fn line(&self, text: &[u8], line: usize) -> Option<Span> {
        let start = *self.starts.get(line.checked_sub(1)?)?;
        let mut end = self.starts.get(line).copied().unwrap_or(text.len());
        while end > start && matches!(text[end - 1], b'\n' | b'\r') {
            end -= 1;
        }
        Some(Span::new(start, end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_in_every_kind_of_line() {
        let text = "\u{feff}äb\r\ncd\re\n\n".as_bytes();
        let index = LineIndex::new(text);
        let at = |needle: u8| {
            let offset = text.iter().rposition(|b| *b == needle).unwrap();
            let position = index.position(text, offset);
            (position.line, position.column)
        };
        assert_eq!((at(b'b'), at(b'd'), at(b'e')), ((1, 2), (2, 2), (3, 1)));
        let line = |n| index.line(text, n).map(|s| &text[s.range()]);
        assert_eq!((line(2), line(3), line(4), line(9)), (Some(&b"cd"[..]), Some(&b"e"[..]), Some(&b""[..]), None));
    }
}
