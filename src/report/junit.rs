//! JUnit XML, as Jenkins, GitLab, Azure Pipelines and Bitbucket read it: one test case per image. A failed lookup or
//! change is a failure, a held reference is skipped, and each has its reason as the message.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::checks::{CheckStatus, Checks};
use super::explanation::{Explanation, OutcomeKind};
use super::image_row::{ImageRow, ImageStatus};
use super::list::{ReferenceList, ReferenceStatus};
use super::renderer::Renderer;
use super::run_report::{ProposalAction, ProposalRow, RunReport};
use super::style::RenderOptions;
use super::subject::Subject;
use crate::text::{visible, visible_lines};

/// One test suite.
#[derive(Debug)]
pub struct JUnit;

/// The result of a test case.
enum CaseResult {
    Passed,
    Skipped(String),
    Failed(String),
}

/// One test case.
struct Case {
    /// The group of cases: `images`, `files`, `pull requests`, `direct commits`.
    class: &'static str,
    name: String,
    /// The first occurrence, as `path:line`.
    location: Option<String>,
    result: CaseResult,
    /// Lines of detail beyond the result.
    details: Vec<String>,
}

impl Renderer for JUnit {
    fn name(&self) -> &'static str {
        "junit"
    }

    fn about(&self) -> &'static str {
        "JUnit XML test results"
    }

    fn extension(&self) -> Option<&'static str> {
        None
    }

    fn list(&self, list: &ReferenceList, _: RenderOptions) -> String {
        let cases = list.rows.iter().filter(|row| row.status != ReferenceStatus::Ignored).map(|row| {
            let reason = row.reason.clone().unwrap_or_default();
            Case {
                class: "references",
                name: row.reference.as_ref().map_or(row.value.as_str(), |reference| reference.as_str()).to_owned(),
                location: Some(format!("{}:{}", row.path, row.line)),
                details: row.policy.iter().map(|policy| format!("policy: {policy}")).collect(),
                result: if row.status == ReferenceStatus::Held {
                    CaseResult::Skipped(reason)
                } else {
                    CaseResult::Passed
                },
            }
        });
        suite(&cases.collect::<Vec<_>>())
    }

    fn explanations(&self, explanations: &[Explanation], _: RenderOptions) -> String {
        let cases = explanations.iter().map(|one| Case {
            class: "images",
            name: reference(&one.image, &one.current),
            location: one.locations.first().cloned(),
            details: (one.hint.iter().map(|hint| format!("hint: {hint}")))
                .chain(one.candidates.iter().map(|tag| format!("{} {}: {}", tag.tag, tag.verdict.label(), tag.reason)))
                .collect(),
            result: match one.outcome {
                OutcomeKind::Unknown => CaseResult::Failed(one.reason.clone()),
                OutcomeKind::Held => CaseResult::Skipped(one.reason.clone()),
                OutcomeKind::Update | OutcomeKind::UpToDate => CaseResult::Passed,
            },
        });
        suite(&cases.collect::<Vec<_>>())
    }

    fn checks(&self, checks: &Checks, _: RenderOptions) -> String {
        let cases = checks.checks.iter().map(|check| Case {
            class: "checks",
            name: check.name.clone(),
            location: None,
            details: check.hint.iter().map(|hint| format!("hint: {hint}")).collect(),
            result: match check.status {
                CheckStatus::Ok => CaseResult::Passed,
                CheckStatus::Warning => CaseResult::Skipped(check.message.clone()),
                CheckStatus::Failed => CaseResult::Failed(check.message.clone()),
            },
        });
        suite(&cases.collect::<Vec<_>>())
    }

    fn run(&self, report: &RunReport, _: RenderOptions) -> String {
        let images = report.images.iter().filter(|row| row.status != ImageStatus::Ignored);
        let by_branch = report.proposals_by_branch();
        let mut cases = images.map(|row| image(row, report.dry_run, &by_branch)).collect::<Vec<_>>();
        cases.extend(report.held_beyond_images().map(|held| Case {
            class: "files",
            name: held.location(),
            location: Some(held.location()),
            result: CaseResult::Skipped(held.reason.clone()),
            details: held.hint.iter().map(|hint| format!("hint: {hint}")).collect(),
        }));
        cases.extend(report.failures_beyond_images().map(|failed| Case {
            class: class(&failed.subject),
            name: failed.subject.as_str().to_owned(),
            location: failed.locations.first().cloned(),
            result: CaseResult::Failed(failed.reason.clone()),
            details: failed.hint.iter().map(|hint| format!("hint: {hint}")).collect(),
        }));
        suite(&cases)
    }
}

fn class(subject: &Subject) -> &'static str {
    match subject {
        Subject::Image(_) => "images",
        Subject::File(_) => "files",
        Subject::DirectCommit(_) => "direct commits",
        Subject::Group(_) | Subject::PullRequestSettings(_) | Subject::Setting(_) => "pull requests",
    }
}

fn image(row: &ImageRow, dry_run: bool, by_branch: &BTreeMap<&str, &ProposalRow>) -> Case {
    let chosen = row.chosen.as_ref().filter(|chosen| **chosen != row.current).map(|chosen| format!("chosen: {chosen}"));
    let proposal = row.branch.as_deref().and_then(|branch| by_branch.get(branch));
    let pull_request = proposal.map(|proposal| {
        let reason = proposal.reason.as_ref().map(ToString::to_string);
        let parts = [Some(proposal.action.label(dry_run)), proposal.url.as_deref(), reason.as_deref()];
        let kind = if proposal.action == ProposalAction::Commit { "direct commit" } else { "pull request" };
        format!("{kind}: {}", parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
    });
    let has_message = matches!(row.status, ImageStatus::Failed | ImageStatus::Held);
    let details = [
        chosen,
        (!has_message).then(|| format!("reason: {}", row.reason)),
        row.policy.as_ref().map(|policy| format!("policy: {policy}")),
        pull_request,
        row.hint.as_ref().or_else(|| proposal?.hint.as_ref()).map(|hint| format!("hint: {hint}")),
    ];
    let locations = row.locations.iter().map(|location| format!("found in {location}"));
    Case {
        class: "images",
        name: reference(&row.name, &row.current),
        location: row.locations.first().cloned(),
        result: match row.status {
            ImageStatus::Failed => CaseResult::Failed(row.reason.clone()),
            ImageStatus::Held => CaseResult::Skipped(row.reason.clone()),
            ImageStatus::Update | ImageStatus::UpToDate | ImageStatus::Ignored => CaseResult::Passed,
        },
        details: details.into_iter().flatten().chain(locations).collect(),
    }
}

fn reference(image: &str, version: &str) -> String {
    match version {
        "" => image.to_owned(),
        // No tag has a colon.
        digest if !digest.contains('@') && digest.contains(':') => format!("{image}@{digest}"),
        tag => format!("{image}:{tag}"),
    }
}

fn suite(cases: &[Case]) -> String {
    let failures = cases.iter().filter(|case| matches!(case.result, CaseResult::Failed(_))).count();
    let skipped = cases.iter().filter(|case| matches!(case.result, CaseResult::Skipped(_))).count();
    let counts = format!("tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\"", cases.len());
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"tagboat\" {counts} time=\"0\">\n  \
         <testsuite name=\"tagboat\" {counts} time=\"0\">\n"
    );
    cases.iter().for_each(|case| write_case(&mut out, case));
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

fn write_case(out: &mut String, case: &Case) {
    let location = case.location.as_deref().map(|location| location.rsplit_once(':').unwrap_or((location, "1")));
    let location =
        location.map(|(file, line)| format!(" file=\"{}\" line=\"{}\"", escaped(&visible(file)), escaped(line)));
    let (class, name) = (case.class, escaped(&visible(&case.name)));
    let location = location.unwrap_or_default();
    let _ = writeln!(out, "    <testcase classname=\"tagboat.{class}\" name=\"{name}\"{location} time=\"0\">");
    // A detail is one line, whatever is in the names that it quotes.
    let details = escaped(&case.details.iter().map(|detail| visible(detail)).collect::<Vec<_>>().join("\n"));
    let _ = match &case.result {
        CaseResult::Passed => Ok(()),
        CaseResult::Skipped(reason) => writeln!(out, "      <skipped message=\"{}\"/>", escaped(&visible(reason))),
        CaseResult::Failed(reason) => {
            let reason = escaped(&visible(reason));
            writeln!(out, "      <failure message=\"{reason}\">{reason}\n{details}</failure>")
        }
    };
    if !details.is_empty() && !matches!(case.result, CaseResult::Failed(_)) {
        let _ = writeln!(out, "      <system-out>{details}</system-out>");
    }
    out.push_str("    </testcase>\n");
}

/// Escapes text for elements and attributes. Characters that XML 1.0 does not allow (§2.2) are escaped or replaced.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in visible_lines(text).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(character),
            '\u{fffe}' | '\u{ffff}' => out.push(char::REPLACEMENT_CHARACTER),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_markup_and_control_characters() {
        assert_eq!(escaped("a<b>&\"c\"\u{1b}[2J\u{0}"), "a&lt;b&gt;&amp;&quot;c&quot;\\u001b[2J\\u0000");
    }
}
