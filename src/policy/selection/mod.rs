//! Selection of a version: filter and policy rank the candidates, gates delay them, and the best one left is selected.

pub(super) mod bounds;
mod build_time;
mod candidate_filter;
mod choose;
mod commit_places;
mod explain;
mod gates;
mod given;
mod jump;
mod moved;
mod not_newer;
mod other_shapes;
mod pinned_tag;
mod question;
mod ranking;
mod released_line;
mod selector;
mod variant_guard;

pub use bounds::Bounds;
pub(super) use bounds::OPTIONS;
pub use choose::{SelectionStep, choose, undecidable};
pub use explain::explain;
pub use gates::Gates;
pub use given::{GivenTag, GivenTags, choose_given};
pub use question::Question;
