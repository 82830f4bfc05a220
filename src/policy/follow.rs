//! Following one tag: there is no order in it, only what the registry serves under that tag now.

use super::policy::{Candidate, Choice, Follow, Known, Need, Outcome, Reason};
use super::question::{Ask, Question, unknown};
use crate::image::{Digest, Tag};

/// Decides by the tag that is followed, and by its digest.
pub(super) fn follow(
    question: &Question<'_>,
    current: &Tag,
    followed: Follow<'_>,
    candidates: &[Candidate],
) -> Result<Outcome, Ask> {
    let tag = match followed {
        Follow::Current => current,
        Follow::Tag(tag) | Follow::Exactly(tag, _) => tag,
    };
    let Some(found) = candidates.iter().find(|candidate| candidate.tag == *tag) else {
        return Ok(Outcome::Held(Reason::new(format!("the registry lists no tag {tag}"))));
    };
    if let Err(why) = question.entry.filter.text(tag.as_str()) {
        return Ok(Outcome::Held(Reason::new(format!("{tag} is {}", question.entry.filter.reason(why)))));
    }
    match (&found.facts, found.facts.digest()) {
        (Known::Failed(why), _) => Ok(unknown(tag, why)),
        (Known::Tag | Known::Digest(_), _) if !question.gates.is_empty() => Err(vec![(tag.clone(), Need::Facts)]),
        (_, digest) if let Follow::Exactly(_, wanted) = followed => {
            Ok(decide(question, current, found, wanted.or(digest), "was asked for"))
        }
        (_, Some(digest)) => Ok(decide(question, current, found, Some(digest), "is followed")),
        (Known::Facts(_), None) => Ok(unknown(tag, "the registry does not tell its digest")),
        (_, None) => Err(vec![(tag.clone(), Need::Digest)]),
    }
}

fn decide(question: &Question<'_>, current: &Tag, found: &Candidate, digest: Option<&Digest>, why: &str) -> Outcome {
    let tag = &found.tag;
    let old = question.current.digest();
    if current == tag && (digest.is_none() || old == digest) {
        let still = digest.map(|digest| format!(" and still is {}", digest.short())).unwrap_or_default();
        return Outcome::UpToDate(Reason::new(format!("{tag} stands there{still}")));
    }
    let gate = found.facts.facts().map(|facts| question.gates.judge(facts, question.now));
    if let Some(outcome) = gate.and_then(|gate| gate.against(tag)) {
        return outcome;
    }
    let reason = match (old, digest) {
        (Some(old), Some(new)) if current == tag => {
            format!("{tag} {why} and moved from {} to {}", old.short(), new.short())
        }
        (_, Some(new)) => format!("{tag} {why} and is {} now", new.short()),
        (_, None) => format!("{tag} {why}"),
    };
    Outcome::Update(Choice { tag: tag.clone(), digest: digest.cloned(), reason: Reason::new(reason) })
}
