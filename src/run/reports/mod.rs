//! Turns the results of commands into the reports that `report` renders. Pure: makes no decisions, and neither reads nor writes.

mod decided;
mod edit;
mod images;
mod list;
mod results;
mod run;
mod unmanaged;

pub use list::row;
pub(super) use list::{held, summary};
pub use run::ReportContext;
