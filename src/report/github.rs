//! What steps of GitHub Actions understand: outputs of a step as `key=value` lines, and workflow commands that annotate
//! files. Text from manifests and registries can end neither a line nor a property early.

use std::fmt::Write as _;

use serde_json::json;

use super::checks::Checks;
use super::explanation::Explanation;
use super::list::{List, RowStatus};
use super::page::Page;
use super::renderer::Renderer;
use super::run_report::{Done, Proposed, RunReport};

/// Lines for the file that `GITHUB_OUTPUT` names
/// (<https://docs.github.com/actions/reference/workflow-commands-for-github-actions#setting-an-output-parameter>).
#[derive(Debug)]
pub struct Outputs;

impl Renderer for Outputs {
    fn list(&self, list: &List, _: Page) -> String {
        let held = list.rows.iter().filter(|row| row.status == RowStatus::Held).count();
        lines(&[("references", list.rows.len().to_string()), ("held", held.to_string())])
    }

    fn explanations(&self, explanations: &[Explanation], _: Page) -> String {
        let Some(first) = explanations.first() else { return String::new() };
        let chosen = first.chosen.clone().unwrap_or_default();
        lines(&[("outcome", first.outcome.to_owned()), ("current", first.current.clone()), ("chosen", chosen)])
    }

    fn run(&self, report: &RunReport, _: Page) -> String {
        let is = |done: Done| move |one: &&Proposed| one.action == done;
        let first = |done: Done| report.proposals.iter().find(is(done));
        let proposed = first(Done::Open).or_else(|| first(Done::Update)).or_else(|| first(Done::Unchanged));
        let operation = match proposed.map(|one| one.action) {
            Some(Done::Open) => "created",
            Some(Done::Update) => "updated",
            _ if first(Done::Close).is_some() => "closed",
            _ => "none",
        };
        let of = |part: fn(&Proposed) -> Option<String>| proposed.and_then(part).unwrap_or_default();
        lines(&[
            ("changed", (!report.changes.is_empty()).to_string()),
            ("updates", report.changes.len().to_string()),
            ("held", report.held.len().to_string()),
            ("failed", report.failed.len().to_string()),
            ("prs", json!(report.proposals).to_string()),
            ("prs-created", (!report.dry_run && first(Done::Open).is_some()).to_string()),
            ("pull-request-number", of(|one| one.number.map(|number| number.to_string()))),
            ("pull-request-url", of(|one| one.url.clone())),
            ("pull-request-operation", if report.dry_run { "none" } else { operation }.to_owned()),
            ("pull-request-branch", of(|one| Some(one.branch.clone()))),
            ("pull-request-head-sha", of(|one| one.head.clone())),
        ])
    }

    fn checks(&self, checks: &Checks, _: Page) -> String {
        lines(&[("works", checks.all_work().to_string())])
    }
}

fn lines(values: &[(&str, String)]) -> String {
    values.iter().map(|(key, value)| format!("{key}={}\n", value.replace(['\n', '\r'], " "))).collect()
}

/// Workflow commands that show a person where something has to be done: a warning for what is held, an error for what
/// failed (<https://docs.github.com/actions/reference/workflow-commands-for-github-actions#setting-a-warning-message>).
#[derive(Debug)]
pub struct Annotations;

impl Renderer for Annotations {
    fn list(&self, list: &List, _: Page) -> String {
        let held = list.rows.iter().filter(|row| row.status == RowStatus::Held);
        held.map(|row| {
            let place = format!("{}:{}", row.path, row.line);
            annotation("warning", Some(&place), "Held", row.reason.as_deref().unwrap_or_default(), None)
        })
        .collect()
    }

    fn explanations(&self, explanations: &[Explanation], _: Page) -> String {
        let told = explanations.iter().filter_map(|one| match one.outcome {
            "unknown" => Some(("error", one)),
            "held" => Some(("warning", one)),
            _ => None,
        });
        told.map(|(level, one)| annotation(level, one.places.first(), &one.image, &one.reason, None)).collect()
    }

    fn run(&self, report: &RunReport, _: Page) -> String {
        let mut out = String::new();
        for failed in &report.failed {
            let hint = failed.hint.as_deref();
            out.push_str(&annotation("error", failed.places.first(), &failed.what, &failed.reason, hint));
        }
        for held in &report.held {
            let place = format!("{}:{}", held.path, held.line);
            let what = held.name.as_deref().unwrap_or("Held");
            out.push_str(&annotation("warning", Some(&place), what, &held.reason, None));
        }
        out
    }

    fn checks(&self, checks: &Checks, _: Page) -> String {
        let failing = checks.checks.iter().filter(|check| !check.works);
        failing.map(|check| annotation("error", None, &check.what, &check.says, check.hint.as_deref())).collect()
    }
}

/// One command: `::warning file=…,line=…,title=…::message`.
fn annotation(level: &str, place: Option<&String>, title: &str, message: &str, hint: Option<&str>) -> String {
    let mut out = format!("::{level} ");
    if let Some((file, line)) = place.and_then(|place| place.rsplit_once(':')) {
        let _ = write!(out, "file={},line={},", property(file), property(line));
    }
    let hint = hint.map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
    let _ = writeln!(out, "title={}::{}", property(title), data(&format!("{message}{hint}")));
    out
}

/// As `@actions/core` escapes what stands behind the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// As `@actions/core` escapes the values of properties.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_is_a_command() {
        let told = annotation("error", Some(&"a,b\n::x.yaml:7".to_owned()), "t:", "100 %\n::set-env::", Some("h"));
        assert_eq!(told, "::error file=a%2Cb%0A%3A%3Ax.yaml,line=7,title=t%3A::100 %25%0A::set-env::%0Ahint: h\n");
        assert_eq!(lines(&[("a", "1\nb=2".to_owned())]), "a=1 b=2\n");
    }
}
