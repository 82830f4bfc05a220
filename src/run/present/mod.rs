//! Turns results of commands into what `report` renders. Decides nothing and touches nothing.

mod decided;
mod edit;
mod images;
mod list;
mod results;
mod run;

pub use list::{row, summary};
pub use run::ReportContext;
