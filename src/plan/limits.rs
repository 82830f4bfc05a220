//! The limits on new pull requests: how many may be open, and how many a run may open. A failed attempt does not count.

use std::collections::BTreeSet;

use crate::config::PullRequests;

use super::proposal::ActionId;
use super::pull_request::PullRequest;
use super::reasons::LeaveReason;
use super::reconcile::Action;

/// The limits on new pull requests, with the counts so far.
#[derive(Debug, Clone, Copy)]
pub struct PullRequestLimits {
    max_open: usize,
    max_per_run: Option<usize>,
    open: usize,
    opened: usize,
}

impl PullRequestLimits {
    /// Creates the limits of a run from its settings, the `open` pull requests, and the number that earlier passes of the
    /// run `opened`.
    pub fn new(settings: &PullRequests, open: &[PullRequest], opened: usize) -> Self {
        let open = open.iter().map(|one| &one.branch).collect::<BTreeSet<_>>().len();
        Self { max_open: settings.max_open, max_per_run: settings.max_per_run, open, opened }
    }

    /// Returns the action, or one that leaves the group alone if its pull request would exceed a limit.
    pub fn admit(&self, action: Action) -> Action {
        match (action, self.exceeded_limit()) {
            (Action::Open(draft), Some(reason)) => {
                Action::Leave { id: ActionId::Group(draft.group), branch: draft.branch, existing: None, reason }
            }
            (action, _) => action,
        }
    }

    /// Counts a pull request that was opened.
    pub fn count_opened(&mut self) {
        self.open += 1;
        self.opened += 1;
    }

    fn exceeded_limit(&self) -> Option<LeaveReason> {
        if self.open >= self.max_open {
            return Some(LeaveReason::MaxOpen { open: self.open, limit: self.max_open });
        }
        self.max_per_run.filter(|limit| self.opened >= *limit).map(LeaveReason::MaxPerRun)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::proposal::{Draft, GroupId};
    use crate::refname::BranchName;

    #[test]
    fn leaves_new_groups_alone_at_the_limit() {
        #[rustfmt::skip]
        let rows = [
            // most open, per run, open, opened   reason
            (5,           None,    4,    0,       ""),
            (5,           None,    5,    0,       "5 pull requests are open, and `pull-requests.max-open` is 5"),
            (1,           Some(3), 2,    0,       "2 pull requests are open, and `pull-requests.max-open` is 1"),
            (5,           Some(2), 3,    1,       ""),
            (5,           Some(2), 3,    2,       "this run opened 2 pull requests, the limit of `pull-requests.max-per-run`"),
        ];
        for (max_open, max_per_run, open, opened, expected) in rows {
            let branch = BranchName::new("tagboat/a").unwrap();
            let draft = Draft { group: GroupId::Named("a".into()), branch, changes: vec![] };
            let limits = PullRequestLimits { max_open, max_per_run, open, opened };
            let reason = match limits.admit(Action::Open(draft)) {
                Action::Leave { reason, .. } => reason.to_string(),
                _ => String::new(),
            };
            assert_eq!(reason, expected);
        }
    }
}
