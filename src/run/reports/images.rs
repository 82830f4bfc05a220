//! The state of every image after a run or after edits: one row for each different reference and outcome.

use std::collections::BTreeMap;

use crate::docs::Hint;
use crate::govern::Status;
use crate::manifest::{Finding, Occurrence, OccurrenceId, RefusedEdit};
use crate::plan::{Change, FactsByReference, LeaveReason};
use crate::policy::Outcome;
use crate::report::{ImageRow, ImageStatus, Subject, version};
use crate::run::lookup::{Answer, newest};
use crate::text::chain;

use super::decided::{Decided, location};

/// The outcome of a change.
#[derive(Debug, Clone)]
pub(super) enum ChangeOutcome {
    /// It is on this branch, or would be after a dry run; `None` if it is on no branch.
    Written(Option<String>),
    /// A person declined it.
    Declined(LeaveReason),
    /// It could not be written.
    Failed {
        /// The failed group or file.
        subject: Subject,
        /// The reason, with its causes.
        reason: String,
        /// What to do next.
        hint: Hint,
    },
}

impl Decided<'_> {
    /// Returns a row for every image in the scope of the command. `outcome` returns the outcome of a change.
    pub(super) fn images(
        &self,
        build_facts: &FactsByReference,
        outcome: impl Fn(&Change) -> ChangeOutcome,
    ) -> Vec<ImageRow> {
        let answers = &self.decisions.answers;
        let answers =
            answers.iter().flat_map(|answer| answer.occurrences.iter().map(move |found| (found.id(), answer)));
        let answers = answers.collect::<BTreeMap<_, _>>();
        let outcomes = self.outcomes(outcome);
        let mut rows = BTreeMap::<ImageRow, Vec<String>>::new();
        for listed in self.listed.iter().filter(|listed| self.covers(listed)) {
            let Finding::Occurrence(occurrence) = &listed.finding else { continue };
            let id = occurrence.id();
            let row = match (answers.get(&id), &listed.status) {
                (Some(answer), _) => self.answered(occurrence, answer, build_facts, outcomes.get(&id)),
                (None, Status::Held { .. }) if let Some((change, branch)) = self.proposed(occurrence) => ImageRow {
                    chosen: Some(version(&change.to)),
                    policy: Some(change.policy.clone()),
                    branch: branch.clone(),
                    ..unanswered(occurrence, ImageStatus::Update, &change.reason)
                },
                (None, Status::Held { reason, .. }) => unanswered(occurrence, ImageStatus::Held, reason),
                (None, Status::Ignored(reason)) => unanswered(occurrence, ImageStatus::Ignored, reason),
                (None, Status::Managed(_)) => continue,
            };
            let place = &occurrence.place;
            rows.entry(row).or_default().push(location(&place.path, place.position));
        }
        rows.into_iter().map(|(row, locations)| ImageRow { locations, ..row }).collect()
    }

    /// Returns the outcome of each change; `Err` for a refused edit.
    fn outcomes(
        &self,
        outcome: impl Fn(&Change) -> ChangeOutcome,
    ) -> BTreeMap<OccurrenceId, Result<ChangeOutcome, &RefusedEdit>> {
        let refused = self.changes.refused.iter().map(|(occurrence, refusal)| (occurrence.id(), Err(refusal)));
        let changed = self.changes.changes.iter().map(|change| (change.occurrence.clone(), Ok(outcome(change))));
        refused.chain(changed).collect()
    }

    fn answered(
        &self,
        occurrence: &Occurrence,
        answer: &Answer,
        build_facts: &FactsByReference,
        outcome: Option<&Result<ChangeOutcome, &RefusedEdit>>,
    ) -> ImageRow {
        let newest = newest(answer);
        let built = newest.as_ref().and_then(|newest| build_facts.get(newest.as_str())?.created);
        let row = |status, reason: &str| ImageRow {
            chosen: newest.as_ref().map(version),
            built,
            policy: Some(answer.selection.name.clone()),
            moved_digest: answer.decision.outcome.moved_digest().map(|moved| moved.to.to_string()),
            ..unanswered(occurrence, status, reason)
        };
        match &answer.decision.outcome {
            Outcome::UpToDate(_) if let Some((change, branch)) = self.committed(occurrence) => ImageRow {
                current: version(&change.from),
                chosen: Some(version(&change.to)),
                branch: Some(branch.clone()),
                ..row(ImageStatus::Update, &change.reason)
            },
            Outcome::UpToDate(reason) => ImageRow {
                other_shapes: reason.other_shapes().iter().map(ToString::to_string).collect(),
                is_remarkable: reason.is_remarkable(),
                ..row(ImageStatus::UpToDate, &reason.to_string())
            },
            Outcome::Delayed(reason) => {
                ImageRow { is_remarkable: true, ..row(ImageStatus::UpToDate, &reason.to_string()) }
            }
            Outcome::Held(reason) => row(ImageStatus::Held, &reason.to_string()),
            Outcome::Unknown(reason) => match self.failures.get(occurrence.reference.name()) {
                Some(failure) => ImageRow {
                    hint: Some(failure.error.hint()),
                    failure: Some(Subject::Image(failure.name.to_string())),
                    ..row(ImageStatus::Failed, &chain(&failure.error))
                },
                None => row(ImageStatus::Held, &reason.to_string()),
            },
            Outcome::Update(choice) => match outcome {
                Some(Ok(ChangeOutcome::Written(branch))) => {
                    ImageRow { branch: branch.clone(), ..row(ImageStatus::Update, &choice.explanation()) }
                }
                // No person has to act: the current tag is the one to keep. The row of the pull request says so to people.
                Some(Ok(ChangeOutcome::Declined(reason))) => ImageRow {
                    chosen: Some(version(&occurrence.reference)),
                    built: None,
                    ..row(ImageStatus::UpToDate, &format!("declined: {reason}"))
                },
                Some(Ok(ChangeOutcome::Failed { subject, reason, hint })) => ImageRow {
                    hint: Some(hint.clone()),
                    failure: Some(subject.clone()),
                    ..row(ImageStatus::Failed, reason)
                },
                Some(Err(refusal)) => {
                    ImageRow { hint: Some(refusal.hint()), ..row(ImageStatus::Held, &refusal.to_string()) }
                }
                None => row(ImageStatus::Held, ""),
            },
        }
    }
}

fn unanswered(occurrence: &Occurrence, status: ImageStatus, reason: &str) -> ImageRow {
    ImageRow {
        status,
        name: occurrence.reference.name().to_string(),
        current: version(&occurrence.reference),
        chosen: None,
        built: None,
        policy: None,
        reason: reason.to_owned(),
        moved_digest: None,
        other_shapes: Vec::new(),
        hint: None,
        branch: None,
        locations: Vec::new(),
        failure: None,
        is_remarkable: false,
    }
}
