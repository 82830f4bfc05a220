//! Judges tags that a person or a script names, such as the step after `docker push`. The registry lists nothing, and the policy
//! still decides whether a tag may replace the current one.

use std::cmp::Ordering;

use super::choose::{SelectionStep, check_current, choose, current_shape, current_text};
use super::explain::explain;
use super::question::{Lookups, Question};
use crate::image::{Digest, ImageReference, Shape, Tag, commit_hash_at, is_numeric_hash};
use crate::policy::candidate::{Candidate, Need};
use crate::policy::decision::{Choice, Decision, Outcome, Verdict};
use crate::policy::ordered_policy::OrderedPolicy;
use crate::policy::pinned_policy::PinnedTarget;
use crate::policy::policy::Policy;
use crate::policy::reason::{Acceptance, Hold, Reason, Rejection, Unknown};
use crate::policy::versions::{OrderKey, ShapeMatcher, compare_commonly, leads_with_version};

/// The tags that are named for one reference, and what already is proposed in its place.
#[derive(Debug, Clone)]
pub struct GivenTags {
    tags: Vec<GivenTag>,
    proposed: Option<GivenTag>,
}

/// One tag that is named, or proposed.
#[derive(Debug, Clone)]
pub struct GivenTag {
    tag: Tag,
    digest: Option<Digest>,
    is_current: bool,
}

impl GivenTag {
    /// Returns the digest that is named with the tag. The registry has to confirm that the tag resolves to it.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// Returns whether only a digest is named, so that it is for the current tag.
    pub fn is_for_current(&self) -> bool {
        self.is_current
    }
}

impl GivenTags {
    /// Reads the named images for one question, and returns the candidates that [`choose_given`] needs. A digest without a tag is for
    /// the current tag. `proposed` is the reference that an open pull request proposes: builds end out of order, so a named tag may be
    /// older.
    pub fn new(
        question: &Question<'_>,
        images: &[ImageReference],
        proposed: Option<&ImageReference>,
    ) -> (Self, Vec<Candidate>) {
        let current = question.current.tag();
        // Only the reference shows whether a name is that of a chart.
        let as_current = |one: GivenTag| {
            let is_chart = question.current.is_chart();
            let tag = if is_chart { one.tag.into_chart_version() } else { one.tag.in_registry().into_owned() };
            GivenTag { tag, ..one }
        };
        let named = images.iter().filter_map(|image| given_tag(image, current));
        let mut tags: Vec<GivenTag> = Vec::new();
        for one in named.map(as_current) {
            // Of two digests of one tag, the last was pushed last.
            tags.retain(|known| known.tag != one.tag);
            tags.push(one);
        }
        let proposed = proposed.and_then(|proposed| given_tag(proposed, None));
        // Build times and labels are compared with those of the current tag, also where only the step to a tag is suspicious.
        // Where any tag may be selected, the current one would be selected in place of an older one.
        let needs_current = matches!(&question.entry.policy, Policy::Ordered(policy)
            if policy.need() > Need::Tag || !question.entry.bounds.allows_downgrade);
        let current = if needs_current { current } else { None };
        let mut candidates: Vec<Candidate> = Vec::new();
        for tag in tags.iter().chain(&proposed).map(|one| &one.tag).chain(current) {
            if candidates.iter().all(|known| known.tag != *tag) {
                candidates.push(Candidate::new(tag.clone()));
            }
        }
        (Self { tags, proposed }, candidates)
    }

    /// Returns what is named for a tag; `None` for one that only is proposed.
    pub fn get(&self, tag: &Tag) -> Option<&GivenTag> {
        self.tags.iter().find(|one| one.tag == *tag)
    }

    /// Returns what is proposed, if it has this tag.
    pub fn proposed(&self, tag: &Tag) -> Option<&GivenTag> {
        self.proposed.as_ref().filter(|one| one.tag == *tag)
    }

    /// Returns whether a reference is what is named: nothing has to be written, whatever its tag resolves to now.
    fn is_already(&self, current: &ImageReference) -> bool {
        let given = current.tag().and_then(|tag| self.get(tag));
        given.is_some_and(|given| current.digest().is_none() || current.digest() == given.digest())
    }

    fn contains(&self, tag: &Tag) -> bool {
        self.get(tag).is_some()
    }
}

fn given_tag(image: &ImageReference, current: Option<&Tag>) -> Option<GivenTag> {
    let (tag, digest) = (image.tag().or(current)?.clone(), image.digest().cloned());
    Some(GivenTag { tag, digest, is_current: image.tag().is_none() })
}

/// Selects the newest of the named tags and the proposed one, if the policy accepts it. The candidates are those of
/// [`GivenTags::new`], with the facts that were looked up since.
pub fn choose_given(question: &Question<'_>, given: &GivenTags, candidates: &[Candidate]) -> SelectionStep {
    match evaluate(question, given, candidates) {
        Ok(outcome) => SelectionStep::Decided(Decision {
            current: question.current.clone(),
            policy: question.entry.describe(),
            outcome,
        }),
        Err(lookups) => SelectionStep::NeedsFacts(lookups),
    }
}

fn evaluate(question: &Question<'_>, given: &GivenTags, candidates: &[Candidate]) -> Result<Outcome, Lookups> {
    // Of several, the last is the one to report: it was pushed last.
    let Some(last) = given.tags.last().and_then(|last| candidates.iter().find(|one| one.tag == last.tag)) else {
        return Ok(Outcome::Held(Hold::GivenWithoutTag.into()));
    };
    let Some(current) = question.current.tag() else {
        return newest(question, given, candidates, |one| without_tag(question, one));
    };
    if let Policy::Ordered(policy) = &question.entry.policy {
        let text = current_text(question.entry, current.as_str());
        let shape = text.as_deref().map(|text| current_shape(question.entry, current, text, candidates));
        if check_current(question.entry, &**policy, current, shape.as_ref()).is_err() {
            let judge = |one: &Candidate| {
                let is_already = one.tag == *current && given.is_already(question.current);
                without_order(question, current, shape.as_ref(), one, is_already)
            };
            return newest(question, given, candidates, judge);
        }
    }
    let outcome = match choose(question, candidates) {
        SelectionStep::Decided(decision) => decision.outcome.of_given(),
        SelectionStep::NeedsFacts(lookups) => return Err(lookups),
    };
    Ok(match outcome {
        Outcome::Update(choice) if given.contains(&choice.tag) => Outcome::Update(as_given(question, choice)),
        Outcome::Update(choice) if given.proposed(&choice.tag).is_some() => {
            let rejections = given.tags.iter().map(|one| rejection(question, candidates, &one.tag));
            // If every named tag is rejected, the reason is reported, and what is proposed stays as it is.
            match rejections.collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().next_back()) {
                Some(cause) => rejected(&last.tag, cause),
                None => Outcome::Update(Choice { reason: Acceptance::ProposedEarlier.into(), ..choice }),
            }
        }
        Outcome::Unknown(cause) => Outcome::Unknown(cause),
        Outcome::UpToDate(reason) if given.contains(current) => Outcome::UpToDate(reason),
        _ if given.contains(current) => Outcome::UpToDate(Acceptance::GivenAlready.into()),
        outcome => match (rejection(question, candidates, &last.tag), outcome) {
            (None, Outcome::Held(cause)) => Outcome::Held(cause),
            (cause, outcome) => {
                let is_current_newest = matches!(outcome, Outcome::UpToDate(_));
                rejected_beside(&last.tag, cause.unwrap_or(Rejection::NotPinned), is_current_newest)
            }
        },
    })
}

/// Returns a choice whose reason does not claim that tags were listed.
fn as_given(question: &Question<'_>, choice: Choice) -> Choice {
    let reason = match choice.reason {
        Reason::Accepted(Acceptance::Newest(newest)) => {
            Acceptance::GivenAllowed { is_newer: !question.entry.bounds.allows_downgrade, newest }.into()
        }
        reason => reason,
    };
    Choice { reason, ..choice }
}

/// Selects the newest of the named tags and the proposed one where the current tag does not order them. `judge` returns whether one of
/// them may replace the current tag. Of tags without an order between them, a named one is selected, and of those the last.
fn newest(
    question: &Question<'_>,
    given: &GivenTags,
    candidates: &[Candidate],
    judge: impl Fn(&Candidate) -> Result<Outcome, Lookups>,
) -> Result<Outcome, Lookups> {
    let (mut judged, mut lookups) = (Vec::new(), Lookups::new());
    for tag in given.proposed.iter().chain(&given.tags).map(|one| &one.tag) {
        let Some(candidate) = candidates.iter().find(|one| one.tag == *tag) else { continue };
        match judge(candidate) {
            Ok(outcome) => judged.push((candidate, outcome)),
            Err(needs) => lookups.extend(needs),
        }
    }
    if !lookups.is_empty() {
        return Err(lookups);
    }
    let last = judged.last().map(|(_, outcome)| outcome.clone());
    // If every named tag is held, the reason is reported, and what is proposed stays as it is.
    if judged.iter().all(|(one, outcome)| !given.contains(&one.tag) || matches!(outcome, Outcome::Held(_))) {
        return Ok(last.unwrap_or_else(|| Outcome::Held(Hold::GivenWithoutTag.into())));
    }
    // An unknown tag may be the newest, and then nothing is.
    let eligible = judged.into_iter().rev().filter(|(_, one)| matches!(one, Outcome::Update(_) | Outcome::Unknown(_)));
    let best = eligible.reduce(|best, other| match compare(question, other.0, best.0) {
        Some(Ordering::Greater) => other,
        // Nothing shows that a tag without an order is newer than the version that an open pull request proposes.
        None if !given.contains(&other.0.tag) && has_order(other.0) && !has_order(best.0) => other,
        _ => best,
    });
    Ok(match best.map(|(_, outcome)| outcome).or(last) {
        Some(Outcome::Update(choice)) if !given.contains(&choice.tag) => {
            Outcome::Update(Choice { reason: Acceptance::ProposedEarlier.into(), ..choice })
        }
        Some(outcome) => outcome,
        None => Outcome::Held(Hold::GivenWithoutTag.into()),
    })
}

fn has_order(candidate: &Candidate) -> bool {
    Shape::of(candidate.tag.as_str()).has_order()
}

/// Compares two tags by the policy, or, if it orders only tags that are like the current one, by what every reading of versions can
/// compare.
fn compare(question: &Question<'_>, one: &Candidate, other: &Candidate) -> Option<Ordering> {
    let (text, than) = (question.entry.filter.read(one.tag.as_str())?, question.entry.filter.read(other.tag.as_str())?);
    if let Policy::Ordered(policy) = &question.entry.policy
        && !policy.compares_shapes()
        && let Ok(reader) = policy.reader(None, question.external)
    {
        let (mut place, mut than_place) = (OrderKey::default(), OrderKey::default());
        reader.read(&text, one.facts.facts(), &mut place).ok()?;
        reader.read(&than, other.facts.facts(), &mut than_place).ok()?;
        return Some(place.cmp(&than_place));
    }
    compare_commonly(&Shape::of(&text), &Shape::of(&than))
}

/// Returns why the policy rejects a tag; `None` if something else prevents its selection, such as a gate.
fn rejection(question: &Question<'_>, candidates: &[Candidate], tag: &Tag) -> Option<Rejection> {
    let verdict = explain(question, candidates).into_iter().find(|one| one.tag == *tag)?.verdict;
    match verdict {
        Verdict::Rejected(Reason::Rejected(cause)) => Some(cause),
        _ => None,
    }
}

fn rejected(tag: &Tag, cause: Rejection) -> Outcome {
    rejected_beside(tag, cause, false)
}

/// Does the same, and says whether the policy finds the current tag newer than what is proposed as well.
fn rejected_beside(tag: &Tag, cause: Rejection, is_current_newest: bool) -> Outcome {
    Outcome::Held(Hold::GivenRejected { tag: tag.clone(), cause, is_current_newest }.into())
}

/// Judges a tag for a current tag without an order. One of the same shape may replace it, as a commit replaces a commit. A policy that
/// is named for the image replaces any such tag by a version.
fn without_order(
    question: &Question<'_>,
    current: &Tag,
    shape: Option<&Shape<'_>>,
    given: &Candidate,
    is_already: bool,
) -> Result<Outcome, Lookups> {
    if is_already {
        return Ok(Outcome::UpToDate(Acceptance::GivenAlready.into()));
    }
    let text = question.entry.filter.read(given.tag.as_str());
    let is_alike = shape.zip(text.as_deref()).is_some_and(|(shape, text)| {
        let next = Shape::of(text);
        let is_version =
            || leads_with_version(&next) && compare_commonly(&next, shape).is_none_or(|order| order.is_gt());
        let has_shape = || ShapeMatcher::new(shape).matches(text, &mut OrderKey::default());
        has_shape() || (is_commit(shape.tag()) && is_commit(text)) || (question.names_image && is_version())
    });
    if text.is_some() && !is_alike {
        return Ok(rejected(&given.tag, Rejection::Incomparable(current.clone())));
    }
    admit(question, given, Need::Tag)
}

/// Returns whether a text is a commit hash and nothing else.
fn is_commit(text: &str) -> bool {
    commit_hash_at(text, false) == Some(text) || is_numeric_hash(text)
}

/// Judges a tag for a reference that has none, so that there is nothing to compare with.
fn without_tag(question: &Question<'_>, given: &Candidate) -> Result<Outcome, Lookups> {
    let tag = &given.tag;
    let policy = match &question.entry.policy {
        Policy::Ordered(policy) => &**policy,
        Policy::Pinned(policy) => {
            let is_pinned = match policy.target() {
                PinnedTarget::Current => false,
                PinnedTarget::Tag(pinned) | PinnedTarget::Exact(pinned, _) => pinned == tag,
                PinnedTarget::Promoted => match question.external.promoted() {
                    Ok(promoted) => promoted.tag == tag,
                    Err(cause) => return Ok(Outcome::Unknown(cause.into())),
                },
            };
            return if is_pinned { admit(question, given, Need::Tag) } else { Ok(rejected(tag, Rejection::NotPinned)) };
        }
    };
    match admit(question, given, policy.need())? {
        Outcome::Update(choice) => Ok(read_alone(question, policy, given).unwrap_or(Outcome::Update(choice))),
        outcome => Ok(outcome),
    }
}

/// Returns the outcome if a policy cannot read a tag, compared with nothing. A policy that compares shapes has no shape to compare.
fn read_alone(question: &Question<'_>, policy: &dyn OrderedPolicy, given: &Candidate) -> Option<Outcome> {
    if policy.compares_shapes() {
        return None;
    }
    let reader = match policy.reader(None, question.external) {
        Ok(reader) => reader,
        Err(cause) => return Some(Outcome::Unknown(cause.into())),
    };
    let text = question.entry.filter.read(given.tag.as_str())?;
    let error = reader.read(&text, given.facts.facts(), &mut OrderKey::default()).err()?;
    Some(rejected(&given.tag, reader.rejection(&text, error)))
}

/// Selects a tag that passes the filter and the gates, or returns which facts they need.
fn admit(question: &Question<'_>, given: &Candidate, need: Need) -> Result<Outcome, Lookups> {
    let (tag, need) = (&given.tag, need.max(question.gates.need()));
    if let Err(error) = question.entry.filter.text(tag.as_str()) {
        return Ok(rejected(tag, question.entry.filter.rejection(error)));
    }
    if let Some(error) = given.facts.failure() {
        return Ok(Outcome::Unknown(Unknown::LookupFailed(tag.clone(), error.into()).into()));
    }
    if !given.facts.covers(need) {
        return Err(vec![(tag.clone(), need)]);
    }
    let gate = given.facts.facts().map(|facts| question.gates.check(facts, question.now));
    Ok(gate
        .and_then(|gate| gate.outcome(tag))
        .map(Outcome::of_given)
        .unwrap_or_else(|| Outcome::Update(Choice::of_tag(tag.clone(), Acceptance::Given))))
}
