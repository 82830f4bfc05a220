//! For people at a terminal, or reading a log.

use std::fmt::Write as _;

use super::checks::Checks;
use super::diff::diff;
use super::explanation::{Candidate, Explanation, Facts};
use super::list::{List, Row, RowStatus};
use super::page::{Page, Role};
use super::renderer::Renderer;
use super::run_report::{Changed, Done, RunReport};
use crate::docs::page;

/// Text with aligned columns.
#[derive(Debug)]
pub struct Text;

type Cells = Vec<(Role, String)>;

impl Renderer for Text {
    fn list(&self, list: &List, page: Page) -> String {
        let mut out = String::new();
        let files = list.rows.chunk_by(|a, b| a.path == b.path);
        for rows in files {
            let path = rows.first().map_or("", |row| row.path.as_str());
            let _ = writeln!(out, "{}", page.paint(Role::Strong, path));
            out.push_str(&page.columns(&rows.iter().map(place).collect::<Vec<_>>()));
        }
        let count = |status| list.rows.iter().filter(|row| row.status == status).count();
        let _ = writeln!(
            out,
            "{}{} in {}: {} governed, {} held, {} not ours",
            if list.rows.is_empty() { "" } else { "\n" },
            counted(list.rows.len(), "reference"),
            counted(list.rows.chunk_by(|a, b| a.path == b.path).count(), "file"),
            count(RowStatus::Governed),
            count(RowStatus::Held),
            count(RowStatus::NotOurs),
        );
        out
    }

    fn explanations(&self, explanations: &[Explanation], page: Page) -> String {
        explanations.iter().map(|one| explanation(one, page)).collect::<Vec<_>>().join("\n")
    }

    fn checks(&self, checks: &Checks, page: Page) -> String {
        let mut rows = Vec::new();
        for check in &checks.checks {
            let (role, word) = if check.works { (Role::Good, "works") } else { (Role::Bad, "fails") };
            rows.push(vec![
                (role, word.to_owned()),
                (Role::Strong, check.what.clone()),
                (Role::Plain, check.says.clone()),
            ]);
            rows.extend(check.hint.iter().map(|hint| {
                vec![
                    (Role::Plain, String::new()),
                    (Role::Plain, String::new()),
                    (Role::Warning, format!("hint: {hint}")),
                ]
            }));
        }
        page.columns(&rows)
    }

    fn run(&self, report: &RunReport, page: Page) -> String {
        let mut out = diff(&report.files, page);
        let sections: [(&str, Vec<Cells>); 5] = [
            (if report.dry_run { "Would change" } else { "Changed" }, changes(&report.changes)),
            ("Waiting in open pull requests", changes(&report.waiting)),
            ("Pull requests", proposals(report)),
            ("Held", held(report)),
            ("Failed", failed(report)),
        ];
        for (title, rows) in sections {
            if !rows.is_empty() {
                let gap = if out.is_empty() { "" } else { "\n" };
                let _ = writeln!(out, "{gap}{}", page.paint(Role::Strong, title));
                out.push_str(&page.columns(&rows));
            }
        }
        if !report.held.is_empty() {
            let hint = format!("hint: see what each reason needs: {}", page!("troubleshooting.md#held-references"));
            let _ = writeln!(out, "  {}", page.paint(Role::Dim, &hint));
        }
        let gap = if out.is_empty() { "" } else { "\n" };
        let _ = writeln!(out, "{gap}{}", summary(report));
        if *report == (RunReport { about: report.about.clone(), dry_run: report.dry_run, ..RunReport::default() }) {
            let _ = writeln!(out, "hint: see why no image is managed: {}", page!("troubleshooting.md#nothing-happens"));
        }
        out
    }
}

/// `1 file`, `2 files`.
pub(super) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn place(row: &Row) -> Cells {
    let (role, state) = match row.status {
        RowStatus::Governed => (Role::Good, row.policy.clone().unwrap_or_default()),
        RowStatus::Held => (Role::Warning, format!("held: {}", row.reason.as_deref().unwrap_or_default())),
        RowStatus::NotOurs => (Role::Dim, format!("not ours: {}", row.reason.as_deref().unwrap_or_default())),
    };
    let what = row.reference.as_ref().map_or_else(|| one_line(&row.value), |reference| short(reference.as_str()));
    vec![(Role::Place, format!("{}:{}", row.line, row.column)), (Role::Plain, what), (role, state)]
}

/// The first line of a value: some are whole scripts.
pub(super) fn one_line(value: &str) -> String {
    let mut lines = value.lines();
    let first = lines.next().unwrap_or_default();
    if lines.next().is_some() { format!("{first} …") } else { first.to_owned() }
}

/// A reference with only the beginning of its digest: twelve digits tell digests apart.
pub(super) fn short(text: &str) -> String {
    match text.find("sha256:") {
        Some(at) if text.len() > at + 19 => format!("{}…", &text[..at + 19]),
        _ => text.to_owned(),
    }
}

fn explanation(one: &Explanation, page: Page) -> String {
    let current = if one.current.is_empty() { String::new() } else { format!(" {}", short(&one.current)) };
    let mut out = format!("{}{current}\n", page.paint(Role::Strong, &one.image));
    let chosen = one.chosen.as_deref().map(short).unwrap_or_default();
    let (role, outcome) = match one.outcome {
        "update" => (Role::Good, format!("update to {chosen}: {}", one.reason)),
        "up-to-date" => (Role::Good, format!("up to date: {}", one.reason)),
        other => (Role::Warning, format!("{other}: {}", one.reason)),
    };
    let source = one.source.as_ref().map(|source| format!(", by {source}")).unwrap_or_default();
    let mut head = vec![
        vec![(Role::Dim, "policy".to_owned()), (Role::Plain, format!("{}{source}", one.policy))],
        vec![(Role::Dim, "outcome".to_owned()), (role, outcome)],
    ];
    for (at, place) in one.places.iter().enumerate() {
        let label = if at == 0 { "stands in" } else { "" };
        head.push(vec![(Role::Dim, label.to_owned()), (Role::Place, place.clone())]);
    }
    out.push_str(&page.columns(&head));
    let accepted = one.candidates.iter().filter(|candidate| candidate.accepted).count();
    if one.candidates.is_empty() {
        return out;
    }
    let _ = writeln!(out, "\n{}, {accepted} accepted, best first:", counted(one.candidates.len(), "tag"));
    out.push_str(&page.columns(&one.candidates.iter().map(|candidate| verdict(candidate, one)).collect::<Vec<_>>()));
    out
}

fn verdict(candidate: &Candidate, one: &Explanation) -> Cells {
    let is = |what: &str| what.split('@').next() == Some(candidate.tag.as_str());
    let mark = match candidate {
        _ if one.outcome == "update" && one.chosen.as_deref().is_some_and(is) => "→",
        _ if is(&one.current) => "=",
        Candidate { accepted: true, .. } => "+",
        _ => "-",
    };
    let role = if candidate.accepted { Role::Good } else { Role::Dim };
    let line = candidate.facts.as_ref().map(Facts::line).filter(|line| !line.is_empty());
    let facts = line.map(|line| format!(" ({line})")).unwrap_or_default();
    vec![
        (role, mark.to_owned()),
        (if candidate.accepted { Role::Plain } else { Role::Dim }, candidate.tag.clone()),
        (Role::Dim, format!("{}{facts}", candidate.reason)),
    ]
}

/// Changes that are alike but for the place stand together.
fn changes(changes: &[Changed]) -> Vec<Cells> {
    let mut alike: Vec<(&Changed, Vec<String>)> = Vec::new();
    for change in changes {
        let place = format!("{}:{}", change.path, change.line);
        match alike.iter_mut().find(|(first, _)| first.is_like(change)) {
            Some((_, places)) => places.push(place),
            None => alike.push((change, vec![place])),
        }
    }
    let mut rows = Vec::new();
    for (change, places) in alike {
        let versions = format!("{} → {}", short(&change.from), short(&change.to));
        rows.push(vec![(Role::Plain, change.name.clone()), (Role::Good, versions)]);
        let below = |role, text| vec![(Role::Plain, String::new()), (role, text)];
        rows.push(below(Role::Dim, format!("{} ({})", change.reason, change.policy)));
        rows.extend(places.into_iter().map(|place| below(Role::Place, place)));
    }
    rows
}

fn proposals(report: &RunReport) -> Vec<Cells> {
    let cells = report.proposals.iter().map(|proposed| {
        let role = match proposed.action {
            Done::Commit | Done::Open | Done::Update => Role::Good,
            Done::Unchanged => Role::Dim,
            Done::Close | Done::Leave => Role::Warning,
        };
        let what = proposed.url.as_ref().unwrap_or(&proposed.branch);
        let told = [Some(&proposed.title), proposed.why.as_ref()].into_iter().flatten().filter(|text| !text.is_empty());
        vec![
            (role, proposed.action.word(report.dry_run).to_owned()),
            (Role::Plain, what.clone()),
            (Role::Plain, told.cloned().collect::<Vec<_>>().join(": ")),
        ]
    });
    cells.collect()
}

fn held(report: &RunReport) -> Vec<Cells> {
    let cells = report.held.iter().map(|held| {
        vec![
            (Role::Place, format!("{}:{}", held.path, held.line)),
            (Role::Plain, short(&one_line(&held.value))),
            (Role::Warning, held.reason.clone()),
        ]
    });
    cells.collect()
}

fn failed(report: &RunReport) -> Vec<Cells> {
    let mut rows = Vec::new();
    for failed in &report.failed {
        rows.push(vec![(Role::Bad, failed.what.clone()), (Role::Plain, failed.reason.clone())]);
        if !failed.places.is_empty() {
            rows.push(vec![(Role::Plain, String::new()), (Role::Dim, format!("seen in {}", failed.places.join(", ")))]);
        }
        if let Some(hint) = &failed.hint {
            rows.push(vec![(Role::Plain, String::new()), (Role::Plain, format!("hint: {hint}"))]);
        }
    }
    rows
}

/// One line that says it all, also when nothing happened.
pub(super) fn summary(report: &RunReport) -> String {
    let mut parts = vec![match report.changes.len() {
        0 => "nothing to change".to_owned(),
        some if report.dry_run => format!("{} to change", counted(some, "reference")),
        some => format!("{} changed", counted(some, "reference")),
    }];
    let open = |done: Done| report.proposals.iter().filter(|proposed| proposed.action == done).count();
    for done in [Done::Commit, Done::Open, Done::Update, Done::Unchanged, Done::Close, Done::Leave] {
        let count = open(done);
        if count > 0 {
            let what = if done == Done::Commit { "commit to the base branch" } else { "pull request" };
            parts.push(format!("{} {}", counted(count, what), done.word(report.dry_run)));
        }
    }
    for (count, what) in [
        (report.waiting.len(), "waiting in open pull requests"),
        (report.up_to_date, "up to date"),
        (report.held.len(), "held"),
        (report.failed.len(), "failed"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    let RunReport { requests, .. } = report;
    let asked = requests.registry + requests.token + requests.forge;
    if asked > 0 {
        parts.push(format!("{asked} requests"));
    }
    parts.join(", ")
}
