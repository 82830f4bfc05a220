//! Text for people, in a terminal or a log.

use std::fmt::Write as _;

use super::cause::{FailureCause, alike, held_by_reason};
use super::checks::{CheckStatus, Checks};
use super::diff::diff;
use super::explanation::{CandidateRow, Explanation, Facts, OutcomeKind, VerdictKind};
use super::image_row::ImageRow;
use super::list::{ReferenceList, ReferenceRow, ReferenceStatus};
use super::renderer::Renderer;
use super::run_report::{ChangeRow, HeldRow, ProposalAction, RunReport};
use super::style::{Cell, RenderOptions, TextStyle};
use crate::docs::page;
use crate::govern::CONFIGURATION;
use crate::plan::major_mark;
use crate::text::count_of;

/// Text with aligned columns.
#[derive(Debug)]
pub struct Text;

type Row = Vec<Cell>;

/// The hint under the held references.
const HELD_HINT: &str =
    concat!("hint: find what to do about each reason: ", page!("troubleshooting.md#held-references"));

/// The hint of a run that found nothing to report.
const NOTHING_HINT: &str =
    concat!("hint: find out why no image is managed: ", page!("troubleshooting.md#nothing-happens"));

impl Renderer for Text {
    fn name(&self) -> &'static str {
        "text"
    }

    fn about(&self) -> &'static str {
        "Text for people"
    }

    fn extension(&self) -> Option<&'static str> {
        Some("txt")
    }

    fn list(&self, list: &ReferenceList, options: RenderOptions) -> String {
        let mut out = String::new();
        let files = list.rows.chunk_by(|a, b| a.path == b.path);
        for rows in files {
            let path = rows.first().map_or("", |row| row.path.as_str());
            let _ = writeln!(out, "{}", options.paint(TextStyle::Heading, path));
            out.push_str(&options.columns(&rows.iter().map(reference).collect::<Vec<_>>()));
        }
        out + if list.rows.is_empty() { "" } else { "\n" } + &reference_counts(list) + "\n"
    }

    fn explanations(&self, explanations: &[Explanation], options: RenderOptions) -> String {
        explanations.iter().map(|one| explanation(one, options)).collect::<Vec<_>>().join("\n")
    }

    fn checks(&self, checks: &Checks, options: RenderOptions) -> String {
        let mut rows = Vec::new();
        for check in &checks.checks {
            let style = match check.status {
                CheckStatus::Ok => TextStyle::Success,
                CheckStatus::Warning => TextStyle::Warning,
                CheckStatus::Failed => TextStyle::Error,
            };
            rows.push(vec![
                (style, check.status.as_str().to_owned()),
                (TextStyle::Heading, check.name.clone()),
                (TextStyle::Plain, check.message.clone()),
            ]);
            rows.extend(check.hint.iter().map(|hint| continued(2, (TextStyle::Warning, format!("hint: {hint}")))));
        }
        options.columns(&rows)
    }

    fn run(&self, report: &RunReport, options: RenderOptions) -> String {
        let mut out = diff(&report.files, options);
        let sections: [(&str, Vec<Row>, Option<&str>); 6] = [
            (if report.dry_run { "Would change" } else { "Changed" }, changes(&report.changes), None),
            ("Already proposed in open pull requests", changes(&report.already_proposed), None),
            ("Pull requests", proposals(report), None),
            ("Up to date, with a remark", report.remarkable_images().flat_map(remarkable).collect(), None),
            ("Held", held_by_reason(&report.held).iter().flat_map(|rows| held(rows)).collect(), Some(HELD_HINT)),
            ("Failed", FailureCause::of(&report.failed).iter().flat_map(failed).collect(), None),
        ];
        for (title, rows, hint) in sections {
            if !rows.is_empty() {
                let gap = if out.is_empty() { "" } else { "\n" };
                let _ = writeln!(out, "{gap}{}", options.paint(TextStyle::Heading, title));
                out.push_str(&options.columns(&rows));
                if let Some(hint) = hint {
                    let _ = writeln!(out, "  {}", options.paint(TextStyle::Dim, hint));
                }
            }
        }
        let gap = if out.is_empty() { "" } else { "\n" };
        let _ = writeln!(out, "{gap}{}", summary(report));
        if is_empty(report) {
            let _ = writeln!(out, "{NOTHING_HINT}");
        }
        out
    }
}

/// Whether a run found nothing that it could report on.
fn is_empty(report: &RunReport) -> bool {
    *report == RunReport { about: report.about.clone(), dry_run: report.dry_run, ..RunReport::default() }
}

/// Returns a row whose first columns are empty.
fn continued(columns: usize, last: Cell) -> Row {
    let empty = std::iter::repeat_n((TextStyle::Plain, String::new()), columns);
    empty.chain([last]).collect()
}

fn reference(row: &ReferenceRow) -> Row {
    let style = match row.status {
        ReferenceStatus::Managed => TextStyle::Success,
        ReferenceStatus::Held => TextStyle::Warning,
        ReferenceStatus::Ignored => TextStyle::Dim,
    };
    vec![
        (TextStyle::Location, format!("{}:{}", row.line, row.column)),
        (TextStyle::Plain, shown_value(row)),
        (style, format!("{}: {}", row.status.as_str(), row.policy_or_reason())),
    ]
}

/// Returns what people read as the value of a reference.
pub(super) fn shown_value(row: &ReferenceRow) -> String {
    row.reference.as_ref().map_or_else(|| first_line(&row.value), |reference| shortened(reference.as_str()))
}

/// Returns the first line of a value: some values are whole scripts.
pub(super) fn first_line(value: &str) -> String {
    let mut lines = value.lines();
    let first = lines.next().unwrap_or_default();
    if lines.next().is_some() { format!("{first} …") } else { first.to_owned() }
}

/// Returns how many references there are, and how many settings of the configuration have no effect.
fn reference_counts(list: &ReferenceList) -> String {
    let (settings, references): (Vec<_>, Vec<_>) = list.rows.iter().partition(|row| row.format == CONFIGURATION);
    let count = |status| references.iter().filter(|row| row.status == status).count();
    let mut counts = format!(
        "{} in {}: {} managed, {} held, {} ignored",
        count_of(references.len(), "reference"),
        count_of(references.chunk_by(|a, b| a.path == b.path).count(), "file"),
        count(ReferenceStatus::Managed),
        count(ReferenceStatus::Held),
        count(ReferenceStatus::Ignored),
    );
    if !settings.is_empty() {
        let _ = write!(counts, "; {} without effect", count_of(settings.len(), "setting"));
    }
    counts
}

/// Returns a reference with the first twelve digits of its digest, which are enough to tell digests apart.
pub(super) fn shortened(text: &str) -> String {
    let digest =
        ["sha256:", "sha512:"].into_iter().find_map(|algorithm| Some(text.find(algorithm)? + algorithm.len() + 12));
    match digest {
        Some(end) if text.len() > end => format!("{}…", &text[..end]),
        _ => text.to_owned(),
    }
}

/// Returns what people read as the version of a reference, which may have none.
pub(super) fn shown_version(version: &str) -> String {
    if version.is_empty() { "no tag".to_owned() } else { shortened(version) }
}

fn explanation(one: &Explanation, options: RenderOptions) -> String {
    let current = if one.current.is_empty() { String::new() } else { format!(" {}", shortened(&one.current)) };
    let mut out = format!("{}{current}\n", options.paint(TextStyle::Heading, &one.image));
    let style = match one.outcome {
        OutcomeKind::Update | OutcomeKind::UpToDate => TextStyle::Success,
        OutcomeKind::Held | OutcomeKind::Unknown => TextStyle::Warning,
    };
    let source = one.source.as_ref().map(|source| format!(" ({source})")).unwrap_or_default();
    let mut head = vec![
        vec![(TextStyle::Dim, "policy".to_owned()), (TextStyle::Plain, format!("{}{source}", one.policy))],
        vec![(TextStyle::Dim, "outcome".to_owned()), (style, format!("{}: {}", outcome(one), one.reason))],
    ];
    head.extend(
        one.hint.iter().map(|hint| vec![(TextStyle::Dim, "hint".to_owned()), (TextStyle::Plain, hint.to_string())]),
    );
    for (at, location) in one.locations.iter().enumerate() {
        let label = if at == 0 { "found in" } else { "" };
        head.push(vec![(TextStyle::Dim, label.to_owned()), (TextStyle::Location, location.clone())]);
    }
    out.push_str(&options.columns(&head));
    if one.candidates.is_empty() {
        return out;
    }
    let accepted = one.candidates.iter().filter(|candidate| candidate.verdict == VerdictKind::Accepted).count();
    let order = if accepted == 0 { "" } else { ", best first" };
    let _ = writeln!(out, "\n{}, {accepted} accepted{order}:", count_of(one.candidates.len(), "tag"));
    out.push_str(&options.columns(&one.candidates.iter().map(|tag| candidate(tag, one)).collect::<Vec<_>>()));
    out
}

/// Returns the outcome with the chosen version.
pub(super) fn outcome(one: &Explanation) -> String {
    match one.outcome {
        OutcomeKind::Update => {
            let chosen = one.chosen.as_deref().map(shortened).unwrap_or_default();
            format!("update to {chosen}{}", major_mark(one.bump.unwrap_or_default()))
        }
        OutcomeKind::UpToDate => "up to date".to_owned(),
        OutcomeKind::Held | OutcomeKind::Unknown => one.outcome.as_str().to_owned(),
    }
}

fn candidate(candidate: &CandidateRow, one: &Explanation) -> Row {
    let is = |version: &str| version.split('@').next() == Some(candidate.tag.as_str());
    let is_chosen = one.outcome == OutcomeKind::Update && one.chosen.as_deref().is_some_and(is);
    let mark = match candidate.verdict {
        _ if is_chosen => "→",
        _ if is(&one.current) => "=",
        VerdictKind::Accepted => "+",
        VerdictKind::Rejected => "-",
        VerdictKind::NotEligibleYet => "~",
    };
    let (mark_style, tag_style, verdict) = match candidate.verdict {
        VerdictKind::Accepted => (TextStyle::Success, TextStyle::Plain, ""),
        VerdictKind::Rejected => (TextStyle::Dim, TextStyle::Dim, ""),
        VerdictKind::NotEligibleYet => (TextStyle::Warning, TextStyle::Plain, "not eligible yet: "),
    };
    let line = candidate.facts.as_ref().map(Facts::line).filter(|line| !line.is_empty());
    let facts = line.map(|line| format!(" ({line})")).unwrap_or_default();
    vec![
        (mark_style, mark.to_owned()),
        (tag_style, candidate.tag.clone()),
        (TextStyle::Dim, format!("{verdict}{}{facts}", candidate.reason)),
    ]
}

/// Returns the rows of changes. Changes that differ only in their place share a heading.
fn changes(changes: &[ChangeRow]) -> Vec<Row> {
    let keyed = changes.iter().map(|one| ((&one.name, &one.from, &one.to, &one.policy, &one.reason), one));
    let mut rows = Vec::new();
    for alike in alike(keyed) {
        let change = alike[0];
        let (from, to) = (shown_version(&change.from), shown_version(&change.to));
        let versions = format!("{from} → {to}{}", major_mark(change.bump));
        rows.push(vec![(TextStyle::Plain, change.name.clone()), (TextStyle::Success, versions)]);
        rows.push(continued(1, (TextStyle::Dim, format!("{} ({})", change.reason, change.policy))));
        let locations = alike.iter().map(|one| format!("{}:{}", one.path, one.line));
        rows.extend(locations.map(|location| continued(1, (TextStyle::Location, location))));
    }
    rows
}

fn proposals(report: &RunReport) -> Vec<Row> {
    let mut rows = Vec::new();
    for proposal in &report.proposals {
        let style = match proposal.action {
            ProposalAction::Commit | ProposalAction::Open | ProposalAction::Update => TextStyle::Success,
            ProposalAction::Unchanged => TextStyle::Dim,
            ProposalAction::Close | ProposalAction::Delete | ProposalAction::Leave => TextStyle::Warning,
        };
        let address = proposal.url.as_ref().unwrap_or(&proposal.branch);
        let parts = [Some(proposal.title.clone()), proposal.reason.as_ref().map(ToString::to_string)];
        let parts = parts.into_iter().flatten().filter(|text| !text.is_empty());
        rows.push(vec![
            (style, proposal.action.label(report.dry_run).to_owned()),
            (TextStyle::Plain, address.clone()),
            (TextStyle::Plain, parts.collect::<Vec<_>>().join(": ")),
        ]);
        rows.extend(proposal.hint.iter().map(|hint| continued(2, (TextStyle::Plain, format!("hint: {hint}")))));
    }
    rows
}

/// Returns the rows of held values that share a reason, which follows the first one.
fn held(alike: &[&HeldRow]) -> Vec<Row> {
    let reasons = alike.first().map(|first| first.reason.clone()).into_iter();
    let reasons = reasons.chain(std::iter::repeat("the same reason".to_owned()));
    let row = |(held, reason): (&&HeldRow, String)| {
        let value = (TextStyle::Plain, shortened(&first_line(&held.value)));
        vec![(TextStyle::Location, held.location()), value, (TextStyle::Warning, reason)]
    };
    let mut rows: Vec<Row> = alike.iter().zip(reasons).map(row).collect();
    let hint = alike.first().and_then(|first| first.hint.as_ref());
    rows.extend(hint.map(|hint| continued(2, (TextStyle::Plain, format!("hint: {hint}")))));
    rows
}

fn remarkable(row: &ImageRow) -> Vec<Row> {
    let mut rows = vec![
        vec![(TextStyle::Plain, row.name.clone()), (TextStyle::Plain, shortened(&row.current))],
        continued(1, (TextStyle::Warning, row.reason.clone())),
    ];
    rows.extend(row.locations.iter().map(|location| continued(1, (TextStyle::Location, location.clone()))));
    rows
}

fn failed(cause: &FailureCause<'_>) -> Vec<Row> {
    let mut rows = vec![vec![(TextStyle::Error, cause.label()), (TextStyle::Plain, cause.reason().to_owned())]];
    rows.extend(cause.images().map(|images| continued(1, (TextStyle::Plain, images))));
    if !cause.locations.is_empty() {
        rows.push(continued(1, (TextStyle::Dim, format!("found in {}", cause.locations.join(", ")))));
    }
    rows.extend(cause.first.hint.iter().map(|hint| continued(1, (TextStyle::Plain, format!("hint: {hint}")))));
    rows
}

/// Returns one line with the counts of a run, also when there is nothing to do.
pub(super) fn summary(report: &RunReport) -> String {
    let mut parts = vec![match report.changes.len() {
        0 if report.failed.is_empty() => "nothing to change".to_owned(),
        0 => "nothing changed".to_owned(),
        count if report.dry_run => format!("{} to change", count_of(count, "reference")),
        count => format!("{} changed", count_of(count, "reference")),
    }];
    // A group that is left alone may have no pull request.
    let (existing, unopened): (Vec<_>, Vec<_>) = report
        .proposals
        .iter()
        .partition(|proposal| proposal.action != ProposalAction::Leave || proposal.number.is_some());
    for action in ProposalAction::ALL {
        let count = existing.iter().filter(|proposal| proposal.action == action).count();
        if count > 0 {
            parts.push(counted_action(action, count, report.dry_run));
        }
    }
    if !unopened.is_empty() {
        parts.push(format!("{} not opened", count_of(unopened.len(), "pull request")));
    }
    for (count, label) in [
        (report.already_proposed.len(), "already proposed"),
        (report.up_to_date, "up to date"),
        (report.held.len(), "held"),
        (report.failed.len(), "failed"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {label}"));
        }
    }
    let requests = report.requests.total();
    if requests > 0 {
        parts.push(count_of(requests, "request"));
    }
    parts.join(", ")
}

fn counted_action(action: ProposalAction, count: usize, dry_run: bool) -> String {
    let pull_requests = count_of(count, "pull request");
    let branches = if count == 1 { "1 branch".to_owned() } else { format!("{count} branches") };
    match (action, dry_run) {
        (ProposalAction::Commit, true) => format!("{} to make", count_of(count, "direct commit")),
        (ProposalAction::Commit, false) => count_of(count, "direct commit"),
        (ProposalAction::Open, true) => format!("{pull_requests} to open"),
        (ProposalAction::Update, true) => format!("{pull_requests} to update"),
        (ProposalAction::Close, true) => format!("{pull_requests} to close"),
        (ProposalAction::Delete, true) => format!("{branches} to delete"),
        (ProposalAction::Delete, false) => format!("{branches} deleted"),
        (action, _) => format!("{pull_requests} {}", action.label(dry_run)),
    }
}
