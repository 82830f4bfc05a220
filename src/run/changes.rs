//! The stage *plan*: from decisions to changes, and from changes to the drafts of pull requests.

use std::collections::BTreeSet;

use crate::config::Mode;
use crate::govern::Listed;
use crate::manifest::{Occurrence, OccurrenceId, RefusedEdit};
use crate::plan::{self, Change, Draft, GroupId, Grouping, ProposedReferences, Ungrouped};
use crate::policy::Outcome;
use crate::policy::reason::{Hold, Reason};

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

/// Makes the changes and groups them into drafts. A draft keeps what its open pull request proposes where this run does not decide.
/// With a limited scope, it contains a change in the scope, or what a pull request lost whose group changed.
pub(super) fn plan_changes(
    listed: &[Listed],
    decisions: &Decisions,
    proposed: &ProposedReferences,
    grouping: &Grouping<'_>,
    scope: &Scope,
) -> Planned {
    let changes = changes(decisions);
    let (direct, mut desired): (Vec<_>, Vec<_>) =
        changes.changes.iter().cloned().partition(|change| change.mode == Mode::Commit);
    let in_scope = desired.iter().map(|change| change.occurrence.clone()).collect::<BTreeSet<_>>();
    let by_place = DecidedPlaces::new(decisions);
    desired.extend(proposed.carry_over(listed, |occurrence| {
        if scope.is_all() {
            proposed.is_given(occurrence) && !by_place.is_decided(occurrence)
        } else {
            !scope.covers(occurrence) || by_place.is_rejected(occurrence)
        }
    }));
    let (drafts, ungrouped) = plan::group(desired, grouping);
    let drafts = proposed.drafts_in_scope(drafts, |change| {
        scope.is_all() || in_scope.contains(&change.occurrence) || by_place.rejected.contains(&change.occurrence)
    });
    let direct_commit =
        (!direct.is_empty()).then(|| Draft { group: GroupId::Base, branch: grouping.base.clone(), changes: direct });
    Planned { changes, direct_commit, drafts, ungrouped }
}

/// The places that decide what an open pull request keeps.
struct DecidedPlaces {
    /// Where a policy selected something, or could not find out.
    decided: BTreeSet<OccurrenceId>,
    /// Where the policy rejects the tag that the command line gives, and what is proposed may still be newer.
    rejected: BTreeSet<OccurrenceId>,
}

impl DecidedPlaces {
    fn new(decisions: &Decisions) -> Self {
        let (mut decided, mut rejected) = (BTreeSet::new(), BTreeSet::new());
        for answer in &decisions.answers {
            let ids = answer.occurrences.iter().map(|occurrence| occurrence.id());
            match answer.decision.outcome {
                // The pull request is superseded.
                Outcome::Held(Reason::Held(Hold::GivenRejected { is_current_newest: true, .. })) => {}
                Outcome::Held(_) if answer.is_given => rejected.extend(ids),
                Outcome::Delayed(_) | Outcome::Held(_) => {}
                Outcome::Update(_) | Outcome::UpToDate(_) | Outcome::Unknown(_) => decided.extend(ids),
            }
        }
        Self { decided, rejected }
    }

    fn is_decided(&self, occurrence: &Occurrence) -> bool {
        self.decided.contains(&occurrence.id())
    }

    fn is_rejected(&self, occurrence: &Occurrence) -> bool {
        self.rejected.contains(&occurrence.id())
    }
}
