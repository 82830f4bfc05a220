//! A self-contained HTML page that works on any screen size, with or without scripts. The template is `page.html`; this
//! file provides its values. The template escapes all text.

use std::collections::BTreeMap;

use jiff::Timestamp;
use minijinja::{AutoEscape, Environment, Value, escape_formatter};
use serde::{Deserialize as _, Serialize};

use super::checks::{CheckStatus, Checks};
use super::explanation::{Explanation, Facts, VerdictKind};
use super::image_row::{ImageRow, ImageStatus};
use super::list::{ReferenceList, ReferenceStatus};
use super::renderer::Renderer;
use super::run_report::{ProposalAction, ProposalRow, RunReport};
use super::style::RenderOptions;
use super::text::{first_line, shortened, shown_value, summary};
use crate::docs::split_at_address;
use crate::image::is_reproducible;
use crate::text::{count_of, visible};

/// A self-contained HTML page.
#[derive(Debug)]
pub struct Html;

const TEMPLATE: &str = include_str!("page.html");

/// The values of the template.
#[derive(Serialize, Default)]
struct HtmlPage {
    title: String,
    summary: String,
    facts: Vec<Fact>,
    /// The statuses that rows can be filtered by.
    filters: Vec<StatusFilter>,
    /// The number of rows that have a status.
    total: usize,
    tables: Vec<Table>,
    footer: String,
}

#[derive(Serialize)]
struct Fact {
    label: &'static str,
    text: String,
    url: Option<String>,
}

#[derive(Serialize)]
struct StatusFilter {
    status: &'static str,
    name: &'static str,
    count: usize,
}

#[derive(Serialize)]
struct Table {
    title: &'static str,
    columns: &'static [&'static str],
    rows: Vec<HtmlRow>,
}

#[derive(Serialize)]
struct HtmlRow {
    status: Option<&'static str>,
    cells: Vec<HtmlCell>,
}

/// A cell of a table: its lines, and the sort key if that is not the text.
#[derive(Serialize, Default)]
struct HtmlCell {
    lines: Vec<Line>,
    order: Option<String>,
}

#[derive(Serialize, Default)]
struct Line {
    text: String,
    code: bool,
    /// CSS classes: `soft`, `strong`, `keep`, `status held`.
    style: String,
    url: Option<String>,
}

impl Renderer for Html {
    fn name(&self) -> &'static str {
        "html"
    }

    fn about(&self) -> &'static str {
        "One self-contained HTML page"
    }

    fn extension(&self) -> Option<&'static str> {
        Some("html")
    }

    fn shows_ages(&self) -> bool {
        true
    }

    fn list(&self, list: &ReferenceList, _: RenderOptions) -> String {
        let rows = list.rows.iter().map(|row| HtmlRow {
            status: Some(row.status.as_str()),
            cells: vec![
                badge(row.status.as_str(), row.status.as_str()),
                code(&shown_value(row)),
                code(row.policy.as_deref().unwrap_or_default()),
                code(&format!("{}:{}", row.path, row.line)),
                plain(row.reason.as_deref().unwrap_or_default()),
            ],
        });
        let rows = rows.collect::<Vec<_>>();
        let statuses = [ReferenceStatus::Held, ReferenceStatus::Managed, ReferenceStatus::Ignored];
        let statuses = statuses.map(|status| (status.as_str(), status.as_str()));
        page(HtmlPage {
            title: "References".to_owned(),
            summary: format!("{} found", count_of(rows.len(), "reference")),
            total: rows.len(),
            filters: filters(&statuses, list.rows.iter().map(|row| row.status.as_str())),
            tables: vec![Table { title: "", columns: &["Status", "Reference", "Policy", "Location", "Reason"], rows }],
            ..HtmlPage::default()
        })
    }

    fn explanations(&self, explanations: &[Explanation], _: RenderOptions) -> String {
        let about = explanations.iter().map(|one| {
            let chosen = one.chosen.as_deref().unwrap_or_default();
            let mut reason = plain(&one.reason);
            reason.lines.extend(hint(one.hint.as_deref()));
            let cells = [code(&one.current), code(chosen), plain(one.outcome.as_str()), reason, code(&one.policy)];
            HtmlRow { status: None, cells: cells.into_iter().chain([locations(&one.locations)]).collect() }
        });
        let columns = &["Current", "Chosen", "Outcome", "Reason", "Policy", "Location"];
        let mut tables = vec![Table { title: "References", columns, rows: about.collect() }];
        tables.extend(explanations.iter().filter(|one| !one.candidates.is_empty()).map(|one| {
            let rows = one.candidates.iter().map(|tag| {
                let class = match tag.verdict {
                    VerdictKind::Accepted => "managed",
                    VerdictKind::Rejected => "ignored",
                    VerdictKind::NotEligibleYet => "held",
                };
                let verdict = badge(class, tag.verdict.label());
                let facts = tag.facts.as_ref().map(Facts::line).unwrap_or_default();
                HtmlRow { status: None, cells: vec![verdict, code(&tag.tag), plain(&tag.reason), plain(&facts)] }
            });
            Table { title: "Tags, best first", columns: &["Verdict", "Tag", "Reason", "Facts"], rows: rows.collect() }
        }));
        let title = explanations.first().map(|one| one.image.clone()).unwrap_or_default();
        page(HtmlPage {
            title,
            summary: "The chosen tag, and the verdict on every candidate".to_owned(),
            tables,
            ..HtmlPage::default()
        })
    }

    fn checks(&self, checks: &Checks, _: RenderOptions) -> String {
        let rows = checks.checks.iter().map(|check| {
            let mut message = plain(&check.message);
            message.lines.extend(hint(check.hint.as_deref()));
            let class = if check.status == CheckStatus::Warning { "held" } else { check.status.as_str() };
            let status = badge(class, check.status.as_str());
            HtmlRow { status: None, cells: vec![status, plain(&check.name), message] }
        });
        let tables = vec![Table { title: "", columns: &["Status", "Check", "Message"], rows: rows.collect() }];
        let summary = "Whether every service that a run needs can be reached with these credentials".to_owned();
        page(HtmlPage { title: "Check".to_owned(), summary, tables, ..HtmlPage::default() })
    }

    fn run(&self, report: &RunReport, _: RenderOptions) -> String {
        let about = &report.about;
        let fact = |label, text: &Option<String>, url: bool| {
            let text = text.clone()?;
            Some(Fact { label, url: url.then(|| link(&text)).flatten(), text })
        };
        let at = about.at.map(|at| at.strftime("%-d %B %Y, %H:%M UTC").to_string());
        let facts = [
            fact("", &about.repository, true),
            fact("branch", &about.base, false),
            fact("", &at, false),
            fact("run", &about.run_url, true),
        ];
        let by_branch = report.proposals_by_branch();
        let sections = [
            Table {
                title: "Images",
                columns: &["Status", "Image", "Current", "Chosen", "Age", "Pull request", "Location", "Reason"],
                rows: report.images.iter().map(|row| image(row, report, &by_branch)).collect(),
            },
            Table {
                title: "Pull requests",
                columns: &["Action", "Title", "Branch", "Reason"],
                rows: proposals(report),
            },
            Table { title: "Other held values", columns: &["Value", "Location", "Reason"], rows: held(report) },
            Table { title: "Other failures", columns: &["Subject", "Reason", "Location"], rows: failed(report) },
        ];
        let statuses = ImageStatus::ALL.map(|status| (status.as_str(), status.label()));
        page(HtmlPage {
            title: about.repository.as_deref().map_or("Images", name_of).to_owned(),
            summary: capitalized(&summary(report)),
            facts: facts.into_iter().flatten().collect(),
            filters: filters(&statuses, report.images.iter().map(|row| row.status.as_str())),
            total: report.images.len(),
            tables: sections.into_iter().filter(|table| !table.rows.is_empty()).collect(),
            footer: String::new(),
        })
    }
}

fn page(document: HtmlPage) -> String {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_formatter(|out, state, value| match value.as_str() {
        Some(text) => escape_formatter(out, state, &Value::from(&*visible(text))),
        None => escape_formatter(out, state, value),
    });
    let footer = format!("Generated by Tagboat {}", env!("CARGO_PKG_VERSION"));
    let document = HtmlPage { footer, ..document };
    let values = serde_json::to_value(document).and_then(Value::deserialize);
    let page = values
        .map_err(|error| error.to_string())
        .and_then(|values| environment.render_str(TEMPLATE, values).map_err(|error| error.to_string()));
    // The template is a constant that tests render: no report makes it fail.
    page.unwrap_or_else(|error| format!("<!doctype html><title>Tagboat</title><p>{error}")) + "\n"
}

fn image(row: &ImageRow, report: &RunReport, by_branch: &BTreeMap<&str, &ProposalRow>) -> HtmlRow {
    let style = if row.chosen.as_ref() == Some(&row.current) { "" } else { "strong" };
    let mut chosen = row.chosen.as_ref().map(|chosen| version(chosen, style)).unwrap_or_default();
    chosen.lines.extend(soft(row.major_mark()));
    let age = match (report.about.at, row.built) {
        (Some(at), Some(built)) => age(at, built),
        _ => HtmlCell::default(),
    };
    let proposal = row.branch.as_deref().and_then(|branch| by_branch.get(branch));
    let rank = ImageStatus::ALL.iter().position(|status| *status == row.status).unwrap_or_default();
    let mut image = code(&row.name);
    image.lines.extend(row.policy.iter().flat_map(|policy| soft(Some(policy))));
    let mut reason = plain(&row.reason);
    reason.lines.extend(hint(row.hint.as_deref()));
    HtmlRow {
        status: Some(row.status.as_str()),
        cells: vec![
            HtmlCell { order: Some(rank.to_string()), ..badge(row.status.as_str(), row.status.label()) },
            image,
            version(&row.current, ""),
            chosen,
            age,
            proposal.map(|proposal| pull_request(proposal, report.dry_run)).unwrap_or_default(),
            locations(&row.locations),
            reason,
        ],
    }
}

fn pull_request(proposal: &ProposalRow, dry_run: bool) -> HtmlCell {
    let action = match proposal.action {
        ProposalAction::Unchanged => "open",
        action => action.label(dry_run),
    };
    HtmlCell { lines: std::iter::once(title(proposal)).chain(soft(Some(action))).collect(), order: None }
}

fn title(proposal: &ProposalRow) -> Line {
    Line { url: proposal.url.as_deref().and_then(link), ..text(&proposal.title) }
}

fn proposals(report: &RunReport) -> Vec<HtmlRow> {
    let rows = report.proposals.iter().map(|proposal| {
        let mut reason = plain(&proposal.reason.as_ref().map(ToString::to_string).unwrap_or_default());
        reason.lines.extend(hint(proposal.hint.as_deref()));
        let cells = vec![
            plain(proposal.action.label(report.dry_run)),
            HtmlCell { lines: vec![title(proposal)], order: None },
            code(&proposal.branch),
            reason,
        ];
        HtmlRow { status: None, cells }
    });
    rows.collect()
}

fn held(report: &RunReport) -> Vec<HtmlRow> {
    let rows = report.held_beyond_images().map(|held| {
        let location = held.location();
        let mut reason = plain(&held.reason);
        reason.lines.extend(hint(held.hint.as_deref()));
        HtmlRow { status: None, cells: vec![code(&first_line(&held.value)), code(&location), reason] }
    });
    rows.collect()
}

fn failed(report: &RunReport) -> Vec<HtmlRow> {
    let rows = report.failures_beyond_images().map(|failed| {
        let mut reason = plain(&failed.reason);
        reason.lines.extend(hint(failed.hint.as_deref()));
        HtmlRow { status: None, cells: vec![code(failed.subject.as_str()), reason, locations(&failed.locations)] }
    });
    rows.collect()
}

/// Returns how long ago an image was built; empty for the constant times of reproducible builds.
fn age(at: Timestamp, built: Timestamp) -> HtmlCell {
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

/// Returns a filter for each status, given with its label, that a row has.
fn filters(statuses: &[(&'static str, &'static str)], rows: impl Iterator<Item = &'static str>) -> Vec<StatusFilter> {
    let rows = rows.collect::<Vec<_>>();
    let filter = |(status, name): &(&'static str, &'static str)| {
        let count = rows.iter().filter(|row| *row == status).count();
        (count > 0).then_some(StatusFilter { status, name, count })
    };
    statuses.iter().filter_map(filter).collect()
}

fn text(text: &str) -> Line {
    Line { text: text.to_owned(), ..Line::default() }
}

/// Returns a tag with its digest on the next line.
fn version(version: &str, style: &str) -> HtmlCell {
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
fn soft(what: Option<&str>) -> Vec<Line> {
    what.map(|what| Line { style: "soft".to_owned(), ..text(what) }).into_iter().collect()
}

/// Returns the line of a hint, which links to the documentation page that it names.
fn hint(hint: Option<&str>) -> Option<Line> {
    let hint = hint?;
    let url = split_at_address(hint).map(|(_, address, _)| address.to_owned());
    Some(Line { style: "soft".to_owned(), url, ..text(&format!("hint: {hint}")) })
}

fn plain(what: &str) -> HtmlCell {
    HtmlCell { lines: if what.is_empty() { Vec::new() } else { vec![text(what)] }, order: None }
}

fn code(what: &str) -> HtmlCell {
    let line = Line { code: true, ..text(&shortened(what)) };
    HtmlCell { lines: if what.is_empty() { Vec::new() } else { vec![line] }, order: None }
}

fn locations(locations: &[String]) -> HtmlCell {
    HtmlCell { lines: locations.iter().map(|location| Line { code: true, ..text(location) }).collect(), order: None }
}

/// Returns a label in the color of a CSS class.
fn badge(class: &str, label: &str) -> HtmlCell {
    HtmlCell { lines: vec![Line { style: format!("status {class}"), ..text(label) }], order: None }
}

/// Returns a URL that is safe to link: nothing that a browser would run.
fn link(url: &str) -> Option<String> {
    ["https://", "http://", "file://"].iter().any(|scheme| url.starts_with(scheme)).then(|| url.to_owned())
}

/// Returns `acme/manifests` for `https://github.com/acme/manifests.git`.
fn name_of(url: &str) -> &str {
    let bare = url.trim_end_matches('/').trim_end_matches(".git");
    match bare.rmatch_indices(['/', ':']).nth(1) {
        Some((at, _)) => &bare[at + 1..],
        None => bare,
    }
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
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
    fn shortens_repository_urls_and_links_only_safe_ones() {
        for url in ["https://github.com/acme/manifests.git", "git@github.com:acme/manifests", "/srv/acme/manifests/"] {
            assert_eq!(name_of(url), "acme/manifests", "{url}");
        }
        assert_eq!(link("javascript:alert(1)"), None);
    }
}
