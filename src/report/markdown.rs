//! Markdown for the summary of a CI step. Text from registries and manifests is escaped, so that it cannot become markup.

use std::fmt::Write as _;

use super::cause::{FailureCause, held_by_reason};
use super::checks::Checks;
use super::explanation::Explanation;
use super::list::ReferenceList;
use super::renderer::Renderer;
use super::run_report::{ChangeRow, HeldRow, ProposalAction, RunReport};
use super::style::RenderOptions;
use super::text::{first_line, outcome, shortened, shown_value, shown_version, summary};
use crate::docs::{Hint, split_at_address};
use crate::plan::{code, major_mark, plain};

/// GitHub Flavored Markdown.
#[derive(Debug)]
pub struct Markdown;

impl Renderer for Markdown {
    fn name(&self) -> &'static str {
        "markdown"
    }

    fn about(&self) -> &'static str {
        "Markdown for the summary of a CI job"
    }

    fn extension(&self) -> Option<&'static str> {
        Some("md")
    }

    fn list(&self, list: &ReferenceList, _: RenderOptions) -> String {
        let rows = list.rows.iter().map(|row| {
            let location = code(&format!("{}:{}", row.path, row.line));
            let status = row.status.as_str().to_owned();
            vec![location, code(&shown_value(row)), status, plain(row.policy_or_reason())]
        });
        table(&["Location", "Reference", "Status", "Policy or reason"], rows)
    }

    fn explanations(&self, explanations: &[Explanation], _: RenderOptions) -> String {
        let mut out = String::new();
        for one in explanations {
            let _ = writeln!(out, "### {} {}\n", code(&one.image), code(&shown_version(&one.current)));
            let _ = writeln!(out, "{}: {} (policy {})\n", plain(&outcome(one)), plain(&one.reason), code(&one.policy));
            if one.hint.is_some() {
                let _ = writeln!(out, "Hint: {}\n", hint(&one.hint));
            }
            let rows = one.candidates.iter().map(|candidate| {
                vec![code(&candidate.tag), candidate.verdict.label().to_owned(), plain(&candidate.reason)]
            });
            if !one.candidates.is_empty() {
                let _ = writeln!(out, "{}", table(&["Tag", "Verdict", "Reason"], rows));
            }
        }
        out
    }

    fn checks(&self, checks: &Checks, _: RenderOptions) -> String {
        let rows = checks.checks.iter().map(|check| {
            vec![code(&check.name), check.status.as_str().to_owned(), plain(&check.message), hint(&check.hint)]
        });
        table(&["Check", "Status", "Message", "Hint"], rows)
    }

    fn run(&self, report: &RunReport, _: RenderOptions) -> String {
        let mut out = format!("## Tagboat\n\n{}\n", plain(&summary(report)));
        let columns = ["Image", "From → to", "Location", "Reason"];
        for (title, changes) in
            [("Changes", &report.changes), ("Already proposed in open pull requests", &report.already_proposed)]
        {
            section(&mut out, title, &columns, changes.iter().map(change));
        }
        let listed = report.proposals.iter().filter(|proposal| proposal.action != ProposalAction::Unchanged);
        let proposals = listed.map(|proposal| {
            let title = match &proposal.url {
                Some(url) => format!("[{}]({})", plain(&proposal.title), link_target(url)),
                None => plain(&proposal.title),
            };
            let reason = plain(&proposal.reason.as_ref().map(ToString::to_string).unwrap_or_default());
            vec![
                title,
                proposal.action.label(report.dry_run).to_owned(),
                code(&proposal.branch),
                reason,
                hint(&proposal.hint),
            ]
        });
        section(&mut out, "Pull requests", &["Title", "Action", "Branch", "Reason", "Hint"], proposals);
        let remarkable = report.remarkable_images().map(|row| {
            let (current, locations) = (code(&shortened(&row.current)), code(&row.locations.join(", ")));
            vec![code(&row.name), current, locations, plain(&row.reason)]
        });
        section(&mut out, "Up to date, with a remark", &["Image", "Current", "Locations", "Reason"], remarkable);
        let held = held_by_reason(&report.held).into_iter().map(|alike| {
            let places = alike.iter().map(|held| code(&held.location())).collect::<Vec<_>>();
            let mut values = alike.iter().map(|held| code(&shortened(&first_line(&held.value)))).collect::<Vec<_>>();
            values.dedup();
            let HeldRow { reason, hint: next, .. } = alike[0];
            vec![places.join(", "), values.join(", "), plain(reason), hint(next)]
        });
        section(&mut out, "Held", &["Location", "Value", "Reason", "Hint"], held);
        let causes = FailureCause::of(&report.failed);
        let failed = causes.iter().map(|cause| {
            let subjects = cause.subjects.iter().map(|subject| code(subject)).collect::<Vec<_>>().join(", ");
            let subjects = if cause.images().is_some() { format!("{}: {subjects}", cause.label()) } else { subjects };
            vec![subjects, plain(cause.reason()), hint(&cause.first.hint), code(&cause.locations.join(", "))]
        });
        section(&mut out, "Failed", &["Subject", "Reason", "Hint", "Locations"], failed);
        out
    }
}

fn change(change: &ChangeRow) -> Vec<String> {
    let (from, to) = (code(&shown_version(&change.from)), code(&shown_version(&change.to)));
    let versions = format!("{from} → {to}{}", major_mark(change.bump));
    let reason = format!("{} ({})", plain(&change.reason), code(&change.policy));
    vec![code(&change.name), versions, code(&format!("{}:{}", change.path, change.line)), reason]
}

/// Returns a hint without markup. The address of a documentation page stays a link: `plain` would make it one that cannot
/// be copied.
fn hint(hint: &Option<Hint>) -> String {
    let hint = hint.as_deref().unwrap_or_default();
    match split_at_address(hint) {
        Some((before, address, after)) => {
            let gap = if before.ends_with(' ') { " " } else { "" };
            format!("{}{gap}<{address}>{}", plain(before), plain(after))
        }
        None => plain(hint),
    }
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

/// Escapes a URL so that nothing in it ends the link.
fn link_target(url: &str) -> String {
    url.replace('(', "%28").replace(')', "%29").replace(['<', '>', ' ', '|', '\n', '\r'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_characters_that_end_a_link() {
        assert_eq!(link_target("https://x/(a) b"), "https://x/%28a%29b");
    }
}
