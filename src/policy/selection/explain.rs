//! Explains a selection: every candidate with its verdict. Computed only for `tagboat explain`.

use std::cmp::Ordering;

use super::build_time::JumpResult;
use super::candidate_filter::CandidateFilter;
use super::choose::{SelectionStep, check_current, choose, current_shape, current_tag, current_text, undecidable};
use super::gates::GateResult;
use super::not_newer::NotNewer;
use super::question::Question;
use crate::image::Tag;
use crate::policy::candidate::{Candidate, Known};
use crate::policy::decision::{CandidateVerdict, Choice, Decision, Outcome, Verdict};
use crate::policy::ordered_policy::OrderedPolicy;
use crate::policy::pinned_policy::PinnedTarget;
use crate::policy::policy::Policy;
use crate::policy::reason::{Acceptance, Ineligibility, Newest, Reason, Rejection, Unknown};
use crate::policy::versions::OrderKey;

/// Returns the verdicts behind the answer of [`choose`] to the same question: the selected candidate first, then by place,
/// then those without a place in byte order.
pub fn explain(question: &Question<'_>, candidates: &[Candidate]) -> Vec<CandidateVerdict> {
    let step = choose(question, candidates);
    let ordered = match (&question.entry.policy, question.current.tag()) {
        (Policy::Ordered(policy), Some(current)) => ordered_rows(question, &**policy, current, &step, candidates),
        _ => None,
    };
    // Without an order there is a pinned tag, or an image that is held or unknown as a whole.
    let mut rows =
        ordered.unwrap_or_else(|| candidates.iter().map(|one| unordered_row(question, &step, one)).collect());
    rows.sort_by(|a, b| b.is_selected.cmp(&a.is_selected).then_with(|| a.by_place(b)));
    let verdict = |row: ExplainedCandidate<'_>| CandidateVerdict {
        tag: row.candidate.tag.clone(),
        verdict: without_shown_facts(row.verdict, &row.candidate.facts),
        facts: row.candidate.facts.clone(),
    };
    rows.into_iter().map(verdict).collect()
}

/// Leaves the build time to the facts of the row, if they have it.
fn without_shown_facts(verdict: Verdict, facts: &Known) -> Verdict {
    let shows_build_time = facts.facts().is_some_and(|facts| facts.created.is_some());
    match verdict {
        Verdict::Accepted(Reason::Accepted(Acceptance::Newest(newest))) if shows_build_time => {
            Verdict::Accepted(Acceptance::Newest(Newest { built: None, ..newest }).into())
        }
        verdict => verdict,
    }
}

struct ExplainedCandidate<'c> {
    candidate: &'c Candidate,
    place: Option<OrderKey>,
    verdict: Verdict,
    is_selected: bool,
}

impl ExplainedCandidate<'_> {
    fn by_place(&self, other: &Self) -> Ordering {
        match (&self.place, &other.place) {
            (Some(one), Some(two)) => two.cmp(one).then_with(|| other.candidate.tag.cmp(&self.candidate.tag)),
            (one, two) => two.is_some().cmp(&one.is_some()).then_with(|| self.candidate.tag.cmp(&other.candidate.tag)),
        }
    }
}

/// Returns the rows of an ordered policy, or `None` where it has no order for this current tag.
fn ordered_rows<'c>(
    question: &Question<'_>,
    policy: &dyn OrderedPolicy,
    current: &Tag,
    step: &SelectionStep,
    candidates: &'c [Candidate],
) -> Option<Vec<ExplainedCandidate<'c>>> {
    let text = current_text(question.entry, current.as_str());
    let shape = text.as_deref().map(|text| current_shape(question.entry, current, text, candidates));
    check_current(question.entry, policy, current, shape.as_ref()).ok()?;
    let reader = policy.reader(shape.as_ref(), question.external).ok()?;
    let filter = CandidateFilter::new(question, policy, &*reader, current, shape.as_ref(), candidates).ok()?;
    let row = |candidate: &'c Candidate| {
        let mut key = OrderKey::default();
        let checked = filter.check(candidate, &mut key);
        let has_place = !matches!(checked, Err(NotNewer::Filtered(_) | NotNewer::Unreadable(_) | NotNewer::NoImage));
        let verdict = match checked.map_err(|error| filter.reason(candidate, error)) {
            // Its digest follows the current tag.
            Err(Reason::Accepted(_))
                if let Some(choice) = selected(step).filter(|choice| choice.tag == candidate.tag) =>
            {
                Verdict::Accepted(choice.reason.clone())
            }
            Ok(()) => newer_verdict(question, step, &filter, candidate),
            Err(reason @ Reason::Accepted(_)) => Verdict::Accepted(reason),
            Err(reason @ Reason::NotEligibleYet(_)) => Verdict::NotEligibleYet(reason),
            Err(reason) => Verdict::Rejected(reason),
        };
        let place = if has_place { Some(key) } else { None };
        ExplainedCandidate { candidate, place, verdict, is_selected: is_selected(step, candidate) }
    };
    Some(candidates.iter().map(row).collect())
}

fn unordered_row<'c>(
    question: &Question<'_>,
    step: &SelectionStep,
    candidate: &'c Candidate,
) -> ExplainedCandidate<'c> {
    let is_selected = is_selected(step, candidate);
    if let Some(verdict) = verdict_without_order(question, candidate) {
        return ExplainedCandidate { candidate, place: None, verdict, is_selected };
    }
    // The outcome is about the pinned tag, if the policy has one.
    let may_be_selected = match question.entry.policy.pinned_target() {
        Some(PinnedTarget::Current) => question.current.tag() == Some(&candidate.tag),
        Some(PinnedTarget::Tag(tag) | PinnedTarget::Exact(tag, _)) => *tag == candidate.tag,
        Some(PinnedTarget::Promoted) | None => true,
    };
    let verdict = match step {
        SelectionStep::Decided(Decision { outcome: Outcome::Update(choice), .. }) if is_selected => {
            Verdict::Accepted(choice.reason.clone())
        }
        SelectionStep::Decided(Decision { outcome: Outcome::UpToDate(reason), .. })
            if current_tag(question.current, question.entry) == Some(&candidate.tag) =>
        {
            Verdict::Accepted(reason.clone())
        }
        SelectionStep::Decided(Decision { outcome: Outcome::Held(reason), .. }) if may_be_selected => {
            Verdict::Rejected(reason.clone())
        }
        SelectionStep::Decided(Decision { outcome: Outcome::Unknown(reason), .. }) if may_be_selected => {
            Verdict::NotEligibleYet(match reason {
                // The row has the tag already.
                Reason::Unknown(Unknown::LookupFailed(tag, error)) if *tag == candidate.tag => {
                    Ineligibility::LookupFailed(error.clone()).into()
                }
                reason => reason.clone(),
            })
        }
        _ => Verdict::Rejected(Rejection::NotPinned.into()),
    };
    ExplainedCandidate { candidate, place: None, verdict, is_selected }
}

/// Returns why a candidate is rejected whose policy has no order for the current tag: the reason of the outcome is about the current
/// tag. Returns `None` where that reason applies to it.
fn verdict_without_order(question: &Question<'_>, candidate: &Candidate) -> Option<Verdict> {
    let entry = question.entry;
    if !matches!(entry.policy, Policy::Ordered(_)) || question.current.tag() == Some(&candidate.tag) {
        return None;
    }
    if let Err(error) = entry.filter.text(candidate.tag.as_str()) {
        return Some(Verdict::Rejected(entry.filter.rejection(error).into()));
    }
    if let Known::Unreadable(cause) = &candidate.facts {
        return Some(Verdict::Rejected(Rejection::Unreadable(cause.clone()).into()));
    }
    let current = question.current.tag()?;
    undecidable(question.current, entry)?;
    Some(Verdict::Rejected(Rejection::Incomparable(current.clone()).into()))
}

fn selected(step: &SelectionStep) -> Option<&Choice> {
    match step {
        SelectionStep::Decided(Decision { outcome: Outcome::Update(choice), .. }) => Some(choice),
        _ => None,
    }
}

fn is_up_to_date(step: &SelectionStep) -> bool {
    matches!(step, SelectionStep::Decided(Decision { outcome: Outcome::UpToDate(_), .. }))
}

fn is_selected(step: &SelectionStep, candidate: &Candidate) -> bool {
    selected(step).is_some_and(|choice| choice.tag == candidate.tag)
}

/// Returns the verdict on a candidate that is newer than the current tag.
fn newer_verdict(
    question: &Question<'_>,
    step: &SelectionStep,
    filter: &CandidateFilter<'_>,
    candidate: &Candidate,
) -> Verdict {
    // Only the best candidates were looked up.
    let judged = match filter.judge_content(candidate) {
        Ok(JumpResult::Plausible) if candidate.facts != Known::Tag => filter.judge_jump(candidate).ok(),
        judged => judged.ok(),
    };
    match judged {
        Some(JumpResult::Rejected(cause)) => return Verdict::Rejected(cause.into()),
        Some(JumpResult::Unknown(cause)) => return Verdict::NotEligibleYet(cause.into()),
        Some(JumpResult::Plausible) | None => {}
    }
    let facts = if candidate.facts.covers(question.gates.need()) { candidate.facts.facts() } else { None };
    let gate = facts.map(|facts| question.gates.check(facts, question.now));
    if let Some(GateResult::NotYet(cause) | GateResult::Stuck(cause) | GateResult::Unknown(cause)) = gate {
        return Verdict::NotEligibleYet(cause.into());
    }
    Verdict::Accepted(match (selected(step), question.current.tag()) {
        (Some(choice), _) if choice.tag == candidate.tag => choice.reason.clone(),
        // A policy that may go back counts the current tag among those that it may select.
        (_, Some(current)) if *current == candidate.tag => Acceptance::CurrentTag.into(),
        (Some(choice), _) => Acceptance::Outranked(choice.tag.clone()).into(),
        (None, Some(current)) if is_up_to_date(step) => Acceptance::Outranked(current.clone()).into(),
        (None, _) => Acceptance::Eligible.into(),
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::image::ImageFacts;

    #[test]
    fn leaves_the_build_time_to_the_facts_that_show_it() {
        let built = Some(Timestamp::UNIX_EPOCH);
        let newest = Newest { matching: 1, unread: None, built, is_older_build: false, passed_over: None };
        let facts = |created| Known::Facts(Box::new(ImageFacts { created, ..ImageFacts::default() }));
        for (known, expected) in [
            (facts(built), "newest matching tag"),
            (facts(None), "newest matching tag, built 1970-01-01T00:00:00Z"),
            (Known::Tag, "newest matching tag, built 1970-01-01T00:00:00Z"),
        ] {
            let verdict = Verdict::Accepted(Acceptance::Newest(newest.clone()).into());
            assert_eq!(without_shown_facts(verdict, &known).reason().to_string(), expected, "{known:?}");
        }
    }
}
