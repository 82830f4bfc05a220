//! From what a run did to what is said about it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::config::{Found, Summary};
use crate::error::chain;
use crate::govern::{Listed, Status};
use crate::image::ImageName;
use crate::manifest::{self, Finding, Marker, MarkerKind, NoticeStatus, Place};
use crate::plan::Change;
use crate::policy::Outcome;
use crate::report::{
    About, ChangeRow, FailureRow, FileChange, HeldRow, ProposalAction, ProposalRow, ReferenceRow, RequestCounts,
    RunReport, Subject,
};

use super::decide::Decided;
use super::edit::Edited;
use super::lookup::Answer;
use super::once::{Finished, Ran};
use super::overview::Fate;
use super::publish::Step;

impl Ran {
    /// What `plan` and `run` say.
    pub fn report(&self, dry_run: bool) -> RunReport {
        let mut report = self.decided.report();
        report.dry_run = dry_run;
        report.about = About { base: Some(self.base.to_string()), at: Some(self.at), ..About::default() };
        report.images = self.decided.images(|change| self.fate(change));
        report.changes = self.steps.iter().flat_map(Finished::changes).map(ChangeRow::new).collect();
        report.already_proposed = self.steps.iter().flat_map(Finished::waiting).map(ChangeRow::new).collect();
        report.proposals = self.steps.iter().filter_map(Finished::proposed).collect();
        report.failed.extend(self.steps.iter().filter_map(Finished::failed));
        report.failed.extend(self.steps.iter().flat_map(Finished::incomplete));
        report.failed.extend(self.ungrouped.iter().map(|one| FailureRow {
            subject: Subject::Setting("pull-requests"),
            reason: one.error.to_string(),
            hint: Some(one.error.hint()),
            locations: one.changes.iter().map(|change| format!("{}:{}", change.path, change.position.line)).collect(),
        }));
        report.files = self.steps.iter().flat_map(Finished::files).collect();
        let (registry, token) = (self.registry_requests.registry, self.registry_requests.token);
        report.requests = RequestCounts { registry, token, forge: self.forge_requests };
        report
    }

    /// What became of a change, as its group tells it.
    fn fate(&self, change: &Change) -> Fate {
        let group = self.groups.get(&(Arc::clone(&change.path), change.position));
        let Some(step) = self.steps.iter().find(|step| Some(&step.group) == group) else { return Fate::Written(None) };
        match &step.result {
            Ok(_) => Fate::Written(step.proposed().map(|proposed| proposed.branch)),
            Err(error) => Fate::Failed(Subject::Group(step.group.clone()), chain(error), error.hint()),
        }
    }
}

impl Edited {
    /// What `edit` says.
    pub fn report(&self) -> RunReport {
        let written = |change: &&Change| self.files.iter().any(|file| file.path == change.path);
        let mut report = self.decided.report();
        report.images = self.decided.images(|change| self.fate(change));
        report.changes = self.decided.changes.iter().filter(written).map(ChangeRow::new).collect();
        report.failed.extend(self.failed.iter().map(|(path, error)| FailureRow {
            subject: Subject::File(path.to_string()),
            reason: chain(error),
            hint: None,
            locations: Vec::new(),
        }));
        let file = |file: &super::edit::EditedFile| FileChange {
            path: file.path.to_string(),
            before: file.before.clone(),
            after: file.after.clone(),
        };
        report.files = self.files.iter().map(file).collect();
        report
    }

    fn fate(&self, change: &Change) -> Fate {
        match self.failed.iter().find(|(path, _)| *path == change.path) {
            Some((path, error)) => Fate::Failed(Subject::File(path.to_string()), chain(error), None),
            None => Fate::Written(None),
        }
    }
}

impl Decided {
    /// What holds whatever is done about the changes: what is held, what failed, what is as it should be.
    fn report(&self) -> RunReport {
        let failed = self.failures.iter().map(|failure| &failure.name).collect::<BTreeSet<_>>();
        let mut report = RunReport::default();
        // What has no order is held, unless --image said which tag it is to get.
        let answered = self.answers.iter().flat_map(|answer| &answer.places).collect::<BTreeSet<_>>();
        for (at, one) in self.listed.iter().enumerate() {
            if let Status::Held(reason) | Status::Unordered(_, reason) = &one.status
                && !answered.contains(&at)
            {
                report.held.push(held(one.place(), name_of(one), reason.clone()));
            }
        }
        for answer in &self.answers {
            match &answer.decision.outcome {
                Outcome::Held(reason) => report.held.extend(self.held(answer, &reason.to_string())),
                Outcome::Unknown(reason) if !failed.contains(answer.decision.current.name()) => {
                    report.held.extend(self.held(answer, &reason.to_string()));
                }
                Outcome::UpToDate(_) => report.up_to_date += answer.places.len(),
                Outcome::Unknown(_) | Outcome::Update(_) => {}
            }
        }
        report.held.extend(self.refused.iter().map(|(place, refusal)| HeldRow {
            hint: refusal.hint().map(str::to_owned),
            ..held(place, None, refusal.to_string())
        }));
        report.held.extend(self.comments());
        report.held.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
        report.failed = self
            .failures
            .iter()
            .map(|failure| FailureRow {
                subject: Subject::Image(failure.name.to_string()),
                reason: chain(&failure.error),
                hint: failure.error.hint(),
                locations: self.places(&failure.name),
            })
            .collect();
        report
    }

    /// Comments that repeat a tag and are not changed with it.
    fn comments(&self) -> impl Iterator<Item = HeldRow> {
        let updates = self.answers.iter().filter(|answer| matches!(answer.decision.outcome, Outcome::Update(_)));
        let places =
            updates.flat_map(move |answer| answer.places.iter().map(move |place| (answer, &self.listed[*place])));
        places.filter_map(|(answer, listed)| {
            let Finding::Occurrence(occurrence) = &listed.finding else { return None };
            let reason = manifest::left_comment(occurrence, answer.selection.comments)?;
            Some(held(&occurrence.place, name_of(listed), reason))
        })
    }

    fn held<'a>(&'a self, answer: &'a Answer, reason: &'a str) -> impl Iterator<Item = HeldRow> + 'a {
        answer.places.iter().map(move |place| {
            let listed = &self.listed[*place];
            held(listed.place(), name_of(listed), reason.to_owned())
        })
    }

    fn places(&self, name: &ImageName) -> Vec<String> {
        let ours = self.answers.iter().filter(|answer| answer.decision.current.name() == name);
        ours.flat_map(|answer| &answer.places).map(|place| at(self.listed[*place].place())).collect()
    }
}

/// What `tagboat init` wants to know about a repository.
pub fn summary(listed: &[Listed]) -> Summary {
    let mut images = BTreeMap::<ImageName, Found>::new();
    let mut summary = Summary::default();
    for one in listed {
        let Finding::Occurrence(occurrence) = &one.finding else {
            summary.held += usize::from(matches!(one.status, Status::Held(_)));
            continue;
        };
        let names_policy = |marker: &&Marker| marker.kind != MarkerKind::Renovate && !marker.policy.is_empty();
        summary.markers.extend(occurrence.marker.iter().find(names_policy).map(|marker| marker.policy.clone()));
        let name = occurrence.reference.name();
        let found = images.entry(name.clone()).or_insert_with(|| Found {
            name: name.clone(),
            tags: BTreeSet::new(),
            paths: BTreeSet::new(),
            count: 0,
        });
        found.tags.extend(occurrence.reference.tag().cloned());
        found.paths.insert(occurrence.place.path.to_string());
        found.count += 1;
    }
    summary.images = images.into_values().collect();
    summary
}

/// One row of `tagboat list`.
pub fn row(listed: &Listed) -> ReferenceRow {
    match &listed.status {
        Status::Governed(selection) => ReferenceRow::managed(&listed.finding, &selection.name, &selection.source),
        Status::Held(reason) | Status::Unordered(_, reason) => {
            ReferenceRow::unmanaged(&listed.finding, NoticeStatus::Held, reason)
        }
        Status::NotOurs(reason) => ReferenceRow::unmanaged(&listed.finding, NoticeStatus::Ignored, reason),
    }
}

fn held(place: &Place, name: Option<String>, reason: String) -> HeldRow {
    HeldRow {
        path: place.path.to_string(),
        line: place.position.line,
        name,
        value: place.value.clone(),
        reason,
        hint: None,
    }
}

fn name_of(listed: &Listed) -> Option<String> {
    match &listed.finding {
        Finding::Occurrence(occurrence) => Some(occurrence.reference.name().to_string()),
        Finding::Notice(_) => None,
    }
}

fn at(place: &Place) -> String {
    format!("{}:{}", place.path, place.position.line)
}

impl Finished {
    fn changes(&self) -> &[Change] {
        match &self.step {
            Some(Step::Publish { proposal, .. } | Step::Commit { proposal, .. }) if self.result.is_ok() => {
                &proposal.changes
            }
            _ => &[],
        }
    }

    fn waiting(&self) -> &[Change] {
        match &self.step {
            Some(Step::Unchanged(draft, _)) => &draft.changes,
            _ => &[],
        }
    }

    fn proposed(&self) -> Option<ProposalRow> {
        let step = self.step.as_ref().filter(|_| self.result.is_ok())?;
        let (action, branch, title, existing, why) = match step {
            Step::Commit { proposal, .. } => {
                (ProposalAction::Commit, proposal.branch.to_string(), proposal.title.clone(), None, None)
            }
            Step::Publish { proposal, existing, .. } => {
                let action = if existing.is_some() { ProposalAction::Update } else { ProposalAction::Open };
                (action, proposal.branch.to_string(), proposal.title.clone(), existing.as_ref(), None)
            }
            Step::Unchanged(draft, pr) => {
                (ProposalAction::Unchanged, draft.branch.to_string(), pr.title.clone(), Some(pr), None)
            }
            Step::Close { existing, why, .. } => (
                ProposalAction::Close,
                existing.branch.to_string(),
                existing.title.clone(),
                Some(existing),
                Some(why.clone()),
            ),
            Step::Leave { group, branch, existing, why } => {
                let title = existing.as_ref().map_or_else(|| group.clone(), |pr| pr.title.clone());
                (ProposalAction::Leave, branch.to_string(), title, existing.as_ref(), Some(why.clone()))
            }
        };
        let written = self.result.as_ref().ok().and_then(Option::as_ref).map(|written| &written.pull_request);
        let now = written.or(existing);
        let url = now.map(|pr| pr.url.clone()).filter(|url| !url.is_empty());
        let head = now.and_then(|pr| pr.head.as_ref()).map(ToString::to_string);
        Some(ProposalRow { branch, title, number: now.map(|pr| pr.number), head, action, url, reason: why })
    }

    fn failed(&self) -> Option<FailureRow> {
        let error = self.result.as_ref().err()?;
        Some(FailureRow {
            subject: Subject::Group(self.group.clone()),
            reason: chain(error),
            hint: error.hint(),
            locations: Vec::new(),
        })
    }

    /// What the forge would not do about a pull request that stands all the same: labels, reviewers.
    fn incomplete(&self) -> impl Iterator<Item = FailureRow> + '_ {
        let written = self.result.as_ref().ok().and_then(Option::as_ref);
        written.into_iter().flat_map(|written| &written.warnings).map(|warning| FailureRow {
            subject: Subject::PullRequestSettings(self.group.clone()),
            reason: chain(warning),
            hint: warning.hint(),
            locations: Vec::new(),
        })
    }

    fn files(&self) -> Vec<FileChange> {
        let Some(Step::Publish { proposal, before, .. } | Step::Commit { proposal, before }) = &self.step else {
            return Vec::new();
        };
        let file = |(path, after): (&std::sync::Arc<str>, &Vec<u8>)| FileChange {
            path: path.to_string(),
            before: before.get(path).cloned().unwrap_or_default(),
            after: after.clone(),
        };
        proposal.files.iter().map(file).collect()
    }
}
