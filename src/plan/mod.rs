//! The desired state, the observed state, and what to do about the difference. Pure: data in, data out.

mod body;
mod change;
mod environment;
mod group;
mod limits;
mod link;
mod markup;
mod message;
mod pr_commands;
mod proposal;
mod pull_request;
mod reasons;
mod reconcile;
mod record;
mod step;
mod template;
mod title;
mod values;

pub use body::FactsByReference;
pub use change::{carry_over, change};
pub use group::{Grouping, Ungrouped, group};
pub use limits::PullRequestLimits;
pub use link::LinkStyle;
pub use markup::{code, plain};
pub use message::{GROUP_TRAILER, Templates, TextContext, TextError, Texts, texts};
pub use proposal::{ActionId, Change, Draft, Extras, GroupId, MergeMethod, Proposal};
pub use pull_request::{PullRequest, PullRequestState};
pub use reasons::{CloseReason, LeaveReason};
pub use reconcile::{Action, Observed, Unknown, needs_history, reconcile};
pub use record::{Record, RecordedChange};
pub use step::{BranchState, Push, Step, StepSettings, step};
pub use template::TemplateError;
