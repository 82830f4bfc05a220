//! Reports as bytes for people and scripts. Renderers return text and write nothing: the command line decides where it
//! goes.
//!
//! [`ReferenceList`], [`Explanation`], [`RunReport`] and [`Checks`] are what is reported. [`Renderer`] is the trait of the
//! output formats, and [`RENDERERS`] is their table.

mod cause;
mod cells;
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
mod renderer;
mod run_report;
mod style;
mod subject;
mod text;

pub use checks::{Check, CheckStatus, Checks};
pub use diff::diff;
pub use explanation::{CandidateRow, Explanation, Facts, OutcomeKind, VerdictKind};
pub use github::{Annotations, Outputs};
pub use html::Html;
pub use image_row::{ImageRow, ImageStatus};
pub use json::Json;
pub use junit::JUnit;
pub use list::{ReferenceList, ReferenceRow, ReferenceStatus};
pub use markdown::Markdown;
pub use renderer::Renderer;
pub use run_report::{
    ChangeRow, FailureRow, FileChange, HeldRow, ProposalAction, ProposalReason, ProposalRow, RequestCounts, RunOrigin,
    RunReport, SharedCause, version,
};
pub use style::{Cell, RenderOptions, TextStyle};
pub use subject::{GroupSubject, Subject};
pub use text::Text;

/// All output formats. The first is the default.
pub const RENDERERS: &[&dyn Renderer] = &[&Text, &Json, &Markdown, &Html, &JUnit, &Outputs, &Annotations];
