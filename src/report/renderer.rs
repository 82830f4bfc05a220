//! The trait of all renderers: reports in, text out. Nothing here writes to a terminal or a file.

use super::checks::Checks;
use super::explanation::Explanation;
use super::list::List;
use super::page::Page;
use super::run_report::RunReport;

/// One way to show what Tagboat found out.
pub trait Renderer: Sync {
    /// Every reference and what becomes of it.
    fn list(&self, list: &List, page: Page) -> String;

    /// Why a tag was chosen: one explanation for every different reference to the image. Never empty.
    fn explanations(&self, explanations: &[Explanation], page: Page) -> String;

    /// What changes, what was proposed, what is left.
    fn run(&self, report: &RunReport, page: Page) -> String;

    /// Whether everything that a run needs answers.
    fn checks(&self, checks: &Checks, page: Page) -> String;
}
