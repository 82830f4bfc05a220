//! Policies that name one tag: there is no order among tags, only what is served under that one now, or what stands at
//! another path of the repository.

use super::key::Key;
use super::mould::Mould;
use super::policy::{Candidate, Choice, Follow, Known, Need, Outcome, Reason};
use super::question::{Ask, Question, unknown};
use super::range::Version;
use crate::image::version::Shape;
use crate::image::{Digest, Tag};

/// What is wanted: a tag, a digest beside it, and why, in words.
struct Wish<'q> {
    tag: &'q Tag,
    digest: Option<&'q Digest>,
    /// Whether the digest that is served now is wanted.
    newest: bool,
    why: String,
}

/// Decides by the tag that is named, and by its digest.
pub(super) fn moving(
    question: &Question<'_>,
    current: &Tag,
    followed: Follow<'_>,
    candidates: &[Candidate],
) -> Result<Outcome, Ask> {
    let wish = match wish(question, current, followed) {
        Ok(wish) => wish,
        Err(outcome) => return Ok(outcome),
    };
    let tag = wish.tag;
    let Some(found) = candidates.iter().find(|candidate| candidate.tag == *tag) else {
        return Ok(Outcome::Held(Reason::new(format!("the registry lists no tag {tag}"))));
    };
    if let Err(why) = question.entry.filter.text(tag.as_str()) {
        return Ok(Outcome::Held(Reason::new(format!("{tag} is {}", question.entry.filter.reason(why)))));
    }
    match (&found.facts, found.facts.digest()) {
        (Known::Failed(why), _) => Ok(unknown(tag, why)),
        (known, _) if !known.tells(question.gates.need()) => Err(vec![(tag.clone(), question.gates.need())]),
        (_, digest) if wish.digest.is_some() || !wish.newest => Ok(decide(question, current, found, &wish, digest)),
        (_, Some(digest)) => Ok(decide(question, current, found, &Wish { digest: Some(digest), ..wish }, None)),
        (Known::Facts(_) | Known::Aged(_), None) => Ok(unknown(tag, "the registry does not tell its digest")),
        (_, None) => Err(vec![(tag.clone(), Need::Digest)]),
    }
}

fn wish<'q>(question: &Question<'q>, current: &'q Tag, followed: Follow<'q>) -> Result<Wish<'q>, Outcome> {
    let (tag, digest, newest, why) = match followed {
        Follow::Current => (current, None, true, "is followed".to_owned()),
        Follow::Tag(tag) => (tag, None, true, "is followed".to_owned()),
        Follow::Exactly(tag, digest) => (tag, digest, false, "was asked for".to_owned()),
        Follow::Elsewhere => {
            let agreed = question.external.agreed().map_err(Outcome::Unknown)?;
            within_bounds(question, current, agreed.tag, agreed.place).map_err(Outcome::Held)?;
            (agreed.tag, agreed.digest, false, format!("stands at {}", agreed.place))
        }
    };
    Ok(Wish { tag, digest, newest, why })
}

/// What is followed is another's choice, but not over the bounds of this policy.
fn within_bounds(question: &Question<'_>, current: &Tag, tag: &Tag, place: &str) -> Result<(), Reason> {
    let bounds = &question.entry.bounds;
    if !bounds.allow_downgrade && is_lower(tag.as_str(), current.as_str()) {
        return Err(Reason::new(format!(
            "{tag} stands at {place}, which is lower than {current}; `allow-downgrade: true` would follow it back"
        )));
    }
    let release = Shape::of(current.as_str()).release();
    bounds
        .judge(&release, tag.as_str())
        .map_err(|why| Reason::new(format!("{tag} stands at {place}, {}", bounds.reason(why, current.as_str()))))
}

/// Whether one tag is lower than another, as far as tags alone tell: those of one shape do, and two versions.
fn is_lower(tag: &str, than: &str) -> bool {
    let (mut one, mut other) = (Key::default(), Key::default());
    let mould = Mould::new(&Shape::of(than));
    if mould.fit(than, &mut other) && mould.fit(tag, &mut one) {
        return one < other;
    }
    match (Version::new(tag), Version::new(than)) {
        (Some(tag), Some(than)) => {
            one.clear();
            other.clear();
            tag.write(&mut one);
            than.write(&mut other);
            one < other
        }
        _ => false,
    }
}

/// `served` is the digest that the tag has now, where it was found out on the way.
fn decide(
    question: &Question<'_>,
    current: &Tag,
    found: &Candidate,
    wish: &Wish<'_>,
    served: Option<&Digest>,
) -> Outcome {
    let (tag, digest, why) = (&found.tag, wish.digest, &wish.why);
    let old = question.current.digest();
    if current == tag && (digest.is_none() || old == digest) {
        let still = digest.map(|digest| format!(" and still is {}", digest.short())).unwrap_or_default();
        return Outcome::UpToDate(Reason::new(match (old, served) {
            (Some(old), Some(served)) if digest.is_none() && old != served => format!(
                "{tag} stands there; but it has moved from {}, which is pinned, to {}: only a digest policy follows it",
                old.short(),
                served.short()
            ),
            _ => format!("{tag} stands there{still}"),
        }));
    }
    let gate = found.facts.facts().map(|facts| question.gates.judge(facts, question.now));
    if let Some(outcome) = gate.and_then(|gate| gate.against(tag)) {
        return outcome;
    }
    let reason = match (old, digest) {
        (Some(old), Some(new)) if current == tag && wish.newest => {
            format!("{tag} {why} and moved from {} to {}", old.short(), new.short())
        }
        (_, Some(new)) if wish.newest => format!("{tag} {why} and is {} now", new.short()),
        (_, Some(new)) => format!("{tag} {why} as {}", new.short()),
        (_, None) => format!("{tag} {why}"),
    };
    Outcome::Update(Choice { tag: tag.clone(), digest: digest.cloned(), reason: Reason::new(reason) })
}
