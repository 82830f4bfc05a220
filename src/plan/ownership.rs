//! Which open pull requests on Tagboat's branches a run may change: those with its record, for its base.

use std::collections::BTreeSet;

use super::pull_request::PullRequest;
use super::reasons::LeaveReason;
use super::record::Record;
use crate::refname::BranchName;

/// The open pull requests on Tagboat's branches, by whether a run for one base may change them.
#[derive(Debug, Clone, Default)]
pub struct OpenPullRequests {
    /// Proposals of Tagboat for the base of the run, or for a base that this one replaces.
    pub own: Vec<PullRequest>,
    /// All others, each with the reason to leave it alone.
    pub others: Vec<(PullRequest, LeaveReason)>,
}

/// What decides about pull requests for other bases.
#[derive(Clone, Copy)]
pub struct Bases<'a> {
    /// The base of the run.
    pub current: &'a BranchName,
    /// Recorded bases that the remote no longer has.
    pub gone: &'a BTreeSet<BranchName>,
    /// Returns the branch that a group has in this run; `None` if it cannot be named.
    pub branch_of: &'a dyn Fn(&str) -> Option<BranchName>,
}

/// Returns the bases that pull requests record besides `current`.
pub fn other_bases(open: &[PullRequest], current: &BranchName) -> BTreeSet<BranchName> {
    let recorded = open.iter().filter_map(|one| Some(Record::find(&one.body)?.base));
    recorded.filter(|base| base != current).collect()
}

impl OpenPullRequests {
    /// Sorts pull requests by whose they are.
    pub fn new(all: Vec<PullRequest>, bases: Bases<'_>) -> Self {
        let mut sorted = Self::default();
        for one in all {
            match reason_to_leave(&one, bases) {
                Some(reason) => sorted.others.push((one, reason)),
                None => sorted.own.push(one),
            }
        }
        sorted
    }

    /// Returns the pull request that prevents a proposal on this branch for this base: a person opened it or moved it here.
    pub(super) fn blocking(&self, branch: &BranchName, base: &BranchName) -> Option<&(PullRequest, LeaveReason)> {
        self.others.iter().find(|(other, reason)| {
            let is_elsewhere = *reason == LeaveReason::NoRecord && other.base != *base;
            other.branch == *branch && !is_elsewhere
        })
    }

    /// Returns all pull requests.
    pub fn all(&self) -> impl Iterator<Item = &PullRequest> {
        self.own.iter().chain(self.others.iter().map(|(other, _)| other))
    }

    /// Returns whether another open pull request needs this branch.
    pub(super) fn is_shared(&self, one: &PullRequest) -> bool {
        self.all().any(|other| other.branch == one.branch && other.number != one.number)
    }
}

/// Returns why a run leaves a pull request alone; `None` if it is a proposal of Tagboat for the base of the run.
fn reason_to_leave(one: &PullRequest, bases: Bases<'_>) -> Option<LeaveReason> {
    let Bases { current, gone, branch_of } = bases;
    let Some(record) = Record::find(&one.body) else { return Some(LeaveReason::NoRecord) };
    let is_moved = one.base != record.base;
    if record.base == *current {
        return is_moved.then(|| LeaveReason::Retargeted { base: one.base.clone() });
    }
    // The forge moves pull requests when a branch is renamed. A base with its own branch names keeps its proposals.
    let is_replaced = if gone.contains(&record.base) {
        one.base == *current || !is_moved
    } else {
        !is_moved && branch_of(&record.group).as_ref() == Some(&one.branch)
    };
    if is_replaced { None } else { Some(LeaveReason::OtherBase { base: record.base }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::record::Done;

    fn branch(name: &str) -> BranchName {
        BranchName::new(name).unwrap()
    }

    #[test]
    fn own_is_what_has_a_record_for_the_base_of_the_run() {
        const OWN: Option<LeaveReason> = None;
        let other = |base| Some(LeaveReason::OtherBase { base: branch(base) });
        let moved = |base| Some(LeaveReason::Retargeted { base: branch(base) });
        #[rustfmt::skip]
        let rows = [
            // recorded base  base       branch             of a run for `main`
            (Some("main"),    "main",    "tagboat/a",       OWN),
            (None,            "main",    "tagboat/a",       Some(LeaveReason::NoRecord)),
            (None,            "stable",  "tagboat/a",       Some(LeaveReason::NoRecord)),
            // A person chose another base.
            (Some("main"),    "stable",  "tagboat/a",       moved("stable")),
            // Another run works for the base `stable`.
            (Some("stable"),  "stable",  "tagboat/a@stable", other("stable")),
            (Some("stable"),  "main",    "tagboat/a@stable", other("stable")),
            // `stable` was the default branch, which gives its branches no suffix.
            (Some("stable"),  "stable",  "tagboat/a",       OWN),
            (Some("stable"),  "main",    "tagboat/a",       other("stable")),
            // `gone` was renamed or deleted: the forge may have moved the pull request.
            (Some("gone"),    "gone",    "tagboat/a",       OWN),
            (Some("gone"),    "main",    "tagboat/a",       OWN),
            (Some("gone"),    "gone",    "tagboat/a@gone",  OWN),
            (Some("gone"),    "stable",  "tagboat/a",       other("gone")),
        ];
        let gone = BTreeSet::from([branch("gone")]);
        let branch_of = |group: &str| Some(branch(&format!("tagboat/{group}")));
        let current = branch("main");
        for (recorded, base, name, expected) in rows {
            let body = recorded.map_or("words".to_owned(), |base| {
                Record::new("a", "t", &branch(base), &[], Done::default()).wrap("body")
            });
            let one = PullRequest { body, base: branch(base), branch: branch(name), ..PullRequest::example() };
            let bases = Bases { current: &current, gone: &gone, branch_of: &branch_of };
            assert_eq!(reason_to_leave(&one, bases), expected, "{recorded:?} {base} {name}");
        }
    }

    #[test]
    fn person_may_use_a_branch_for_another_base() {
        let other = |base: &str, reason| (PullRequest { base: branch(base), ..PullRequest::example() }, reason);
        let moved = LeaveReason::Retargeted { base: branch("stable") };
        #[rustfmt::skip]
        let rows = [
            (other("main", LeaveReason::NoRecord),   true),
            (other("stable", LeaveReason::NoRecord), false),
            (other("stable", moved),                 true),
        ];
        for (other, expected) in rows {
            let open = OpenPullRequests { own: vec![], others: vec![other] };
            let blocking = open.blocking(&branch("tagboat/a"), &branch("main"));
            assert_eq!(blocking.is_some(), expected, "{open:?}");
            assert!(open.blocking(&branch("tagboat/b"), &branch("main")).is_none());
        }
    }
}
