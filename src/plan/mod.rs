//! The desired state, the observed state, and what to do about the difference. Pure: data in, data out.

mod change;
mod environment;
mod group;
mod leftover;
mod limits;
mod metadata;
mod ownership;
mod pr_commands;
mod proposal;
mod proposed;
mod pull_request;
mod reasons;
mod reconcile;
mod record;
mod step;
mod template;
mod texts;
mod values;

pub use change::change;
pub use group::{Grouping, Ungrouped, group};
pub use leftover::{Leftover, LeftoverContent};
pub use limits::PullRequestLimits;
pub use metadata::Metadata;
pub use ownership::{Bases, OpenPullRequests, other_bases};
pub use proposal::{ActionId, Change, Draft, Extras, GroupId, MergeMethod, Proposal, bump, major_mark};
pub use proposed::ProposedReferences;
pub use pull_request::{PullRequest, PullRequestState};
pub use reasons::{CloseReason, LeaveReason};
pub use reconcile::{Action, Observed, Undecided, needs_history, reconcile};
pub use record::{Done, GivenPlace, Record, RecordedChange};
pub use step::{BranchState, Push, Step, StepSettings, step};
pub use template::TemplateError;
pub use texts::{
    DIRECT_COMMIT_TRAILER, FactsByReference, GROUP_TRAILER, LinkStyle, Templates, TextContext, TextError, Texts, code,
    plain, texts,
};
