//! Newer tags of another shape than the current tag: the order of the policy does not contain them, and they may be why nothing is
//! newer.

use std::cmp::Ordering;

use super::candidate_filter::{CandidateFilter, NotNewer};
use crate::image::{Shape, Tag};
use crate::policy::candidate::Candidate;
use crate::policy::ordered_policy::TagReadError;
use crate::policy::versions::{OrderKey, adds_word, compare_commonly, leads_with_version, release_key};

/// How many tags a reason names.
const NAMED: usize = 3;

/// Returns the newest tags that the policy cannot read and that are newer than the current tag by a common reading, the newest
/// first. None adds a word to the current tag: `1.3.0-rc.1` and `1.3.0-debug` are no successors of `1.2.0`.
pub(super) fn newer_of_another_shape(
    current: &Shape<'_>,
    filter: &CandidateFilter<'_>,
    candidates: &[Candidate],
) -> Vec<Tag> {
    if !leads_with_version(current) {
        return Vec::new();
    }
    let (mut newest, mut key): (Vec<(OrderKey, &Tag)>, _) = (Vec::new(), OrderKey::default());
    for candidate in candidates {
        let is_unreadable = matches!(
            filter.check(candidate, &mut key),
            Err(NotNewer::Unreadable(TagReadError::Unreadable | TagReadError::OtherVariant))
        );
        if !is_unreadable {
            continue;
        }
        let shape = Shape::of(candidate.tag.as_str());
        if !leads_with_version(&shape)
            || compare_commonly(&shape, current) != Some(Ordering::Greater)
            || adds_word(&shape, current)
            || filter.check_bounds(candidate.tag.as_str()).is_err()
        {
            continue;
        }
        newest.push((release_key(&shape), &candidate.tag));
        newest.sort_unstable_by(|one, other| other.cmp(one));
        newest.truncate(NAMED);
    }
    newest.into_iter().map(|(_, tag)| tag.clone()).collect()
}
