//! A self-contained HTML page that works on any screen size, with or without scripts. The template is `page.html`; this
//! file provides its values. The template escapes all text.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::{AutoEscape, Environment, Value, escape_formatter};
use serde::{Deserialize as _, Serialize};

use super::cause::{FailureCause, held_by_reason};
use super::cells::{HtmlCell, Line, age, badge, code, hint, link, locations, plain, soft, text, version};
use super::checks::{CheckStatus, Checks};
use super::explanation::{Explanation, Facts, VerdictKind};
use super::image_row::{ImageRow, ImageStatus};
use super::list::{ReferenceList, ReferenceStatus};
use super::renderer::Renderer;
use super::run_report::{ProposalAction, ProposalRow, RunReport};
use super::style::RenderOptions;
use super::text::{first_line, shown_value, summary};
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
            let mut chosen = code(chosen);
            chosen.lines.extend(soft(one.major_mark()));
            let cells = [code(&one.current), chosen, plain(one.outcome.as_str()), reason, code(&one.policy)];
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
        let causes = FailureCause::of(&report.failed);
        let causes = causes.iter().filter(|cause| cause.is_shared());
        let shared = causes.flat_map(|cause| cause.subjects.iter().map(|subject| (*subject, cause.label()))).collect();
        let sections = [
            Table {
                title: "Images",
                columns: &["Status", "Image", "Current", "Chosen", "Age", "Pull request", "Location", "Reason"],
                rows: report.images.iter().map(|row| image(row, report, &by_branch, &shared)).collect(),
            },
            Table {
                title: "Pull requests",
                columns: &["Action", "Title", "Branch", "Reason"],
                rows: proposals(report),
            },
            Table { title: "Other held values", columns: &["Value", "Location", "Reason"], rows: held(report) },
            Table { title: "Failures", columns: &["Subject", "Reason", "Location"], rows: failed(report) },
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

/// Returns the row of an image. `shared` has the images whose failure is in a table of its own, because others have the same one.
fn image(
    row: &ImageRow,
    report: &RunReport,
    by_branch: &BTreeMap<&str, &ProposalRow>,
    shared: &BTreeMap<&str, String>,
) -> HtmlRow {
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
    let failure = row.failure.as_ref().and_then(|failure| shared.get(failure.as_str()));
    let mut reason = plain(&row.reason);
    reason.lines.extend(hint(row.hint.as_deref()));
    let reason = failure.map_or(reason, |label| plain(&format!("one failure for {label}: see Failures")));
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
    let rows = held_by_reason(report.held_beyond_images()).into_iter().map(|alike| {
        let first = alike[0];
        let values = alike.iter().flat_map(|held| code(&first_line(&held.value)).lines).collect();
        let places = alike.iter().map(|held| held.location()).collect::<Vec<_>>();
        let mut reason = plain(&first.reason);
        reason.lines.extend(hint(first.hint.as_deref()));
        HtmlRow { status: None, cells: vec![HtmlCell { lines: values, order: None }, locations(&places), reason] }
    });
    rows.collect()
}

fn failed(report: &RunReport) -> Vec<HtmlRow> {
    let beyond_images = report.failures_beyond_images().map(|failed| &failed.subject).collect::<BTreeSet<_>>();
    let causes = FailureCause::of(&report.failed);
    let causes = causes.iter().filter(|cause| cause.is_shared() || beyond_images.contains(&cause.first.subject));
    let rows = causes.map(|cause| {
        let mut subjects = if cause.is_shared() { plain(&cause.label()) } else { HtmlCell::default() };
        subjects.lines.extend(cause.subjects.iter().flat_map(|subject| code(subject).lines));
        let mut reason = plain(cause.reason());
        reason.lines.extend(hint(cause.first.hint.as_deref()));
        HtmlRow { status: None, cells: vec![subjects, reason, locations(&cause.locations)] }
    });
    rows.collect()
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
    fn shortens_repository_urls() {
        for url in ["https://github.com/acme/manifests.git", "git@github.com:acme/manifests", "/srv/acme/manifests/"] {
            assert_eq!(name_of(url), "acme/manifests", "{url}");
        }
    }
}
