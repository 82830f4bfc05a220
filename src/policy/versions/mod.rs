//! Versions and their order: parsing, ranges, the shape of a tag, and sort keys. No policy is named here.

mod bump;
mod calendar;
mod common_order;
mod key;
mod range;
mod shape_matcher;
mod version;
mod version_floor;

pub use bump::Bump;
pub(super) use calendar::compare_leading_dates;
pub(super) use common_order::{
    adds_word, by_value, compare as compare_commonly, compare_padded, has_same_words, leading_numbers,
    leads_with_version, number_at, numbers_key, text_before,
};
pub use key::OrderKey;
pub use range::{Range, RangeError};
pub(super) use shape_matcher::ShapeMatcher;
pub use version::Version;
pub(super) use version_floor::{Readings, VersionFloor, numbers_between_like_words};
