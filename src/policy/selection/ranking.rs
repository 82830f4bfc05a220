//! The ranking of all candidates: one pass, in memory that grows only with the tags that are kept.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::bounds::OutOfBounds;
use super::candidate_filter::CandidateFilter;
use super::not_newer::NotNewer;
use crate::policy::candidate::Candidate;
use crate::policy::decision::Outcome;
use crate::policy::ordered_policy::TagReadError;
use crate::policy::reason::{Hold, Unknown};
use crate::policy::versions::OrderKey;

/// The candidates that may be selected, with their places, and what explains an empty ranking.
pub(super) struct Ranking {
    /// All keys in one buffer.
    keys: Vec<u8>,
    kept: Vec<Kept>,
    /// How many candidates may be selected, kept or not.
    count: usize,
    /// Whether all of them are kept, for gates may delay the best and a jump may be rejected, or only those that share the first
    /// place.
    keeps_all: bool,
    /// The best candidate that is excluded only because it is older than the current tag.
    older: Option<(OrderKey, usize)>,
    /// The best candidate that the policy would select if it could compare the current tag.
    incomparable: Option<(OrderKey, usize)>,
    /// The best candidate whose first number is out of proportion.
    outlier: Option<(OrderKey, usize)>,
    /// Whether a candidate has the place of the current tag.
    has_current: bool,
}

struct Kept {
    start: usize,
    end: usize,
    candidate: usize,
}

/// Candidates that prevent a ranking. Of several, the first in byte order is reported, so that the answer never varies.
#[derive(Default)]
struct Obstacles<'c> {
    missing_fact: Option<&'c Candidate>,
    unreadable: Option<(&'c Candidate, NotNewer)>,
}

impl Ranking {
    /// Reads every candidate once. Fails if the place of one is unknown, or if one is unreadable and `requires_readable` is set.
    #[expect(clippy::result_large_err, reason = "returned once for each image")]
    pub(super) fn new(
        filter: &CandidateFilter<'_>,
        candidates: &[Candidate],
        requires_readable: bool,
        keeps_all: bool,
    ) -> Result<Self, Outcome> {
        let (keys, kept) = (Vec::new(), Vec::new());
        let mut ranking = Self {
            keys,
            kept,
            count: 0,
            keeps_all,
            older: None,
            incomparable: None,
            outlier: None,
            has_current: false,
        };
        let mut obstacles = Obstacles::default();
        let mut key = OrderKey::default();
        for (at, candidate) in candidates.iter().enumerate() {
            match filter.check(candidate, &mut key) {
                Ok(()) => ranking.keep(at, &key),
                Err(NotNewer::SamePlace) => ranking.has_current = true,
                Err(NotNewer::Older | NotNewer::LowerVersion) => keep_best(&mut ranking.older, &key, at, candidates),
                Err(NotNewer::Incomparable) => keep_best(&mut ranking.incomparable, &key, at, candidates),
                Err(NotNewer::OutOfBounds(OutOfBounds::Outlier)) => {
                    keep_best(&mut ranking.outlier, &key, at, candidates);
                }
                Err(NotNewer::Unreadable(TagReadError::MissingFact)) => {
                    if obstacles.missing_fact.is_none_or(|first| candidate.tag < first.tag) {
                        obstacles.missing_fact = Some(candidate);
                    }
                }
                Err(error @ NotNewer::Unreadable(_)) if requires_readable => {
                    if obstacles.unreadable.is_none_or(|(first, _)| candidate.tag < first.tag) {
                        obstacles.unreadable = Some((candidate, error));
                    }
                }
                Err(_) => {}
            }
        }
        obstacles.outcome(filter).map_or(Ok(ranking), Err)
    }

    fn keep(&mut self, candidate: usize, key: &OrderKey) {
        self.count += 1;
        if let (false, Some(best)) = (self.keeps_all, self.kept.first()) {
            match key.as_bytes().cmp(self.key(best)) {
                Ordering::Less => return,
                Ordering::Equal => {}
                Ordering::Greater => {
                    self.keys.clear();
                    self.kept.clear();
                }
            }
        }
        let start = self.keys.len();
        self.keys.extend_from_slice(key.as_bytes());
        self.kept.push(Kept { start, end: self.keys.len(), candidate });
    }

    fn key(&self, kept: &Kept) -> &[u8] {
        &self.keys[kept.start..kept.end]
    }

    /// Returns how many candidates may be selected.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Returns whether a candidate has the place of the current tag.
    pub(super) fn has_current(&self) -> bool {
        self.has_current
    }

    /// Returns the index of the best candidate that is older than the current tag.
    pub(super) fn best_lower(&self) -> Option<usize> {
        self.older.as_ref().map(|(_, at)| *at)
    }

    /// Returns the index of the best candidate that cannot be compared with the current tag.
    pub(super) fn best_incomparable(&self) -> Option<usize> {
        self.incomparable.as_ref().map(|(_, at)| *at)
    }

    /// Returns the index of the best candidate whose first number is out of proportion.
    pub(super) fn best_outlier(&self) -> Option<usize> {
        self.outlier.as_ref().map(|(_, at)| *at)
    }

    /// Returns the kept candidates by place, best first; those that share a place are together. Only the places that are read are
    /// sorted.
    pub(super) fn places(&self) -> impl Iterator<Item = Vec<usize>> {
        let mut kept: BinaryHeap<_> = self.kept.iter().map(|kept| (self.key(kept), kept.candidate)).collect();
        std::iter::from_fn(move || {
            let (key, best) = kept.pop()?;
            let mut place = vec![best];
            while let Some(next) = kept.peek().filter(|(other, _)| *other == key).map(|(_, candidate)| *candidate) {
                place.push(next);
                kept.pop();
            }
            Some(place)
        })
    }
}

/// Keeps the candidate with the greatest place; of several, the last in byte order.
fn keep_best(best: &mut Option<(OrderKey, usize)>, key: &OrderKey, at: usize, candidates: &[Candidate]) {
    let is_better = |(place, last): &(OrderKey, usize)| (key, &candidates[at].tag) > (place, &candidates[*last].tag);
    if best.as_ref().is_none_or(is_better) {
        *best = Some((key.clone(), at));
    }
}

impl Obstacles<'_> {
    fn outcome(self, filter: &CandidateFilter<'_>) -> Option<Outcome> {
        if let Some(candidate) = self.missing_fact {
            let cause = filter.rejection(candidate, NotNewer::Unreadable(TagReadError::MissingFact));
            return Some(Outcome::Unknown(Unknown::MayBeNewest(candidate.tag.clone(), cause).into()));
        }
        let (candidate, error) = self.unreadable?;
        let cause = filter.rejection(candidate, error);
        Some(Outcome::Held(Hold::Unorderable(candidate.tag.clone(), cause).into()))
    }
}
