//! Cells of the tables of the HTML page: lines of text, code and links.

use jiff::Timestamp;
use serde::Serialize;

use super::text::shortened;
use crate::docs::split_at_address;
use crate::image::is_reproducible;
use crate::text::count_of;

/// A cell of a table: its lines, and the sort key if that is not the text.
#[derive(Serialize, Default)]
pub(super) struct HtmlCell {
    pub(super) lines: Vec<Line>,
    pub(super) order: Option<String>,
}

#[derive(Serialize, Default)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) code: bool,
    /// CSS classes: `soft`, `strong`, `keep`, `status held`.
    pub(super) style: String,
    pub(super) url: Option<String>,
}

/// Returns how long ago an image was built; empty for the constant times of reproducible builds.
pub(super) fn age(at: Timestamp, built: Timestamp) -> HtmlCell {
    let seconds = at.as_second().saturating_sub(built.as_second());
    if is_reproducible(built) || seconds < 0 {
        return HtmlCell::default();
    }
    let (hours, days) = (seconds / 3_600, seconds / 86_400);
    let (count, unit) = match days {
        0 if hours == 0 => (seconds / 60, "minute"),
        0 => (hours, "hour"),
        1..=59 => (days, "day"),
        60..=729 => (days / 30, "month"),
        _ => (days / 365, "year"),
    };
    let words = count_of(count, unit);
    let line = Line { style: "keep".to_owned(), ..text(&words) };
    HtmlCell {
        lines: vec![line, Line { style: "soft keep".to_owned(), ..text(&built.strftime("%Y-%m-%d").to_string()) }],
        order: Some(seconds.to_string()),
    }
}

pub(super) fn text(text: &str) -> Line {
    Line { text: text.to_owned(), ..Line::default() }
}

/// Returns a tag with its digest on the next line.
pub(super) fn version(version: &str, style: &str) -> HtmlCell {
    let line =
        |text: &str, style: &str| Line { code: true, style: format!("keep {style}"), ..self::text(&shortened(text)) };
    let lines = match version.split_once('@') {
        Some((tag, digest)) => vec![line(tag, style), line(digest, "soft")],
        None if version.is_empty() => Vec::new(),
        None => vec![line(version, style)],
    };
    HtmlCell { lines, order: None }
}

/// Returns a line of less important text, if there is any.
pub(super) fn soft(what: Option<&str>) -> Vec<Line> {
    what.map(|what| Line { style: "soft".to_owned(), ..text(what) }).into_iter().collect()
}

/// Returns the line of a hint, which links to the documentation page that it names.
pub(super) fn hint(hint: Option<&str>) -> Option<Line> {
    let hint = hint?;
    let url = split_at_address(hint).map(|(_, address, _)| address.to_owned());
    Some(Line { style: "soft".to_owned(), url, ..text(&format!("hint: {hint}")) })
}

pub(super) fn plain(what: &str) -> HtmlCell {
    HtmlCell { lines: if what.is_empty() { Vec::new() } else { vec![text(what)] }, order: None }
}

pub(super) fn code(what: &str) -> HtmlCell {
    let line = Line { code: true, ..text(&shortened(what)) };
    HtmlCell { lines: if what.is_empty() { Vec::new() } else { vec![line] }, order: None }
}

pub(super) fn locations(locations: &[String]) -> HtmlCell {
    HtmlCell { lines: locations.iter().map(|location| Line { code: true, ..text(location) }).collect(), order: None }
}

/// Returns a label in the color of a CSS class.
pub(super) fn badge(class: &str, label: &str) -> HtmlCell {
    HtmlCell { lines: vec![Line { style: format!("status {class}"), ..text(label) }], order: None }
}

/// Returns a URL that is safe to link: nothing that a browser would run.
pub(super) fn link(url: &str) -> Option<String> {
    ["https://", "http://", "file://"].iter().any(|scheme| url.starts_with(scheme)).then(|| url.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_ages_in_the_largest_fitting_unit() {
        let at: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let shown = |built: &str| age(at, built.parse().unwrap()).lines.first().map(|line| line.text.clone());
        #[rustfmt::skip]
        let rows = [
            ("2026-11-21T11:59:00Z", Some("1 minute")),
            ("2026-11-21T09:00:00Z", Some("3 hours")),
            ("2026-11-01T12:00:00Z", Some("20 days")),
            ("2026-06-01T12:00:00Z", Some("5 months")),
            ("2023-06-01T12:00:00Z", Some("3 years")),
            ("1970-01-01T00:00:00Z", None),
            ("2026-11-22T12:00:00Z", None),
        ];
        for (built, words) in rows {
            assert_eq!(shown(built).as_deref(), words, "{built}");
        }
    }

    #[test]
    fn links_only_safe_urls() {
        assert_eq!(link("javascript:alert(1)"), None);
        assert_eq!(link("https://x.example").as_deref(), Some("https://x.example"));
    }
}
