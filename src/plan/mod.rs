//! What should be, what is, and what to do about the difference. Pure: data in, data out.

mod change;
mod govern;
mod group;
mod link;
mod message;
mod proposal;
mod pull_request;
mod reconcile;
mod record;
mod room;
mod template;
mod wish;

pub use change::{carry_over, change};
pub use govern::{Listed, Status, govern};
pub use group::group;
pub use message::{Background, GROUP_TRAILER, Templates, Texts, texts};
pub use proposal::{Change, Draft, Extras, MergeMethod, Proposal};
pub use pull_request::{PullRequest, PullRequestState};
pub use reconcile::{Action, Observed, Unknown, asks_history, reconcile};
pub use record::{Record, RecordedChange, merge_body};
pub use room::Room;
pub use template::{TemplateError, render};
pub use wish::wants_anew;
