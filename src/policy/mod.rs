//! Which tag: policies judge and compare, choosing picks and keeps every verdict.

mod policy;

pub use policy::{Candidate, Choice, Decision, Judged, Known, Need, Outcome, Policy, Reason, Verdict};
