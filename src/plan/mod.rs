//! What should be, what is, and what to do about the difference. Pure: data in, data out.

mod proposal;
mod pull_request;

pub use proposal::{Change, Extras, Proposal};
pub use pull_request::{PullRequest, PullRequestState};
