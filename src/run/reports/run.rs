//! The report of `plan` and `run`.

use std::collections::BTreeMap;

use crate::manifest::OccurrenceId;
use crate::plan::{ActionId, Change, Ungrouped};
use crate::report::{ChangeRow, FailureRow, RequestCounts, RunOrigin, RunReport, Subject};
use crate::run::publish::GroupResult;
use crate::run::retry::RunOutcome;

use super::decided::{Decided, location};
use super::images::ChangeOutcome;
use super::results;
use super::unmanaged::unmanaged;

/// Facts about a run that its report shows.
#[derive(Debug, Clone, Default)]
pub struct ReportContext {
    /// Whether nothing was written.
    pub dry_run: bool,
    /// The address of the repository.
    pub repository: Option<String>,
    /// The address of the CI job.
    pub run_url: Option<String>,
}

impl RunOutcome {
    /// Returns the report of `plan` and `run`.
    pub fn report(&self, context: &ReportContext) -> RunReport {
        let attempt = &self.attempt;
        let (planned, results) = (&attempt.planned, &attempt.published.results);
        let committed = results.iter().filter(|result| result.committed()).flat_map(results::changes);
        let decided = Decided::new(&attempt.listed, &attempt.scope, &attempt.decisions, &planned.changes)
            .with_committed(committed, attempt.base.name.as_str())
            .with_proposed(results.iter().flat_map(results::proposed_changes));
        let by_change = self.results_by_change();
        let outcome = |change: &Change| match by_change.get(&change.occurrence) {
            Some(result) => results::outcome(result),
            None => match planned.ungrouped.iter().find(|one| one.changes.contains(change)) {
                Some(Ungrouped { error, .. }) => ChangeOutcome::Failed {
                    subject: Subject::Setting("pull-requests"),
                    reason: error.to_string(),
                    hint: error.hint(),
                },
                None => ChangeOutcome::Written(None),
            },
        };
        let mut failed = decided.failed();
        failed.extend(unmanaged(&attempt.scope, &attempt.listed, &attempt.unmatched_paths));
        failed.extend(results.iter().filter_map(results::failed));
        failed.extend(results.iter().flat_map(results::warnings));
        failed.extend(planned.ungrouped.iter().map(|one| FailureRow {
            subject: Subject::Setting("pull-requests"),
            host: None,
            cause: None,
            reason: one.error.to_string(),
            hint: Some(one.error.hint()),
            locations: one.changes.iter().map(|change| location(&change.path, change.position)).collect(),
        }));
        // A pull request is rewritten as a whole, so it also has changes outside the scope.
        let rows = |changes: fn(&GroupResult) -> &[Change]| {
            let changes = results.iter().flat_map(changes).filter(|change| attempt.scope.covers_change(change));
            changes.map(ChangeRow::new).collect::<Vec<_>>()
        };
        let declined = results.iter().flat_map(results::declined).filter(|one| attempt.scope.covers_change(one));
        let (registry, token) = (self.registry_requests.registry, self.registry_requests.token);
        RunReport {
            about: RunOrigin {
                repository: context.repository.clone(),
                base: Some(attempt.base.name.to_string()),
                run_url: context.run_url.clone(),
                at: Some(attempt.at),
            },
            images: decided.images(&self.build_facts, outcome),
            changes: rows(results::changes),
            already_proposed: rows(results::already_proposed),
            proposals: results.iter().filter_map(results::proposed).collect(),
            held: decided.held(),
            failed,
            requests: RequestCounts { registry, token, forge: self.forge_requests },
            dry_run: context.dry_run,
            up_to_date: decided.up_to_date() + declined.count(),
            files: results.iter().flat_map(results::files).collect(),
        }
    }

    /// Returns the result of the group of each change.
    fn results_by_change(&self) -> BTreeMap<&OccurrenceId, &GroupResult> {
        let attempt = &self.attempt;
        let by_id = attempt.published.results.iter().map(|result| (&result.id, result)).collect::<BTreeMap<_, _>>();
        let mut by_change = BTreeMap::new();
        for draft in attempt.planned.direct_commit.iter().chain(&attempt.planned.drafts) {
            if let Some(result) = by_id.get(&ActionId::Group(draft.group.clone())) {
                by_change.extend(draft.changes.iter().map(|change| (&change.occurrence, *result)));
            }
        }
        for result in by_id.values() {
            by_change.extend(results::declined(result).iter().map(|change| (&change.occurrence, *result)));
        }
        by_change
    }
}
