//! How many pull requests may still be opened: at once, and in one run. What could not be opened takes no room.

use super::reconcile::Action;

/// Room for new pull requests.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// How many may be open at once.
    max_open: usize,
    /// How many one run may open.
    max_per_run: Option<usize>,
    open: usize,
    opened: usize,
}

impl Room {
    /// For a run that finds so many `open` and has `opened` so many already, in an earlier attempt.
    pub fn new(max_open: usize, max_per_run: Option<usize>, open: usize, opened: usize) -> Self {
        Self { max_open, max_per_run, open, opened }
    }

    /// The same action, or to leave the group alone where there is no room for it.
    pub fn admit(&self, action: Action) -> Action {
        match (action, self.refusal()) {
            (Action::Open(draft), Some(why)) => {
                Action::Leave { group: draft.group, branch: draft.branch, existing: None, why }
            }
            (action, _) => action,
        }
    }

    /// One more is open.
    pub fn take(&mut self) {
        self.open += 1;
        self.opened += 1;
    }

    fn refusal(&self) -> Option<String> {
        let pull_requests = |most: usize| if most == 1 { "pull request" } else { "pull requests" };
        let most = self.max_open;
        if self.open >= most {
            let are = if most == 1 { "is" } else { "are" };
            let what = pull_requests(most);
            return Some(format!("{most} {what} {are} open already, which is the most (pull-requests.max-open)"));
        }
        let most = self.max_per_run.filter(|most| self.opened >= *most)?;
        let what = pull_requests(most);
        Some(format!("this run has opened {most} {what}, which is the most (pull-requests.max-per-run)"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::proposal::Draft;
    use crate::refname::BranchName;

    #[test]
    fn what_there_is_room_for() {
        #[rustfmt::skip]
        let rows = [
            // most open, per run, open, opened   refused
            (5,           None,    4,    0,       ""),
            (5,           None,    5,    0,       "5 pull requests are open already, which is the most (pull-requests.max-open)"),
            (1,           Some(3), 2,    0,       "1 pull request is open already, which is the most (pull-requests.max-open)"),
            (5,           Some(2), 3,    1,       ""),
            (5,           Some(2), 3,    2,       "this run has opened 2 pull requests, which is the most (pull-requests.max-per-run)"),
        ];
        for (max_open, max_per_run, open, opened, expected) in rows {
            let branch = BranchName::new("tagboat/a").unwrap();
            let draft = Draft { group: "a".into(), branch, changes: vec![] };
            let why = match Room::new(max_open, max_per_run, open, opened).admit(Action::Open(draft)) {
                Action::Leave { why, .. } => why,
                _ => String::new(),
            };
            assert_eq!(why, expected);
        }
    }
}
