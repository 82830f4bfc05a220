//! One JSON document, for scripts. Keys are stable: add new ones, never rename.

use serde::Serialize;

use super::checks::Checks;
use super::explanation::Explanation;
use super::list::ReferenceList;
use super::renderer::Renderer;
use super::run_report::RunReport;
use super::style::RenderOptions;
use crate::text::visible_lines;

/// Indented JSON.
#[derive(Debug)]
pub struct Json;

/// The first explanation at the top level; an image with several current references has more.
#[derive(Serialize)]
struct Explanations<'a> {
    #[serde(flatten)]
    first: Option<&'a Explanation>,
    /// The explanations of the other current references.
    also: &'a [Explanation],
}

impl Renderer for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn about(&self) -> &'static str {
        "One JSON document for scripts"
    }

    fn extension(&self) -> Option<&'static str> {
        Some("json")
    }

    fn list(&self, list: &ReferenceList, _: RenderOptions) -> String {
        document(list)
    }

    fn explanations(&self, explanations: &[Explanation], _: RenderOptions) -> String {
        document(&Explanations { first: explanations.first(), also: explanations.get(1..).unwrap_or_default() })
    }

    fn run(&self, report: &RunReport, _: RenderOptions) -> String {
        document(report)
    }

    fn checks(&self, checks: &Checks, _: RenderOptions) -> String {
        document(checks)
    }
}

/// Structs of strings and numbers always serialize: `serde_json` fails only on keys that are not strings and on values
/// whose own implementation fails.
fn document(value: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_else(|error| format!("{{\"error\": \"{error}\"}}"));
    format!("{}\n", visible_lines(&text))
}
