//! The shell: the only place where the stages meet. [`run_once`] reads like the flow in the crate's documentation.

mod base;
pub mod check;
mod decide;
mod discover;
mod edit;
mod explain;
mod hosts;
mod lookup;
mod once;
mod overview;
mod publish;
mod run_url;
mod snapshot;
mod subjects;
mod supplies;
mod tell;
mod terms;
mod translate;
mod unasked;
pub mod worlds;

pub use decide::Decided;
pub use discover::list;
pub use edit::{EditError, Edited, EditedFile, edit};
pub use explain::{Asked, explain};
pub use lookup::{Answer, Failure};
pub use once::{Finished, Ran, Request, RunError, World, Writing, run_once};
pub use publish::{PublishError, Step};
pub use snapshot::{CommitSnapshot, Folder, ReadError, Snapshot};
pub use subjects::Scope;
pub use tell::{row, summary};
pub use translate::{Tool, translate};
