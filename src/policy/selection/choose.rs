//! Selects a version for one image, or returns which facts have to be looked up first.

use std::borrow::Cow;

use super::candidate_filter::CandidateFilter;
use super::commit_places::{shape_among, shape_of_extract};
use super::pinned_tag;
use super::question::{Lookups, Question};
use super::ranking::Ranking;
use super::selector::Selector;
use crate::image::{ImageReference, Shape, Tag};
use crate::policy::candidate::{Candidate, Known, Need};
use crate::policy::decision::{Decision, Outcome};
use crate::policy::entry::PolicyEntry;
use crate::policy::ordered_policy::OrderedPolicy;
use crate::policy::pinned_policy::PinnedTarget;
use crate::policy::policy::Policy;
use crate::policy::reason::{Hold, Reason, Rejection, Unknown};

/// A decision, or the facts that it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there is one for each image at a time")]
pub enum SelectionStep {
    /// No fact that could still be looked up changes it.
    Decided(Decision),
    /// Facts to look up, best candidate first. Choose again with the results, failures included, in the candidates'
    /// [`Known`](crate::policy::Known).
    NeedsFacts(Vec<(Tag, Need)>),
}

/// Selects among all tags of an image, in any order. Linear in their number.
pub fn choose(question: &Question<'_>, candidates: &[Candidate]) -> SelectionStep {
    match evaluate(question, candidates) {
        Ok(outcome) => SelectionStep::Decided(Decision {
            current: question.current.clone(),
            policy: question.entry.describe(),
            outcome,
        }),
        Err(lookups) => SelectionStep::NeedsFacts(lookups),
    }
}

/// Returns why no decision about a reference is possible whatever the registry lists: it has no tag, or one that its policy
/// does not order.
pub fn undecidable(current: &ImageReference, entry: &PolicyEntry) -> Option<Reason> {
    let Some(tag) = current_tag(current, entry) else {
        return Some(no_tag(current).into());
    };
    match &entry.policy {
        Policy::Ordered(policy) => {
            let text = current_text(entry, tag.as_str());
            check_current(entry, &**policy, tag, text.as_deref().map(Shape::of).as_ref()).err().map(Into::into)
        }
        Policy::Pinned(_) => None,
    }
}

/// Returns the text that the policy reads of the current tag. A tag that the filter rejects is read as it is, so that it can
/// decide what is a downgrade; but if the filter extracts, only extracted text has an order.
pub(super) fn current_text<'q>(entry: &PolicyEntry, tag: &'q str) -> Option<Cow<'q, str>> {
    match entry.filter.text(tag) {
        Ok(text) => Some(text),
        Err(_) if entry.filter.extracts() => None,
        Err(_) => Some(Cow::Borrowed(tag)),
    }
}

/// Returns the shape of the text that the policy reads of the current tag. The other tags show whether a number is a commit.
pub(super) fn current_shape<'t>(entry: &PolicyEntry, tag: &Tag, text: &'t str, candidates: &[Candidate]) -> Shape<'t> {
    if entry.filter.extracts() {
        shape_of_extract(text, tag.as_str(), candidates)
    } else {
        shape_among(text, candidates)
    }
}

/// Returns why a policy compares no tag with the current one. `shape` is that of the text that the filter passes to the policy.
pub(super) fn check_current(
    entry: &PolicyEntry,
    policy: &dyn OrderedPolicy,
    current: &Tag,
    shape: Option<&Shape<'_>>,
) -> Result<(), Hold> {
    match shape {
        Some(shape) => policy.check_current(shape),
        None if policy.compares_shapes() => entry
            .filter
            .text(current.as_str())
            .map(drop)
            .map_err(|error| Hold::CurrentFiltered(current.clone(), entry.filter.rejection(error))),
        None => Ok(()),
    }
}

/// Returns the current tag. A digest alone is that of the tag that the policy names: `{ digest: latest }`.
pub(super) fn current_tag<'q>(current: &'q ImageReference, entry: &'q PolicyEntry) -> Option<&'q Tag> {
    let named = || match entry.policy.pinned_target()? {
        PinnedTarget::Tag(tag) | PinnedTarget::Exact(tag, Some(_)) => Some(tag),
        PinnedTarget::Exact(_, None) | PinnedTarget::Current | PinnedTarget::Promoted => None,
    };
    current.tag().or_else(|| current.digest().and_then(|_| named()))
}

fn no_tag(current: &ImageReference) -> Hold {
    Hold::NoTag { has_digest: current.digest().is_some() }
}

fn evaluate(question: &Question<'_>, candidates: &[Candidate]) -> Result<Outcome, Lookups> {
    let Some(current) = current_tag(question.current, question.entry) else {
        return Ok(Outcome::Held(no_tag(question.current).into()));
    };
    match &question.entry.policy {
        Policy::Ordered(policy) => evaluate_ordered(question, current, &**policy, candidates),
        Policy::Pinned(policy) => pinned_tag::evaluate(question, current, policy.target(), candidates),
    }
}

fn evaluate_ordered(
    question: &Question<'_>,
    current: &Tag,
    policy: &dyn OrderedPolicy,
    candidates: &[Candidate],
) -> Result<Outcome, Lookups> {
    let entry = question.entry;
    let text = current_text(entry, current.as_str());
    let shape = text.as_deref().map(|text| current_shape(entry, current, text, candidates));
    if let Err(hold) = check_current(entry, policy, current, shape.as_ref()) {
        return Ok(Outcome::Held(hold.into()));
    }
    let reader = match policy.reader(shape.as_ref(), question.external) {
        Ok(reader) => reader,
        Err(unknown) => return Ok(Outcome::Unknown(unknown.into())),
    };
    let needs_facts = policy.need() > Need::Tag;
    if needs_facts && let Some(outcome) = facts_of_all(question, policy.need(), current, candidates)? {
        return Ok(outcome);
    }
    let filter = match CandidateFilter::new(question, policy, &*reader, current, shape.as_ref(), candidates) {
        Ok(filter) => filter,
        Err(unknown) => return Ok(Outcome::Unknown(unknown.into())),
    };
    let ties = entry.ties.unwrap_or_else(|| reader.ties());
    let shows_build_time = policy.need() == Need::Facts;
    let selector =
        Selector { question, current, shape: shape.as_ref(), candidates, filter: &filter, ties, shows_build_time };
    let requires_readable = policy.requires_readable_tags();
    let keeps_all = !question.gates.is_empty();
    let mut ranking = Ranking::new(&filter, candidates, requires_readable, keeps_all);
    // The best may be no successor, or unreadable: then the next one is.
    if !keeps_all && ranking.as_ref().is_ok_and(|ranking| selector.may_pass_over_best(ranking)) {
        ranking = Ranking::new(&filter, candidates, requires_readable, true);
    }
    match ranking {
        Ok(ranking) => selector.select(&ranking),
        Err(outcome) => Ok(outcome),
    }
}

/// Requires the facts of the current tag and of every tag that passes the filter, before anything can be compared.
fn facts_of_all(
    question: &Question<'_>,
    need: Need,
    current: &Tag,
    candidates: &[Candidate],
) -> Result<Option<Outcome>, Lookups> {
    let filter = &question.entry.filter;
    let wanted = || candidates.iter().filter(|one| one.tag == *current || filter.text(one.tag.as_str()).is_ok());
    let mut lookups: Lookups =
        wanted().filter(|one| !one.facts.covers(need)).map(|one| (one.tag.clone(), need)).collect();
    if !lookups.is_empty() {
        lookups.sort_unstable_by(|a, b| b.0.cmp(&a.0));
        return Err(lookups);
    }
    // Without a place of the current tag, any tag may be older.
    let unreadable = candidates.iter().find_map(|one| match &one.facts {
        Known::Unreadable(cause) if one.tag == *current && !question.entry.bounds.allows_downgrade => Some(cause),
        _ => None,
    });
    if let Some(cause) = unreadable {
        let cause = Rejection::Unreadable(cause.clone());
        return Ok(Some(Outcome::Held(Hold::CurrentUnreadable(current.clone(), cause).into())));
    }
    // A tag whose lookup failed may be the newest. The first in byte order is reported, so that the answer never varies.
    let failed = wanted().filter_map(|one| Some((&one.tag, one.facts.failure()?)));
    Ok(failed.min().map(|(tag, error)| Outcome::Unknown(Unknown::LookupFailed(tag.clone(), error.into()).into())))
}
