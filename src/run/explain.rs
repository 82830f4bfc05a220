//! `tagboat explain`: one image, its candidates, and the verdict on each.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use crate::config::{self, Config};
use crate::docs::{Hint, hint};
use crate::error::Error;
use crate::govern::{Listed, Policies, PolicyQuery, Selection, Status};
use crate::image::{ImageName, ImageReference, Tag, TagError};
use crate::interop::Automation;
use crate::manifest::{Finding, Occurrence};
use crate::plan::{self, ProposedReferences};
use crate::policy::reason::{Hold, Ineligibility, Unknown};
use crate::policy::{self, Candidate, Gates, Outcome, Pinning, Reason};
use crate::registry::Registry;
use crate::report::{self, Explanation, OutcomeKind};
use crate::text::suggestion;

use super::discover::list;
use super::external_facts::FactSource;
use super::lookup::{Answer, Decisions, Lookup};
use super::offline::Offline;
use super::snapshot::Folder;
use super::subjects::{ImageUsages, Scope, TagSource, Usage, subjects};

/// The image to explain, and values that replace those from the repository and the registry.
#[derive(Debug, Clone)]
pub struct ExplainRequest {
    /// The image: its full name, its familiar name, or the last component.
    pub image: String,
    /// Its tags, instead of those in the registry.
    pub tags: Option<Vec<String>>,
    /// The current tag, instead of those in the manifests.
    pub current: Option<String>,
    /// The policy, instead of the one that manages the image.
    pub policy: Option<String>,
}

impl ExplainRequest {
    /// Returns whether the request needs neither configuration nor manifests: tags and current tag are given, and the policy is written
    /// out, valid or not.
    pub fn is_self_contained(&self) -> bool {
        self.tags.is_some() && self.current.is_some() && self.policy.as_deref().is_some_and(is_written_out)
    }
}

/// Returns an explanation for each different reference to an image under each policy. Reads the manifests below `root` unless the
/// request is self-contained, and queries the registry only if it has no tags.
pub async fn explain(
    root: &Path,
    config: &Config,
    registry: &dyn Registry,
    request: &ExplainRequest,
) -> Result<Vec<Explanation>, Error> {
    let (listed, mut subject) = match &request.current {
        Some(current) => {
            let name =
                if request.is_self_contained() { None } else { name_in_manifests(root, config, &request.image)? };
            (None, subject_at_tag(name.as_ref().map_or(&request.image, ImageName::familiar), current, config)?)
        }
        None => {
            let listed = list(&Folder::new(root), config);
            let subject = subject_in_manifests(&listed, &request.image)?;
            (Some(listed), subject)
        }
    };
    if let Some(policy) = &request.policy {
        let entry = match config.policy(policy) {
            Some(named) => named,
            None if !is_written_out(policy) => return Err(unknown_policy(policy, config)),
            None => Arc::new(config::policy(policy)?),
        };
        for usage in &mut subject.usages {
            let source = "--policy".to_owned();
            usage.selection = Selection {
                name: policy.clone(),
                entry: entry.clone(),
                names_image: true,
                source,
                ..usage.selection.clone()
            };
        }
    }
    let mut invalid = Vec::new();
    if let Some(tags) = &request.tags {
        let (mut given, mut known) = (Vec::with_capacity(tags.len()), HashSet::new());
        let is_chart = subject.usages.iter().any(|usage| usage.current.is_chart());
        // A file may have a line twice.
        for text in tags.iter().filter(|text| known.insert(text.as_str())) {
            match if is_chart { Tag::of_chart(text) } else { Tag::new(text) } {
                Ok(tag) => given.push(Candidate::new(tag.in_registry().into_owned())),
                Err(error) => invalid.push(rejected(text, &error)),
            }
        }
        subject.tags = TagSource::All(given);
    }
    let registry = if request.tags.is_some() { &Offline } else { registry };
    let external_facts = FactSource::new(listed.as_deref(), &config.folder);
    let lookup = Lookup { registry, external_facts: &external_facts, now: Timestamp::now(), verdicts: true };
    let Decisions { answers, failures } = lookup.decide(vec![subject]).await;
    let failure = failures.into_iter().next();
    let hint = failure.as_ref().map(|failure| failure.error.hint());
    match failure {
        Some(failure) if answers.iter().all(|answer| answer.verdicts.is_empty()) => Err(Error::from(failure.error)),
        _ => Ok(answers.iter().map(|answer| explanation(answer, &invalid, hint.as_ref())).collect()),
    }
}

/// Returns whether a policy is written out, and is not the name of one in the configuration.
fn is_written_out(policy: &str) -> bool {
    let is_kind = |word: &str| policy::POLICIES.iter().any(|kind| kind.key == word);
    policy.contains([':', '{', '\n']) || policy.trim().is_empty() || is_kind(policy.trim())
}

fn unknown_policy(name: &str, config: &Config) -> Error {
    let kinds = policy::POLICIES.iter().map(|kind| kind.key);
    let known = config.policies.keys().map(String::as_str).filter(|name| *name != config::SHAPE).chain(kinds);
    Error::usage(
        format!("invalid value for --policy: unknown policy `{name}`"),
        hint!("policies.md#all-policies", "{}", suggestion(name, known).unwrap_or_default()),
    )
}

/// Returns the rejected candidate for a text that is not a valid tag.
fn rejected(text: &str, error: &TagError) -> report::CandidateRow {
    report::CandidateRow {
        tag: text.to_owned(),
        verdict: report::VerdictKind::Rejected,
        reason: error.to_string(),
        facts: None,
    }
}

/// Returns an image at a given tag, which no manifest has to use.
fn subject_at_tag(image: &str, current: &str, config: &Config) -> Result<ImageUsages, Error> {
    let usage = |error: &dyn std::error::Error, next: &str| {
        Error::usage(
            format!("cannot read `{image}` with the tag `{current}`: {error}"),
            hint!("command-line.md#try-a-policy", "{next}"),
        )
    };
    // Only the version of a chart has a `+`.
    let is_chart = current.contains('+');
    let parsed = if is_chart { ImageReference::of_chart(current) } else { ImageReference::new(current) };
    let current = match parsed.ok().filter(|reference| reference.tag().is_some()) {
        Some(reference) if current.contains('/') => reference,
        _ => {
            let tag = Tag::of_image_or_chart(current)
                .map_err(|error| usage(&error, "write a tag, such as `--current 1.4.2`"))?;
            let name = "write a name such as `ghcr.io/acme/api`: in lower case, and without a tag";
            let reference = ImageReference::from_parts(image, Some(tag), None).map_err(|error| usage(&error, name))?;
            if is_chart { reference.into_chart() } else { reference }
        }
    };
    let query = PolicyQuery {
        name: current.name(),
        path: "",
        line: 0,
        marker: None,
        holds_name: true,
        has_own_digest: false,
        is_chart,
    };
    let selection = Policies::new(config, &Automation::default()).select(&query).unwrap_or_else(|_| Selection {
        name: "shape".to_owned(),
        entry: Arc::new(policy::default_entry()),
        names_image: false,
        gates: Gates::default(),
        pinning: Pinning::Keep,
        comments: false,
        mode: config::Mode::default(),
        source: "the default".to_owned(),
    });
    let name = current.name().clone();
    Ok(ImageUsages {
        name,
        usages: vec![Usage { current, selection, proposed: None, occurrences: Vec::new() }],
        tags: TagSource::Registry,
    })
}

/// Returns the name of the image in the manifests of which this is the last part; `None` if it is a full name, or if no image has it.
fn name_in_manifests(root: &Path, config: &Config, image: &str) -> Result<Option<ImageName>, Error> {
    if image.contains('/') {
        return Ok(None);
    }
    let listed = list(&Folder::new(root), config);
    let occurrences = listed.iter().filter_map(|one| match &one.finding {
        Finding::Occurrence(occurrence) => Some(occurrence.reference.name()),
        Finding::Notice(_) => None,
    });
    let names = occurrences.filter(|name| name.base() == image).collect::<BTreeSet<_>>();
    match names.iter().find(|name| name.familiar() == image).or(names.first()) {
        Some(name) if names.len() == 1 || name.familiar() == image => Ok(Some(ImageName::clone(name))),
        Some(_) => Err(ambiguous(image, names.iter().map(|name| name.as_str()))),
        None => Ok(None),
    }
}

fn ambiguous<'a>(image: &str, names: impl Iterator<Item = &'a str>) -> Error {
    Error::usage(
        format!("cannot find {image}: several images have this name: {}", names.collect::<Vec<_>>().join(", ")),
        hint!("command-line.md#select-images", "write the full name of one of them"),
    )
}

/// Returns an image with its references in the manifests.
fn subject_in_manifests(listed: &[Listed], image: &str) -> Result<ImageUsages, Error> {
    let full = ImageReference::new(image).ok();
    let matches = |name: &ImageName| full.as_ref().is_some_and(|full| full.name() == name) || name.base() == image;
    let mut found = subjects(listed, &Scope::ALL, &ProposedReferences::default(), true)
        .into_iter()
        .filter(|subject| matches(&subject.name))
        .collect::<Vec<_>>();
    let exact = found.iter().position(|subject| full.as_ref().is_some_and(|full| *full.name() == subject.name));
    match (exact, found.len()) {
        (Some(at), _) => Ok(found.swap_remove(at)),
        (None, 1) => Ok(found.swap_remove(0)),
        (None, 0) => Err(not_found(listed, image, matches)),
        (None, _) => Err(ambiguous(image, found.iter().map(|subject| subject.name.as_str()))),
    }
}

fn not_found(listed: &[Listed], image: &str, matches: impl Fn(&ImageName) -> bool) -> Error {
    let is_found = |one: &Listed| match &one.finding {
        Finding::Occurrence(found) => matches(found.reference.name()),
        Finding::Notice(notice) => notice.image_name().is_some_and(|name| matches(&name)),
    };
    let unmanaged = listed.iter().filter(|one| is_found(one)).find_map(|one| match &one.status {
        Status::Held { reason, .. } => Some((one.place(), "held", reason)),
        Status::Ignored(reason) => Some((one.place(), "ignored", reason)),
        Status::Managed(_) => None,
    });
    if let Some((place, status, reason)) = unmanaged {
        let (path, line) = (&place.path, place.position.line);
        let hint = if status == "held" {
            hint!(
                "troubleshooting.md#held-references",
                "find what to do about this reason, or add --current TAG to try a policy"
            )
        } else {
            hint!("formats.md#what-is-ignored", "add a rule or a marker to manage it, or --current TAG to try a policy")
        };
        return Error::usage(
            format!("cannot explain {image}: the reference at {path}:{line} is {status}: {reason}"),
            hint,
        );
    }
    if let Err(error) = ImageReference::new(image) {
        return Error::usage(
            format!("invalid image name `{image}`: {error}"),
            hint!(
                "command-line.md#try-a-policy",
                "write a name that `tagboat list` prints, such as `ghcr.io/acme/api`"
            ),
        );
    }
    Error::usage(
        format!("cannot find {image}: no manifest uses it"),
        hint!(
            "command-line.md#try-a-policy",
            "run `tagboat list` to see all images, or add --current TAG to explain an image that no manifest uses"
        ),
    )
}

/// Returns the reason for a verdict on a candidate. That of the outcome is not repeated.
fn reason(verdict: &Reason, outcome: &Outcome) -> String {
    match (verdict, outcome) {
        (
            Reason::NotEligibleYet(Ineligibility::LookupFailed(one)),
            Outcome::Unknown(Reason::Unknown(Unknown::LookupFailed(_, other))),
        ) if one == other => "lookup failed".to_owned(),
        (Reason::Unknown(Unknown::LookupFailed(tag, _)), Outcome::Unknown(cause)) if verdict == cause => {
            format!("lookup of {tag} failed")
        }
        (verdict, Outcome::Held(cause) | Outcome::Unknown(cause)) if verdict == cause => "not compared".to_owned(),
        _ => verdict.to_string(),
    }
}

/// Returns the explanation of a decision. `invalid` are given texts that are not valid tags, and `hint` is about a failed lookup.
fn explanation(answer: &Answer, invalid: &[report::CandidateRow], hint: Option<&Hint>) -> Explanation {
    let decision = &answer.decision;
    let mut bump = None;
    let (outcome, chosen, cause) = match &decision.outcome {
        Outcome::Update(choice) => {
            let to = decision.current.with(Some(choice.tag.clone()), choice.digest.clone());
            bump = Some(plan::bump(&decision.current, &to));
            (OutcomeKind::Update, Some(report::version(&to)), choice.explanation())
        }
        Outcome::UpToDate(reason) | Outcome::Delayed(reason) => {
            (OutcomeKind::UpToDate, Some(report::version(&decision.current)), reason.to_string())
        }
        Outcome::Held(Reason::Held(Hold::NoTags)) if !invalid.is_empty() => {
            (OutcomeKind::Held, None, "none of the given tags is valid".to_owned())
        }
        Outcome::Held(reason) => (OutcomeKind::Held, None, reason.to_string()),
        Outcome::Unknown(reason) => (OutcomeKind::Unknown, None, reason.to_string()),
    };
    let candidates = answer.verdicts.iter().map(|judged| report::CandidateRow {
        tag: judged.tag.to_string(),
        verdict: report::VerdictKind::from(&judged.verdict),
        reason: reason(judged.verdict.reason(), &decision.outcome),
        facts: report::Facts::new(&judged.facts),
    });
    let at = |found: &Arc<Occurrence>| format!("{}:{}", found.place.path, found.place.position.line);
    Explanation {
        image: decision.current.name().to_string(),
        current: report::version(&decision.current),
        chosen,
        bump,
        outcome,
        reason: cause,
        hint: if outcome == OutcomeKind::Unknown { hint.cloned() } else { None },
        moved_digest: decision.outcome.moved_digest().map(|moved| moved.to.to_string()),
        other_shapes: decision.outcome.other_shapes().iter().map(ToString::to_string).collect(),
        policy: decision.policy.clone(),
        source: Some(answer.selection.source.clone()),
        locations: answer.occurrences.iter().map(at).collect(),
        candidates: candidates.chain(invalid.iter().cloned()).collect(),
    }
}
