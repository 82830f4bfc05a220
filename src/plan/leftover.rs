//! Branches that a run left behind: it was killed between two requests, or one of them failed.

use jiff::{SignedDuration, Timestamp};

use crate::refname::{BranchName, CommitId};

use super::pull_request::{PullRequest, PullRequestState};
use super::record::Record;

/// How old the commit of a branch must be before the branch counts as left behind: a concurrent run may be about to open its
/// pull request.
const AGE: SignedDuration = SignedDuration::from_hours(1);

/// A branch of Tagboat without a group in this run and without an open pull request. Its head is not a commit by someone else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// The name of the branch.
    pub branch: BranchName,
    /// The commit at its head.
    pub head: CommitId,
    /// What the head is.
    pub content: LeftoverContent,
    /// The pull requests of the branch that were merged or closed, newest first.
    pub closed: Vec<PullRequest>,
}

/// What the head of a branch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftoverContent {
    /// A commit by Tagboat, made at this time.
    OwnCommit(Timestamp),
    /// A commit of the base branch: nothing was committed to the branch.
    Base,
}

impl Leftover {
    /// Returns whether the branch is to be deleted at `now`.
    pub(super) fn is_removable(&self, now: Timestamp) -> bool {
        let is_old = |time: Timestamp| now.duration_since(time) > AGE;
        let prepared = self.branch.side_branch_time().and_then(|seconds| Timestamp::from_second(seconds).ok());
        match (self.content, self.closed.first()) {
            // Tagboat closed the pull request and deletes its branch afterwards.
            (LeftoverContent::OwnCommit(_), Some(last)) => {
                last.state == PullRequestState::Closed
                    && Record::find(&last.body).is_some_and(|record| record.closed_by_tagboat)
            }
            (LeftoverContent::OwnCommit(time), None) => is_old(prepared.unwrap_or(time)),
            // Only a side branch is created before its commit. Any other branch on the base may be a person's.
            (LeftoverContent::Base, None) => prepared.is_some_and(is_old),
            (LeftoverContent::Base, Some(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removes_what_an_interrupted_run_left() {
        use LeftoverContent::{Base, OwnCommit};
        let now = Timestamp::from_second(1_790_000_000).unwrap();
        let ago = |minutes| now - SignedDuration::from_mins(minutes);
        let record =
            Record::new("a", "t", &BranchName::new("main").unwrap(), &[], super::super::record::Done::default())
                .wrap("body");
        let closed = |state, body: &str| vec![PullRequest { state, body: body.to_owned(), ..PullRequest::example() }];
        let closed_by_tagboat = closed(PullRequestState::Closed, &Record::mark_closed(&record));
        let branch = BranchName::new("tagboat/a").unwrap();
        let side = |minutes| branch.side_branch(ago(minutes).as_second(), 7).unwrap();
        #[rustfmt::skip]
        let rows = [
            // branch         content             pull requests that closed                   removable
            (branch.clone(),  OwnCommit(ago(61)), vec![],                                    true),
            (branch.clone(),  OwnCommit(ago(59)), vec![],                                    false),
            (branch.clone(),  OwnCommit(ago(1)),  closed_by_tagboat.clone(),                 true),
            (branch.clone(),  OwnCommit(ago(99)), closed(PullRequestState::Closed, &record),  false),
            (branch.clone(),  OwnCommit(ago(99)), closed(PullRequestState::Merged, &record),  false),
            (branch.clone(),  OwnCommit(ago(99)), closed(PullRequestState::Closed, "words"),  false),
            (branch.clone(),  Base,               vec![],                                    false),
            (side(61),        Base,               vec![],                                    true),
            (side(59),        Base,               vec![],                                    false),
            (side(61),        OwnCommit(ago(61)), vec![],                                    true),
            (side(59),        OwnCommit(ago(59)), vec![],                                    false),
        ];
        for (branch, content, closed, expected) in rows {
            let head = CommitId::new(&"a".repeat(40)).unwrap();
            let leftover = Leftover { branch, head, content, closed };
            assert_eq!(leftover.is_removable(now), expected, "{leftover:?}");
        }
    }
}
