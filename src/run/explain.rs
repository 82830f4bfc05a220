//! `tagboat explain`: one image, all its tags, all the verdicts.

use std::sync::Arc;

use jiff::Timestamp;

use crate::config::{self, Config};
use crate::error::Error;
use crate::govern::{Listed, Policies, Selection, Spot, Status};
use crate::image::{ImageName, ImageReference, Tag, TagError};
use crate::manifest::Finding;
use crate::policy::{self, Candidate, Gates, Outcome};
use crate::registry::Registry;
use crate::report::{self, Explanation, OutcomeKind};

use super::discover::list;
use super::lookup::{Answer, Lookup, Standing, Subject};
use super::snapshot::Snapshot;
use super::subjects::{Scope, subjects};
use super::supplies::Supplies;
use super::unasked::Unasked;

/// What was typed.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The image: in full, familiar, or the last part of its name.
    pub image: String,
    /// Its tags, instead of what the registry lists.
    pub tags: Option<Vec<String>>,
    /// The tag that is to stand in the manifests.
    pub current: Option<String>,
    /// The policy instead of the one that governs it.
    pub policy: Option<String>,
}

/// Explains an image: once for each different reference to it and each policy that governs one.
pub async fn explain(
    snapshot: &dyn Snapshot,
    config: &Config,
    registry: &dyn Registry,
    asked: &Asked,
) -> Result<Vec<Explanation>, Error> {
    let listed = match asked.current {
        Some(_) => Vec::new(),
        None => list(snapshot, config),
    };
    let mut subject = match &asked.current {
        Some(current) => imagined(&asked.image, current, config)?,
        None => standing(&listed, &asked.image)?,
    };
    if let Some(policy) = &asked.policy {
        let entry = match config.policy(policy) {
            Some(named) => named,
            None => Arc::new(config::policy(policy)?),
        };
        for standing in &mut subject.standing {
            let source = "--policy".to_owned();
            standing.selection =
                Selection { name: policy.clone(), entry: entry.clone(), source, ..standing.selection.clone() };
        }
    }
    let mut illegal = Vec::new();
    if let Some(tags) = &asked.tags {
        let mut given = Vec::with_capacity(tags.len());
        for text in tags {
            match Tag::new(text) {
                Ok(tag) => given.push(Candidate::new(tag)),
                Err(error) => illegal.push(refused(text, &error)),
            }
        }
        subject.given = Some(given);
    }
    let registry = if asked.tags.is_some() { &Unasked } else { registry };
    let supplies = Supplies::new(&listed, &config.folder);
    let lookup = Lookup { registry, supplies: &supplies, now: Timestamp::now(), verdicts: true };
    let (answers, failures) = lookup.decide(vec![subject]).await;
    if let Some(failure) = failures.into_iter().next().filter(|_| answers.iter().all(|a| a.verdicts.is_empty())) {
        let hint = failure.error.hint();
        return Err(Error::from(failure.error).hint(hint));
    }
    let mut explanations = answers.iter().map(|answer| explanation(answer, &listed)).collect::<Vec<_>>();
    explanations.iter_mut().for_each(|one| one.candidates.extend(illegal.iter().cloned()));
    Ok(explanations)
}

/// What no registry can hold is refused like any other text of the list.
fn refused(text: &str, error: &TagError) -> report::Candidate {
    report::Candidate {
        tag: text.to_owned(),
        verdict: report::VerdictKind::Rejected,
        reason: error.to_string(),
        facts: None,
    }
}

/// An image that stands nowhere, at a tag that was typed.
fn imagined(image: &str, current: &str, config: &Config) -> Result<Subject, Error> {
    let usage = |error: &dyn std::error::Error| Error::usage(format!("can't read {image:?} at {current:?}: {error}"));
    let current = match ImageReference::new(current).ok().filter(|reference| reference.tag().is_some()) {
        Some(whole) if current.contains('/') => whole,
        _ => {
            let tag = Tag::new(current).map_err(|error| usage(&error))?;
            ImageReference::from_parts(image, Some(tag), None).map_err(|error| usage(&error))?
        }
    };
    let spot = Spot { name: current.name(), path: "", line: 0, marker: None, holds_name: true };
    let selection = Policies::new(config, &[]).select(&spot).unwrap_or_else(|_| Selection {
        name: "shape".to_owned(),
        entry: Arc::new(policy::default_entry()),
        gates: Gates::default(),
        pin: false,
        comments: false,
        mode: config::Mode::default(),
        source: "the default".to_owned(),
    });
    let name = current.name().clone();
    Ok(Subject {
        name,
        standing: vec![Standing { current, selection, ordered: true, places: Vec::new() }],
        given: None,
    })
}

/// The image as it stands in the manifests.
fn standing(listed: &[Listed], image: &str) -> Result<Subject, Error> {
    let full = ImageReference::new(image).ok();
    let matches = |name: &ImageName| full.as_ref().is_some_and(|full| full.name() == name) || name.base() == image;
    let mut found =
        subjects(listed, &Scope::ALL, true).into_iter().filter(|subject| matches(&subject.name)).collect::<Vec<_>>();
    let exact = found.iter().position(|subject| full.as_ref().is_some_and(|full| *full.name() == subject.name));
    match (exact, found.len()) {
        (Some(at), _) => Ok(found.swap_remove(at)),
        (None, 1) => Ok(found.swap_remove(0)),
        (None, 0) => Err(nowhere(listed, image, matches)),
        (None, _) => {
            let names = found.iter().map(|subject| subject.name.as_str()).collect::<Vec<_>>().join(", ");
            Err(Error::usage(format!("{image} is the end of several names: {names}")).hint(Some("write one in full")))
        }
    }
}

fn nowhere(listed: &[Listed], image: &str, matches: impl Fn(&ImageName) -> bool) -> Error {
    let ungoverned = listed.iter().find_map(|one| match (&one.finding, &one.status) {
        (Finding::Occurrence(found), Status::Held(why) | Status::NotOurs(why)) if matches(found.reference.name()) => {
            Some(format!("{image} stands at {}:{}, but {why}", found.place.path, found.place.position.line))
        }
        _ => None,
    });
    let message = ungoverned.unwrap_or_else(|| format!("{image} does not stand in these manifests"));
    Error::usage(message)
        .hint(Some("`tagboat list` shows what does; --current TAG explains an image that stands nowhere"))
}

fn explanation(answer: &Answer, listed: &[Listed]) -> Explanation {
    let decision = &answer.decision;
    let (outcome, chosen, reason) = match &decision.outcome {
        Outcome::Update(choice) => {
            let to = decision.current.with(Some(choice.tag.clone()), choice.digest.clone());
            (OutcomeKind::Update, Some(report::version(&to)), &choice.reason)
        }
        Outcome::UpToDate(reason) => (OutcomeKind::UpToDate, Some(report::version(&decision.current)), reason),
        Outcome::Held(reason) => (OutcomeKind::Held, None, reason),
        Outcome::Unknown(reason) => (OutcomeKind::Unknown, None, reason),
    };
    let candidates = answer.verdicts.iter().map(|judged| report::Candidate {
        tag: judged.tag.to_string(),
        verdict: report::VerdictKind::from(&judged.verdict),
        reason: judged.verdict.reason().to_string(),
        facts: report::Facts::new(&judged.facts),
    });
    let at = |place: &usize| format!("{}:{}", listed[*place].place().path, listed[*place].place().position.line);
    Explanation {
        image: decision.current.name().to_string(),
        current: report::version(&decision.current),
        chosen,
        outcome,
        reason: reason.to_string(),
        policy: decision.policy.clone(),
        source: Some(answer.selection.source.clone()),
        locations: answer.places.iter().map(at).collect(),
        candidates: candidates.collect(),
    }
}
