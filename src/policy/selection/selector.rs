//! Selects the best candidate of a ranking that is eligible.

use super::candidate_filter::CandidateFilter;
use super::gates::GateResult;
use super::question::{Lookups, Question};
use super::ranking::Ranking;
use crate::image::{Shape, Tag};
use crate::policy::candidate::{Candidate, Known, Need};
use crate::policy::decision::{Choice, Outcome};
use crate::policy::ordered_policy::Ties;
use crate::policy::reason::{Acceptance, Hold, Ineligibility, MovedDigest, Newest, Rejection, Unknown};
use crate::policy::versions::{OrderKey, ShapeMatcher};

/// How many candidates are looked up at once while gates delay the best.
const BATCH: usize = 4;

/// How many tied tags a reason names.
const NAMED_TIES: usize = 3;

/// Goes from the best candidate downwards, through the gates.
pub(super) struct Selector<'r> {
    pub(super) question: &'r Question<'r>,
    pub(super) current: &'r Tag,
    pub(super) candidates: &'r [Candidate],
    pub(super) filter: &'r CandidateFilter<'r>,
    pub(super) ties: Ties,
    /// Whether the reason of a choice has the build time.
    pub(super) shows_build_time: bool,
}

/// The best candidate that is not eligible yet.
type PassedOver = Option<(Tag, Ineligibility)>;

impl Selector<'_> {
    /// Selects from a ranking, or returns which facts the gates need.
    pub(super) fn select(&self, ranking: &Ranking) -> Result<Outcome, Lookups> {
        let places = ranking.places();
        let mut passed_over: PassedOver = None;
        for (at, place) in places.iter().enumerate() {
            let best = match self.break_tie(place) {
                Ok(best) => best,
                Err(unknown) => return Ok(Outcome::Unknown(unknown.into())),
            };
            if best.tag == *self.current {
                return Ok(Outcome::UpToDate(Acceptance::CurrentIsNewest(self.moved_digest()?).into()));
            }
            match self.check_gates(best) {
                None => return Err(self.lookups(&places[at..])),
                Some(GateResult::Eligible) => return Ok(Outcome::Update(self.choice(best, ranking, passed_over))),
                Some(GateResult::NotYet(cause)) => {
                    passed_over = passed_over.or_else(|| Some((best.tag.clone(), cause)));
                }
                Some(GateResult::Stuck(cause)) => {
                    return Ok(Outcome::Held(Hold::NotEligibleYet(best.tag.clone(), cause).into()));
                }
                Some(GateResult::Unknown(cause)) => {
                    return Ok(Outcome::Unknown(Unknown::Gate(best.tag.clone(), cause).into()));
                }
            }
        }
        self.nothing_newer(ranking, passed_over)
    }

    /// Returns `None` if the gates need facts that were not looked up.
    fn check_gates(&self, candidate: &Candidate) -> Option<GateResult> {
        let gates = self.question.gates;
        if gates.is_empty() {
            return Some(GateResult::Eligible);
        }
        match (&candidate.facts, candidate.facts.facts()) {
            (Known::Failed(error), _) => Some(GateResult::Unknown(Ineligibility::LookupFailed(error.clone()))),
            (known, Some(facts)) if known.covers(gates.need()) => Some(gates.check(facts, self.question.now)),
            _ => None,
        }
    }

    /// Returns the next few candidates whose facts are missing, so that many young tags cost few round trips.
    fn lookups(&self, places: &[Vec<usize>]) -> Lookups {
        let need = self.question.gates.need();
        let best = places.iter().filter_map(|place| self.break_tie(place).ok());
        best.filter(|one| !one.facts.covers(need)).take(BATCH).map(|one| (one.tag.clone(), need)).collect()
    }

    /// Selects one of the candidates that share a place.
    fn break_tie(&self, place: &[usize]) -> Result<&Candidate, Unknown> {
        let mut tied: Vec<&Candidate> = place.iter().map(|at| &self.candidates[*at]).collect();
        if let Some(current) = tied.iter().find(|one| one.tag == *self.current) {
            return Ok(current);
        }
        if tied.len() > 1 {
            // The spelling of the current tag: its `v`, its zero padding, its words.
            let matcher = ShapeMatcher::new(&Shape::of(self.current.as_str()));
            let is_alike = |one: &&Candidate| matcher.matches(one.tag.as_str(), &mut OrderKey::default());
            if tied.iter().any(is_alike) {
                tied.retain(is_alike);
            }
        }
        tied.sort_unstable_by(|a, b| a.tag.cmp(&b.tag));
        match (&tied[..], self.ties) {
            ([one], _) | ([one, ..], Ties::First) | ([.., one], Ties::Last) => Ok(one),
            _ if are_same_image(&tied) => Ok(tied[0]),
            _ => Err(Unknown::Tie {
                tags: tied.iter().take(NAMED_TIES).map(|one| one.tag.clone()).collect(),
                more: tied.len().saturating_sub(NAMED_TIES),
            }),
        }
    }

    fn choice(&self, best: &Candidate, ranking: &Ranking, passed_over: PassedOver) -> Choice {
        let created = best.facts.facts().and_then(|facts| facts.created);
        let newest = Newest {
            matching: ranking.count(),
            incomparable: if self.filter.has_place() { None } else { Some(self.current.clone()) },
            built: if self.shows_build_time { created } else { None },
            passed_over,
        };
        // The digest is not part of the choice: the caller looks it up where the reference is pinned.
        Choice { tag: best.tag.clone(), digest: None, reason: Acceptance::Newest(newest).into() }
    }

    /// Returns why there is no update: nothing is newer, or a person has to act.
    fn nothing_newer(&self, ranking: &Ranking, passed_over: PassedOver) -> Result<Outcome, Lookups> {
        if let Some((tag, cause)) = passed_over {
            return Ok(Outcome::Held(Hold::NotEligibleYet(tag, cause).into()));
        }
        if self.candidates.is_empty() {
            return Ok(Outcome::Held(Hold::NoTags.into()));
        }
        if ranking.has_current() {
            return Ok(Outcome::UpToDate(Acceptance::NothingNewer(self.moved_digest()?).into()));
        }
        let hold = match ranking.best_lower() {
            Some(at) => Hold::NewestIsOlder { newest: self.candidates[at].tag.clone(), current: self.current.clone() },
            None => Hold::AllRejected { count: self.candidates.len(), closest: self.closest() },
        };
        Ok(Outcome::Held(hold.into()))
    }

    /// Returns where the current tag points now, if the reference is pinned to another digest.
    fn moved_digest(&self) -> Result<Option<MovedDigest>, Lookups> {
        let listed = self.candidates.iter().find(|one| one.tag == *self.current);
        let (Some(pinned), Some(listed)) = (self.question.current.digest(), listed) else { return Ok(None) };
        if listed.facts == Known::Tag {
            return Err(vec![(listed.tag.clone(), Need::Digest)]);
        }
        Ok(listed.facts.digest().filter(|digest| *digest != pinned).map(|digest| MovedDigest {
            tag: listed.tag.clone(),
            from: pinned.clone(),
            to: digest.clone(),
        }))
    }

    /// Returns the candidate that passed most checks, and which one it failed.
    fn closest(&self) -> Option<(Tag, Rejection)> {
        let mut key = OrderKey::default();
        let failed = self.candidates.iter().filter_map(|one| Some((self.filter.check(one, &mut key).err()?, one)));
        let (error, one) = failed.max_by_key(|(error, one)| (error.progress(), &one.tag))?;
        Some((one.tag.clone(), self.filter.rejection(one, error)))
    }
}

/// Returns whether all tags have one digest: then it makes no difference which of them is written.
fn are_same_image(tied: &[&Candidate]) -> bool {
    let first = tied[0].facts.digest();
    first.is_some() && tied.iter().all(|one| one.facts.digest() == first)
}
