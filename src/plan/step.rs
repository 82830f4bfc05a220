//! Decides what to do with a branch, from an action and the state of the branch on the remote. `run` reads that state and
//! carries out the step.

use crate::refname::{BranchName, CommitId};

use super::metadata::Metadata;
use super::pr_commands;
use super::proposal::Draft;
use super::pull_request::PullRequest;
use super::reasons::{CloseReason, LeaveReason};
use super::reconcile::Action;
use super::record::Record;
use super::texts::built_in_title;

/// The state of a branch on the remote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BranchState {
    /// The remote has no such branch.
    Missing,
    /// The head is a commit by Tagboat.
    Managed {
        /// The commit at the head of the branch.
        head: CommitId,
        /// Whether the head has exactly the desired changes, in files that have not changed in the base since, and its
        /// parent is in the history of the base.
        is_current: bool,
        /// Whether the parent of the head is the newest commit of the base branch.
        is_on_base: bool,
    },
    /// The head is a commit by someone else.
    Foreign {
        /// The commit at the head of the branch.
        head: CommitId,
        /// The author of the head.
        author: String,
    },
}

/// What a step depends on besides the action and the branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepSettings {
    /// The base branch.
    pub base: BranchName,
    /// Labels and people of pull requests, as far as the forge supports them.
    pub metadata: Metadata,
    /// Whether auto-merge is to be enabled, on a forge that has it.
    pub auto_merge: bool,
    /// Set if the schedule allows no changes now. It does not apply to requests by people.
    pub outside_schedule: Option<LeaveReason>,
}

/// How to move a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Push {
    /// Create it.
    Create,
    /// Replace this head.
    Replace(CommitId),
}

impl Push {
    /// Returns the head that the push replaces; `None` if the branch must not exist.
    pub fn expected(&self) -> Option<&CommitId> {
        match self {
            Self::Create => None,
            Self::Replace(head) => Some(head),
        }
    }
}

/// What to do about one group or one pull request. `C` is the source of a commit and its pull request: the draft, or
/// their whole content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step<C = Draft> {
    /// Commit to the base branch.
    Commit(C),
    /// Push the branch where needed, then open or update its pull request.
    Publish {
        /// What the branch changes.
        content: C,
        /// How to move the branch; `None` to leave it at its head.
        push: Option<Push>,
        /// The pull request to update; `None` to open one.
        existing: Option<PullRequest>,
    },
    /// Branch, title and description are up to date, but a label, a person or auto-merge is missing: an earlier run was
    /// interrupted, or the forge refused it.
    Complete(Draft, PullRequest),
    /// Branch and pull request are up to date.
    Unchanged(Draft, PullRequest),
    /// Close the pull request.
    Close {
        /// The pull request.
        existing: PullRequest,
        /// The head of its branch, which is deleted; `None` to leave the branch.
        head: Option<CommitId>,
        /// Why it is closed.
        reason: CloseReason,
    },
    /// Delete a branch that an earlier run left behind.
    DeleteBranch {
        /// The name of the branch.
        branch: BranchName,
        /// The commit at its head.
        head: CommitId,
    },
    /// Propose none of these changes, because a person declined them.
    Decline {
        /// What their pull request would be called.
        title: String,
        /// The changes.
        draft: Draft,
        /// The number of the pull request that a person closed.
        number: u64,
    },
    /// Do nothing.
    Leave {
        /// The title of the pull request, or the name of the group where none is open.
        title: String,
        /// The name of the branch.
        branch: BranchName,
        /// The pull request, if there is one.
        existing: Option<PullRequest>,
        /// Why nothing is done.
        reason: LeaveReason,
    },
}

/// Decides what to do with the branch of an action.
pub fn step(action: Action, branch: BranchState, settings: &StepSettings) -> Step {
    let label = action.label();
    match action {
        Action::Commit(draft) => match settings.outside_schedule.clone() {
            Some(reason) => leave(draft, None, reason),
            None => Step::Commit(draft),
        },
        Action::Open(draft) => publish(draft, None, branch, settings),
        Action::Update(draft, existing) => publish(draft, Some(existing), branch, settings),
        Action::Close(existing, reason) => close(existing, reason, branch),
        Action::CloseSharing(existing, reason) => Step::Close { existing, head: None, reason },
        Action::DeleteBranch { branch, head } => Step::DeleteBranch { branch, head },
        Action::Decline(draft, number) => {
            Step::Decline { title: built_in_title(draft.name(), &draft.changes, usize::MAX), draft, number }
        }
        Action::Leave { branch, existing, reason, .. } => {
            let title = existing.as_ref().map_or(label, |existing| existing.title.clone());
            Step::Leave { title, branch, existing, reason }
        }
    }
}

fn publish(draft: Draft, existing: Option<PullRequest>, branch: BranchState, settings: &StepSettings) -> Step {
    let must_recreate = existing.as_ref().is_some_and(pr_commands::is_recreation_requested);
    // A branch without an open pull request must be on the newest base: if it was merged earlier, even if the merge was
    // reverted, no commit is left to open a pull request for.
    let needs_newest_base = existing.is_none() || must_recreate;
    let head = branch.head().cloned();
    let push = match branch {
        BranchState::Missing => Some(Push::Create),
        BranchState::Foreign { head, .. } if must_recreate => Some(Push::Replace(head)),
        BranchState::Foreign { author, .. } => return leave(draft, existing, LeaveReason::ForeignCommit { author }),
        BranchState::Managed { is_current: true, is_on_base, .. } if is_on_base || !needs_newest_base => None,
        BranchState::Managed { head, .. } => Some(Push::Replace(head)),
    };
    if must_recreate {
        return Step::Publish { content: draft, push, existing };
    }
    let is_up_to_date =
        push.is_none() && existing.as_ref().is_some_and(|existing| is_up_to_date(existing, &draft, &settings.base));
    match (existing, settings.outside_schedule.clone()) {
        (Some(existing), _) if is_up_to_date && is_complete(&existing, head.as_ref(), settings) => {
            Step::Unchanged(draft, existing)
        }
        (existing, Some(reason)) => leave(draft, existing, reason),
        (Some(existing), None) if is_up_to_date => Step::Complete(draft, existing),
        (existing, None) => Step::Publish { content: draft, push, existing },
    }
}

fn close(existing: PullRequest, reason: CloseReason, branch: BranchState) -> Step {
    match branch {
        // The branch from the latest base has no change.
        BranchState::Foreign { head, .. } if pr_commands::is_recreation_requested(&existing) => {
            Step::Close { existing, head: Some(head), reason }
        }
        BranchState::Foreign { author, .. } => Step::Leave {
            title: existing.title.clone(),
            branch: existing.branch.clone(),
            existing: Some(existing),
            reason: LeaveReason::ForeignCommit { author },
        },
        BranchState::Managed { head, .. } => Step::Close { existing, head: Some(head), reason },
        BranchState::Missing => Step::Close { existing, head: None, reason },
    }
}

fn leave(draft: Draft, existing: Option<PullRequest>, reason: LeaveReason) -> Step {
    let title = existing.as_ref().map_or(draft.name(), |existing| &existing.title).to_owned();
    Step::Leave { title, branch: draft.branch, existing, reason }
}

/// Returns whether an open pull request has the desired base and record. The branch may be current without the texts: an earlier
/// run was interrupted after its push.
fn is_up_to_date(existing: &PullRequest, draft: &Draft, base: &BranchName) -> bool {
    let is_recorded = |record: Record| record.base == *base && record.describes(&draft.changes);
    existing.base == *base && Record::find(&existing.body).is_some_and(is_recorded)
}

/// Returns whether all labels and people and auto-merge are recorded as done. What a person removed since is not added again.
fn is_complete(existing: &PullRequest, head: Option<&CommitId>, settings: &StepSettings) -> bool {
    let done = Record::find(&existing.body).map(|record| record.done).unwrap_or_default();
    (!settings.auto_merge || done.is_auto_merge_settled(head)) && settings.metadata.without(&done.metadata).is_empty()
}

impl BranchState {
    fn head(&self) -> Option<&CommitId> {
        match self {
            Self::Missing => None,
            Self::Managed { head, .. } | Self::Foreign { head, .. } => Some(head),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::proposal::{Change, GroupId};
    use crate::plan::pull_request::PullRequestState;
    use crate::plan::record::Done;

    const LABEL: &str = "deploy";

    fn main() -> BranchName {
        BranchName::new("main").unwrap()
    }

    fn commit(digit: char) -> CommitId {
        CommitId::new(&digit.to_string().repeat(40)).unwrap()
    }

    fn draft() -> Draft {
        let change = Change::example("a.yaml", "nginx:1", "nginx:2");
        let branch = BranchName::new("tagboat/a").unwrap();
        Draft { group: GroupId::Named("a".into()), branch, changes: vec![change] }
    }

    fn labeled() -> Done {
        let metadata = Metadata { labels: vec![LABEL.to_owned()], ..Metadata::default() };
        Done { metadata, ..Done::default() }
    }

    /// The open pull request of the draft, as an earlier run wrote it.
    fn existing() -> PullRequest {
        let draft = draft();
        PullRequest {
            number: 1,
            url: "https://forge.test/1".into(),
            branch: draft.branch.clone(),
            base: main(),
            state: PullRequestState::Open,
            head: None,
            title: "t".into(),
            body: Record::new("a", "t", &main(), &draft.changes, labeled()).wrap("body"),
            labels: vec![LABEL.into()],
        }
    }

    fn outdated() -> PullRequest {
        let older = [Change::example("a.yaml", "nginx:1", "nginx:1.5")];
        PullRequest { body: Record::new("a", "t", &main(), &older, Done::default()).wrap("body"), ..existing() }
    }

    /// The pull request from before the base had another current tag.
    fn with_older_tag() -> PullRequest {
        let older = [Change::example("a.yaml", "nginx:0.9", "nginx:2")];
        PullRequest { body: Record::new("a", "t", &main(), &older, labeled()).wrap("body"), ..existing() }
    }

    /// The same, as a version of Tagboat wrote it that did not record what the changes replace.
    fn without_replaced() -> PullRequest {
        let existing = with_older_tag();
        let record = Record { replaced: None, ..Record::find(&existing.body).unwrap() };
        PullRequest { body: record.wrap("body"), ..existing }
    }

    fn unlabeled() -> PullRequest {
        let existing = existing();
        PullRequest { body: Record::mark_done(&existing.body, Done::default()), labels: vec![], ..existing }
    }

    fn ticked() -> PullRequest {
        let existing = existing();
        PullRequest { body: existing.body.replacen("[ ]", "[x]", 1), ..existing }
    }

    fn managed(is_current: bool, is_on_base: bool) -> BranchState {
        BranchState::Managed { head: commit('a'), is_current, is_on_base }
    }

    fn foreign() -> BranchState {
        BranchState::Foreign { head: commit('b'), author: "Ann".into() }
    }

    fn settings(auto_merge: bool) -> StepSettings {
        let metadata = Metadata { labels: vec![LABEL.to_owned()], ..Metadata::default() };
        StepSettings { base: main(), metadata, auto_merge, outside_schedule: None }
    }

    /// The desired state includes what was to be added after opening; what a person removed stays removed.
    #[test]
    fn completes_what_was_not_done_for_this_head() {
        let with = |labels: &[&str], done: Done| PullRequest {
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            body: Record::mark_done(&existing().body, done),
            ..existing()
        };
        let done = |labels: &[&str], auto_merge: Option<char>| Done {
            metadata: Metadata {
                labels: labels.iter().map(|label| (*label).to_owned()).collect(),
                ..Metadata::default()
            },
            auto_merge: auto_merge.filter(|digit| *digit != 'x').map(|digit| commit(digit).to_string()),
            auto_merge_declined: auto_merge == Some('x'),
        };
        #[rustfmt::skip]
        let rows = [
            // labels there, labels done, auto-merge done  wanted   step
            (&[][..],       &[LABEL][..], None,            false,   "unchanged"),
            // An interrupted run added the label and did not record it.
            (&[LABEL],      &[],          None,            false,   "complete"),
            (&[],           &[],          None,            false,   "complete"),
            (&[LABEL],      &[LABEL],     None,            true,    "complete"),
            (&[LABEL],      &[LABEL],     Some('a'),       true,    "unchanged"),
            (&[LABEL],      &[LABEL],     Some('f'),       true,    "complete"),
            // A person disabled auto-merge.
            (&[LABEL],      &[LABEL],     Some('x'),       true,    "unchanged"),
        ];
        for (labels, done_labels, merge, wanted, expected) in rows {
            let action = Action::Update(draft(), with(labels, done(done_labels, merge)));
            let step = step(action, managed(true, true), &settings(wanted));
            assert_eq!(describe_step(&step), expected, "{labels:?} {done_labels:?} {merge:?} {wanted}");
        }
    }

    /// Returns what a step does, in a few words.
    fn describe_step(step: &Step) -> String {
        let push = |push: &Option<Push>| match push {
            None => "push nothing",
            Some(Push::Create) => "create the branch",
            Some(Push::Replace(_)) => "replace the branch",
        };
        match step {
            Step::Commit(_) => "commit".to_owned(),
            Step::Publish { push: how, existing: None, .. } => format!("{}, open", push(how)),
            Step::Publish { push: how, existing: Some(_), .. } => format!("{}, update", push(how)),
            Step::Unchanged(..) => "unchanged".to_owned(),
            Step::Complete(..) => "complete".to_owned(),
            Step::DeleteBranch { .. } => "delete the branch".to_owned(),
            Step::Close { head: Some(_), .. } => "close, delete the branch".to_owned(),
            Step::Close { head: None, .. } => "close".to_owned(),
            Step::Decline { title, number, .. } => format!("decline {title} as #{number}"),
            Step::Leave { reason, .. } => format!("leave: {reason}"),
        }
    }

    #[test]
    #[rustfmt::skip]
    fn step_depends_on_action_branch_and_schedule() {
        const FOREIGN: &str = "leave: commit by Ann on this branch";
        const OUTSIDE: &str = "leave: outside `pull-requests.schedule`, which opens Tue 2026-12-01 09:00 UTC";
        use BranchState::Missing;
        let old_base = BranchName::new("master").unwrap();
        let open = || Action::Open(draft());
        let update = |existing| Action::Update(draft(), existing);
        let close = |existing| Action::Close(existing, CloseReason::Superseded);
        let duplicate = || Action::CloseSharing(existing(), CloseReason::Duplicate { of: 7 });
        let rows = [
            // action                                  branch                 inside the schedule            outside
            (Action::Commit(draft()),                  Missing,               "commit",                      OUTSIDE),
            (open(),                                   Missing,               "create the branch, open",     OUTSIDE),
            (open(),                                   managed(true, true),   "push nothing, open",          OUTSIDE),
            (open(),                                   managed(true, false),  "replace the branch, open",    OUTSIDE),
            (open(),                                   managed(false, true),  "replace the branch, open",    OUTSIDE),
            (open(),                                   foreign(),             FOREIGN,                        FOREIGN),
            (update(existing()),                       managed(true, true),   "unchanged",                   "unchanged"),
            (update(existing()),                       managed(true, false),  "unchanged",                   "unchanged"),
            (update(existing()),                       managed(false, true),  "replace the branch, update",  OUTSIDE),
            (update(existing()),                       Missing,               "create the branch, update",   OUTSIDE),
            (update(existing()),                       foreign(),             FOREIGN,                        FOREIGN),
            (update(outdated()),                       managed(true, true),   "push nothing, update",        OUTSIDE),
            (update(with_older_tag()),                 managed(true, true),   "push nothing, update",        OUTSIDE),
            (update(without_replaced()),               managed(true, true),   "unchanged",                   "unchanged"),
            (update(unlabeled()),                      managed(true, true),   "complete",                  OUTSIDE),
            (update(PullRequest { base: old_base, ..existing() }), managed(true, true), "push nothing, update", OUTSIDE),
            // Requests by people apply outside the schedule, and discard commits of others.
            (update(ticked()),                         managed(true, true),   "push nothing, update",        "push nothing, update"),
            (update(ticked()),                         managed(true, false),  "replace the branch, update",  "replace the branch, update"),
            (update(ticked()),                         foreign(),             "replace the branch, update",  "replace the branch, update"),
            (close(existing()),                        managed(true, true),   "close, delete the branch",    "close, delete the branch"),
            (close(existing()),                        Missing,               "close",                       "close"),
            (close(existing()),                        foreign(),             FOREIGN,                        FOREIGN),
            (close(ticked()),                          foreign(),             "close, delete the branch",    "close, delete the branch"),
            (duplicate(),                              Missing,               "close",                       "close"),
        ];
        let inside = settings(false);
        let reason = LeaveReason::OutsideSchedule { opens: "Tue 2026-12-01 09:00 UTC".into() };
        let outside = StepSettings { outside_schedule: Some(reason), ..inside.clone() };
        for (action, branch, in_schedule, out_of_schedule) in rows {
            let label = format!("{action:?} on {branch:?}");
            assert_eq!(describe_step(&step(action.clone(), branch.clone(), &inside)), in_schedule, "{label}");
            assert_eq!(describe_step(&step(action, branch, &outside)), out_of_schedule, "{label}");
        }
    }
}
