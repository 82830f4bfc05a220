//! Selects the best candidate of a ranking that is eligible.

use std::cmp::Ordering;

use super::build_time::JumpResult;
use super::candidate_filter::CandidateFilter;
use super::gates::{GateResult, delayed};
use super::jump::Jump;
use super::moved::moved_digest;
use super::not_newer::NotNewer;
use super::other_shapes::newer_of_another_shape;
use super::question::{Lookups, Question};
use super::ranking::Ranking;
use crate::image::{ImageFacts, Part, Shape, Tag};
use crate::policy::candidate::Candidate;
use crate::policy::decision::{Choice, Outcome};
use crate::policy::ordered_policy::Ties;
use crate::policy::pinning::Pinning;
use crate::policy::reason::{
    Acceptance, Hold, Ineligibility, MovedDigest, Newest, PassedOver, Reason, Rejection, Remarks, Unknown, Unread,
};
use crate::policy::versions::{OrderKey, ShapeMatcher};

/// How many candidates are looked up at once at least, while gates delay the best or suspicious steps lead to relics.
const BATCH: usize = 4;

/// How many tied tags a reason names.
const NAMED_TIES: usize = 3;

/// Goes from the best candidate downwards, through the gates.
pub(super) struct Selector<'r> {
    pub(super) question: &'r Question<'r>,
    pub(super) current: &'r Tag,
    /// The shape of the text that the policy reads of the current tag.
    pub(super) shape: Option<&'r Shape<'r>>,
    pub(super) candidates: &'r [Candidate],
    pub(super) filter: &'r CandidateFilter<'r>,
    pub(super) ties: Ties,
    /// Whether the reason of a choice has the build time.
    pub(super) shows_build_time: bool,
}

/// Better candidates than the selected one.
#[derive(Default)]
struct Skipped {
    /// The best of them.
    first: Option<PassedOver>,
    /// The best that is not eligible yet.
    delayed: Option<(Tag, Ineligibility)>,
    /// How many are no successors.
    rejected: usize,
    /// How many are not eligible yet.
    young: usize,
}

impl Skipped {
    fn add(&mut self, tag: &Tag, cause: impl Into<Reason>) {
        self.first.get_or_insert_with(|| PassedOver { tag: tag.clone(), cause: Box::new(cause.into()) });
    }

    /// Returns how many candidates to look up next: as many as were skipped, so that many of them cost few round trips.
    fn batch(&self) -> usize {
        BATCH.max(self.rejected + self.young)
    }
}

impl Selector<'_> {
    /// Selects from a ranking, or returns which facts the gates need.
    pub(super) fn select(&self, ranking: &Ranking) -> Result<Outcome, Lookups> {
        let mut places = ranking.places();
        let mut skipped = Skipped::default();
        if let Some(outlier) = ranking.best_outlier().map(|at| &self.candidates[at]) {
            skipped.add(&outlier.tag, Rejection::Outlier { current: self.current.clone() });
        }
        while let Some(place) = places.next() {
            let best = match self.break_tie(&place) {
                Ok(best) => best,
                Err(unknown) => return Ok(Outcome::Unknown(unknown.into())),
            };
            if best.tag == *self.current {
                return self.up_to_date(Acceptance::CurrentIsNewest, skipped.first);
            }
            match self.judge(best).map_err(|needed| self.and_next_jumps(needed, &mut places, &skipped))? {
                JumpResult::Plausible => {}
                JumpResult::Rejected(cause) => {
                    skipped.add(&best.tag, cause);
                    skipped.rejected += 1;
                    continue;
                }
                JumpResult::Unknown(unknown) => return Ok(Outcome::Unknown(unknown.into())),
            }
            match self.check_gates(best) {
                None => return Err(self.lookups([place].into_iter().chain(places), skipped.batch())),
                Some(GateResult::Eligible) => return Ok(Outcome::Update(self.choice(best, ranking, skipped))),
                Some(GateResult::NotYet(cause)) => {
                    skipped.add(&best.tag, cause.clone());
                    skipped.young += 1;
                    skipped.delayed.get_or_insert_with(|| (best.tag.clone(), cause));
                }
                Some(GateResult::Stuck(cause)) => {
                    return Ok(Outcome::Held(Hold::NotEligibleYet(best.tag.clone(), cause).into()));
                }
                Some(GateResult::Unknown(cause)) => {
                    return Ok(Outcome::Unknown(Unknown::Gate(best.tag.clone(), cause).into()));
                }
            }
        }
        self.nothing_newer(ranking, skipped)
    }

    /// Returns whether the best candidate may be no successor: the step to it is suspicious, or its image unreadable.
    pub(super) fn may_pass_over_best(&self, ranking: &Ranking) -> bool {
        let best = ranking.places().next().and_then(|place| self.break_tie(&place).ok());
        best.is_some_and(|best| {
            let is_successor = || self.filter.jump(best) == Jump::Usual && self.filter.is_readable_image(best);
            best.tag != *self.current && !is_successor()
        })
    }

    /// Returns `None` if the gates need facts that were not looked up.
    fn check_gates(&self, candidate: &Candidate) -> Option<GateResult> {
        let gates = self.question.gates;
        if gates.is_empty() {
            return Some(GateResult::Eligible);
        }
        if let Some(error) = candidate.facts.failure() {
            return Some(GateResult::Unknown(Ineligibility::LookupFailed(error.into())));
        }
        match (&candidate.facts, candidate.facts.facts()) {
            (known, Some(facts)) if known.covers(gates.need()) => Some(gates.check(facts, self.question.now)),
            _ => None,
        }
    }

    /// Judges the content of a candidate, and the step to it.
    fn judge(&self, candidate: &Candidate) -> Result<JumpResult, Lookups> {
        match self.filter.judge_content(candidate)? {
            JumpResult::Plausible => self.filter.judge_jump(candidate),
            result => Ok(result),
        }
    }

    /// Adds what the next candidates need, once one is a relic: others follow it. None after a usual step is needed.
    fn and_next_jumps(
        &self,
        mut needed: Lookups,
        places: &mut impl Iterator<Item = Vec<usize>>,
        skipped: &Skipped,
    ) -> Lookups {
        if skipped.rejected > 0 {
            let next = places.map_while(|place| self.break_tie(&place).ok());
            let suspicious = next.take_while(|one| self.filter.jump(one) != Jump::Usual).take(skipped.batch() - 1);
            needed.extend(suspicious.filter_map(|one| self.judge(one).err()).flatten());
        }
        needed
    }

    /// Returns the next few candidates whose facts are missing.
    fn lookups(&self, places: impl Iterator<Item = Vec<usize>>, count: usize) -> Lookups {
        let need = self.question.gates.need();
        let best = places.filter_map(|place| self.break_tie(&place).ok());
        best.filter(|one| !one.facts.covers(need)).take(count).map(|one| (one.tag.clone(), need)).collect()
    }

    /// Selects one of the candidates that share a place.
    fn break_tie(&self, place: &[usize]) -> Result<&Candidate, Unknown> {
        let mut tied: Vec<&Candidate> = place.iter().map(|at| &self.candidates[*at]).collect();
        if let Some(current) = tied.iter().find(|one| one.tag == *self.current) {
            return Ok(current);
        }
        if tied.iter().any(|one| self.filter.is_readable_image(one)) {
            tied.retain(|one| self.filter.is_readable_image(one));
        }
        if tied.len() > 1 {
            // The spelling of the current tag: its `v`, its zero padding, its words.
            let matcher = ShapeMatcher::new(self.filter.current_as_written());
            let is_alike = |one: &&Candidate| matcher.matches(one.tag.as_str(), &mut OrderKey::default());
            if tied.iter().any(is_alike) {
                tied.retain(is_alike);
            }
        }
        tied.sort_unstable_by(|a, b| a.tag.cmp(&b.tag));
        match (&tied[..], self.ties) {
            ([one], _) | ([one, ..], Ties::First) => Ok(one),
            _ if are_same_image(&tied) => Ok(tied[0]),
            (_, Ties::Last) if self.question.entry.ties.is_none() && tied.iter().any(has_build_metadata) => {
                latest_build(&tied).ok_or_else(|| unknown_tie(&tied))
            }
            ([.., one], Ties::Last) => Ok(one),
            _ => Err(unknown_tie(&tied)),
        }
    }

    fn choice(&self, best: &Candidate, ranking: &Ranking, skipped: Skipped) -> Choice {
        let created = best.facts.facts().and_then(|facts| facts.created);
        let built = |one: &Candidate| one.facts.facts().and_then(ImageFacts::build_time);
        let current_built = self.filter.listed().and_then(built);
        let newest = Newest {
            matching: ranking.count().saturating_sub(skipped.rejected),
            unread: if self.filter.orders_current() { None } else { Some(self.unread(best)) },
            built: if self.shows_build_time { created } else { None },
            is_older_build: built(best).zip(current_built).is_some_and(|(built, than)| built < than),
            passed_over: skipped.first,
        };
        // The digest is not part of the choice: the caller looks it up where the reference is pinned.
        Choice::of_tag(best.tag.clone(), Acceptance::Newest(newest))
    }

    /// Returns the current tag, which the policy cannot read, and how it compares with the selected tag.
    fn unread(&self, best: &Candidate) -> Unread {
        Unread { tag: self.current.clone(), is_lower: self.filter.order_without_place(best) == Some(Ordering::Greater) }
    }

    /// Returns why there is no update: nothing is newer, or a person has to act.
    fn nothing_newer(&self, ranking: &Ranking, skipped: Skipped) -> Result<Outcome, Lookups> {
        if let Some((tag, cause)) = skipped.delayed {
            return Ok(delayed(tag, cause));
        }
        if self.candidates.is_empty() {
            return Ok(Outcome::Held(Hold::NoTags.into()));
        }
        if ranking.has_current() && self.filter.has_place() && self.filter.has_other_commits() {
            return Ok(Outcome::Held(Hold::NumericCommit(self.current.as_str().into()).into()));
        }
        if ranking.has_current() && ranking.best_incomparable().is_none() {
            return self.up_to_date(Acceptance::NothingNewer, skipped.first);
        }
        let hold = match ranking.best_lower() {
            _ if let Some(at) = ranking.best_incomparable() => {
                let newest = self.candidates[at].tag.clone();
                Hold::Incomparable { newest, current: self.current.clone(), names_image: self.question.names_image }
            }
            Some(at) if !self.filter.has_place() => {
                Hold::NewestIsLower { newest: self.candidates[at].tag.clone(), current: self.current.clone() }
            }
            Some(at) => Hold::NewestIsOlder { newest: self.candidates[at].tag.clone(), current: self.current.clone() },
            None => Hold::AllRejected { count: self.candidates.len(), closest: self.closest() },
        };
        Ok(Outcome::Held(hold.into()))
    }

    /// Returns that the tag stays. Its digest may follow it.
    fn up_to_date(
        &self,
        acceptance: fn(Remarks) -> Acceptance,
        passed_over: Option<PassedOver>,
    ) -> Result<Outcome, Lookups> {
        let remarks = self.remarks(passed_over)?;
        match (remarks.moved, self.filter.listed()) {
            (Some(moved), Some(listed)) if self.question.pinning == Pinning::Follow => {
                let need = self.question.gates.need();
                let gate = self.check_gates(listed).ok_or_else(|| vec![(listed.tag.clone(), need)])?;
                Ok(gate.outcome(&listed.tag).unwrap_or_else(|| follow(moved)))
            }
            (moved, _) => Ok(Outcome::UpToDate(acceptance(Remarks { moved, ..remarks }).into())),
        }
    }

    /// Returns what a person should know although nothing changes.
    fn remarks(&self, passed_over: Option<PassedOver>) -> Result<Remarks, Lookups> {
        let other_shapes = match self.shape {
            Some(current) if self.filter.has_place() => newer_of_another_shape(current, self.filter, self.candidates),
            _ => Vec::new(),
        };
        Ok(Remarks { moved: self.moved_digest()?, other_shapes, passed_over })
    }

    /// Returns where the current tag points now, if the reference is pinned to another digest.
    fn moved_digest(&self) -> Result<Option<MovedDigest>, Lookups> {
        match (self.question.current.digest(), self.filter.listed()) {
            (Some(pinned), Some(listed)) => moved_digest(pinned, listed),
            _ => Ok(None),
        }
    }

    /// Returns the candidate that passed most checks, and which one it failed. Of several, it is the one that is most like the
    /// current tag, and then the one with the greatest numbers.
    fn closest(&self) -> Option<(Tag, Rejection)> {
        let mut key = OrderKey::default();
        let failed = self.candidates.iter().filter_map(|one| Some((self.filter.check(one, &mut key).err()?, one)));
        let likeness = Likeness::new(self.filter.current_as_written());
        let (error, one) = failed.max_by_key(|(error, one)| {
            let (like, numbers) = likeness.of(&Shape::of(one.tag.as_str()));
            // A commit is like those beside it, although it has only digits.
            let like = if *error == NotNewer::NumericCommit { usize::MAX } else { like };
            // What the filter rejects may be nearer than what only the policy does not read.
            (error.progress().max(1), one.tag != *self.current, like, error.progress(), numbers, &one.tag)
        })?;
        Some((one.tag.clone(), self.filter.rejection(one, error)))
    }
}

/// How much tags are like the current one.
struct Likeness<'t> {
    current: &'t Shape<'t>,
    name: String,
}

impl<'t> Likeness<'t> {
    fn new(current: &'t Shape<'t>) -> Self {
        Self { current, name: current.to_string() }
    }

    /// Returns how many pieces a tag has in common with the current one from its start on, and its numbers. Those of the same
    /// shape have most in common.
    fn of(&self, tag: &Shape<'_>) -> (usize, OrderKey) {
        let mut key = OrderKey::default();
        let is_number = |part: &Part<'_>| matches!(part, Part::Number(_) | Part::Stamp(_));
        tag.parts().iter().filter(|part| is_number(part)).for_each(|part| key.number(part.text()));
        let is_alike = |(one, other): &(&Part<'_>, &Part<'_>)| match (one, other) {
            (Part::Text(one), Part::Text(other)) => one == other,
            (one, other) => std::mem::discriminant(*one) == std::mem::discriminant(*other),
        };
        let alike = tag.parts().iter().zip(self.current.parts()).take_while(is_alike).count();
        (if tag.to_string() == self.name { usize::MAX } else { alike }, key)
    }
}

/// Returns the update of a digest to the image that the current tag names now.
pub(super) fn follow(moved: MovedDigest) -> Outcome {
    let (tag, digest) = (moved.tag.clone(), Some(moved.to.clone()));
    Outcome::Update(Choice { digest, ..Choice::of_tag(tag, Acceptance::DigestMoved(moved)) })
}

fn unknown_tie(tied: &[&Candidate]) -> Unknown {
    Unknown::Tie {
        tags: tied.iter().take(NAMED_TIES).map(|one| one.tag.clone()).collect(),
        more: tied.len().saturating_sub(NAMED_TIES),
    }
}

fn has_build_metadata(candidate: &&Candidate) -> bool {
    candidate.tag.as_str().contains('+')
}

/// Returns the chart whose build metadata has the greatest numbers, if all have the same shape: `+build.10`, not `+build.9`.
fn latest_build<'c>(tied: &[&'c Candidate]) -> Option<&'c Candidate> {
    let matcher = ShapeMatcher::new(&Shape::of(tied[0].tag.as_str()));
    let read = |one: &&'c Candidate| {
        let mut key = OrderKey::default();
        matcher.matches(one.tag.as_str(), &mut key).then_some((key, *one))
    };
    let mut builds = tied.iter().map(read).collect::<Option<Vec<_>>>()?;
    builds.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    match &builds[..] {
        [.., (before, _), (last, one)] if before < last => Some(one),
        _ => None,
    }
}

/// Returns whether all tags have one digest: then it makes no difference which of them is written.
fn are_same_image(tied: &[&Candidate]) -> bool {
    let first = tied[0].facts.digest();
    first.is_some() && tied.iter().all(|one| one.facts.digest() == first)
}
