//! Decides which policy manages which reference, and detects conflicts between policies.
//!
//! [`Policies`] holds everything that names a policy; [`Policies::select`] decides for one reference, and [`govern()`] gives
//! every finding its status.

mod policies;
mod select;
mod status;
mod unmatched;

pub use policies::Policies;
pub use select::{PolicyQuery, Selection, Unmanaged};
pub use status::{Listed, Status, govern};
pub use unmatched::{CONFIGURATION, unmatched};
