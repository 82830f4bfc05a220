//! JUnit's XML, as Jenkins, GitLab, Azure Pipelines and Bitbucket read it: a test case for each image. What failed is a
//! failure, what is held is skipped, and the reason is inside.

use std::fmt::Write as _;

use super::checks::Checks;
use super::explanation::Explanation;
use super::image_row::{ImageRow, ImageState};
use super::list::{List, RowStatus};
use super::page::Page;
use super::renderer::Renderer;
use super::run_report::RunReport;

/// One test suite.
#[derive(Debug)]
pub struct JUnit;

/// How a test case ended.
enum Verdict {
    Passed,
    Skipped(String),
    Failed(String),
}

/// One test case.
struct Case {
    /// Groups cases: `images`, `files`, `pull requests`.
    class: &'static str,
    name: String,
    /// The first file that it is about, and its line.
    place: Option<String>,
    verdict: Verdict,
    /// What there is to say beyond the verdict, a line each.
    details: Vec<String>,
}

impl Renderer for JUnit {
    fn list(&self, list: &List, _: Page) -> String {
        let cases = list.rows.iter().filter(|row| row.status != RowStatus::NotOurs).map(|row| {
            let reason = row.reason.clone().unwrap_or_default();
            Case {
                class: "references",
                name: row.reference.as_ref().map_or(row.value.as_str(), |reference| reference.as_str()).to_owned(),
                place: Some(format!("{}:{}", row.path, row.line)),
                details: row.policy.iter().map(|policy| format!("policy: {policy}")).collect(),
                verdict: if row.status == RowStatus::Held { Verdict::Skipped(reason) } else { Verdict::Passed },
            }
        });
        suite(&cases.collect::<Vec<_>>())
    }

    fn explanations(&self, explanations: &[Explanation], _: Page) -> String {
        let cases = explanations.iter().map(|one| Case {
            class: "images",
            name: named(&one.image, &one.current),
            place: one.places.first().cloned(),
            details: one.candidates.iter().map(|tag| format!("{}: {}", tag.tag, tag.reason)).collect(),
            verdict: match one.outcome {
                "unknown" => Verdict::Failed(one.reason.clone()),
                "held" => Verdict::Skipped(one.reason.clone()),
                _ => Verdict::Passed,
            },
        });
        suite(&cases.collect::<Vec<_>>())
    }

    fn checks(&self, checks: &Checks, _: Page) -> String {
        let cases = checks.checks.iter().map(|check| Case {
            class: "checks",
            name: check.what.clone(),
            place: None,
            details: check.hint.iter().map(|hint| format!("hint: {hint}")).collect(),
            verdict: if check.works { Verdict::Passed } else { Verdict::Failed(check.says.clone()) },
        });
        suite(&cases.collect::<Vec<_>>())
    }

    fn run(&self, report: &RunReport, _: Page) -> String {
        let ours = report.images.iter().filter(|row| row.state != ImageState::NotOurs);
        let mut cases = ours.map(|row| image(row, report)).collect::<Vec<_>>();
        // What could not be read has no image, and what failed is told by its images where it has any.
        cases.extend(report.held.iter().filter(|held| held.name.is_none()).map(|held| Case {
            class: "files",
            name: format!("{}:{}", held.path, held.line),
            place: Some(format!("{}:{}", held.path, held.line)),
            verdict: Verdict::Skipped(held.reason.clone()),
            details: Vec::new(),
        }));
        let told =
            |reason: &str| report.images.iter().any(|row| row.state == ImageState::Failed && row.reason == reason);
        cases.extend(report.failed.iter().filter(|failed| !told(&failed.reason)).map(|failed| Case {
            class: "pull requests",
            name: failed.what.clone(),
            place: failed.places.first().cloned(),
            verdict: Verdict::Failed(failed.reason.clone()),
            details: failed.hint.iter().map(|hint| format!("hint: {hint}")).collect(),
        }));
        suite(&cases)
    }
}

fn image(row: &ImageRow, report: &RunReport) -> Case {
    let newest = row.newest.as_ref().filter(|newest| **newest != row.current).map(|newest| format!("newest: {newest}"));
    let proposed = row.branch.as_ref().and_then(|branch| report.proposals.iter().find(|one| one.branch == *branch));
    let pull = proposed.map(|one| {
        let words = [Some(one.action.word(report.dry_run)), one.url.as_deref(), one.why.as_deref()];
        format!("pull request: {}", words.into_iter().flatten().collect::<Vec<_>>().join(" "))
    });
    let told = [
        newest,
        (!matches!(row.state, ImageState::Failed | ImageState::Held)).then(|| format!("why: {}", row.reason)),
        row.policy.as_ref().map(|policy| format!("policy: {policy}")),
        pull,
        row.hint.as_ref().map(|hint| format!("hint: {hint}")),
    ];
    let places = row.places.iter().map(|place| format!("stands in {place}"));
    Case {
        class: "images",
        name: named(&row.name, &row.current),
        place: row.places.first().cloned(),
        verdict: match row.state {
            ImageState::Failed => Verdict::Failed(row.reason.clone()),
            ImageState::Held => Verdict::Skipped(row.reason.clone()),
            _ => Verdict::Passed,
        },
        details: told.into_iter().flatten().chain(places).collect(),
    }
}

fn named(image: &str, version: &str) -> String {
    match version {
        "" => image.to_owned(),
        digest if digest.starts_with("sha256:") => format!("{image}@{digest}"),
        tag => format!("{image}:{tag}"),
    }
}

fn suite(cases: &[Case]) -> String {
    let failures = cases.iter().filter(|case| matches!(case.verdict, Verdict::Failed(_))).count();
    let skipped = cases.iter().filter(|case| matches!(case.verdict, Verdict::Skipped(_))).count();
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
    let place = case.place.as_deref().map(|place| place.rsplit_once(':').unwrap_or((place, "1")));
    let place = place.map(|(file, line)| format!(" file=\"{}\" line=\"{}\"", escaped(file), escaped(line)));
    let (class, name) = (case.class, escaped(&case.name));
    let place = place.unwrap_or_default();
    let _ = writeln!(out, "    <testcase classname=\"tagboat.{class}\" name=\"{name}\"{place} time=\"0\">");
    let details = escaped(&case.details.join("\n"));
    let _ = match &case.verdict {
        Verdict::Passed => Ok(()),
        Verdict::Skipped(why) => writeln!(out, "      <skipped message=\"{}\"/>", escaped(why)),
        Verdict::Failed(why) => {
            let why = escaped(why);
            writeln!(out, "      <failure message=\"{why}\">{why}\n{details}</failure>")
        }
    };
    if !details.is_empty() && !matches!(case.verdict, Verdict::Failed(_)) {
        let _ = writeln!(out, "      <system-out>{details}</system-out>");
    }
    out.push_str("    </testcase>\n");
}

/// Text for elements and attributes. Characters that XML 1.0 has no place for (§2.2) are replaced.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(character),
            '\u{fffe}' | '\u{ffff}' => out.push(char::REPLACEMENT_CHARACTER),
            control if control.is_control() => out.push(char::REPLACEMENT_CHARACTER),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_is_markup() {
        assert_eq!(escaped("a<b>&\"c\"\u{1b}[2J\u{0}"), "a&lt;b&gt;&amp;&quot;c&quot;\u{fffd}[2J\u{fffd}");
    }
}
