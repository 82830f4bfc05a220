//! Following a moving tag by its digest: there is no order in it, only what the registry serves now.

use super::choose::{Ask, Question, unknown};
use super::policy::{Candidate, Choice, Follow, Known, Need, Outcome, Reason};
use crate::image::{Digest, Tag};

/// Decides by the digest of the tag that is followed.
pub(super) fn follow(
    question: &Question<'_>,
    current: &Tag,
    followed: Follow<'_>,
    candidates: &[Candidate],
) -> Result<Outcome, Ask> {
    let tag = match followed {
        Follow::Current => current,
        Follow::Tag(tag) => tag,
    };
    let Some(found) = candidates.iter().find(|candidate| candidate.tag == *tag) else {
        return Ok(Outcome::Held(Reason::new(format!("the registry lists no tag {tag}"))));
    };
    if let Err(why) = question.entry.filter.text(tag.as_str()) {
        return Ok(Outcome::Held(Reason::new(format!("{tag} is {}", question.entry.filter.reason(why)))));
    }
    if !question.gates.is_empty() && matches!(found.facts, Known::Tag | Known::Digest(_)) {
        return Err(vec![(tag.clone(), Need::Facts)]);
    }
    match (&found.facts, found.facts.digest()) {
        (Known::Failed(why), _) => Ok(unknown(tag, why)),
        (_, Some(digest)) => Ok(decide(question, current, tag, digest, found)),
        (Known::Facts(_), None) => Ok(unknown(tag, "the registry does not tell its digest")),
        (_, None) => Err(vec![(tag.clone(), Need::Digest)]),
    }
}

fn decide(question: &Question<'_>, current: &Tag, tag: &Tag, digest: &Digest, found: &Candidate) -> Outcome {
    if current == tag && question.current.digest() == Some(digest) {
        return Outcome::UpToDate(Reason::new(format!("{tag} is still {}", digest.short())));
    }
    let gate = found.facts.facts().map(|facts| question.gates.judge(facts, question.now));
    if let Some(outcome) = gate.and_then(|gate| gate.against(tag)) {
        return outcome;
    }
    let reason = match question.current.digest() {
        Some(old) if current == tag => format!("{tag} moved from {} to {}", old.short(), digest.short()),
        _ => format!("{tag} is {} now", digest.short()),
    };
    Outcome::Update(Choice { tag: tag.clone(), digest: Some(digest.clone()), reason: Reason::new(reason) })
}
