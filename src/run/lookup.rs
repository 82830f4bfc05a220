//! Asks registries what choosing needs to know, image by image, and no more than that. A failed lookup is data: it
//! makes the image unknown and stops nobody else.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream;
use jiff::Timestamp;

use crate::govern::Selection;
use crate::image::{Digest, ImageFacts, ImageName, ImageReference, Tag};
use crate::plan::Background;
use crate::policy::reason::{Acceptance, Unknown};
use crate::policy::{
    self, Candidate, CandidateVerdict, Choice, Decision, ExternalFacts, Known, Need, Outcome, PinnedTarget, Question,
    Step,
};
use crate::registry::{Registry, RegistryError};

use super::supplies::Supplies;

/// What is to be decided for one image: everything that stands somewhere, with what governs it.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    /// The image.
    pub name: ImageName,
    /// Different references to it, each under one selection.
    pub standing: Vec<Standing>,
    /// The only tags that may be chosen, already known to exist (`--image`, `--tags`); `None` to list them.
    pub given: Option<Vec<Candidate>>,
}

/// One reference as it stands somewhere, and what governs it there.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    /// What stands there.
    pub current: ImageReference,
    /// What governs it.
    pub selection: Selection,
    /// Whether that has an order for it.
    pub ordered: bool,
    /// Places where it stands so, as indices into the list of findings.
    pub places: Vec<usize>,
}

/// What was found out and decided about one reference.
#[derive(Debug)]
pub struct Answer {
    /// Places where it stands, as indices into the list of findings.
    pub places: Vec<usize>,
    /// What governs it.
    pub selection: Selection,
    /// What was decided.
    pub decision: Decision,
    /// Every tag with its verdict, where that was asked for.
    pub verdicts: Vec<CandidateVerdict>,
}

/// A lookup that failed, once per image.
#[derive(Debug)]
pub struct Failure {
    /// The image.
    pub name: ImageName,
    /// Why.
    pub error: RegistryError,
}

/// How lookups are done.
#[derive(Clone, Copy)]
pub(super) struct Lookup<'a> {
    /// Who is asked.
    pub registry: &'a dyn Registry,
    /// Who knows what policies want beyond that.
    pub supplies: &'a Supplies<'a>,
    /// The time that ages are counted from.
    pub now: Timestamp,
    /// Whether every tag's verdict is wanted.
    pub verdicts: bool,
}

/// Images that are looked up at the same time. Requests to one registry are bounded by its client.
const AT_ONCE: usize = 64;

impl Lookup<'_> {
    /// Decides about all subjects, in their order.
    pub(super) async fn decide(&self, subjects: Vec<Subject>) -> (Vec<Answer>, Vec<Failure>) {
        let mut answers = Vec::new();
        let mut failures = Vec::new();
        let mut lookups = stream::iter(subjects.into_iter().map(|subject| self.image(subject))).buffered(AT_ONCE);
        while let Some((decided, failure)) = lookups.next().await {
            answers.extend(decided);
            failures.extend(failure);
        }
        (answers, failures)
    }

    async fn image(&self, subject: Subject) -> (Vec<Answer>, Option<Failure>) {
        let mut image = Image::new(*self, &subject.name);
        let mut elsewhere = Image::new(*self, &subject.name);
        let follows = |one: &Standing| one.selection.entry.policy.pinned_target() == Some(PinnedTarget::Promoted);
        let listed = match subject.given {
            Some(given) => Ok(given),
            None if subject.standing.iter().all(follows) => Ok(Vec::new()),
            None => self.registry.tags(&image.name).await.map(|tags| tags.into_iter().map(Candidate::new).collect()),
        };
        match listed {
            Ok(candidates) => image.candidates = candidates,
            Err(error) => {
                image.unlisted = Some(Unknown::ListFailed(error.to_string().into()));
                image.failure = Some(error);
            }
        }
        let mut answers = Vec::with_capacity(subject.standing.len());
        for standing in subject.standing {
            let external = self.supplies.of(&standing.selection, &subject.name, &standing.places);
            // What stands elsewhere is followed without asking which other tags there are.
            let image = if follows(&standing) { elsewhere.with(&external) } else { &mut image };
            answers.push(image.answer(standing, &external).await);
        }
        let failure = image.failure.or(elsewhere.failure).map(|error| Failure { name: subject.name, error });
        (answers, failure)
    }
}

/// One image while it is looked up: its tags, and what has been found out about them.
struct Image<'a> {
    lookup: Lookup<'a>,
    name: ImageName,
    candidates: Vec<Candidate>,
    /// Where a tag stands in `candidates`; made when the first fact is asked for.
    index: HashMap<Tag, usize>,
    /// Why there is no list of tags.
    unlisted: Option<Unknown>,
    /// The first thing that failed.
    failure: Option<RegistryError>,
}

impl<'a> Image<'a> {
    fn new(lookup: Lookup<'a>, name: &ImageName) -> Self {
        let (candidates, index) = (Vec::new(), HashMap::new());
        Self { lookup, name: name.clone(), candidates, index, unlisted: None, failure: None }
    }

    /// With the tags that stand elsewhere among the candidates.
    fn with(&mut self, external: &ExternalFacts) -> &mut Self {
        let ExternalFacts::References(found) = external else { return self };
        for tag in found.iter().filter_map(|(reference, _)| reference.tag()) {
            if !self.candidates.iter().any(|known| known.tag == *tag) {
                self.candidates.push(Candidate::new(tag.clone()));
            }
        }
        self
    }

    async fn answer(&mut self, standing: Standing, external: &ExternalFacts) -> Answer {
        let Standing { current, selection, ordered, places } = standing;
        let entry = Arc::clone(&selection.entry);
        let gates = selection.gates.clone();
        let question = Question { current: &current, entry: &entry, gates: &gates, external, now: self.lookup.now };
        let outcome = match &self.unlisted {
            Some(unknown) => Outcome::Unknown(unknown.clone().into()),
            None => {
                let outcome = match given(&self.candidates, &current).filter(|_| !ordered && !self.lookup.verdicts) {
                    Some(outcome) => outcome,
                    None => self.choose(&question).await,
                };
                self.pin(outcome, &current, selection.pin).await
            }
        };
        let wanted = self.lookup.verdicts && self.unlisted.is_none();
        let verdicts = if wanted { policy::explain(&question, &self.candidates) } else { Vec::new() };
        let decision = Decision { policy: entry.describe(), current, outcome };
        Answer { places, selection, decision, verdicts }
    }

    /// Chooses, fetching what choosing asks for until the answer can't change.
    async fn choose(&mut self, question: &Question<'_>) -> Outcome {
        loop {
            match policy::choose(question, &self.candidates) {
                Step::Decided(decision) => return decision.outcome,
                Step::NeedsFacts(needs) => self.find_out(needs).await,
            }
        }
    }

    async fn find_out(&mut self, needs: Vec<(Tag, Need)>) {
        if self.index.is_empty() {
            self.index =
                self.candidates.iter().enumerate().map(|(at, candidate)| (candidate.tag.clone(), at)).collect();
        }
        let (registry, name) = (self.lookup.registry, &self.name);
        let known = |tag: &Tag| self.index.get(tag).and_then(|at| self.candidates[*at].facts.facts()).cloned();
        let asks = needs.into_iter().map(async |(tag, need)| {
            let found = match need {
                Need::Tag => Ok(Known::Tag),
                Need::Digest => registry.digest(name, &tag).await.map(Known::Digest),
                Need::Facts => registry.facts(name, &tag).await.map(|facts| Known::Facts(Box::new(facts))),
                Need::Age => aged(registry, name, &tag, known(&tag)).await,
            };
            (tag, found)
        });
        for (tag, known) in stream::iter(asks).buffered(AT_ONCE).collect::<Vec<_>>().await {
            let known = known.unwrap_or_else(|error| {
                let text = error.to_string().into();
                self.failure.get_or_insert(error);
                Known::Failed(text)
            });
            match self.index.get(&tag) {
                Some(at) => self.candidates[*at].facts = known,
                None => {
                    self.index.insert(tag.clone(), self.candidates.len());
                    self.candidates.push(Candidate { tag, facts: known });
                }
            }
        }
    }

    /// Finds the digest of what was chosen, where one has to be written: tag and digest move together.
    async fn pin(&mut self, outcome: Outcome, current: &ImageReference, pin: bool) -> Outcome {
        let wanted = pin || current.digest().is_some();
        let choice = match outcome {
            Outcome::Update(choice) if wanted && choice.digest.is_none() => choice,
            Outcome::UpToDate(_) if pin && current.digest().is_none() => match current.tag() {
                Some(tag) => Choice { tag: tag.clone(), digest: None, reason: Acceptance::DigestAdded.into() },
                None => return outcome,
            },
            done => return done,
        };
        match self.digest(&choice.tag).await {
            Ok(digest) => Outcome::Update(Choice { digest: Some(digest), ..choice }),
            Err(error) => {
                let unknown = Unknown::DigestFailed(choice.tag, error.to_string().into());
                self.failure.get_or_insert(error);
                Outcome::Unknown(unknown.into())
            }
        }
    }

    async fn digest(&self, tag: &Tag) -> Result<Digest, RegistryError> {
        let known = self.candidates.iter().find(|candidate| candidate.tag == *tag).and_then(|c| c.facts.digest());
        match known {
            Some(digest) => Ok(digest.clone()),
            None => self.lookup.registry.digest(&self.name, tag).await,
        }
    }
}

/// Facts with the age, for which the rest need not be asked again.
async fn aged(
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

/// A tag that was pushed and named on the command line is what is wanted, where no policy has an order to check it by.
fn given(candidates: &[Candidate], current: &ImageReference) -> Option<Outcome> {
    let [only] = candidates else { return None };
    let same =
        current.tag() == Some(&only.tag) && (current.digest().is_none() || current.digest() == only.facts.digest());
    Some(match same {
        true => Outcome::UpToDate(Acceptance::GivenAlready.into()),
        false => Outcome::Update(Choice { tag: only.tag.clone(), digest: None, reason: Acceptance::Given.into() }),
    })
}

/// Facts for people, about images that are about to be proposed: what can't be had is left unsaid.
pub(super) async fn background<'a>(
    registry: &dyn Registry,
    references: impl Iterator<Item = &'a ImageReference>,
) -> Background {
    let asks = references.filter_map(|reference| Some((reference, reference.tag()?))).map(async |(reference, tag)| {
        match registry.facts(reference.name(), tag).await {
            Ok(facts) => Some((reference.to_string(), facts)),
            Err(error) => {
                tracing::debug!("no facts about {reference}: {error}");
                None
            }
        }
    });
    stream::iter(asks).buffered(AT_ONCE).filter_map(async |found| found).collect().await
}
