//! Renders problems of a configuration with the line that they are about, as `rustc` does. Without color: how a message
//! is colored is decided where it is printed.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::error::{ConfigError, ConfigErrors};
use crate::text::{Position, visible};

impl std::error::Error for ConfigErrors {}

/// All problems, rendered. The first is without its `error: `, which is added where the message is printed.
impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rendered = self.iter().map(render).collect::<Vec<_>>().join("\n\n");
        f.write_str(rendered.strip_prefix("error: ").unwrap_or(&rendered))
    }
}

/// Returns the operation and its problem, the place, the marked line and the hint.
fn render(error: &ConfigError) -> String {
    // Names and messages stay on one line, so that nothing in them looks like another line of the error.
    let (title, path) = (visible(&error.to_string()).into_owned(), visible(&error.path));
    let (Position { line, column }, hint) = (error.position, visible(&error.hint));
    let Some(span) = marked(&error.line, column) else {
        // The line is cut before the place, which alone would be followed by an empty margin.
        return format!("error: {title}\n --> {path}:{line}:{column}\nhint: {hint}");
    };
    let snippet = Snippet::source(&*error.line).line_start(line).path(&*path);
    let problem = Level::ERROR.primary_title(title).element(snippet.annotation(AnnotationKind::Primary.span(span)));
    let hint = Level::HELP.with_name("hint").secondary_title(&*hint);
    Renderer::plain().render(&[problem, Group::with_title(hint)])
}

/// Returns the bytes of the value or key at a column; `None` where the line ends before it.
fn marked(line: &str, column: usize) -> Option<Range<usize>> {
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
