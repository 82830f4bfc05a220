//! Versions and their order: parsing, ranges, the shape of a tag, and sort keys. No policy is named here.

mod bump;
mod key;
mod range;
mod shape_matcher;
mod version;

pub use bump::Bump;
pub use key::OrderKey;
pub use range::{Range, RangeError};
pub(super) use shape_matcher::ShapeMatcher;
pub use version::Version;
