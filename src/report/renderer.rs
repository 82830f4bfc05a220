//! The trait of all output formats. A renderer returns text; it never writes to a terminal or a file.

use std::fmt::Debug;

use super::checks::Checks;
use super::explanation::Explanation;
use super::list::ReferenceList;
use super::run_report::RunReport;
use super::style::RenderOptions;

/// One output format.
pub trait Renderer: Debug + Sync {
    /// Returns the name of the format for `--format`.
    fn name(&self) -> &'static str;

    /// Returns a description of one line, for help.
    fn about(&self) -> &'static str;

    /// Returns the extension of the report files in this format, without the dot; `None` if no extension is for this format
    /// alone.
    fn extension(&self) -> Option<&'static str>;

    /// Whether the report of a run shows when images were built, which costs one more request per image.
    fn shows_ages(&self) -> bool {
        false
    }

    /// Whether lines of the format are commands to a CI runner, by intent.
    fn has_commands(&self) -> bool {
        false
    }

    /// Renders every reference with its status.
    fn list(&self, list: &ReferenceList, options: RenderOptions) -> String;

    /// Renders one explanation for each distinct reference to an image. There is always at least one.
    fn explanations(&self, explanations: &[Explanation], options: RenderOptions) -> String;

    /// Renders changes, pull requests, and what was held or failed.
    fn run(&self, report: &RunReport, options: RenderOptions) -> String;

    /// Renders whether every service that a run needs can be reached.
    fn checks(&self, checks: &Checks, options: RenderOptions) -> String;
}
