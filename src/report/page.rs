//! The page that text is written on: how wide it is, and whether it has colours. The only place that knows about them.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

/// How text is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Columns of a line; longer text goes on below.
    pub width: usize,
    /// Whether escape codes for colour may be used.
    pub color: bool,
}

impl Default for Page {
    fn default() -> Self {
        Self { width: 100, color: false }
    }
}

/// What a piece of text is, for its colour. Nothing is told by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Ordinary text.
    Plain,
    /// A heading.
    Strong,
    /// What matters less.
    Dim,
    /// Newer, accepted, done.
    Good,
    /// Held: someone should look.
    Warning,
    /// Failed, or removed.
    Bad,
    /// Where something is.
    Place,
}

impl Role {
    fn style(self) -> Style {
        let color = |color: AnsiColor| Style::new().fg_color(Some(color.into()));
        match self {
            Self::Plain => Style::new(),
            Self::Strong => Style::new().bold(),
            Self::Dim => Style::new().dimmed(),
            Self::Good => color(AnsiColor::Green),
            Self::Warning => color(AnsiColor::Yellow),
            Self::Bad => color(AnsiColor::Red),
            Self::Place => color(AnsiColor::Cyan),
        }
    }
}

impl Page {
    /// A text in the colour of its role, if there are colours.
    pub fn paint(&self, role: Role, text: &str) -> String {
        let text = &harmless(text);
        if !self.color || role == Role::Plain || text.is_empty() {
            return text.to_owned();
        }
        let style = role.style();
        format!("{style}{text}{style:#}")
    }

    /// Lines of aligned columns, indented by two. The last column goes on below itself where the line ends. Where the
    /// others leave it too little, nothing is aligned, and it stands below them. Nothing is ever cut: people copy it.
    pub fn columns(&self, rows: &[Vec<(Role, String)>]) -> String {
        let fixed = rows.iter().map(|row| row.len().saturating_sub(1)).max().unwrap_or(0);
        let width = |at| rows.iter().filter_map(|row| cell_width(row, at)).max().unwrap_or(0);
        let widths: Vec<usize> = (0..fixed).map(width).collect();
        let used = 2 + widths.iter().map(|width| width + 2).sum::<usize>();
        let longest = rows.iter().filter_map(|row| row.last()).map(|cell| cell.1.chars().count()).max().unwrap_or(0);
        let wanted = longest.min((self.width / 3).max(LEAST));
        let mut out = String::new();
        for row in rows {
            if used + wanted <= self.width {
                self.aligned(&mut out, row, &widths, used);
            } else {
                self.stacked(&mut out, row);
            }
        }
        out
    }

    fn aligned(&self, out: &mut String, row: &[(Role, String)], widths: &[usize], used: usize) {
        let Some((last, fixed)) = row.split_last() else { return };
        let mut line = "  ".to_owned();
        for ((role, text), width) in fixed.iter().zip(widths) {
            let padding = " ".repeat(width - text.chars().count() + 2);
            let _ = write!(line, "{}{padding}", self.paint(*role, text));
        }
        for (at, part) in wrap(&last.1, self.width.saturating_sub(used)).iter().enumerate() {
            let lead = if at == 0 { line.clone() } else { " ".repeat(used) };
            let _ = writeln!(out, "{}", format!("{lead}{}", self.paint(last.0, part)).trim_end());
        }
    }

    fn stacked(&self, out: &mut String, row: &[(Role, String)]) {
        let Some((last, fixed)) = row.split_last() else { return };
        let painted: Vec<String> =
            fixed.iter().filter(|cell| !cell.1.is_empty()).map(|(role, text)| self.paint(*role, text)).collect();
        if !painted.is_empty() {
            let _ = writeln!(out, "  {}", painted.join("  "));
        }
        for part in wrap(&last.1, self.width.saturating_sub(6)).iter().filter(|part| !part.is_empty()) {
            let _ = writeln!(out, "      {}", self.paint(last.0, part));
        }
    }
}

/// Text from manifests and registries can't steer a terminal: an escape code in it would.
fn harmless(text: &str) -> String {
    let steers = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    text.chars().map(|c| if steers(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// The least that the last column is given.
const LEAST: usize = 20;

/// The width of a cell, if it is not the last one of its row.
fn cell_width(row: &[(Role, String)], at: usize) -> Option<usize> {
    (at + 1 < row.len()).then(|| row[at].1.chars().count())
}

/// Breaks a text at spaces; a word that is longer than a line stays whole, so that it can be copied.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line =
            lines.last_mut().filter(|line| line.is_empty() || line.chars().count() + 1 + word.chars().count() <= width);
        match line {
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

    fn row(cells: &[&str]) -> Vec<(Role, String)> {
        cells.iter().map(|cell| (Role::Plain, (*cell).to_owned())).collect()
    }

    #[test]
    fn columns_fit_the_width() {
        let rows = [
            row(&["14:16", "ghcr.io/acme/api:1.4.2", "shape"]),
            row(&["7:3", "redis", "held: a variable stands where the tag should, and nothing says what it is"]),
        ];
        let page = Page { width: 60, color: false };
        let expected = "  14:16  ghcr.io/acme/api:1.4.2  shape
  7:3    redis                   held: a variable stands
                                 where the tag should, and
                                 nothing says what it is
";
        assert_eq!(page.columns(&rows), expected);
        let stacked = "  14:16  ghcr.io/acme/api:1.4.2
      shape
  7:3  redis
      held: a variable stands where the
      tag should, and nothing says what
      it is
";
        assert_eq!(Page { width: 40, color: false }.columns(&rows), stacked);
    }

    #[test]
    fn colour_only_when_told_and_never_from_outside() {
        assert_eq!(Page { width: 80, color: false }.paint(Role::Bad, "x"), "x");
        assert_eq!(Page::default().paint(Role::Plain, "\u{1b}[2Jx"), "\u{fffd}[2Jx");
        assert_eq!(Page { width: 80, color: true }.paint(Role::Bad, "x"), "\u{1b}[31mx\u{1b}[0m");
    }
}
