//! One JSON document, for scripts. Its keys are a promise: add to them, never rename.

use serde::Serialize;

use super::checks::Checks;
use super::explanation::Explanation;
use super::list::List;
use super::page::Page;
use super::renderer::Renderer;
use super::run_report::RunReport;

/// JSON, indented.
#[derive(Debug)]
pub struct Json;

/// The first explanation is the answer to most questions; an image that stands in several versions has more.
#[derive(Serialize)]
struct Explanations<'a> {
    #[serde(flatten)]
    first: Option<&'a Explanation>,
    /// The same for other references to the image.
    also: &'a [Explanation],
}

impl Renderer for Json {
    fn list(&self, list: &List, _: Page) -> String {
        document(list)
    }

    fn explanations(&self, explanations: &[Explanation], _: Page) -> String {
        document(&Explanations { first: explanations.first(), also: explanations.get(1..).unwrap_or_default() })
    }

    fn run(&self, report: &RunReport, _: Page) -> String {
        document(report)
    }

    fn checks(&self, checks: &Checks, _: Page) -> String {
        document(checks)
    }
}

/// Plain structs of strings and numbers always serialise: the only errors of `serde_json` are keys that are no strings
/// and values that refuse.
fn document(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_else(|error| format!("{{\"error\": \"{error}\"}}"));
    text.push('\n');
    text
}
