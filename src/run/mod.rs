//! Composes the layers: setup, the stages of a run in their order, and retries. [`run_once`] follows the pipeline on the
//! front page of this documentation.

mod base;
mod changes;
pub mod check;
mod discover;
mod edit;
mod error;
mod explain;
mod external_facts;
mod init;
mod listed_once;
mod lookup;
mod observe;
mod offline;
mod once;
mod publish;
mod replace_file;
mod reports;
mod request;
mod retry;
mod settings;
pub mod setup;
mod snapshot;
mod subjects;
mod translate;

pub use changes::{Changes, Planned};
pub use discover::list;
pub use edit::{EditError, Edited, EditedFile, edit};
pub use error::RunError;
pub use explain::{ExplainRequest, explain};
pub use init::starter;
pub use lookup::{Answer, Decisions, Failure, LookupError};
pub use once::{Attempt, run_once};
pub use publish::{GroupResult, PreparedStep, ProposalContent, PublishError, Published};
pub use reports::{ReportContext, row};
pub use request::{RunRequest, Services, WriteLock};
pub use retry::{RunOutcome, run};
pub use snapshot::{CommitSnapshot, Folder, Snapshot, SnapshotError, Unlisted, UnlistedCause};
pub use subjects::Scope;
pub use translate::{Tool, translate};
