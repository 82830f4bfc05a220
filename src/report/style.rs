//! Layout of text output: aligned columns, line breaks and colors. No other file handles widths or escape codes.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr as _;

use crate::text::{visible, without_controls};

/// How a renderer lays out text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RenderOptions {
    /// Columns of a line; longer text continues on the next line.
    pub width: usize,
    /// Whether colors are used.
    pub color: bool,
}

impl Default for RenderOptions {
    fn default() -> Self {
        Self { width: 100, color: false }
    }
}

/// The meaning of a piece of text, which decides its color. Nothing is expressed by color alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextStyle {
    /// Ordinary text.
    Plain,
    /// A heading or a name.
    Heading,
    /// Less important text.
    Dim,
    /// Newer, accepted or done.
    Success,
    /// Held: a person needs to act.
    Warning,
    /// Failed or removed.
    Error,
    /// A file and line.
    Location,
}

impl TextStyle {
    fn style(self) -> Style {
        let color = |color: AnsiColor| Style::new().fg_color(Some(color.into()));
        match self {
            Self::Plain => Style::new(),
            Self::Heading => Style::new().bold(),
            Self::Dim => Style::new().dimmed(),
            Self::Success => color(AnsiColor::Green),
            Self::Warning => color(AnsiColor::Yellow),
            Self::Error => color(AnsiColor::Red),
            Self::Location => color(AnsiColor::Cyan),
        }
    }
}

/// One cell of a row: its style and text.
pub type Cell = (TextStyle, String);

impl RenderOptions {
    /// Returns a name or a value in the color of its style, on one line and with [visible] characters.
    pub fn paint(&self, style: TextStyle, text: &str) -> String {
        self.paint_line(style, &visible(text))
    }

    /// Returns a line of a file in the color of its style.
    pub fn paint_line(&self, style: TextStyle, line: &str) -> String {
        let text = &*without_controls(line);
        if !self.color || style == TextStyle::Plain || text.is_empty() {
            return text.to_owned();
        }
        let style = style.style();
        format!("{style}{text}{style:#}")
    }

    /// Returns lines of aligned columns, indented by two. The last column wraps. Where the other columns leave it too
    /// little width, nothing is aligned and the last column starts on a line of its own. Nothing is ever truncated, so
    /// that people can copy it.
    pub fn columns(&self, rows: &[Vec<Cell>]) -> String {
        let cells = |row: &Vec<Cell>| row.iter().map(|(style, text)| (*style, visible(text).into_owned())).collect();
        let rows: Vec<Vec<Cell>> = rows.iter().map(cells).collect();
        let fixed = rows.iter().map(|row| row.len().saturating_sub(1)).max().unwrap_or(0);
        let column_width = |column| rows.iter().filter_map(|row| fixed_cell_width(row, column)).max().unwrap_or(0);
        let widths: Vec<usize> = (0..fixed).map(column_width).collect();
        let used = 2 + widths.iter().map(|width| width + 2).sum::<usize>();
        let longest = rows.iter().filter_map(|row| row.last()).map(|(_, text)| text.width()).max().unwrap_or(0);
        let wanted = longest.min((self.width / 3).max(LEAST_WIDTH));
        let mut out = String::new();
        for row in &rows {
            if used + wanted <= self.width {
                self.write_aligned(&mut out, row, &widths, used);
            } else {
                self.write_stacked(&mut out, row);
            }
        }
        out
    }

    /// Writes a row whose texts are visible already.
    fn write_aligned(&self, out: &mut String, row: &[Cell], widths: &[usize], used: usize) {
        let Some(((style, last), fixed)) = row.split_last() else { return };
        let mut line = "  ".to_owned();
        for ((style, text), width) in fixed.iter().zip(widths) {
            let padding = " ".repeat(width - text.width() + 2);
            let _ = write!(line, "{}{padding}", self.paint_line(*style, text));
        }
        for (at, part) in wrap(last, self.width.saturating_sub(used)).iter().enumerate() {
            let lead = if at == 0 { line.clone() } else { " ".repeat(used) };
            let _ = writeln!(out, "{}", format!("{lead}{}", self.paint_line(*style, part)).trim_end());
        }
    }

    /// Writes a row whose texts are visible already.
    fn write_stacked(&self, out: &mut String, row: &[Cell]) {
        let Some(((style, last), fixed)) = row.split_last() else { return };
        let painted: Vec<String> = fixed
            .iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(style, text)| self.paint_line(*style, text))
            .collect();
        if !painted.is_empty() {
            let _ = writeln!(out, "  {}", painted.join("  "));
        }
        for part in wrap(last, self.width.saturating_sub(6)).iter().filter(|part| !part.is_empty()) {
            let _ = writeln!(out, "      {}", self.paint_line(*style, part));
        }
    }
}

/// The least width of the last column.
const LEAST_WIDTH: usize = 20;

/// Returns the width of a cell, unless it is the last one of its row.
fn fixed_cell_width(row: &[Cell], column: usize) -> Option<usize> {
    (column + 1 < row.len()).then(|| row[column].1.width())
}

/// Breaks a text at spaces. A word longer than a line stays in one piece, so that it can be copied.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let fits = |line: &&mut String| line.is_empty() || line.width() + 1 + word.width() <= width;
        match lines.last_mut().filter(fits) {
            Some(line) => {
                line.push_str(if line.is_empty() { "" } else { " " });
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> Vec<Cell> {
        cells.iter().map(|cell| (TextStyle::Plain, (*cell).to_owned())).collect()
    }

    #[test]
    fn columns_fit_the_width() {
        let rows = [
            row(&["14:16", "ghcr.io/acme/api:1.4.2", "shape"]),
            row(&["7:3", "redis", "held: the tag is a variable, and no marker names a default value for it"]),
        ];
        let options = RenderOptions { width: 60, color: false };
        let expected = "  14:16  ghcr.io/acme/api:1.4.2  shape
  7:3    redis                   held: the tag is a
                                 variable, and no marker
                                 names a default value for
                                 it
";
        assert_eq!(options.columns(&rows), expected);
        let stacked = "  14:16  ghcr.io/acme/api:1.4.2
      shape
  7:3  redis
      held: the tag is a variable, and
      no marker names a default value
      for it
";
        assert_eq!(RenderOptions { width: 40, color: false }.columns(&rows), stacked);
    }

    #[test]
    fn aligns_wide_and_combining_characters_by_their_display_width() {
        let rows = [row(&["日本", "a"]), row(&["e\u{301}", "b"]), row(&["wide", "c"])];
        assert_eq!(RenderOptions::default().columns(&rows), "  日本  a\n  e\u{301}     b\n  wide  c\n");
    }

    #[test]
    fn colors_only_on_request_and_escapes_codes() {
        assert_eq!(RenderOptions { width: 80, color: false }.paint(TextStyle::Error, "x"), "x");
        assert_eq!(RenderOptions::default().paint(TextStyle::Plain, "\u{1b}[2Jx\n"), r"\u001b[2Jx\n");
        assert_eq!(RenderOptions { width: 80, color: true }.paint(TextStyle::Error, "x"), "\u{1b}[31mx\u{1b}[0m");
    }
}
