//! The parts that the reports of `plan`, `run` and `edit` share: held values, failures, and the count of references that are
//! up to date.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::govern::{Listed, Status};
use crate::image::ImageName;
use crate::manifest::{self, Finding, Occurrence, OccurrenceId, Place};
use crate::plan::Change;
use crate::policy::Outcome;
use crate::registry::HostFailure;
use crate::report::{FailureRow, HeldRow, SharedCause, Subject};
use crate::run::changes::Changes;
use crate::run::lookup::{Answer, Decisions, Failure};
use crate::run::subjects::Scope;
use crate::text::{Position, chain};

/// Findings with the decisions about them.
pub(super) struct Decided<'a> {
    pub(super) listed: &'a [Listed],
    /// What the command covers.
    scope: &'a Scope,
    pub(super) decisions: &'a Decisions,
    pub(super) changes: &'a Changes,
    /// The failed lookup of each image that has one.
    pub(super) failures: BTreeMap<&'a ImageName, &'a Failure>,
    /// The changes that an earlier pass of the same run committed to a branch, and that branch.
    committed: BTreeMap<OccurrenceId, (&'a Change, String)>,
    /// What a pull request proposes, and its branch.
    proposed: BTreeMap<OccurrenceId, (&'a Change, Option<String>)>,
}

impl<'a> Decided<'a> {
    pub(super) fn new(listed: &'a [Listed], scope: &'a Scope, decisions: &'a Decisions, changes: &'a Changes) -> Self {
        let failures = decisions.failures.iter().map(|failure| (&failure.name, failure)).collect();
        let (committed, proposed) = (BTreeMap::new(), BTreeMap::new());
        Self { listed, scope, decisions, changes, failures, committed, proposed }
    }

    /// Returns whether the command covers a finding.
    pub(super) fn covers(&self, listed: &Listed) -> bool {
        match &listed.finding {
            Finding::Occurrence(occurrence) => self.scope.covers(occurrence),
            Finding::Notice(notice) => self.scope.covers_notice(notice),
        }
    }

    /// Adds the changes of direct commits. A reference that this run changed is reported as changed, although it is up to date
    /// in the pass after the commit.
    #[must_use]
    pub(super) fn with_committed(mut self, changes: impl IntoIterator<Item = &'a Change>, branch: &str) -> Self {
        let committed = |change: &'a Change| (change.occurrence.clone(), (change, branch.to_owned()));
        self.committed = changes.into_iter().map(committed).collect();
        self
    }

    /// Adds what pull requests propose, each with its branch. A reference that no policy can order is not held while a pull request has
    /// the tag that a person or a script named.
    #[must_use]
    pub(super) fn with_proposed(mut self, changes: impl IntoIterator<Item = (&'a Change, Option<String>)>) -> Self {
        let proposed = |(change, branch): (&'a Change, Option<String>)| (change.occurrence.clone(), (change, branch));
        self.proposed = changes.into_iter().map(proposed).collect();
        self
    }

    /// Returns what a pull request proposes in place of a reference, and its branch.
    pub(super) fn proposed(&self, occurrence: &Occurrence) -> Option<&(&'a Change, Option<String>)> {
        self.proposed.get(&occurrence.id())
    }

    /// Returns the change of a direct commit that made a reference up to date, and the branch of the commit.
    pub(super) fn committed(&self, occurrence: &Occurrence) -> Option<&(&'a Change, String)> {
        self.committed.get(&occurrence.id()).filter(|(change, _)| change.to == occurrence.reference)
    }

    /// Returns the number of references at the newest tag that their policy allows.
    pub(super) fn up_to_date(&self) -> usize {
        let answers = self.decisions.answers.iter();
        answers
            .filter(|answer| matches!(answer.decision.outcome, Outcome::UpToDate(_) | Outcome::Delayed(_)))
            .flat_map(|answer| &answer.occurrences)
            .filter(|found| self.committed(found).is_none())
            .count()
    }

    /// Returns the lookups that failed.
    pub(super) fn failed(&self) -> Vec<FailureRow> {
        let mut locations = BTreeMap::<&ImageName, Vec<String>>::new();
        for answer in &self.decisions.answers {
            let name = answer.decision.current.name();
            if self.failures.contains_key(name) {
                locations
                    .entry(name)
                    .or_default()
                    .extend(answer.occurrences.iter().map(|found| location(&found.place.path, found.place.position)));
            }
        }
        let failed = |failure: &Failure| FailureRow {
            subject: Subject::Image(failure.name.to_string()),
            host: Some(failure.name.registry().to_owned()),
            cause: failure.error.of_host().map(|HostFailure { key, text }| SharedCause { key, text }),
            reason: chain(&failure.error),
            hint: Some(failure.error.hint()),
            locations: locations.remove(&failure.name).unwrap_or_default(),
        };
        self.decisions.failures.iter().map(failed).collect()
    }

    /// Returns each value that needs a person, in the order of files and lines.
    pub(super) fn held(&self) -> Vec<HeldRow> {
        let mut held = self.held_findings().chain(self.held_decisions()).collect::<Vec<_>>();
        let refused = self.changes.refused.iter();
        held.extend(refused.map(|(occurrence, refusal)| HeldRow {
            hint: Some(refusal.hint()),
            ..held_occurrence(occurrence, refusal.to_string())
        }));
        held.extend(self.comments());
        held.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
        held
    }

    /// Returns held findings. A reference that its policy cannot order is one, unless `--image` gives its new tag, now or in a pull
    /// request that is open.
    fn held_findings(&self) -> impl Iterator<Item = HeldRow> + '_ {
        let answered = self.decisions.answers.iter().flat_map(|answer| &answer.occurrences);
        let answered = answered.map(|found| found.id()).collect::<BTreeSet<_>>();
        let is_answered = move |one: &Listed| match &one.finding {
            Finding::Occurrence(found) => answered.contains(&found.id()) || self.proposed(found).is_some(),
            Finding::Notice(_) => false,
        };
        self.listed.iter().filter_map(move |one| match &one.status {
            Status::Held { reason, .. } if self.covers(one) && !is_answered(one) => {
                Some(held_at(one.place(), name_of(one), reason.clone()))
            }
            _ => None,
        })
    }

    /// Returns held and unknown decisions. If a lookup failed, the image is reported as failed instead.
    fn held_decisions(&self) -> impl Iterator<Item = HeldRow> {
        let held = |answer: &'a Answer| match &answer.decision.outcome {
            Outcome::Held(reason) => Some((answer, reason)),
            Outcome::Unknown(reason) if !self.failures.contains_key(answer.decision.current.name()) => {
                Some((answer, reason))
            }
            _ => None,
        };
        self.decisions.answers.iter().filter_map(held).flat_map(move |(answer, reason)| {
            answer.occurrences.iter().map(move |found| held_occurrence(found, reason.to_string()))
        })
    }

    /// Returns comments that repeat a tag but do not change with it.
    fn comments(&self) -> impl Iterator<Item = HeldRow> {
        let updates =
            self.decisions.answers.iter().filter(|answer| matches!(answer.decision.outcome, Outcome::Update(_)));
        let occurrences =
            updates.flat_map(|answer| answer.occurrences.iter().map(|found| (found, answer.selection.comments)));
        occurrences.filter_map(|(found, comments)| {
            let reason = manifest::kept_comment(found, comments)?;
            Some(HeldRow { has_image_row: false, ..held_occurrence(found, reason) })
        })
    }
}

/// Returns `path:line`.
pub(super) fn location(path: &Arc<str>, position: Position) -> String {
    format!("{path}:{}", position.line)
}

/// Returns the row for a place; with the name of an image, which has a row of its own.
fn held_at(place: &Place, name: Option<String>, reason: String) -> HeldRow {
    let (path, line, value) = (place.path.to_string(), place.position.line, place.value.clone());
    let has_image_row = name.is_some();
    HeldRow { path, line, name, value, reason, hint: None, has_image_row }
}

fn held_occurrence(found: &Occurrence, reason: String) -> HeldRow {
    held_at(&found.place, Some(found.reference.name().to_string()), reason)
}

fn name_of(listed: &Listed) -> Option<String> {
    match &listed.finding {
        Finding::Occurrence(occurrence) => Some(occurrence.reference.name().to_string()),
        Finding::Notice(_) => None,
    }
}
