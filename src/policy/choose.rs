//! Choosing: the one place where verdicts become a decision. Asks for facts instead of fetching them.

use super::entry::Entry;
use super::gates::Gate;
use super::key::Key;
use super::mould::Mould;
use super::moving::moving;
use super::policy::{Candidate, Choice, Decision, Known, Need, Outcome, Reason, Ties};
use super::question::{Ask, Question, unknown};
use super::sieve::{Sieve, current_text};
use super::survey::Survey;
use crate::image::version::Shape;
use crate::image::{ImageReference, Tag};

/// An answer, or what has to be known before there can be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Nothing that could still be found out changes it.
    Decided(Decision),
    /// Facts to fetch, best candidate first. Ask again with them in the candidates' [`Known`]; what can't be had has to
    /// be said there, too.
    NeedsFacts(Vec<(Tag, Need)>),
}

/// How many candidates are looked at in one go while gates shut on the best.
const BATCH: usize = 4;

/// Chooses among all tags of an image, in whatever order they come. Linear in their number.
pub fn choose(question: &Question<'_>, candidates: &[Candidate]) -> Step {
    match weigh(question, candidates) {
        Ok(outcome) => {
            Step::Decided(Decision { current: question.current.clone(), policy: question.entry.describe(), outcome })
        }
        Err(ask) => Step::NeedsFacts(ask),
    }
}

/// Why a reference can't be decided about whatever tags there are: it has no tag, or one that its policy has no order
/// for. Nothing has to be looked up to know.
pub fn undecidable(current: &ImageReference, entry: &Entry) -> Option<Reason> {
    let Some(tag) = current.tag() else {
        let what = if current.digest().is_some() { "only a digest stands there" } else { "no tag stands there" };
        return Some(Reason::new(format!("{what}, so there is nothing to compare with")));
    };
    if entry.policy.follows().is_some() {
        return None;
    }
    entry.policy.unordered(current_text(entry, tag.as_str()).as_deref())
}

fn weigh(question: &Question<'_>, candidates: &[Candidate]) -> Result<Outcome, Ask> {
    let entry = question.entry;
    let Some(current) = question.current.tag() else {
        return Ok(Outcome::Held(
            undecidable(question.current, entry).unwrap_or_else(|| Reason::new("no tag stands there")),
        ));
    };
    if let Some(followed) = entry.policy.follows() {
        return moving(question, current, followed, candidates);
    }
    let text = current_text(entry, current.as_str());
    if let Some(reason) = entry.policy.unordered(text.as_deref()) {
        return Ok(Outcome::Held(reason));
    }
    let reader = match entry.policy.reader(text.as_deref(), question.external) {
        Ok(reader) => reader,
        Err(reason) => return Ok(Outcome::Unknown(reason)),
    };
    if entry.policy.needs() > Need::Nothing
        && let Some(outcome) = facts_first(entry, current, candidates)?
    {
        return Ok(outcome);
    }
    let wants_facts = entry.policy.needs() > Need::Nothing;
    let known = candidates.iter().find(|candidate| wants_facts && candidate.tag == *current);
    let sieve = match Sieve::new(entry, &*reader, current.as_str(), text.as_deref(), known) {
        Ok(sieve) => sieve,
        Err(reason) => return Ok(Outcome::Unknown(reason)),
    };
    let survey = match Survey::of(&sieve, candidates, entry.policy.wants_all_readable(), !question.gates.is_empty()) {
        Ok(survey) => survey,
        Err(outcome) => return Ok(outcome),
    };
    let race = Race { question, current, candidates, sieve: &sieve, ties: entry.ties.unwrap_or_else(|| reader.ties()) };
    race.run(&survey)
}

/// Before anything can be compared: facts of every tag that passes the filter, and of the one that stands there.
fn facts_first(entry: &Entry, current: &Tag, candidates: &[Candidate]) -> Result<Option<Outcome>, Ask> {
    let wanted = || candidates.iter().filter(|one| one.tag == *current || entry.filter.text(one.tag.as_str()).is_ok());
    let mut ask: Ask = wanted()
        .filter(|one| !one.facts.tells(entry.policy.needs()))
        .map(|one| (one.tag.clone(), entry.policy.needs()))
        .collect();
    if !ask.is_empty() {
        ask.sort_unstable_by(|a, b| b.0.cmp(&a.0));
        return Err(ask);
    }
    // The one that can't be had may be the newest of all: the first in byte order is told, for the same answer every time.
    let failed =
        wanted().filter_map(|one| if let Known::Failed(why) = &one.facts { Some((&one.tag, why)) } else { None }).min();
    Ok(failed.map(|(tag, why)| unknown(tag, why)))
}

/// The way from the best candidate downwards, through the gates.
struct Race<'r> {
    question: &'r Question<'r>,
    current: &'r Tag,
    candidates: &'r [Candidate],
    sieve: &'r Sieve<'r>,
    ties: Ties,
}

impl Race<'_> {
    fn run(&self, survey: &Survey) -> Result<Outcome, Ask> {
        let gates = self.question.gates;
        let ranked = survey.ranked();
        let mut shut: Option<(&Tag, String)> = None;
        for (at, group) in ranked.iter().enumerate() {
            let best = match self.settle(group) {
                Ok(best) => best,
                Err(outcome) => return Ok(outcome),
            };
            if best.tag == *self.current {
                return self.up_to_date("what stands there is the best that may be chosen".to_owned());
            }
            let verdict = match (&best.facts, best.facts.facts()) {
                _ if gates.is_empty() => Gate::Open,
                (Known::Failed(why), _) => Gate::Unknown(why.to_string()),
                (known, Some(facts)) if known.tells(gates.need()) => gates.judge(facts, self.question.now),
                _ => return Err(self.ask(&ranked[at..])),
            };
            match verdict {
                Gate::Open => return Ok(Outcome::Update(self.choice(best, survey, shut))),
                Gate::Shut(why) => shut = shut.or(Some((&best.tag, why))),
                Gate::Stuck(why) => return Ok(Outcome::Held(Reason::new(format!("{} waits: {why}", best.tag)))),
                Gate::Unknown(why) => return Ok(unknown(&best.tag, &why)),
            }
        }
        self.nothing_newer(survey, shut)
    }

    /// The next few whose facts are missing, so that a run of young tags costs few round trips.
    fn ask(&self, ranked: &[Vec<usize>]) -> Ask {
        let need = self.question.gates.need();
        let missing = ranked.iter().filter_map(|group| self.settle(group).ok()).filter(|one| !one.facts.tells(need));
        missing.take(BATCH).map(|one| (one.tag.clone(), need)).collect()
    }

    /// One of those that share the first place.
    fn settle(&self, group: &[usize]) -> Result<&Candidate, Outcome> {
        let mut tied: Vec<&Candidate> = group.iter().map(|at| &self.candidates[*at]).collect();
        if let Some(stands) = tied.iter().find(|one| one.tag == *self.current) {
            return Ok(stands);
        }
        if tied.len() > 1 {
            // Written as the current one is: with its `v`, its padding, its words.
            let mould = Mould::new(&Shape::of(self.current.as_str()));
            let alike = |one: &&Candidate| mould.fit(one.tag.as_str(), &mut Key::default());
            if tied.iter().any(alike) {
                tied.retain(alike);
            }
        }
        tied.sort_unstable_by(|a, b| a.tag.cmp(&b.tag));
        match (&tied[..], self.ties) {
            ([one], _) | ([one, ..], Ties::First) | ([.., one], Ties::Last) => Ok(one),
            _ if same_image(&tied) => Ok(tied[0]),
            _ => {
                let names: Vec<&str> = tied.iter().take(3).map(|one| one.tag.as_str()).collect();
                let more = if tied.len() > 3 { format!(" and {} more", tied.len() - 3) } else { String::new() };
                Err(Outcome::Unknown(Reason::new(format!(
                    "a tie: {}{more} share the first place, and {} can't tell which is newer",
                    names.join(", "),
                    self.question.entry.describe()
                ))))
            }
        }
    }

    fn choice(&self, best: &Candidate, survey: &Survey, shut: Option<(&Tag, String)>) -> Choice {
        let (policy, current) = (self.question.entry.describe(), self.current);
        let newer = if self.sieve.knows_current() { "newer " } else { "" };
        let mut reason = match survey.kept() {
            1 => format!("the only {newer}tag under {policy}"),
            count => format!("the best of {count} {newer}tags under {policy}"),
        };
        if !self.sieve.knows_current() {
            reason = format!("{reason}; {current} has no place in its order");
        }
        if let (Some(created), Need::Facts) =
            (best.facts.facts().and_then(|facts| facts.created), self.question.entry.policy.needs())
        {
            reason = format!("{reason}, built {created}");
        }
        if let Some((tag, why)) = shut {
            reason = format!("{reason}; {tag} waits: {why}");
        }
        // The digest that the tag has now is no part of the choice: whoever pins looks it up.
        Choice { tag: best.tag.clone(), digest: None, reason: Reason::new(reason) }
    }

    /// Why there is no update: because all is well, or because somebody should know.
    fn nothing_newer(&self, survey: &Survey, shut: Option<(&Tag, String)>) -> Result<Outcome, Ask> {
        let (policy, current) = (self.question.entry.describe(), self.current);
        let count = self.candidates.len();
        let held = match (shut, survey.best_lower()) {
            (Some((tag, why)), _) => format!("{tag} waits: {why}"),
            _ if count == 0 => "the registry lists no tags for this image".to_owned(),
            _ if survey.stands() => return self.up_to_date(format!("nothing newer under {policy}")),
            (None, Some(at)) => format!(
                "the best under {policy} is {}, which is lower than {current}; `allow-downgrade: true` would take it",
                self.candidates[at].tag
            ),
            (None, None) => format!("none of the {count} tags can be chosen under {policy}; {}", self.nearest_miss()),
        };
        Ok(Outcome::Held(Reason::new(held)))
    }

    /// All is well, except perhaps that somebody moved the tag under a digest that is pinned: that is told, and left as it is.
    fn up_to_date(&self, why: String) -> Result<Outcome, Ask> {
        let stands = self.candidates.iter().find(|one| one.tag == *self.current);
        let reason = match (self.question.current.digest(), stands) {
            (Some(_), Some(one)) if one.facts == Known::Tag => return Err(vec![(one.tag.clone(), Need::Digest)]),
            (Some(pinned), Some(one)) => match one.facts.digest() {
                Some(digest) if digest != pinned => format!(
                    "{why}; but {} has moved from {}, which is pinned, to {}: only a digest policy follows it",
                    one.tag,
                    pinned.short(),
                    digest.short()
                ),
                _ => why,
            },
            _ => why,
        };
        Ok(Outcome::UpToDate(Reason::new(reason)))
    }
}

impl Race<'_> {
    /// The candidate that came furthest, and what stopped it.
    fn nearest_miss(&self) -> String {
        let mut key = Key::default();
        let causes = self.candidates.iter().filter_map(|one| Some((self.sieve.sift(one, &mut key).err()?, one)));
        let furthest = causes.max_by_key(|(cause, one)| (cause.progress(), &one.tag));
        furthest.map(|(cause, one)| format!("{}: {}", one.tag, self.sieve.reason(one, cause))).unwrap_or_default()
    }
}

/// Several tags of one image are no tie: it doesn't matter which of them is written.
fn same_image(tied: &[&Candidate]) -> bool {
    let first = tied[0].facts.digest();
    first.is_some() && tied.iter().all(|one| one.facts.digest() == first)
}
