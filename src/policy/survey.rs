//! One pass over all candidates: what is left of them, in memory that grows with the tags kept and nothing else.

use std::cmp::Ordering;

use super::key::Key;
use super::policy::{Candidate, Outcome, Reason, Rejection};
use super::sieve::{Cause, Sieve};

/// The candidates that may be chosen, with their places, and what else has to be known to say why there are none.
pub(super) struct Survey {
    /// All keys in one buffer.
    keys: Vec<u8>,
    kept: Vec<Kept>,
    /// How many may be chosen, kept or not.
    count: usize,
    /// Whether all of them are kept, or only those that share the first place: the others are wanted where gates may shut.
    all: bool,
    /// The best of those that are lower than what stands there, and would be taken otherwise.
    lower: Option<(Key, usize)>,
    /// Whether a tag in the place of the current one would be taken.
    stands: bool,
}

struct Kept {
    start: usize,
    end: usize,
    candidate: usize,
}

impl Survey {
    /// Reads every candidate once. `Err` if one has a place that can't be told, or can't be read and `all_readable`
    /// forbids that.
    pub(super) fn of(
        sieve: &Sieve<'_>,
        candidates: &[Candidate],
        all_readable: bool,
        all: bool,
    ) -> Result<Self, Outcome> {
        let mut survey = Self { keys: Vec::new(), kept: Vec::new(), count: 0, all, lower: None, stands: false };
        // The first in byte order is told, for the same answer every time.
        let mut unreadable: Option<(&Candidate, Cause)> = None;
        let mut untold: Option<&Candidate> = None;
        let mut key = Key::default();
        for (at, candidate) in candidates.iter().enumerate() {
            match sieve.sift(candidate, &mut key) {
                Ok(()) => survey.keep(at, &key),
                Err(Cause::Level) => survey.stands = true,
                Err(Cause::Older) => {
                    let better = |(best, last): &(Key, usize)| (&key, &candidate.tag) > (best, &candidates[*last].tag);
                    if survey.lower.as_ref().is_none_or(better) {
                        survey.lower = Some((key.clone(), at));
                    }
                }
                Err(Cause::Rejected(Rejection::NoFact)) => {
                    if untold.is_none_or(|first| candidate.tag < first.tag) {
                        untold = Some(candidate);
                    }
                }
                Err(cause @ Cause::Rejected(_)) if all_readable => {
                    if unreadable.is_none_or(|(first, _)| candidate.tag < first.tag) {
                        unreadable = Some((candidate, cause));
                    }
                }
                Err(_) => {}
            }
        }
        if let Some(candidate) = untold {
            let why = sieve.reason(candidate, Cause::Rejected(Rejection::NoFact));
            return Err(Outcome::Unknown(Reason::new(format!("{} may be the newest: {why}", candidate.tag))));
        }
        match unreadable {
            None => Ok(survey),
            Some((candidate, cause)) => Err(Outcome::Held(Reason::new(format!(
                "{} is in the way: {}; the filter has to leave out what this policy can't order",
                candidate.tag,
                sieve.reason(candidate, cause)
            )))),
        }
    }

    fn keep(&mut self, candidate: usize, key: &Key) {
        self.count += 1;
        if let (false, Some(best)) = (self.all, self.kept.first()) {
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

    /// How many may be chosen.
    pub(super) fn kept(&self) -> usize {
        self.count
    }

    /// Whether a tag in the place of the current one would be taken.
    pub(super) fn stands(&self) -> bool {
        self.stands
    }

    /// The best of those that are lower than what stands there.
    pub(super) fn best_lower(&self) -> Option<usize> {
        self.lower.as_ref().map(|(_, at)| *at)
    }

    /// Those that are kept by place, best first, those that share a place together.
    pub(super) fn ranked(&self) -> Vec<Vec<usize>> {
        let mut kept: Vec<&Kept> = self.kept.iter().collect();
        kept.sort_unstable_by(|a, b| self.key(b).cmp(self.key(a)));
        let groups = kept.chunk_by(|a, b| self.key(a) == self.key(b));
        groups.map(|group| group.iter().map(|kept| kept.candidate).collect()).collect()
    }
}
