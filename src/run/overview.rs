//! Where every image stands after a run, or after edits: one row for each reference, with what became of it.

use std::collections::BTreeMap;

use crate::error::chain;
use crate::govern::Status;
use crate::image::{ImageName, ImageReference};
use crate::manifest::{Finding, Occurrence};
use crate::plan::Change;
use crate::policy::Outcome;
use crate::registry::Registry;
use crate::report::{ImageRow, ImageStatus, Subject, version};

use super::decide::Decided;
use super::lookup::{Answer, background};

/// What became of a change.
#[derive(Debug, Clone)]
pub(super) enum Fate {
    /// It is on this branch, or would be; `None` where there are no branches.
    Written(Option<String>),
    /// It could not be written: why, and what to do next.
    Failed(Subject, String, Option<String>),
}

impl Decided {
    /// Finds out when the newest of each image was built, for a report that tells ages. What can't be had is left unsaid.
    pub async fn date(&mut self, registry: &dyn Registry) {
        let newest = self.answers.iter().filter_map(newest).map(|newest| (newest.to_string(), newest));
        self.background = background(registry, newest.collect::<BTreeMap<_, _>>().values()).await;
    }

    /// Every image that was asked about; `fate` tells what became of a change.
    pub(super) fn images(&self, fate: impl Fn(&Change) -> Fate) -> Vec<ImageRow> {
        let answers = self.answers.iter().flat_map(|answer| answer.places.iter().map(move |place| (*place, answer)));
        let answers = answers.collect::<BTreeMap<_, _>>();
        let mut rows = BTreeMap::<ImageRow, Vec<String>>::new();
        for (at, listed) in self.listed.iter().enumerate() {
            let Finding::Occurrence(occurrence) = &listed.finding else { continue };
            let row = match (answers.get(&at), &listed.status) {
                (Some(answer), _) => self.answered(occurrence, answer, &fate),
                (None, Status::Held(why) | Status::Unordered(_, why)) => unanswered(occurrence, ImageStatus::Held, why),
                (None, Status::NotOurs(why)) => unanswered(occurrence, ImageStatus::Ignored, why),
                // A run about other images.
                (None, Status::Governed(_)) => continue,
            };
            let place = &occurrence.place;
            rows.entry(row).or_default().push(format!("{}:{}", place.path, place.position.line));
        }
        rows.into_iter().map(|(row, locations)| ImageRow { locations, ..row }).collect()
    }

    fn answered(&self, occurrence: &Occurrence, answer: &Answer, fate: impl Fn(&Change) -> Fate) -> ImageRow {
        let newest = newest(answer);
        let built = newest.as_ref().and_then(|newest| self.background.get(&newest.to_string())?.created);
        let row = |state, reason: &str| ImageRow {
            chosen: newest.as_ref().map(version),
            built,
            policy: Some(answer.selection.name.clone()),
            ..unanswered(occurrence, state, reason)
        };
        match &answer.decision.outcome {
            Outcome::UpToDate(reason) => row(ImageStatus::UpToDate, &reason.to_string()),
            Outcome::Held(reason) => row(ImageStatus::Held, &reason.to_string()),
            Outcome::Unknown(reason) => match self.failure(occurrence.reference.name()) {
                Some((why, hint)) => ImageRow {
                    hint,
                    failure: Some(Subject::Image(occurrence.reference.name().to_string())),
                    ..row(ImageStatus::Failed, &why)
                },
                None => row(ImageStatus::Held, &reason.to_string()),
            },
            Outcome::Update(choice) => {
                let place = &occurrence.place;
                let here = |change: &&Change| change.path == place.path && change.position == place.position;
                match self.changes.iter().find(here).map(fate) {
                    Some(Fate::Written(branch)) => {
                        ImageRow { branch, ..row(ImageStatus::Update, &choice.reason.to_string()) }
                    }
                    Some(Fate::Failed(subject, why, hint)) => {
                        ImageRow { hint, failure: Some(subject), ..row(ImageStatus::Failed, &why) }
                    }
                    None => {
                        let refused = self.refused.iter().find(|(refused, _)| refused == place);
                        let why = refused.map(|(_, why)| why.to_string()).unwrap_or_default();
                        row(ImageStatus::Held, &why)
                    }
                }
            }
        }
    }

    fn failure(&self, name: &ImageName) -> Option<(String, Option<String>)> {
        let failure = self.failures.iter().find(|failure| failure.name == *name)?;
        Some((chain(&failure.error), failure.error.hint()))
    }
}

/// The newest that may stand there, where that is known.
fn newest(answer: &Answer) -> Option<ImageReference> {
    let current = &answer.decision.current;
    match &answer.decision.outcome {
        Outcome::Update(choice) => Some(current.with(Some(choice.tag.clone()), choice.digest.clone())),
        Outcome::UpToDate(_) => Some(current.clone()),
        Outcome::Held(_) | Outcome::Unknown(_) => None,
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
        hint: None,
        branch: None,
        locations: Vec::new(),
        failure: None,
    }
}
