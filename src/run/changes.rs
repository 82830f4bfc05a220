//! The stage *plan*: from decisions to changes, and from changes to the drafts of pull requests.

use std::collections::BTreeSet;

use crate::config::{Config, Mode, PullRequests};
use crate::govern::Listed;
use crate::manifest::{Occurrence, RefusedEdit};
use crate::plan::{self, Change, Draft, GroupId, Grouping, PullRequest, Ungrouped};
use crate::policy::Outcome;
use crate::refname::BranchName;

use super::lookup::Decisions;
use super::subjects::Scope;

/// The changes from the decisions of a run.
#[derive(Debug)]
pub struct Changes {
    /// The changes, in the order of the decisions.
    pub changes: Vec<Change>,
    /// Occurrences that cannot be edited, each with the reason.
    pub refused: Vec<(Occurrence, RefusedEdit)>,
}

/// The changes of a run and their groups.
#[derive(Debug)]
pub struct Planned {
    /// All changes.
    pub changes: Changes,
    /// The commit to the base branch, if any rule has `mode: commit`.
    pub direct_commit: Option<Draft>,
    /// The desired pull requests.
    pub drafts: Vec<Draft>,
    /// Changes whose group or branch cannot be named.
    pub ungrouped: Vec<Ungrouped>,
}

/// Returns a change for each place of each decision to update.
pub(super) fn changes(decisions: &Decisions) -> Changes {
    let (mut changes, mut refused) = (Vec::new(), Vec::new());
    for answer in &decisions.answers {
        let Outcome::Update(choice) = &answer.decision.outcome else { continue };
        for occurrence in &answer.occurrences {
            match plan::change(occurrence, &answer.selection, choice) {
                Ok(change) => changes.push(change),
                Err(refusal) => refused.push((Occurrence::clone(occurrence), refusal)),
            }
        }
    }
    Changes { changes, refused }
}

/// Makes the changes and groups them into drafts. With a limited scope, a draft contains at least one change in the scope,
/// and keeps the changes of its open pull request to other images.
pub(super) fn plan_changes(
    listed: &[Listed],
    decisions: &Decisions,
    open: &[PullRequest],
    config: &Config,
    base: &BranchName,
    scope: &Scope,
) -> Planned {
    let changes = changes(decisions);
    let (direct, mut proposed): (Vec<_>, Vec<_>) =
        changes.changes.iter().cloned().partition(|change| change.mode == Mode::Commit);
    let in_scope = proposed.iter().map(|change| change.occurrence.clone()).collect::<BTreeSet<_>>();
    if !scope.is_all() {
        proposed.extend(plan::carry_over(listed, open, |occurrence: &Occurrence| scope.covers(occurrence)));
    }
    let PullRequests { group, branch_prefix: prefix, branch, .. } = &config.pull_requests;
    let (mut drafts, ungrouped) = plan::group(proposed, &Grouping { group, prefix, base, branch: branch.as_ref() });
    drafts.retain(|draft| draft.changes.iter().any(|change| in_scope.contains(&change.occurrence)));
    let direct_commit =
        (!direct.is_empty()).then(|| Draft { group: GroupId::Base, branch: base.clone(), changes: direct });
    Planned { changes, direct_commit, drafts, ungrouped }
}
