//! What should be, what is, and what to do about the difference. Pure: data in, data out.

mod body;
mod change;
mod environment;
mod group;
mod link;
mod markup;
mod message;
mod proposal;
mod pull_request;
mod reconcile;
mod record;
mod room;
mod template;
mod title;
mod values;
mod wish;

pub use body::Background;
pub use change::{carry_over, change};
pub use group::{Grouping, Ungrouped, group};
pub use link::LinkStyle;
pub use markup::{code, plain};
pub use message::{GROUP_TRAILER, Templates, TextError, Texts, Wording, texts};
pub use proposal::{Change, Draft, Extras, MergeMethod, Proposal};
pub use pull_request::{PullRequest, PullRequestState};
pub use reconcile::{Action, Observed, Unknown, asks_history, reconcile};
pub use record::{Record, RecordedChange};
pub use room::Room;
pub use template::TemplateError;
pub use wish::wants_anew;
