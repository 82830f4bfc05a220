//! What was found out and done, as bytes for people and for scripts. Makes text and writes nothing: the command line
//! decides where it goes.
//!
//! [`list`], [`explanation`] and [`run_report`] are the things that are shown; [`renderer`] is the trait of the ways to
//! show them, and [`RENDERERS`] has them all.

mod checks;
mod diff;
mod explanation;
mod github;
mod html;
mod image_row;
mod json;
mod junit;
mod list;
mod markdown;
mod page;
mod renderer;
mod run_report;
mod text;

pub use checks::{Check, Checks};
pub use diff::diff;
pub use explanation::{Candidate, Explanation, Facts};
pub use github::{Annotations, Outputs};
pub use html::Html;
pub use image_row::{ImageRow, ImageState};
pub use json::Json;
pub use junit::JUnit;
pub use list::{List, Row, RowStatus};
pub use markdown::Markdown;
pub use page::{Page, Role};
pub use renderer::Renderer;
pub use run_report::{About, Changed, Done, Failed, FileChange, Held, Proposed, RequestCounts, RunReport, version};
pub use text::Text;

/// All renderers, by the names that `--format` knows them by.
pub const RENDERERS: &[(&str, &dyn Renderer)] = &[
    ("text", &Text),
    ("json", &Json),
    ("markdown", &Markdown),
    ("html", &Html),
    ("junit", &JUnit),
    ("outputs", &Outputs),
    ("annotations", &Annotations),
];
