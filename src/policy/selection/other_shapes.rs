//! Newer tags of another shape than the current tag: the order of the policy does not contain them, and they may be why nothing is
//! newer.

use std::cmp::Ordering;

use super::bounds::OutOfBounds;
use super::candidate_filter::CandidateFilter;
use super::not_newer::NotNewer;
use crate::image::{Shape, Tag};
use crate::policy::candidate::Candidate;
use crate::policy::ordered_policy::TagReadError;
use crate::policy::versions::{OrderKey, adds_word, compare_commonly, compare_padded, leads_alike, numbers_key};

/// How many tags a reason names.
const NAMED: usize = 3;

/// How many numbers a version has that is no floating tag.
const FULL_VERSION: usize = 3;

/// Returns the newest tags that the policy cannot read and that are newer than the current tag by a common reading, the newest
/// first. None adds a word to the current tag: `1.3.0-rc.1` and `1.3.0-debug` are no successors of `1.2.0`. None is older than a tag
/// that the policy reads and that is outside its range or bounds: then its shape is not why nothing is newer.
pub(super) fn newer_of_another_shape(
    current: &Shape<'_>,
    filter: &CandidateFilter<'_>,
    candidates: &[Candidate],
) -> Vec<Tag> {
    if !current.has_order() {
        return Vec::new();
    }
    let (mut newest, mut key): (Vec<(OrderKey, &Tag)>, _) = (Vec::new(), OrderKey::default());
    let mut newest_of_shape = OrderKey::default();
    for candidate in candidates {
        let tag = candidate.tag.as_str();
        let is_readable = match filter.check(candidate, &mut key) {
            Err(NotNewer::Unreadable(TagReadError::Unreadable | TagReadError::OtherVariant)) => false,
            Err(NotNewer::OutOfBounds(OutOfBounds::Bump(_)) | NotNewer::Unreadable(TagReadError::OutOfRange)) => true,
            _ => continue,
        };
        let shape = Shape::of(tag);
        if !shape.has_order() || !leads_alike(&shape, current) || adds_word(&shape, current) {
            continue;
        }
        if is_readable {
            newest_of_shape = newest_of_shape.max(numbers_key(&shape));
            continue;
        }
        if !is_newer(&shape, current)
            || filter.check_bounds(tag).is_err()
            || filter.is_out_of_range(&full_version(&shape))
        {
            continue;
        }
        newest.push((numbers_key(&shape), &candidate.tag));
        newest.sort_unstable_by(|one, other| other.cmp(one));
        newest.truncate(NAMED);
    }
    newest.into_iter().filter(|(key, _)| *key > newest_of_shape).map(|(_, tag)| tag.clone()).collect()
}

/// Returns whether a tag is newer than the current one: by a common reading, or because its version has more numbers, as
/// `1.2.3.1` has. A version with fewer than three numbers may be a floating tag, so that `1.2.1` is not newer than `1.2`.
fn is_newer(shape: &Shape<'_>, current: &Shape<'_>) -> bool {
    let count = current.release().len();
    let order = match compare_commonly(shape, current) {
        None if count >= FULL_VERSION && shape.release().len() > count => compare_padded(shape, current),
        order => order,
    };
    order == Some(Ordering::Greater)
}

/// Returns the version of a tag with three numbers, as a range reads it: `1.3.0` for `1.3.0.1` and for `v1.3-r2`.
fn full_version(shape: &Shape<'_>) -> String {
    let numbers = shape.release().into_iter().chain(std::iter::repeat("0"));
    numbers.take(FULL_VERSION).collect::<Vec<_>>().join(".")
}
