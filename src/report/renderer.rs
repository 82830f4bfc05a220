//! The trait of all output formats. A renderer returns text; it never writes to a terminal or a file.

use super::checks::Checks;
use super::explanation::Explanation;
use super::list::ReferenceList;
use super::run_report::RunReport;
use super::style::RenderOptions;

/// One output format.
pub trait Renderer: Sync {
    /// Renders every reference with its status.
    fn list(&self, list: &ReferenceList, options: RenderOptions) -> String;

    /// Renders one explanation for each distinct reference to an image. There is always at least one.
    fn explanations(&self, explanations: &[Explanation], options: RenderOptions) -> String;

    /// Renders changes, pull requests, and what was held or failed.
    fn run(&self, report: &RunReport, options: RenderOptions) -> String;

    /// Renders whether every service that a run needs can be reached.
    fn checks(&self, checks: &Checks, options: RenderOptions) -> String;
}
