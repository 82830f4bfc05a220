//! Markdown, for the summary of a CI step. Text from registries and manifests is data: it can't become markup.

use std::fmt::Write as _;

use super::checks::Checks;
use super::explanation::Explanation;
use super::list::{List, RowStatus};
use super::page::Page;
use super::renderer::Renderer;
use super::run_report::{Changed, Done, RunReport};
use super::text::{short, summary};
use crate::plan::{code, plain};

/// GitHub's kind of Markdown.
#[derive(Debug)]
pub struct Markdown;

impl Renderer for Markdown {
    fn list(&self, list: &List, _: Page) -> String {
        let rows = list.rows.iter().map(|row| {
            let what = row.reference.as_ref().map_or(row.value.as_str(), |reference| reference.as_str());
            let why = match row.status {
                RowStatus::Governed => row.policy.as_deref(),
                _ => row.reason.as_deref(),
            };
            let place = code(&format!("{}:{}", row.path, row.line));
            vec![place, code(&short(what)), row.status.as_str().to_owned(), plain(why.unwrap_or_default())]
        });
        table(&["Where", "What", "Status", "Policy or reason"], rows)
    }

    fn explanations(&self, explanations: &[Explanation], _: Page) -> String {
        let mut out = String::new();
        for one in explanations {
            let _ = writeln!(out, "### {} {}\n", code(&one.image), code(&short(&one.current)));
            let _ = writeln!(out, "{}: {} (policy {})\n", one.outcome, plain(&one.reason), code(&one.policy));
            let rows = one.candidates.iter().map(|candidate| {
                let verdict = if candidate.accepted { "accepted" } else { "refused" };
                vec![code(&candidate.tag), verdict.to_owned(), plain(&candidate.reason)]
            });
            if !one.candidates.is_empty() {
                let _ = writeln!(out, "{}", table(&["Tag", "Verdict", "Reason"], rows));
            }
        }
        out
    }

    fn checks(&self, checks: &Checks, _: Page) -> String {
        let rows = checks.checks.iter().map(|check| {
            let status = if check.works { "works" } else { "fails" };
            vec![
                code(&check.what),
                status.to_owned(),
                plain(&check.says),
                plain(check.hint.as_deref().unwrap_or_default()),
            ]
        });
        table(&["What", "Status", "Says", "What to do"], rows)
    }

    fn run(&self, report: &RunReport, _: Page) -> String {
        let mut out = format!("## Tagboat\n\n{}\n", plain(&summary(report)));
        for (title, changes) in [("Changes", &report.changes), ("Waiting in open pull requests", &report.waiting)] {
            section(&mut out, title, &["Image", "From → to", "Where", "Why"], changes.iter().map(changed));
        }
        let proposals = report.proposals.iter().filter(|proposed| proposed.action != Done::Unchanged).map(|proposed| {
            let link = match &proposed.url {
                Some(url) => format!("[{}]({})", plain(&proposed.title), address(url)),
                None => plain(&proposed.title),
            };
            let why = plain(proposed.why.as_deref().unwrap_or_default());
            vec![link, proposed.action.word(report.dry_run).to_owned(), code(&proposed.branch), why]
        });
        section(&mut out, "Pull requests", &["Title", "State", "Branch", "Why"], proposals);
        let held = report.held.iter().map(|held| {
            vec![code(&format!("{}:{}", held.path, held.line)), code(&short(&held.value)), plain(&held.reason)]
        });
        section(&mut out, "Held", &["Where", "What", "Why"], held);
        let failed = report.failed.iter().map(|failed| {
            let next = plain(failed.hint.as_deref().unwrap_or_default());
            vec![code(&failed.what), plain(&failed.reason), next, code(&failed.places.join(", "))]
        });
        section(&mut out, "Failed", &["What", "Why", "Next", "Seen in"], failed);
        out
    }
}

fn changed(change: &Changed) -> Vec<String> {
    let versions = format!("{} → {}", code(&short(&change.from)), code(&short(&change.to)));
    let why = format!("{} ({})", plain(&change.reason), code(&change.policy));
    vec![code(&change.name), versions, code(&format!("{}:{}", change.path, change.line)), why]
}

fn section(out: &mut String, title: &str, head: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    let mut rows = rows.peekable();
    if rows.peek().is_some() {
        let _ = write!(out, "\n### {title}\n\n{}", table(head, rows));
    }
}

fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut out = format!("| {} |\n|{}\n", head.join(" | "), " --- |".repeat(head.len()));
    for row in rows {
        let _ = writeln!(out, "| {} |", row.join(" | "));
    }
    out
}

/// The address of a link, which must not end early.
fn address(url: &str) -> String {
    url.replace('(', "%28").replace(')', "%29").replace(['<', '>', ' ', '|', '\n', '\r'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_does_not_end_early() {
        assert_eq!(address("https://x/(a) b"), "https://x/%28a%29b");
    }
}
