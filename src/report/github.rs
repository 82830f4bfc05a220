//! Formats of GitHub Actions: step outputs as `key=value` lines, and workflow commands that annotate files. Text from
//! manifests and registries is escaped, so that it cannot end a line or a property.

use std::fmt::Write as _;

use serde_json::json;

use super::cause::FailureCause;
use super::checks::{CheckStatus, Checks};
use super::explanation::{Explanation, OutcomeKind};
use super::list::{ReferenceList, ReferenceStatus};
use super::renderer::Renderer;
use super::run_report::{ProposalAction, ProposalRow, RunReport};
use super::style::RenderOptions;
use crate::text::{visible, visible_lines, without_commands};

/// Step outputs: lines for the file that `GITHUB_OUTPUT` names
/// (<https://docs.github.com/actions/reference/workflow-commands-for-github-actions#setting-an-output-parameter>).
#[derive(Debug)]
pub struct Outputs;

impl Renderer for Outputs {
    fn name(&self) -> &'static str {
        "outputs"
    }

    fn about(&self) -> &'static str {
        "Step outputs of GitHub Actions"
    }

    fn extension(&self) -> Option<&'static str> {
        Some("outputs")
    }

    fn list(&self, list: &ReferenceList, _: RenderOptions) -> String {
        let held = list.rows.iter().filter(|row| row.status == ReferenceStatus::Held).count();
        lines(&[("references", list.rows.len().to_string()), ("held", held.to_string())])
    }

    fn explanations(&self, explanations: &[Explanation], _: RenderOptions) -> String {
        let Some(first) = explanations.first() else { return String::new() };
        let chosen = first.chosen.clone().unwrap_or_default();
        lines(&[("outcome", first.outcome.as_str().to_owned()), ("current", first.current.clone()), ("chosen", chosen)])
    }

    fn run(&self, report: &RunReport, _: RenderOptions) -> String {
        let first = |action| report.proposals.iter().find(|proposal| proposal.action == action);
        let proposal = first(ProposalAction::Open)
            .or_else(|| first(ProposalAction::Update))
            .or_else(|| first(ProposalAction::Unchanged));
        let operation = match proposal.map(|proposal| proposal.action) {
            Some(ProposalAction::Open) => "created",
            Some(ProposalAction::Update) => "updated",
            _ if first(ProposalAction::Close).is_some() => "closed",
            _ => "none",
        };
        let field = |get: fn(&ProposalRow) -> Option<String>| proposal.and_then(get).unwrap_or_default();
        lines(&[
            ("changed", (!report.changes.is_empty()).to_string()),
            ("updates", report.changes.len().to_string()),
            ("held", report.held.len().to_string()),
            ("failed", report.failed.len().to_string()),
            ("prs", json!(report.proposals).to_string()),
            ("prs-created", (!report.dry_run && first(ProposalAction::Open).is_some()).to_string()),
            ("pull-request-number", field(|proposal| proposal.number.map(|number| number.to_string()))),
            ("pull-request-url", field(|proposal| proposal.url.clone())),
            ("pull-request-operation", if report.dry_run { "none" } else { operation }.to_owned()),
            ("pull-request-branch", field(|proposal| Some(proposal.branch.clone()))),
            ("pull-request-head-sha", field(|proposal| proposal.head.clone())),
        ])
    }

    fn checks(&self, checks: &Checks, _: RenderOptions) -> String {
        lines(&[("ok", checks.all_ok().to_string())])
    }
}

fn lines(values: &[(&str, String)]) -> String {
    values.iter().map(|(key, value)| format!("{key}={}\n", visible(value))).collect()
}

/// Workflow commands: a notice for each stale digest, a warning for each held place and an error for each failure (<https://docs.github.com/actions/reference/workflow-commands-for-github-actions#setting-a-warning-message>).
#[derive(Debug)]
pub struct Annotations;

impl Renderer for Annotations {
    fn name(&self) -> &'static str {
        "annotations"
    }

    fn about(&self) -> &'static str {
        "Workflow commands of GitHub Actions: warnings and errors at file and line"
    }

    fn extension(&self) -> Option<&'static str> {
        Some("annotations")
    }

    fn has_commands(&self) -> bool {
        true
    }

    fn list(&self, list: &ReferenceList, _: RenderOptions) -> String {
        let held = list.rows.iter().filter(|row| row.status == ReferenceStatus::Held);
        held.map(|row| {
            let location = format!("{}:{}", row.path, row.line);
            annotation("warning", Some(&location), "Held", row.reason.as_deref().unwrap_or_default(), None)
        })
        .collect()
    }

    fn explanations(&self, explanations: &[Explanation], _: RenderOptions) -> String {
        let levels = explanations.iter().filter_map(|one| match one.outcome {
            OutcomeKind::Unknown => Some(("error", one)),
            OutcomeKind::Held => Some(("warning", one)),
            OutcomeKind::Update | OutcomeKind::UpToDate => None,
        });
        levels
            .map(|(level, one)| annotation(level, one.locations.first(), &one.image, &one.reason, one.hint.as_deref()))
            .collect()
    }

    fn run(&self, report: &RunReport, _: RenderOptions) -> String {
        let mut out = String::new();
        for cause in FailureCause::of(&report.failed) {
            let reason = match cause.images() {
                Some(images) => format!("{} ({images})", cause.reason()),
                None => cause.reason().to_owned(),
            };
            let hint = cause.first.hint.as_deref();
            out.push_str(&annotation("error", cause.locations.first(), &cause.label(), &reason, hint));
        }
        for held in &report.held {
            let location = held.location();
            let title = held.name.as_deref().unwrap_or("Held");
            out.push_str(&annotation("warning", Some(&location), title, &held.reason, held.hint.as_deref()));
        }
        for row in report.images.iter().filter(|row| row.moved_digest.is_some()) {
            out.push_str(&annotation("notice", row.locations.first(), &row.name, &row.reason, None));
        }
        out
    }

    fn checks(&self, checks: &Checks, _: RenderOptions) -> String {
        let levels = checks.checks.iter().filter_map(|check| match check.status {
            CheckStatus::Ok => None,
            CheckStatus::Warning => Some(("warning", check)),
            CheckStatus::Failed => Some(("error", check)),
        });
        levels
            .map(|(level, check)| annotation(level, None, &check.name, &check.message, check.hint.as_deref()))
            .collect()
    }
}

/// Returns one workflow command: `::warning file=…,line=…,title=…::message`.
fn annotation(level: &str, location: Option<&String>, title: &str, message: &str, hint: Option<&str>) -> String {
    let mut out = format!("::{level} ");
    if let Some((file, line)) = location.and_then(|location| location.rsplit_once(':')) {
        let _ = write!(out, "file={},line={},", property(file), property(line));
    }
    let hint = hint.map(|hint| format!("\nhint: {}", visible(hint))).unwrap_or_default();
    let _ = writeln!(out, "title={}::{}", property(title), data(&format!("{}{hint}", visible(message))));
    out
}

/// Escapes the message of a command as `@actions/core` does. No line of it is a command either.
fn data(text: &str) -> String {
    without_commands(&visible_lines(text)).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a property as `@actions/core` does.
fn property(text: &str) -> String {
    data(&visible(text)).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_text_that_would_start_a_command() {
        let command = annotation(
            "error",
            Some(&"a,b\n::x.yaml:7".to_owned()),
            "t:",
            "100 %\n::set-env::\u{202e}",
            Some("h\nerror: i"),
        );
        let expected =
            "::error file=a%2Cb\\n%3A%3Ax.yaml,line=7,title=t%3A::100 %25\\n::set-env::\\u202e%0Ahint: h\\nerror: i\n";
        assert_eq!(command, expected);
        assert_eq!(
            annotation("error", None, "##[add-mask]", "##vso[a]", None),
            "::error title=\\u0023#[add-mask]::\\u0023#vso[a]\n"
        );
        assert_eq!(lines(&[("a", "1\nb=2".to_owned())]), "a=1\\nb=2\n");
    }
}
