//! Evaluates policies that pin a tag: the registry has to list it, and it has to pass filter, bounds and gates.

use super::commit_places::shape_among;
use super::moved::moved_digest;
use super::question::{Lookups, Question};
use super::selector::follow;
use crate::image::{Digest, Shape, Tag};
use crate::policy::candidate::{Candidate, Known, Need};
use crate::policy::decision::{Choice, Outcome};
use crate::policy::pinned_policy::PinnedTarget;
use crate::policy::pinning::Pinning;
use crate::policy::reason::{Acceptance, Hold, MovedDigest, PinSource, Rejection, Unknown};
use crate::policy::versions::{Readings, Version, VersionFloor, compare_of_one_shape};

/// A tag that is requested.
struct RequestedTag<'q> {
    tag: &'q Tag,
    digest: Option<&'q Digest>,
    source: PinSource,
}

impl RequestedTag<'_> {
    /// Whether the digest that the tag resolves to now is requested.
    fn is_floating(&self) -> bool {
        self.source == PinSource::Floating
    }
}

/// Decides whether the reference changes to the pinned tag.
pub(super) fn evaluate(
    question: &Question<'_>,
    current: &Tag,
    target: PinnedTarget<'_>,
    candidates: &[Candidate],
) -> Result<Outcome, Lookups> {
    let request = match request(question, current, target, candidates) {
        Ok(request) => request,
        Err(outcome) => return Ok(outcome),
    };
    let tag = request.tag;
    // A policy may name a chart by its version or by its tag.
    let is_requested = |candidate: &&Candidate| {
        let (one, other) = (&candidate.tag, tag);
        if question.current.is_chart() { one.in_registry() == other.in_registry() } else { one == other }
    };
    let Some(found) = candidates.iter().find(is_requested) else {
        return Ok(Outcome::Held(Hold::NotListed(tag.clone()).into()));
    };
    let tag = &found.tag;
    if let Err(error) = question.entry.filter.text(tag.as_str()) {
        let cause = question.entry.filter.rejection(error);
        return Ok(Outcome::Held(Hold::PinnedRejected(tag.clone(), cause).into()));
    }
    if let Some(error) = found.facts.failure() {
        return Ok(Outcome::Unknown(Unknown::LookupFailed(tag.clone(), error.into()).into()));
    }
    if let Known::Unreadable(cause) = &found.facts {
        let cause = Rejection::Unreadable(cause.clone());
        return Ok(Outcome::Held(Hold::PinnedRejected(tag.clone(), cause).into()));
    }
    if !found.facts.covers(question.gates.need()) {
        return Err(vec![(tag.clone(), question.gates.need())]);
    }
    // A pinned reference to the tag may be stale.
    let pinned = if request.digest.is_none() && current == tag { question.current.digest() } else { None };
    let moved = pinned.map(|pinned| moved_digest(pinned, found)).transpose()?.flatten();
    match found.facts.digest() {
        _ if !request.is_floating() => Ok(decide(question, current, found, &request, moved)),
        Some(served) => {
            let digest = if moved.is_none() { pinned.unwrap_or(served) } else { served };
            Ok(decide(question, current, found, &RequestedTag { digest: Some(digest), ..request }, None))
        }
        None if found.facts.facts().is_some() => Ok(Outcome::Unknown(Unknown::NoDigest(tag.clone()).into())),
        None => Err(vec![(tag.clone(), Need::Digest)]),
    }
}

#[expect(clippy::result_large_err, reason = "returned once for each image")]
fn request<'q>(
    question: &Question<'q>,
    current: &'q Tag,
    target: PinnedTarget<'q>,
    candidates: &[Candidate],
) -> Result<RequestedTag<'q>, Outcome> {
    match target {
        PinnedTarget::Current => Ok(RequestedTag { tag: current, digest: None, source: PinSource::Floating }),
        PinnedTarget::Tag(tag) => Ok(RequestedTag { tag, digest: None, source: PinSource::Floating }),
        PinnedTarget::Exact(tag, digest) => Ok(RequestedTag { tag, digest, source: PinSource::Exact }),
        PinnedTarget::Promoted => {
            let promoted = question.external.promoted().map_err(|cause| Outcome::Unknown(cause.into()))?;
            check_bounds(question, current, (promoted.tag, promoted.place), candidates)
                .map_err(|cause| Outcome::Held(cause.into()))?;
            let source = PinSource::Promoted(promoted.place.into());
            Ok(RequestedTag { tag: promoted.tag, digest: promoted.digest, source })
        }
    }
}

/// Checks a promoted tag against the bounds of this policy.
fn check_bounds(
    question: &Question<'_>,
    current: &Tag,
    (tag, place): (&Tag, &str),
    candidates: &[Candidate],
) -> Result<(), Hold> {
    let bounds = &question.entry.bounds;
    let (promoted, place) = (tag.clone(), place.into());
    let shape_of = |tag| shape_among(tag, candidates);
    if !bounds.allows_downgrade && is_lower(&shape_of(tag.as_str()), &shape_of(current.as_str())) {
        return Err(Hold::PromotedIsLower { tag: promoted, place, current: current.clone() });
    }
    bounds.check(Some(&Shape::of(current.as_str())), tag.as_str()).map_err(|error| Hold::PromotedRejected {
        tag: promoted,
        place,
        cause: bounds.rejection(error, current),
    })
}

/// Returns whether one tag is lower than another: by its shape, as a version, or by any other common reading.
fn is_lower(tag: &Shape<'_>, than: &Shape<'_>) -> bool {
    if let Some(order) = compare_of_one_shape(tag, than) {
        return order.is_lt();
    }
    let is_lower_version = match (Version::new(tag.tag()), Version::new(than.tag())) {
        _ if tag.has_hash() || than.has_hash() => false,
        (Some(tag), Some(than)) => tag.compare(&than).is_lt(),
        _ => false,
    };
    let floor = VersionFloor::of(than.clone(), Readings::All);
    is_lower_version || floor.is_some_and(|floor| floor.is_greater_than(tag.tag(), || tag.clone()))
}

/// Compares the reference with the request. `moved` is the move of the tag away from the pinned digest.
fn decide(
    question: &Question<'_>,
    current: &Tag,
    found: &Candidate,
    request: &RequestedTag<'_>,
    moved: Option<MovedDigest>,
) -> Outcome {
    let (tag, digest, old) = (found.tag.clone(), request.digest.cloned(), question.current.digest());
    if *current == tag && (digest.is_none() || old == digest.as_ref()) {
        return match moved {
            Some(moved) if question.pinning == Pinning::Follow => {
                check_gates(question, found).unwrap_or_else(|| follow(moved))
            }
            moved => Outcome::UpToDate(Acceptance::PinnedAlready { tag, digest, moved }.into()),
        };
    }
    if let Some(outcome) = check_gates(question, found) {
        return outcome;
    }
    let old = if *current == tag { old.cloned() } else { None };
    let source = request.source.clone();
    let reason = Acceptance::Pinned { tag: tag.clone(), source, digest: digest.clone(), old };
    Outcome::Update(Choice { digest, ..Choice::of_tag(tag, reason) })
}

/// Returns the outcome if a gate delays the only candidate.
fn check_gates(question: &Question<'_>, found: &Candidate) -> Option<Outcome> {
    let gate = found.facts.facts().map(|facts| question.gates.check(facts, question.now))?;
    gate.outcome(&found.tag)
}
