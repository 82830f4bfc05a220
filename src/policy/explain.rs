//! Explaining: every candidate with its verdict and the reason in words, made when somebody asks.

use std::cmp::Ordering;

use super::choose::{Step, choose};
use super::gates::Gate;
use super::key::Key;
use super::policy::{Candidate, CandidateVerdict, Decision, Outcome, Reason, Verdict};
use super::question::Question;
use super::sieve::{Cause, Sieve, current_text};

/// The verdicts behind what [`choose`] answers for the same question: the chosen one first, then by place, then the
/// refused in byte order.
pub fn explain(question: &Question<'_>, candidates: &[Candidate]) -> Vec<CandidateVerdict> {
    let step = choose(question, candidates);
    let mut rows: Vec<Row<'_>> = Vec::with_capacity(candidates.len());
    let tag = question.current.tag();
    let text = tag.and_then(|tag| current_text(question.entry, tag.as_str()));
    let policy = &question.entry.policy;
    let ordered = policy.follows().is_none() && policy.unordered(text.as_deref()).is_none();
    let reader = policy.reader(text.as_deref(), question.external);
    let sieve = match (tag, &reader) {
        (Some(tag), Ok(reader)) if ordered => {
            let known = candidates.iter().find(|candidate| candidate.tag == *tag);
            Sieve::new(question.entry, &**reader, tag.as_str(), text.as_deref(), known).ok().map(|sieve| (tag, sieve))
        }
        _ => None,
    };
    let Some((tag, sieve)) = sieve else {
        // Nothing is ordered: a followed tag, or an image that is held as a whole.
        rows.extend(candidates.iter().map(|candidate| Row::unordered(question, &step, candidate)));
        return finish(rows);
    };
    for candidate in candidates {
        let mut key = Key::default();
        let sifted = sieve.sift(candidate, &mut key);
        let placed = !matches!(sifted, Err(Cause::LeftOut(_) | Cause::Rejected(_)));
        let verdict = match sifted {
            Ok(()) => newer(question, &step, candidate),
            Err(Cause::Level) if candidate.tag == *tag => Verdict::Accepted(sieve.reason(candidate, Cause::Level)),
            Err(cause) => Verdict::Rejected(sieve.reason(candidate, cause)),
        };
        rows.push(Row { candidate, key: placed.then_some(key), verdict, chosen: chosen(&step, candidate) });
    }
    finish(rows)
}

struct Row<'c> {
    candidate: &'c Candidate,
    key: Option<Key>,
    verdict: Verdict,
    chosen: bool,
}

impl<'c> Row<'c> {
    fn unordered(question: &Question<'_>, step: &Step, candidate: &'c Candidate) -> Self {
        let is_chosen = chosen(step, candidate);
        let verdict = match step {
            Step::Decided(Decision { outcome: Outcome::Update(choice), .. }) if is_chosen => {
                Verdict::Accepted(choice.reason.clone())
            }
            Step::Decided(Decision { outcome: Outcome::UpToDate(reason), .. })
                if question.current.tag() == Some(&candidate.tag) =>
            {
                Verdict::Accepted(reason.clone())
            }
            Step::Decided(Decision { outcome: Outcome::Held(reason) | Outcome::Unknown(reason), .. }) => {
                Verdict::Rejected(reason.clone())
            }
            _ => Verdict::Rejected(Reason::new(format!("not the tag that {} follows", question.entry.describe()))),
        };
        Self { candidate, key: None, verdict, chosen: is_chosen }
    }
}

fn chosen(step: &Step, candidate: &Candidate) -> bool {
    matches!(step, Step::Decided(Decision { outcome: Outcome::Update(choice), .. }) if choice.tag == candidate.tag)
}

/// The verdict on a candidate that is newer than what stands there.
fn newer(question: &Question<'_>, step: &Step, candidate: &Candidate) -> Verdict {
    let known = candidate.facts.facts().filter(|_| candidate.facts.tells(question.gates.need()));
    let gate = known.map(|facts| question.gates.judge(facts, question.now));
    if let Some(Gate::Shut(why) | Gate::Stuck(why) | Gate::Unknown(why)) = gate {
        return Verdict::NotEligibleYet(Reason::new(why));
    }
    Verdict::Accepted(match step {
        Step::Decided(Decision { outcome: Outcome::Update(choice), .. }) if choice.tag == candidate.tag => {
            choice.reason.clone()
        }
        Step::Decided(Decision { outcome: Outcome::Update(choice), .. }) => {
            Reason::new(format!("may be chosen, but {} goes before it", choice.tag))
        }
        _ => Reason::new("may be chosen"),
    })
}

fn finish(mut rows: Vec<Row<'_>>) -> Vec<CandidateVerdict> {
    rows.sort_by(|a, b| b.chosen.cmp(&a.chosen).then_with(|| by_place(a, b)));
    let judged = rows.into_iter().map(|row| CandidateVerdict {
        tag: row.candidate.tag.clone(),
        verdict: row.verdict,
        facts: row.candidate.facts.clone(),
    });
    judged.collect()
}

fn by_place(a: &Row<'_>, b: &Row<'_>) -> Ordering {
    match (&a.key, &b.key) {
        (Some(one), Some(other)) => other.cmp(one).then_with(|| b.candidate.tag.cmp(&a.candidate.tag)),
        (one, other) => other.is_some().cmp(&one.is_some()).then_with(|| a.candidate.tag.cmp(&b.candidate.tag)),
    }
}
