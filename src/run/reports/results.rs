//! Turns the results of groups and pull requests into rows of reports.

use crate::plan::{ActionId, Change, GroupId, LeaveReason};
use crate::refname::BranchName;
use crate::report::{FailureRow, FileChange, GroupSubject, ProposalAction, ProposalReason, ProposalRow, Subject};
use crate::run::publish::{GroupResult, PreparedStep};
use crate::text::chain;

use super::images::ChangeOutcome;

/// Returns the outcome of the changes of a group.
pub(super) fn outcome(result: &GroupResult) -> ChangeOutcome {
    match &result.result {
        Ok(_) if let Some(PreparedStep::Decline { number, .. }) = &result.step => {
            ChangeOutcome::Declined(LeaveReason::Declined { number: *number })
        }
        Ok(_) => ChangeOutcome::Written(proposed(result).map(|proposed| proposed.branch)),
        Err(error) => ChangeOutcome::Failed { subject: subject_of(result), reason: chain(error), hint: error.hint() },
    }
}

/// Returns the changes that were written, or would be.
pub(super) fn changes(result: &GroupResult) -> &[Change] {
    match &result.step {
        Some(PreparedStep::Publish { content, .. } | PreparedStep::Commit(content)) if result.result.is_ok() => {
            &content.proposal.changes
        }
        _ => &[],
    }
}

/// Returns the changes of a pull request that is open and up to date.
pub(super) fn already_proposed(result: &GroupResult) -> &[Change] {
    match &result.step {
        Some(PreparedStep::Unchanged(draft, _) | PreparedStep::Complete(draft, _)) => &draft.changes,
        _ => &[],
    }
}

/// Returns the changes that a person declined.
pub(super) fn declined(result: &GroupResult) -> &[Change] {
    match &result.step {
        Some(PreparedStep::Decline { draft, .. }) => &draft.changes,
        _ => &[],
    }
}

/// Returns the changes that the pull request of a group proposes, or would, with its branch.
pub(super) fn proposed_changes(result: &GroupResult) -> impl Iterator<Item = (&Change, Option<String>)> {
    let branch = proposed(result).map(|proposed| proposed.branch);
    changes(result).iter().chain(already_proposed(result)).map(move |change| (change, branch.clone()))
}

/// Returns the pull request and the action that was carried out.
pub(super) fn proposed(result: &GroupResult) -> Option<ProposalRow> {
    let step = result.step.as_ref()?;
    let written = result.result.as_ref().ok()?.as_ref();
    let (action, branch, title, existing, reason) = match step {
        PreparedStep::Commit(content) => {
            (ProposalAction::Commit, &content.proposal.branch, &content.proposal.title, None, None)
        }
        PreparedStep::Publish { content, existing, .. } => {
            let action = if existing.is_some() { ProposalAction::Update } else { ProposalAction::Open };
            (action, &content.proposal.branch, &content.proposal.title, existing.as_ref(), None)
        }
        PreparedStep::Complete(draft, existing) => {
            let is_changed = written.is_some_and(|written| written.is_changed);
            let action = if is_changed { ProposalAction::Update } else { ProposalAction::Unchanged };
            (action, &draft.branch, &existing.title, Some(existing), None)
        }
        PreparedStep::DeleteBranch { branch, .. } => {
            return Some(deleted(branch));
        }
        PreparedStep::Unchanged(draft, existing) => {
            (ProposalAction::Unchanged, &draft.branch, &existing.title, Some(existing), None)
        }
        PreparedStep::Close { existing, reason, .. } => (
            ProposalAction::Close,
            &existing.branch,
            &existing.title,
            Some(existing),
            Some(ProposalReason::Close(*reason)),
        ),
        PreparedStep::Decline { title, draft, number } => {
            let reason = LeaveReason::Declined { number: *number };
            (ProposalAction::Leave, &draft.branch, title, None, Some(ProposalReason::Leave(reason)))
        }
        PreparedStep::Leave { title, branch, existing, reason } => {
            (ProposalAction::Leave, branch, title, existing.as_ref(), Some(ProposalReason::Leave(reason.clone())))
        }
    };
    let hint = match step {
        PreparedStep::Leave { branch, reason, .. } => reason.hint(branch),
        _ => None,
    };
    let now = written.map(|written| &written.pull_request).or(existing);
    let url = now.map(|pr| pr.url.clone()).filter(|url| !url.is_empty());
    let head = result.commit.as_ref().or_else(|| now?.head.as_ref()).map(ToString::to_string);
    let (branch, title) = (branch.to_string(), title.clone());
    Some(ProposalRow { branch, title, number: now.map(|pr| pr.number), head, action, url, reason, hint })
}

fn deleted(branch: &BranchName) -> ProposalRow {
    ProposalRow {
        branch: branch.to_string(),
        title: branch.to_string(),
        number: None,
        head: None,
        action: ProposalAction::Delete,
        url: None,
        reason: Some(ProposalReason::LeftBehind),
        hint: None,
    }
}

/// Returns what failed if a result is an error.
fn subject_of(result: &GroupResult) -> Subject {
    match result.id {
        ActionId::Group(GroupId::Base) => Subject::DirectCommit(subject(result)),
        _ => Subject::Group(subject(result)),
    }
}

fn subject(result: &GroupResult) -> GroupSubject {
    GroupSubject { id: result.id.clone(), name: result.label.clone() }
}

/// Returns the failure of a group.
pub(super) fn failed(result: &GroupResult) -> Option<FailureRow> {
    let error = result.result.as_ref().err()?;
    Some(FailureRow {
        subject: subject_of(result),
        host: None,
        cause: None,
        reason: chain(error),
        hint: Some(error.hint()),
        locations: Vec::new(),
    })
}

/// Returns what failed for a pull request that was written, such as labels or reviewers that the forge refused.
pub(super) fn warnings(result: &GroupResult) -> impl Iterator<Item = FailureRow> + '_ {
    let row = |reason, hint| FailureRow {
        subject: Subject::PullRequestSettings(subject(result)),
        host: None,
        cause: None,
        reason,
        hint: Some(hint),
        locations: Vec::new(),
    };
    let written = result.result.as_ref().ok().and_then(Option::as_ref);
    let warnings = written.into_iter().flat_map(|written| &written.warnings);
    let rows = warnings.map(move |warning| row(chain(warning), warning.hint()));
    rows.chain(result.unfinished.iter().map(move |error| row(chain(error), error.hint())))
}

/// Returns the files of a proposal, before and after its edits.
pub(super) fn files(result: &GroupResult) -> Vec<FileChange> {
    let Some(PreparedStep::Publish { content, .. } | PreparedStep::Commit(content)) = &result.step else {
        return Vec::new();
    };
    let file = |(path, after): (&std::sync::Arc<str>, &Vec<u8>)| FileChange {
        path: path.to_string(),
        before: content.before.get(path).cloned().unwrap_or_default(),
        after: after.clone(),
    };
    content.proposal.files.iter().map(file).collect()
}
