//! Reads the input of the stage *reconcile*: the pull requests of a repository on the forge, and branches that nothing
//! accounts for.

mod authorship;
mod leftovers;

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::config::Config;
use crate::forge::{Forge, ForgeError};
use crate::govern::Listed;
use crate::manifest::{Finding, NoticeStatus, Place};
use crate::plan::{self, Bases, Draft, Grouping, Observed, OpenPullRequests, PullRequest, Undecided};
use crate::policy::Outcome;
use crate::policy::reason::{Acceptance, Hold, Reason};

use super::base::Base;
use super::changes::Planned;
use super::error::RunError;
use super::lookup::Decisions;
use super::request::Services;

pub(super) use authorship::Authorship;
use leftovers::leftovers;

/// Returns the open pull requests on Tagboat's branches, which `grouping` names. The base branch is none of them, whatever its
/// name.
pub(super) async fn open_pull_requests(
    services: Services<'_>,
    grouping: &Grouping<'_>,
) -> Result<OpenPullRequests, RunError> {
    let Some(forge) = services.forge else { return Ok(OpenPullRequests::default()) };
    let current = grouping.base;
    let mut open = forge.open_pull_requests(grouping.prefix).await?;
    open.retain(|one| one.branch != *current);
    let mut gone = plan::other_bases(&open, current);
    for other in gone.clone() {
        if services.git.remote_branches(&other, other.as_str()).await?.contains_key(&other) {
            gone.remove(&other);
        }
    }
    let branch_of = |group: &str| grouping.branch(group).ok();
    Ok(OpenPullRequests::new(open, Bases { current, gone: &gone, branch_of: &branch_of }))
}

/// The output of the stages before *reconcile*.
#[derive(Clone, Copy)]
pub(super) struct Desired<'a> {
    pub(super) listed: &'a [Listed],
    pub(super) decisions: &'a Decisions,
    pub(super) planned: &'a Planned,
}

/// Returns the observed state. Requests closed pull requests only for drafts that propose something new, and for branches
/// without a draft and an open pull request.
pub(super) async fn observe(
    services: Services<'_>,
    open: OpenPullRequests,
    base: &Base,
    desired: Desired<'_>,
    config: &Config,
    complete: bool,
    now: Timestamp,
) -> Result<Observed, RunError> {
    let Desired { listed, decisions, planned } = desired;
    let closed = closed_pull_requests(services.forge, plan::needs_history(&planned.drafts, &open.own)).await?;
    let leftovers = if complete { leftovers(services, base, planned, &open, config).await? } else { Vec::new() };
    let undecided = undecided(listed, decisions, planned);
    let hold_labels = config.pull_requests.hold_labels.clone();
    let base = base.name.clone();
    Ok(Observed { now, base, open, closed, leftovers, undecided, settled: settled(decisions), complete, hold_labels })
}

async fn closed_pull_requests(forge: Option<&dyn Forge>, drafts: Vec<&Draft>) -> Result<Vec<PullRequest>, ForgeError> {
    let mut closed = Vec::new();
    if let Some(forge) = forge {
        for draft in drafts {
            closed.extend(forge.closed_pull_requests(&draft.branch).await?);
        }
    }
    Ok(closed)
}

/// Returns the places for which the command line names an image, and the policy finds the current one newer than what is named and what
/// is proposed.
fn settled(decisions: &Decisions) -> BTreeSet<(String, String)> {
    let is_newest = |outcome: &Outcome| match outcome {
        Outcome::UpToDate(reason) => *reason != Reason::Accepted(Acceptance::GivenAlready),
        Outcome::Held(Reason::Held(Hold::GivenRejected { is_current_newest, .. })) => *is_current_newest,
        Outcome::Update(_) | Outcome::Delayed(_) | Outcome::Held(_) | Outcome::Unknown(_) => false,
    };
    let answers = decisions.answers.iter().filter(|answer| answer.is_given && is_newest(&answer.decision.outcome));
    let places = answers.flat_map(|answer| answer.occurrences.iter().map(|found| &found.place));
    places.map(|place| (place.path.to_string(), place.field.clone())).collect()
}

/// Returns the places without a decision: unknown outcomes, refused edits, changes without a group, unreadable files.
fn undecided(listed: &[Listed], decisions: &Decisions, planned: &Planned) -> Undecided {
    let key = |place: &Place| (place.path.to_string(), place.field.clone());
    let mut undecided = Undecided::default();
    for answer in &decisions.answers {
        if let Outcome::Unknown(_) = answer.decision.outcome {
            undecided.places.extend(answer.occurrences.iter().map(|found| key(&found.place)));
        }
    }
    let refused = planned.changes.refused.iter().map(|(occurrence, _)| key(&occurrence.place));
    undecided.places.extend(refused);
    let ungrouped = planned.ungrouped.iter().flat_map(|one| &one.changes);
    undecided.places.extend(ungrouped.map(|change| (change.path.to_string(), change.field.clone())));
    for one in listed {
        if let Finding::Notice(notice) = &one.finding
            && notice.status == NoticeStatus::Held
            && notice.place.span.is_none()
        {
            undecided.files.insert(notice.place.path.to_string());
        }
    }
    undecided
}
