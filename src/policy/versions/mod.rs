//! Versions and their order: parsing, ranges, the shape of a tag, and sort keys. No policy is named here.

mod bump;
mod calendar;
mod common_order;
mod key;
mod product_version;
mod range;
mod shape_matcher;
mod version;
mod version_floor;
mod year_last;

pub use bump::Bump;
pub(super) use calendar::{compare_leading_dates, has_longer_year};
pub(super) use common_order::{
    adds_variant, adds_word, by_value, compare as compare_commonly, compare_of_one_shape, has_same_words,
    leading_numbers, leads_alike, leads_with_version, number_at, numbers_key,
};
pub use key::OrderKey;
pub(super) use product_version::compare_padded;
pub use range::{Range, RangeError};
pub(super) use shape_matcher::ShapeMatcher;
pub use version::Version;
pub(super) use version_floor::{Readings, VersionFloor, numbers_between_like_words};
