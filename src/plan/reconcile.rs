//! Compares desired and observed pull requests and decides what to do about each, and why.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::leftover::Leftover;
use super::ownership::OpenPullRequests;
use super::pr_commands;
use super::proposal::{ActionId, Change, Draft, GroupId};
use super::pull_request::{PullRequest, PullRequestState};
use super::reasons::{CloseReason, LeaveReason};
use super::record::{Record, RecordedChange};
use crate::refname::{BranchName, CommitId};

/// What to do about one group or one pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Commit to the base branch, without a pull request. The branch of the draft is the base.
    Commit(Draft),
    /// Push the branch of the draft and open a pull request: none is open.
    Open(Draft),
    /// Update the open pull request of the draft if it differs.
    Update(Draft, PullRequest),
    /// Comment on the pull request, close it and delete its branch.
    Close(PullRequest, CloseReason),
    /// Close the pull request and leave its branch to another one.
    CloseSharing(PullRequest, CloseReason),
    /// Delete a branch that an earlier run left behind.
    DeleteBranch {
        /// The name of the branch.
        branch: BranchName,
        /// The commit at its head.
        head: CommitId,
    },
    /// Propose none of these changes: a person closed the pull request with this number, which had the same versions.
    Decline(Draft, u64),
    /// Do nothing.
    Leave {
        /// The group or pull request.
        id: ActionId,
        /// The name of the branch.
        branch: BranchName,
        /// The open pull request, if there is one.
        existing: Option<PullRequest>,
        /// Why nothing is done.
        reason: LeaveReason,
    },
}

impl Action {
    /// Returns the identity of the group or pull request.
    pub fn id(&self) -> ActionId {
        match self {
            Self::Commit(draft) | Self::Open(draft) | Self::Update(draft, _) => ActionId::Group(draft.group.clone()),
            Self::Decline(draft, number) => ActionId::Declined(draft.group.clone(), *number),
            Self::Close(existing, _) | Self::CloseSharing(existing, _) => ActionId::PullRequest(existing.number),
            Self::DeleteBranch { branch, .. } => ActionId::Branch(branch.clone()),
            Self::Leave { id, .. } => id.clone(),
        }
    }

    /// Returns the name of the group for people; the branch of a pull request without a record.
    pub fn label(&self) -> String {
        match self {
            Self::Commit(draft) | Self::Open(draft) | Self::Update(draft, _) | Self::Decline(draft, _) => {
                draft.name().to_owned()
            }
            Self::Close(existing, _) | Self::CloseSharing(existing, _) => recorded_group(existing),
            Self::Leave { id: ActionId::Group(GroupId::Named(name)), .. } => name.clone(),
            Self::Leave { existing: Some(existing), .. } => recorded_group(existing),
            Self::DeleteBranch { branch, .. } | Self::Leave { branch, .. } => branch.to_string(),
        }
    }

    /// Returns the branch whose state the next step depends on, if there is one.
    pub fn branch(&self) -> Option<&BranchName> {
        match self {
            Self::Open(draft) | Self::Update(draft, _) => Some(&draft.branch),
            Self::Close(existing, _) => Some(&existing.branch),
            Self::CloseSharing(..)
            | Self::Commit(_)
            | Self::DeleteBranch { .. }
            | Self::Decline(..)
            | Self::Leave { .. } => None,
        }
    }
}

fn recorded_group(existing: &PullRequest) -> String {
    Record::find(&existing.body).map_or_else(|| existing.branch.to_string(), |record| record.group)
}

/// What [`reconcile`] compares the drafts with.
#[derive(Debug)]
pub struct Observed {
    /// The time of the run.
    pub now: Timestamp,
    /// The base of the run.
    pub base: BranchName,
    /// All open pull requests on Tagboat's branches.
    pub open: OpenPullRequests,
    /// Closed and merged pull requests of the branches that [`needs_history`] returned.
    pub closed: Vec<PullRequest>,
    /// Branches of Tagboat without a draft and without an open pull request.
    pub leftovers: Vec<Leftover>,
    /// Places for which this run has no decision.
    pub undecided: Undecided,
    /// Places, by path and field, about which a run for single images decided that nothing newer is proposed.
    pub settled: BTreeSet<(String, String)>,
    /// Whether this run covers all images. If not, it closes only what other pull requests replace or what is settled, and keeps what
    /// open ones change for other images.
    pub complete: bool,
    /// Labels with which a person holds a pull request.
    pub hold_labels: Vec<String>,
}

/// Places for which a run has no decision. Open pull requests keep their changes at these places.
///
/// Path and field identify a place here, not an [`OccurrenceId`](crate::manifest::OccurrenceId): the record in a pull
/// request outlives a run, and an index into the occurrences of a file does not.
#[derive(Debug, Default)]
pub struct Undecided {
    /// Path and field of single places.
    pub places: BTreeSet<(String, String)>,
    /// Paths of files that could not be read.
    pub files: BTreeSet<String>,
}

impl Undecided {
    fn covers(&self, change: &RecordedChange) -> bool {
        self.files.contains(&change.path) || self.places.contains(&(change.path.clone(), change.field.clone()))
    }
}

/// Returns the drafts whose closed pull requests [`reconcile`] needs: those that propose something new.
pub fn needs_history<'a>(drafts: &'a [Draft], open: &[PullRequest]) -> Vec<&'a Draft> {
    let same = |draft: &Draft| open.iter().any(|pr| pr.branch == draft.branch && recorded(pr) == changes_of(draft));
    drafts.iter().filter(|draft| !same(draft)).collect()
}

/// Returns one action for each draft, for each open pull request without a draft and for each branch to delete. Idempotent: after the actions are
/// carried out, it returns none that writes.
pub fn reconcile(drafts: Vec<Draft>, observed: &Observed) -> Vec<Action> {
    let mut actions = Vec::new();
    let (open, duplicates) = one_per_branch(&observed.open.own, &observed.base);
    let drafted = drafts.iter().map(|draft| draft.branch.clone()).collect::<BTreeSet<_>>();
    let regrouped = open.values().filter(|pr| drafts.iter().any(|draft| is_regrouped(pr, draft))).map(|pr| pr.number);
    let regrouped = regrouped.collect::<BTreeSet<_>>();
    let mut blocking = BTreeSet::new();
    for draft in drafts {
        let existing = open.get(&draft.branch).copied();
        match observed.open.blocking(&draft.branch, &observed.base) {
            Some((other, reason)) if existing.is_none() => {
                blocking.insert(other.number);
                actions.push(leave_group(draft, Some(other), reason.clone()));
            }
            _ => actions.extend(actions_with_draft(draft, existing, observed)),
        }
    }
    for (branch, existing) in open {
        if !drafted.contains(branch) {
            let decides = observed.complete || regrouped.contains(&existing.number) || is_settled(existing, observed);
            actions.push(action_without_draft(existing, decides, observed));
        }
    }
    actions.extend(duplicates.into_iter().map(|(newer, kept)| match pr_commands::hold(newer, &observed.hold_labels) {
        Some(reason) => leave(newer, reason),
        None => close(newer, CloseReason::Duplicate { of: kept.number }, observed),
    }));
    let others = observed.open.others.iter().filter(|(other, _)| !blocking.contains(&other.number));
    actions.extend(others.map(|(other, reason)| leave(other, reason.clone())));
    let removable = observed.leftovers.iter().filter(|leftover| leftover.is_removable(observed.now));
    actions.extend(
        removable.map(|leftover| Action::DeleteBranch { branch: leftover.branch.clone(), head: leftover.head.clone() }),
    );
    actions
}

/// Returns the open pull request of each branch to keep, and each other one with it. Concurrent runs may have opened more than
/// one: the oldest stays. One for a former base gives way to one for the base of the run.
fn one_per_branch<'a>(
    open: &'a [PullRequest],
    base: &BranchName,
) -> (BTreeMap<&'a BranchName, &'a PullRequest>, Vec<(&'a PullRequest, &'a PullRequest)>) {
    let mut sorted = open.iter().collect::<Vec<_>>();
    sorted.sort_by_key(|pr| (pr.base != *base, pr.number));
    let (mut kept, mut duplicates) = (BTreeMap::new(), Vec::new());
    for pr in sorted {
        match kept.get(&pr.branch) {
            Some(first) => duplicates.push((pr, *first)),
            None => drop(kept.insert(&pr.branch, pr)),
        }
    }
    (kept, duplicates)
}

/// Returns the action for a draft and the open pull request of its branch, then those for the changes that a person declined.
fn actions_with_draft(mut draft: Draft, existing: Option<&PullRequest>, observed: &Observed) -> Vec<Action> {
    let held = existing.and_then(|existing| pr_commands::hold(existing, &observed.hold_labels));
    if let Some(reason) = held.or_else(|| reason_if_unknown(&draft, existing?, observed)) {
        return vec![leave_group(draft, existing, reason)];
    }
    let declined = remove_declined(&mut draft, &observed.closed);
    let action = match (existing, declined.first_key_value()) {
        (None, _) if draft.changes.is_empty() => None,
        (Some(existing), Some((number, _))) if draft.changes.is_empty() => {
            Some(close(existing, CloseReason::Declined { number: *number }, observed))
        }
        (Some(existing), _) => Some(Action::Update(draft.clone(), existing.clone())),
        (None, _) => Some(Action::Open(draft.clone())),
    };
    let decline = |(number, changes)| Action::Decline(Draft { changes, ..draft.clone() }, number);
    action.into_iter().chain(declined.into_iter().map(decline)).collect()
}

/// Returns the reason to leave an open pull request if it changes a place that the draft does not and for which the run
/// has no decision.
fn reason_if_unknown(draft: &Draft, existing: &PullRequest, observed: &Observed) -> Option<LeaveReason> {
    let is_drafted = |change: &RecordedChange| draft.changes.iter().any(|new| change.is_at(&new.path, &new.field));
    let unknown =
        recorded_list(existing).into_iter().find(|change| observed.undecided.covers(change) && !is_drafted(change))?;
    Some(LeaveReason::Unknown { image: unknown.image })
}

/// Removes the changes that a person declined by closing a pull request with the same versions. Returns them by the number of
/// that pull request.
fn remove_declined(draft: &mut Draft, closed: &[PullRequest]) -> BTreeMap<u64, Vec<Change>> {
    let declined = closed
        .iter()
        .filter(|pr| pr.branch == draft.branch && pr.state == PullRequestState::Closed)
        .filter_map(|pr| Some((pr, Record::find(&pr.body)?)))
        .filter(|(_, record)| !record.closed_by_tagboat)
        .collect::<Vec<_>>();
    let mut removed = BTreeMap::<u64, Vec<Change>>::new();
    for change in std::mem::take(&mut draft.changes) {
        let recorded = RecordedChange::of(&change);
        match declined.iter().find(|(_, record)| record.changes.contains(&recorded)) {
            Some((pr, _)) => removed.entry(pr.number).or_default().push(change),
            None => draft.changes.push(change),
        }
    }
    removed
}

/// Returns whether a run for single images decided about every place of a pull request, and proposes nothing there.
fn is_settled(existing: &PullRequest, observed: &Observed) -> bool {
    let changes = recorded_list(existing);
    let is_settled = |change: &RecordedChange| observed.settled.contains(&(change.path.clone(), change.field.clone()));
    !changes.is_empty() && changes.iter().all(is_settled)
}

/// Returns whether a draft has a change of a pull request on another branch: the group of its place is another one since then.
fn is_regrouped(existing: &PullRequest, draft: &Draft) -> bool {
    let is_drafted = |change: &RecordedChange| draft.changes.iter().any(|new| change.is_at(&new.path, &new.field));
    existing.branch != draft.branch && recorded_list(existing).iter().any(is_drafted)
}

/// Returns the action for an open pull request without a draft. `decides` is whether the run decides about it, and not only about other
/// images.
fn action_without_draft(existing: &PullRequest, decides: bool, observed: &Observed) -> Action {
    if let Some(reason) = pr_commands::hold(existing, &observed.hold_labels) {
        return leave(existing, reason);
    }
    if !decides {
        return leave(existing, LeaveReason::OutOfScope);
    }
    match recorded_list(existing).into_iter().find(|change| observed.undecided.covers(change)) {
        Some(change) => leave(existing, LeaveReason::Unknown { image: change.image }),
        None => close(existing, CloseReason::Superseded, observed),
    }
}

fn close(existing: &PullRequest, reason: CloseReason, observed: &Observed) -> Action {
    let close = if observed.open.is_shared(existing) { Action::CloseSharing } else { Action::Close };
    close(existing.clone(), reason)
}

fn leave(existing: &PullRequest, reason: LeaveReason) -> Action {
    let (id, branch) = (ActionId::PullRequest(existing.number), existing.branch.clone());
    Action::Leave { id, branch, existing: Some(existing.clone()), reason }
}

fn leave_group(draft: Draft, existing: Option<&PullRequest>, reason: LeaveReason) -> Action {
    Action::Leave { id: ActionId::Group(draft.group), branch: draft.branch, existing: existing.cloned(), reason }
}

fn changes_of(draft: &Draft) -> BTreeSet<RecordedChange> {
    draft.changes.iter().map(RecordedChange::of).collect()
}

fn recorded(pr: &PullRequest) -> BTreeSet<RecordedChange> {
    recorded_list(pr).into_iter().collect()
}

fn recorded_list(pr: &PullRequest) -> Vec<RecordedChange> {
    Record::find(&pr.body).map(|record| record.changes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::proposal::Change;
    use crate::plan::record::Done;

    fn base() -> BranchName {
        BranchName::new("main").unwrap()
    }

    fn draft(group: &str, changes: &[(&str, &str)]) -> Draft {
        let change = |(path, to): &(&str, &str)| Change::example(path, "nginx:1", to);
        let branch = BranchName::new(&format!("tagboat/{group}")).unwrap();
        Draft { group: GroupId::Named(group.into()), branch, changes: changes.iter().map(change).collect() }
    }

    fn pull_request(number: u64, of: &Draft, state: PullRequestState) -> PullRequest {
        PullRequest {
            number,
            url: format!("https://forge.test/{number}"),
            branch: of.branch.clone(),
            base: base(),
            state,
            head: None,
            title: "t".into(),
            body: Record::new(of.name(), "t", &base(), &of.changes, Done::default()).wrap("body"),
            labels: vec![],
        }
    }

    fn observed(open: Vec<PullRequest>, closed: Vec<PullRequest>) -> Observed {
        Observed {
            now: Timestamp::UNIX_EPOCH,
            base: base(),
            open: OpenPullRequests { own: open, others: vec![] },
            closed,
            leftovers: vec![],
            undecided: Undecided::default(),
            settled: BTreeSet::new(),
            complete: true,
            hold_labels: vec![],
        }
    }

    fn kinds(actions: &[Action]) -> Vec<String> {
        let kind = |action: &Action| match action {
            Action::Commit(draft) => format!("commit {}", draft.name()),
            Action::Open(draft) => format!("open {} with {}", draft.name(), draft.changes.len()),
            Action::Update(draft, pr) => format!("update #{} with {}", pr.number, draft.changes.len()),
            Action::Close(pr, _) => format!("close #{}", pr.number),
            Action::CloseSharing(pr, _) => format!("close #{} and keep its branch", pr.number),
            Action::DeleteBranch { branch, .. } => format!("delete {branch}"),
            Action::Leave { .. } => format!("leave {}", action.label()),
            Action::Decline(draft, number) => {
                format!("decline {} of {} as #{number}", draft.changes.len(), draft.name())
            }
        };
        actions.iter().map(kind).collect()
    }

    use PullRequestState::{Closed, Merged, Open};

    #[test]
    fn follows_the_life_cycle_of_a_pull_request() {
        let (old, new) = (draft("a", &[("a.yaml", "nginx:2")]), draft("a", &[("a.yaml", "nginx:3")]));
        #[rustfmt::skip]
        let rows = [
            ("none open",               vec![old.clone()], observed(vec![], vec![]),                               vec!["open a with 1"]),
            ("unchanged",               vec![old.clone()], observed(vec![pull_request(1, &old, Open)], vec![]),    vec!["update #1 with 1"]),
            ("newer version",           vec![new.clone()], observed(vec![pull_request(1, &old, Open)], vec![]),    vec!["update #1 with 1"]),
            ("obsolete",                vec![],            observed(vec![pull_request(1, &old, Open)], vec![]),    vec!["close #1"]),
            ("declined",                vec![old.clone()], observed(vec![], vec![pull_request(1, &old, Closed)]),  vec!["decline 1 of a as #1"]),
            ("declined, then newer",    vec![new.clone()], observed(vec![], vec![pull_request(1, &old, Closed)]),  vec!["open a with 1"]),
            ("merged, then reverted",   vec![old.clone()], observed(vec![], vec![pull_request(1, &old, Merged)]),  vec!["open a with 1"]),
        ];
        for (name, drafts, observed, expected) in rows {
            assert_eq!(kinds(&reconcile(drafts, &observed)), expected, "{name}");
        }
    }

    #[test]
    fn opens_again_after_closing_by_tagboat() {
        let old = draft("a", &[("a.yaml", "nginx:2")]);
        let mut closed = pull_request(1, &old, Closed);
        let mut record = Record::find(&closed.body).unwrap();
        record.closed_by_tagboat = true;
        closed.body = record.wrap("body");
        assert_eq!(kinds(&reconcile(vec![old], &observed(vec![], vec![closed]))), ["open a with 1"]);
    }

    #[test]
    fn proposes_other_changes_beside_a_declined_one() {
        let declined = draft("a", &[("a.yaml", "nginx:2")]);
        let both = draft("a", &[("a.yaml", "nginx:2"), ("b.yaml", "redis:8")]);
        let actions = reconcile(vec![both], &observed(vec![], vec![pull_request(1, &declined, Closed)]));
        assert_eq!(kinds(&actions), ["open a with 1", "decline 1 of a as #1"]);
    }

    #[test]
    fn leaves_pull_requests_with_unknown_images_alone() {
        let (a, b) =
            (draft("g", &[("a.yaml", "nginx:2")]), draft("g", &[("a.yaml", "nginx:2"), ("b.yaml", "redis:8")]));
        let unknown = |open: &Draft| Observed {
            undecided: Undecided {
                places: [("b.yaml".to_owned(), "spec.image".to_owned())].into(),
                ..Undecided::default()
            },
            ..observed(vec![pull_request(1, open, Open)], vec![])
        };
        assert_eq!(kinds(&reconcile(vec![a.clone()], &unknown(&b))), ["leave g"]);
        assert_eq!(kinds(&reconcile(vec![], &unknown(&b))), ["leave g"]);
        assert_eq!(kinds(&reconcile(vec![a.clone()], &unknown(&a))), ["update #1 with 1"]);
        let mut unreadable = observed(vec![pull_request(1, &a, Open)], vec![]);
        unreadable.undecided.files.insert("a.yaml".to_owned());
        assert_eq!(kinds(&reconcile(vec![], &unreadable)), ["leave g"]);
        let out_of_scope = Observed { complete: false, ..observed(vec![pull_request(1, &b, Open)], vec![]) };
        assert_eq!(kinds(&reconcile(vec![], &out_of_scope)), ["leave g"]);
        let settled = |paths: &[&str]| {
            let settled = paths.iter().map(|path| ((*path).to_owned(), "spec.image".to_owned())).collect();
            Observed { settled, complete: false, ..observed(vec![pull_request(1, &b, Open)], vec![]) }
        };
        assert_eq!(kinds(&reconcile(vec![], &settled(&["b.yaml"]))), ["leave g"]);
        assert_eq!(kinds(&reconcile(vec![], &settled(&["a.yaml", "b.yaml"]))), ["close #1"]);
    }

    #[test]
    fn closes_pull_request_whose_place_has_another_group_now() {
        let all = draft("all", &[("a.yaml", "nginx:2"), ("b.yaml", "redis:8")]);
        let (one, other) = (draft("a", &[("a.yaml", "nginx:2")]), draft("c", &[("c.yaml", "nginx:2")]));
        let limited =
            |open: &Draft| Observed { complete: false, ..observed(vec![pull_request(1, open, Open)], vec![]) };
        assert_eq!(kinds(&reconcile(vec![one], &limited(&all))), ["open a with 1", "close #1"]);
        assert_eq!(kinds(&reconcile(vec![other], &limited(&all))), ["open c with 1", "leave all"]);
    }

    #[test]
    fn leaves_held_pull_requests_alone() {
        let (a, newer) = (draft("a", &[("a.yaml", "nginx:2")]), draft("a", &[("a.yaml", "nginx:3")]));
        let mut held = pull_request(1, &a, Open);
        held.labels = vec!["Tagboat:Hold".to_owned()];
        for (drafts, mut open) in [(vec![newer], vec![held.clone()]), (vec![], vec![held.clone()])] {
            open.push(PullRequest { number: 2, ..held.clone() });
            let hold_labels = vec!["tagboat:hold".to_owned()];
            let observed = Observed { hold_labels, ..observed(open, vec![]) };
            assert_eq!(kinds(&reconcile(drafts, &observed)), ["leave a", "leave a"]);
        }
    }

    #[test]
    fn closes_duplicates_and_keeps_their_branch() {
        let a = draft("a", &[("a.yaml", "nginx:2")]);
        let former = PullRequest { base: BranchName::new("old").unwrap(), ..pull_request(1, &a, Open) };
        let (second, third) = (pull_request(2, &a, Open), pull_request(3, &a, Open));
        let actions = reconcile(vec![a], &observed(vec![third, former, second], vec![]));
        assert_eq!(
            kinds(&actions),
            ["update #2 with 1", "close #3 and keep its branch", "close #1 and keep its branch"]
        );
    }

    #[test]
    fn neither_changes_nor_duplicates_pull_requests_of_others() {
        let (a, newer) = (draft("a", &[("a.yaml", "nginx:2")]), draft("a", &[("a.yaml", "nginx:3")]));
        let stable = BranchName::new("stable").unwrap();
        let here = (PullRequest { body: "mine".into(), ..pull_request(9, &a, Open) }, LeaveReason::NoRecord);
        let elsewhere = (PullRequest { base: stable.clone(), ..here.0.clone() }, LeaveReason::NoRecord);
        let moved = LeaveReason::Retargeted { base: stable.clone() };
        let moved = (PullRequest { base: stable, ..pull_request(9, &a, Open) }, moved);
        #[rustfmt::skip]
        let rows = [
            // other           drafts                own                              actions
            (here.clone(),     vec![a.clone()],      vec![],                          vec!["leave a"]),
            (here.clone(),     vec![],               vec![],                          vec!["leave tagboat/a"]),
            (moved.clone(),    vec![newer.clone()],  vec![],                          vec!["leave a"]),
            (elsewhere.clone(), vec![a.clone()],     vec![],                          vec!["open a with 1", "leave tagboat/a"]),
            (elsewhere.clone(), vec![newer],         vec![pull_request(1, &a, Open)], vec!["update #1 with 1", "leave tagboat/a"]),
            (elsewhere,        vec![],               vec![pull_request(1, &a, Open)], vec!["close #1 and keep its branch", "leave tagboat/a"]),
            (moved,            vec![],               vec![],                          vec!["leave a"]),
        ];
        for (other, drafts, own, expected) in rows {
            let label = format!("{other:?}");
            let mut observed = observed(own, vec![]);
            observed.open.others.push(other);
            assert_eq!(kinds(&reconcile(drafts, &observed)), expected, "{label}");
        }
    }

    #[test]
    fn needs_history_only_for_new_changes() {
        let (old, new) = (draft("a", &[("a.yaml", "nginx:2")]), draft("a", &[("a.yaml", "nginx:3")]));
        let open = [pull_request(1, &old, Open)];
        assert!(needs_history(std::slice::from_ref(&old), &open).is_empty());
        assert_eq!(needs_history(&[new], &open).len(), 1);
        assert_eq!(needs_history(&[old], &[]).len(), 1);
    }
}
