//! What messages show of a line of a configuration file: one key or value. The file may be none of a configuration. Pure.

use std::borrow::Cow;
use std::ops::Range;

/// How much of the place of a problem is shown. The file may be none of a configuration, such as a key or a list of passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Excerpt {
    /// The key or value.
    Token,
    /// A key, or the first character of a value: where the syntax is wrong, nothing shows how much is one value.
    Start,
    /// Nothing: the file has no keys.
    Nothing,
}

/// Characters of one value that are shown at most. A longer one in a wrong place is hardly a setting.
const LONGEST_VALUE: usize = 80;

/// Returns a text in which the values in backticks are truncated to [`LONGEST_VALUE`].
pub(super) fn shortened(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(at, part)| if at % 2 == 1 { truncated(part) } else { part.into() });
    parts.collect::<Vec<_>>().join("`")
}

/// Returns a value, truncated to [`LONGEST_VALUE`].
pub(super) fn truncated(value: &str) -> Cow<'_, str> {
    match value.char_indices().nth(LONGEST_VALUE) {
        Some((end, _)) => format!("{}…", &value[..end]).into(),
        None => value.into(),
    }
}

/// Returns the part of a line that is the key or value at a column, after the keys of its own. Spaces replace what else precedes it,
/// and what follows it is cut.
pub(super) fn excerpt(line: &str, column: usize, shown: Excerpt) -> Option<String> {
    let span = marked(line, column)?;
    let (before, token, after) = (&line[..span.start], &line[span.clone()], &line[span.end..]);
    let is_key = |word: &str| {
        let word = word.trim_start_matches(['[', '{']);
        let key = word.strip_suffix(':');
        word.is_empty() || word == "-" || key.is_some_and(|key| !key.contains([',', '"', '\'', '#']))
    };
    let hidden = || match before.chars().count() {
        count @ 0..2 => " ".repeat(count),
        count => format!("{}… ", " ".repeat(count - 2)),
    };
    let before = if before.split_whitespace().all(is_key) { before.to_owned() } else { hidden() };
    let token = match shown {
        Excerpt::Nothing => return None,
        Excerpt::Start if !after.starts_with(':') => token.chars().take(1).collect(),
        Excerpt::Start | Excerpt::Token => truncated(token),
    };
    Some(before + &token)
}

/// Returns the bytes of the value or key at a column; `None` where the line ends before it.
pub(super) fn marked(line: &str, column: usize) -> Option<Range<usize>> {
    let (start, first) = line.char_indices().nth(column.checked_sub(1)?)?;
    let rest = &line[start + first.len_utf8()..];
    let length = match first {
        '"' | '\'' => rest.find(first).map_or(rest.len(), |at| at + 1),
        '{' | '[' => 0,
        _ => {
            let ends = rest.char_indices().find(|(at, c)| match c {
                ',' | ']' | '}' => true,
                // `https://` and `a#b` continue a value.
                ':' => rest[at + 1..].chars().next().is_none_or(char::is_whitespace),
                '#' => rest[..*at].ends_with(char::is_whitespace),
                _ => false,
            });
            rest[..ends.map_or(rest.len(), |(at, _)| at)].trim_end().len()
        }
    };
    Some(start..start + first.len_utf8() + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_one_key_or_value() {
        #[rustfmt::skip]
        let rows = [
            ("polices: {}",                1,   "polices"),
            ("  - images: [\"a b\", c]",   14,  "\"a b\""),
            ("a: { b: c }",                4,   "{"),
            ("a: two words # why",         4,   "two words"),
            ("https://ghcr.io/: {}",       1,   "https://ghcr.io/"),
            ("a: [ä, b]",                  5,   "ä"),
            ("a: \"open",                  4,   "\"open"),
        ];
        for (line, column, expected) in rows {
            assert_eq!(marked(line, column).map(|span| &line[span]), Some(expected), "{line}");
        }
        assert_eq!(marked("a: …", 9), None);
    }
}
