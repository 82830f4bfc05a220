//! The stages *look up* and *choose*, image by image: a policy names the facts that it lacks, and only those are looked up. A
//! failed lookup makes its image unknown and does not affect the others.

mod denied;
mod error;
mod given;
mod pin;

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream;
use jiff::Timestamp;

use crate::config::Config;
use crate::govern::{Listed, Selection};
use crate::image::{ImageFacts, ImageName, ImageReference, Tag};
use crate::manifest::Occurrence;
use crate::plan::ProposedReferences;
use crate::policy::reason::{Hold, Rejection, Unknown};
use crate::policy::{
    self, Candidate, CandidateVerdict, Decision, ExternalFacts, GivenTags, Known, Need, Outcome, PinnedTarget,
    Question, SelectionStep,
};
use crate::registry::{Registry, RegistryError};

pub use error::LookupError;

use super::external_facts::FactSource;
use super::subjects::{ImageUsages, Scope, TagSource, Usage, subjects};

/// The decision about one reference.
#[derive(Debug)]
pub struct Answer {
    /// The occurrences of the reference; empty if no manifest was read.
    pub occurrences: Vec<Arc<Occurrence>>,
    /// The policy that manages it.
    pub selection: Selection,
    /// What the policy decided.
    pub decision: Decision,
    /// Every candidate with its verdict; empty unless requested.
    pub verdicts: Vec<CandidateVerdict>,
    /// Whether the command line gave the tag.
    pub is_given: bool,
}

/// The first lookup that failed for an image.
#[derive(Debug)]
pub struct Failure {
    /// The normalized name of the image.
    pub name: ImageName,
    /// Why it failed.
    pub error: LookupError,
}

/// The decisions about all images in a scope.
#[derive(Debug)]
pub struct Decisions {
    /// A decision for every different reference under every different policy.
    pub answers: Vec<Answer>,
    /// The lookups that failed.
    pub failures: Vec<Failure>,
}

/// Looks up and chooses for every managed reference in the scope. The two stages alternate for each image, so that no fact is
/// looked up that the policy does not need. `proposed` is what open pull requests propose.
pub(super) async fn look_up_and_choose(
    listed: &[Listed],
    config: &Config,
    registry: &dyn Registry,
    scope: &Scope,
    proposed: &ProposedReferences,
    now: Timestamp,
) -> Decisions {
    let external_facts = FactSource::new(Some(listed), &config.folder);
    let lookup = Lookup { registry, external_facts: &external_facts, now, verdicts: false };
    lookup.decide(subjects(listed, scope, proposed, false)).await
}

/// Returns the newest reference that the policy allows, if the decision has one.
pub(super) fn newest(answer: &Answer) -> Option<ImageReference> {
    let current = &answer.decision.current;
    match &answer.decision.outcome {
        Outcome::Update(choice) => Some(current.with(Some(choice.tag.clone()), choice.digest.clone())),
        Outcome::UpToDate(_) => Some(current.clone()),
        Outcome::Delayed(_) | Outcome::Held(_) | Outcome::Unknown(_) => None,
    }
}

/// Logs a decision, with which a person follows a long run.
fn log(answer: &Answer) {
    let current = &answer.decision.current;
    match &answer.decision.outcome {
        Outcome::Update(choice) => tracing::info!("{current}: update to {}: {}", choice.tag, choice.explanation()),
        Outcome::UpToDate(reason) => tracing::info!("{current}: up to date: {reason}"),
        Outcome::Delayed(reason) => tracing::info!("{current}: up to date: {reason}"),
        Outcome::Held(reason) => tracing::info!("{current}: held: {reason}"),
        Outcome::Unknown(reason) => tracing::info!("{current}: unknown: {reason}"),
    }
}

/// What a lookup needs.
#[derive(Clone, Copy)]
pub(super) struct Lookup<'a> {
    /// All registries.
    pub registry: &'a dyn Registry,
    /// The source of facts that are in no registry.
    pub external_facts: &'a FactSource<'a>,
    /// The time that ages are relative to.
    pub now: Timestamp,
    /// Whether the verdict on every candidate is requested.
    pub verdicts: bool,
}

/// How many tags one after another may turn out unreadable before the image is unknown.
const MAX_UNREADABLE: usize = 50;

/// The number of concurrent lookups. The client of a registry bounds its requests further.
const AT_ONCE: usize = 64;

impl Lookup<'_> {
    /// Decides about all subjects, in their order.
    pub(super) async fn decide(&self, subjects: Vec<ImageUsages>) -> Decisions {
        let mut answers = Vec::new();
        let mut failures = Vec::new();
        let mut lookups = stream::iter(subjects.into_iter().map(|subject| self.image(subject))).buffered(AT_ONCE);
        while let Some((decided, failure)) = lookups.next().await {
            decided.iter().for_each(log);
            answers.extend(decided);
            failures.extend(failure);
        }
        Decisions { answers, failures }
    }

    async fn image(&self, subject: ImageUsages) -> (Vec<Answer>, Option<Failure>) {
        let mut image = ImageLookup::new(*self, &subject.name);
        let mut charts = ImageLookup::new(*self, &subject.name);
        let mut followed = ImageLookup::new(*self, &subject.name);
        let follows = |one: &Usage| one.selection.entry.policy.pinned_target() == Some(PinnedTarget::Promoted);
        image.is_listed = matches!(subject.tags, TagSource::Registry);
        charts.is_listed = image.is_listed;
        let listed = match subject.tags {
            TagSource::Given(images) => return self.given(&subject.name, &images, subject.usages).await,
            TagSource::All(tags) => Ok(tags),
            TagSource::Registry if subject.usages.iter().all(follows) => Ok(Vec::new()),
            TagSource::Registry => {
                self.registry.tags(&image.name).await.map(|tags| tags.into_iter().map(Candidate::new).collect())
            }
        };
        match listed {
            Ok(candidates) => {
                if subject.usages.iter().any(|usage| usage.current.is_chart()) {
                    charts.candidates = candidates.iter().cloned().map(Candidate::into_chart_version).collect();
                }
                image.candidates = candidates;
            }
            Err(error) => {
                image.list_error = Some(Unknown::ListFailed(error.to_string().into()));
                charts.list_error = image.list_error.clone();
                image.failure = Some(error.into());
            }
        }
        let mut answers = Vec::with_capacity(subject.usages.len());
        for usage in subject.usages {
            let external = self.external_facts.of(&usage.selection, &subject.name, &usage.occurrences);
            // A policy that follows other occurrences needs no tag list.
            let image = if follows(&usage) {
                followed.with_references(&external)
            } else if usage.current.is_chart() {
                &mut charts
            } else {
                &mut image
            };
            answers.push(image.answer(usage, &external, &[]).await);
        }
        let failure = image.failure.or(charts.failure).or(followed.failure);
        (answers, failure.map(|error| Failure { name: subject.name, error }))
    }

    /// Decides about images that the command line gives. The candidates of each reference are its own.
    async fn given(
        &self,
        name: &ImageName,
        images: &[ImageReference],
        usages: Vec<Usage>,
    ) -> (Vec<Answer>, Option<Failure>) {
        let (mut answers, mut failure) = (Vec::with_capacity(usages.len()), None);
        for usage in usages {
            let external = self.external_facts.of(&usage.selection, name, &usage.occurrences);
            let mut image = ImageLookup::new(*self, name);
            answers.push(image.answer(usage, &external, images).await);
            failure = failure.or(image.failure);
        }
        (answers, failure.map(|error| Failure { name: name.clone(), error }))
    }
}

/// The state of the lookup of one image: its tags, and the facts about them so far.
struct ImageLookup<'a> {
    lookup: Lookup<'a>,
    name: ImageName,
    candidates: Vec<Candidate>,
    /// The index of a tag in `candidates`; built for the first lookup of a fact.
    index: HashMap<Tag, usize>,
    /// Whether the registry listed the tags, so that one that it does not find is incomplete, and not a typing error.
    is_listed: bool,
    /// Why the tags could not be listed.
    list_error: Option<Unknown>,
    /// What the command line gives, if it does.
    given: Option<GivenTags>,
    /// The first failed request.
    failure: Option<LookupError>,
}

impl<'a> ImageLookup<'a> {
    fn new(lookup: Lookup<'a>, name: &ImageName) -> Self {
        Self {
            lookup,
            name: name.clone(),
            candidates: Vec::new(),
            index: HashMap::new(),
            is_listed: false,
            list_error: None,
            given: None,
            failure: None,
        }
    }

    /// Adds the tags of references in other places to the candidates.
    fn with_references(&mut self, external: &ExternalFacts) -> &mut Self {
        let ExternalFacts::References(found) = external else { return self };
        for tag in found.iter().filter_map(|(reference, _)| reference.tag()) {
            if !self.candidates.iter().any(|known| known.tag == *tag) {
                self.candidates.push(Candidate::new(tag.clone()));
            }
        }
        self
    }

    /// Decides about one reference. `images` are those that the command line gives.
    async fn answer(&mut self, usage: Usage, external: &ExternalFacts, images: &[ImageReference]) -> Answer {
        let Usage { current, selection, proposed, occurrences } = usage;
        let entry = Arc::clone(&selection.entry);
        let gates = if current.is_chart() { selection.gates.of_chart() } else { selection.gates.clone() };
        let question = Question {
            current: &current,
            entry: &entry,
            names_image: selection.names_image,
            is_listed: images.is_empty(),
            gates: &gates,
            pinning: selection.pinning,
            external,
            now: self.lookup.now,
        };
        let outcome = match &self.list_error {
            Some(unknown) => Outcome::Unknown(unknown.clone().into()),
            None if images.is_empty() => {
                let choose = |candidates: &[Candidate]| policy::choose(&question, candidates);
                self.decide(choose, &question).await
            }
            None => {
                let (given, candidates) = GivenTags::new(&question, images, proposed.as_ref());
                self.candidates = candidates;
                self.given = Some(given.clone());
                self.with_references(external);
                let choose = |candidates: &[Candidate]| policy::choose_given(&question, &given, candidates);
                self.decide(choose, &question).await
            }
        };
        let wanted = self.lookup.verdicts && self.list_error.is_none();
        let verdicts = if wanted { policy::explain(&question, &self.candidates) } else { Vec::new() };
        let decision = Decision { policy: entry.describe(), current, outcome };
        Answer { occurrences, selection, decision, verdicts, is_given: !images.is_empty() }
    }

    /// Chooses, and pins the choice. A tag whose digest cannot be read is rejected, and the next one is chosen.
    async fn decide(&mut self, choose: impl Fn(&[Candidate]) -> SelectionStep, question: &Question<'_>) -> Outcome {
        let mut attempts = 0;
        loop {
            let outcome = self.choose(&choose).await;
            let (tag, error) = match self.pin(outcome, question).await {
                Ok(outcome) => return outcome,
                Err(failed) => failed,
            };
            attempts += 1;
            let is_permanent = error.is_permanent() || (error.is_denied() && self.serves_others(&[&tag]).await);
            match self.candidates.iter_mut().find(|one| one.tag == tag) {
                Some(known) if self.is_listed && is_permanent && attempts < MAX_UNREADABLE => {
                    // The same tag again: it is the current one, which stays without a digest.
                    if let Known::Unreadable(cause) = &known.facts {
                        let cause = Rejection::Unreadable(cause.clone());
                        return Outcome::Held(Hold::PinnedRejected(tag, cause).into());
                    }
                    known.facts = Known::Unreadable(error.to_string().into());
                }
                _ => {
                    let text = error.to_string().into();
                    self.failure.get_or_insert(error);
                    return Outcome::Unknown(Unknown::DigestFailed(tag, text).into());
                }
            }
        }
    }

    /// Chooses, and looks up the facts that the policy lacks until the decision is final.
    async fn choose(&mut self, choose: impl Fn(&[Candidate]) -> SelectionStep) -> Outcome {
        loop {
            match choose(&self.candidates) {
                SelectionStep::Decided(decision) => return decision.outcome,
                SelectionStep::NeedsFacts(needs) => self.look_up(needs).await,
            }
        }
    }

    /// Returns the facts about a tag that were looked up before.
    fn known(&self, tag: &Tag) -> Option<ImageFacts> {
        self.index.get(tag).and_then(|at| self.candidates[*at].facts.facts()).cloned()
    }

    async fn look_up(&mut self, needs: Vec<(Tag, Need)>) {
        if self.index.is_empty() {
            self.index =
                self.candidates.iter().enumerate().map(|(at, candidate)| (candidate.tag.clone(), at)).collect();
        }
        let (registry, name) = (self.lookup.registry, &self.name);
        let lookups = needs.into_iter().map(async |(tag, need)| {
            let found = match need {
                Need::Tag => Ok(Known::Tag),
                Need::Digest => registry.digest(name, &tag).await.map(Known::Digest),
                Need::Facts => registry.facts(name, &tag).await.map(|facts| Known::Facts(Box::new(facts))),
                Need::Age => facts_with_age(registry, name, &tag, self.known(&tag)).await,
            };
            (tag, found)
        });
        let found: Vec<_> = stream::iter(lookups).buffered(AT_ONCE).collect().await;
        let has_blocked = self.has_blocked(&found).await;
        for (tag, known) in found {
            let known = known.unwrap_or_else(|error| {
                let text = error.to_string().into();
                let is_given = self.given.as_ref().is_some_and(|given| given.get(&tag).is_some());
                // The others are the current tag and what is proposed, which may have been deleted.
                let is_known = self.is_listed || (self.given.is_some() && !is_given);
                let known = match error {
                    RegistryError::Offline { .. } => Known::Offline(text),
                    _ if is_known && (error.is_permanent() || (has_blocked && error.is_denied())) => {
                        return Known::Unreadable(text);
                    }
                    _ => Known::Failed(text),
                };
                let error = if is_given { LookupError::of_given(&tag, error) } else { error.into() };
                self.failure.get_or_insert(error);
                known
            });
            match self.index.get(&tag) {
                Some(at) => {
                    let facts = &mut self.candidates[*at].facts;
                    *facts = moved(facts, &known).unwrap_or(known);
                }
                None => {
                    self.index.insert(tag.clone(), self.candidates.len());
                    self.candidates.push(Candidate { tag, facts: known });
                }
            }
        }
    }
}

/// Returns a failure if facts are about another image than the one whose digest is known: the tag moved.
fn moved(before: &Known, now: &Known) -> Option<Known> {
    let (Known::Digest(expected), Some(digest)) = (before, now.facts()?.digest.as_ref()) else { return None };
    let text = format!("it resolves to {}, not to {}", digest.short(), expected.short());
    (digest != expected).then(|| Known::Failed(text.into()))
}

/// Returns facts with the age of an image. `known` facts are not looked up again.
async fn facts_with_age(
    registry: &dyn Registry,
    name: &ImageName,
    tag: &Tag,
    known: Option<ImageFacts>,
) -> Result<Known, RegistryError> {
    let mut facts = match known {
        Some(facts) => facts,
        None => registry.facts(name, tag).await?,
    };
    let age = registry.age(name, tag, facts.digest.as_ref()).await?;
    (facts.pushed, facts.first_seen) = (age.pushed, age.first_seen);
    Ok(Known::Aged(Box::new(facts)))
}
