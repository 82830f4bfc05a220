//! Desired and observed side by side: what to do about every pull request, and why.

use std::collections::{BTreeMap, BTreeSet};

use super::proposal::Draft;
use super::pull_request::{PullRequest, PullRequestState};
use super::record::{Record, RecordedChange};
use super::wish;
use crate::refname::BranchName;

/// What to do about one group or one pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// No pull request is wanted: commit to the base branch, which is the draft's.
    Commit(Draft),
    /// There is no open pull request for this draft: push its branch and open one.
    Open(Draft),
    /// There is one: make its branch, title, body and people what they should be, where they are not.
    Update(Draft, PullRequest),
    /// Nothing calls for it any more: say why, close it, delete its branch.
    Close(PullRequest, String),
    /// Another one is about the same branch: say so and close it, and leave the branch to the other.
    CloseDuplicate(PullRequest, String),
    /// It is to stay as it is, and why. There may be no pull request at all.
    Leave {
        /// The group, or the branch where the group is not known.
        group: String,
        /// Its branch.
        branch: BranchName,
        /// The pull request that is left alone.
        existing: Option<PullRequest>,
        /// A lower-case fragment.
        why: String,
    },
}

impl Action {
    /// The group that it is about; the branch where the group is not known.
    pub fn group(&self) -> String {
        match self {
            Self::Commit(draft) | Self::Open(draft) | Self::Update(draft, _) => draft.group.clone(),
            Self::Leave { group, .. } => group.clone(),
            Self::Close(existing, _) | Self::CloseDuplicate(existing, _) => group_of(existing),
        }
    }

    /// The branch that has to be looked at before anything is done; `None` where nothing is.
    pub fn branch(&self) -> Option<&BranchName> {
        match self {
            Self::Open(draft) | Self::Update(draft, _) => Some(&draft.branch),
            Self::Close(existing, _) => Some(&existing.branch),
            Self::CloseDuplicate(..) | Self::Commit(_) | Self::Leave { .. } => None,
        }
    }
}

fn group_of(existing: &PullRequest) -> String {
    Record::find(&existing.body).map_or_else(|| existing.branch.to_string(), |record| record.group)
}

/// What is known when [`reconcile`] is asked.
#[derive(Debug, Default)]
pub struct Observed {
    /// All open pull requests on our branches.
    pub open: Vec<PullRequest>,
    /// Pull requests that were closed or merged, for the branches that [`asks_history`] named.
    pub ended: Vec<PullRequest>,
    /// What nothing could be found out about in this run.
    pub unknown: Unknown,
    /// Whether this run looked at all images. If not, nothing is closed, and what other images had in an open pull
    /// request is kept.
    pub complete: bool,
    /// Labels with which a person has a pull request left as it is.
    pub hold_labels: Vec<String>,
}

/// Places about which nothing could be found out: what an open pull request says about them stays.
#[derive(Debug, Default)]
pub struct Unknown {
    /// Single places: path and field.
    pub places: BTreeSet<(String, String)>,
    /// Whole files that could not be read.
    pub files: BTreeSet<String>,
}

impl Unknown {
    fn covers(&self, change: &RecordedChange) -> bool {
        self.files.contains(&change.path) || self.places.contains(&(change.path.clone(), change.field.clone()))
    }
}

/// Branches whose ended pull requests have to be asked for before [`reconcile`]: those that would get something new.
pub fn asks_history<'a>(drafts: &'a [Draft], open: &[PullRequest]) -> Vec<&'a Draft> {
    let same = |draft: &Draft| open.iter().any(|pr| pr.branch == draft.branch && recorded(pr) == changes_of(draft));
    drafts.iter().filter(|draft| !same(draft)).collect()
}

/// Decides what to do. Each draft and each open pull request ends in exactly one action; asked twice about a world in
/// which nothing happened in between, it has nothing new to say.
pub fn reconcile(drafts: Vec<Draft>, observed: &Observed) -> Vec<Action> {
    let mut actions = Vec::new();
    let (open, duplicates) = one_per_branch(&observed.open);
    let drafted = drafts.iter().map(|draft| draft.branch.clone()).collect::<BTreeSet<_>>();
    for draft in drafts {
        let existing = open.get(&draft.branch).copied();
        actions.push(match refusal(&draft, existing, observed) {
            Some(why) => Action::Leave { group: draft.group, branch: draft.branch, existing: existing.cloned(), why },
            None => match (without_declined(draft, &observed.ended), existing) {
                (Wanted::Declined { group, branch, why }, None) => Action::Leave { group, branch, existing: None, why },
                (Wanted::Declined { why, .. }, Some(existing)) => Action::Close(existing.clone(), why),
                (Wanted::Still(draft), Some(existing)) => Action::Update(draft, existing.clone()),
                (Wanted::Still(draft), None) => Action::Open(draft),
            },
        });
    }
    for (branch, existing) in open {
        if !drafted.contains(branch) {
            actions.push(orphan(existing, observed));
        }
    }
    actions.extend(duplicates.into_iter().map(|(newer, kept)| match wish::hold(newer, &observed.hold_labels) {
        Some(why) => leave(newer, why),
        None => {
            let why = format!("it is about the same branch as #{}, which stays open", kept.number);
            Action::CloseDuplicate(newer.clone(), why)
        }
    }));
    actions
}

/// Older races may have left two open pull requests for a branch: the oldest stays.
fn one_per_branch(open: &[PullRequest]) -> (BTreeMap<&BranchName, &PullRequest>, Vec<(&PullRequest, &PullRequest)>) {
    let mut sorted = open.iter().collect::<Vec<_>>();
    sorted.sort_by_key(|pr| pr.number);
    let (mut kept, mut duplicates) = (BTreeMap::new(), Vec::new());
    for pr in sorted {
        match kept.get(&pr.branch) {
            Some(first) => duplicates.push((pr, *first)),
            None => drop(kept.insert(&pr.branch, pr)),
        }
    }
    (kept, duplicates)
}

/// Why an open pull request must be left alone although there is a draft for its branch.
fn refusal(draft: &Draft, existing: Option<&PullRequest>, observed: &Observed) -> Option<String> {
    if let Some(why) = existing.and_then(|existing| wish::hold(existing, &observed.hold_labels)) {
        return Some(why);
    }
    let lost = existing.map(recorded_list).unwrap_or_default().into_iter().find(|change| {
        observed.unknown.covers(change) && !draft.changes.iter().any(|new| change.same_place(&new.path, &new.field))
    })?;
    Some(format!("{} could not be looked up in this run, and the pull request is about it too", lost.image))
}

/// A draft after what people declined was taken out of it.
enum Wanted {
    Still(Draft),
    Declined { group: String, branch: BranchName, why: String },
}

/// Takes out what a person declined by closing a pull request: that change to that version.
fn without_declined(mut draft: Draft, ended: &[PullRequest]) -> Wanted {
    let declined = ended
        .iter()
        .filter(|pr| pr.branch == draft.branch && pr.state == PullRequestState::Closed)
        .filter_map(|pr| Record::find(&pr.body).filter(|record| !record.closed_by_tagboat).map(|record| (pr, record)))
        .collect::<Vec<_>>();
    let mut by = None;
    draft.changes.retain(|change| {
        let change = RecordedChange::of(change);
        let found = declined.iter().find(|(_, record)| record.changes.contains(&change));
        by = found.map(|(pr, _)| pr.number).or(by);
        found.is_none()
    });
    match by {
        Some(number) if draft.changes.is_empty() => Wanted::Declined {
            group: draft.group,
            branch: draft.branch,
            why: format!("#{number} proposed the same and was closed by a person: waiting for something newer"),
        },
        _ => Wanted::Still(draft),
    }
}

/// What to do with an open pull request that nothing calls for.
fn orphan(existing: &PullRequest, observed: &Observed) -> Action {
    let record = Record::find(&existing.body);
    let leave = |why: String| leave(existing, why);
    if let Some(why) = wish::hold(existing, &observed.hold_labels) {
        return leave(why);
    }
    if !observed.complete {
        return leave("this run was not about it".to_owned());
    }
    let Some(record) = record else {
        return leave("its description holds no record of Tagboat's, so it may be somebody else's".to_owned());
    };
    match record.changes.iter().find(|change| observed.unknown.covers(change)) {
        Some(change) => leave(format!("{} could not be looked up in this run", change.image)),
        None => Action::Close(existing.clone(), moot(&record)),
    }
}

fn leave(existing: &PullRequest, why: String) -> Action {
    let (group, branch) = (group_of(existing), existing.branch.clone());
    Action::Leave { group, branch, existing: Some(existing.clone()), why }
}

fn moot(record: &Record) -> String {
    let images = record.changes.iter().map(|change| change.image.as_str()).collect::<BTreeSet<_>>();
    let images = images.into_iter().collect::<Vec<_>>().join(", ");
    format!(
        "nothing is left to update: what this pull request proposed for {images} is no longer what would be chosen, or stands in the base branch already"
    )
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
    use crate::image::ImageReference;
    use crate::plan::proposal::Change;
    use crate::text::Position;

    fn draft(group: &str, changes: &[(&str, &str)]) -> Draft {
        let change = |(path, to): &(&str, &str)| Change {
            path: (*path).into(),
            position: Position { line: 1, column: 1 },
            field: "image".into(),
            from: ImageReference::new("nginx:1").unwrap(),
            to: ImageReference::new(to).unwrap(),
            policy: "shape".into(),
            reason: "newest".into(),
            edits: vec![],
            mode: crate::config::Mode::PullRequest,
        };
        let branch = BranchName::new(&format!("tagboat/{group}")).unwrap();
        Draft { group: group.into(), branch, changes: changes.iter().map(change).collect() }
    }

    fn pull_request(number: u64, of: &Draft, state: PullRequestState) -> PullRequest {
        PullRequest {
            number,
            url: format!("https://forge.test/{number}"),
            branch: of.branch.clone(),
            base: BranchName::new("main").unwrap(),
            state,
            head: None,
            title: "t".into(),
            body: Record::new(&of.group, "t", &of.changes, &[]).wrap("body"),
            labels: vec![],
        }
    }

    fn observed(open: Vec<PullRequest>, ended: Vec<PullRequest>) -> Observed {
        Observed { open, ended, complete: true, ..Observed::default() }
    }

    fn kinds(actions: &[Action]) -> Vec<String> {
        let kind = |action: &Action| match action {
            Action::Commit(draft) => format!("commit {}", draft.group),
            Action::Open(draft) => format!("open {} with {}", draft.group, draft.changes.len()),
            Action::Update(draft, pr) => format!("update #{} with {}", pr.number, draft.changes.len()),
            Action::Close(pr, _) => format!("close #{}", pr.number),
            Action::CloseDuplicate(pr, _) => format!("close duplicate #{}", pr.number),
            Action::Leave { group, .. } => format!("leave {group}"),
        };
        actions.iter().map(kind).collect()
    }

    use PullRequestState::{Closed, Merged, Open};

    #[test]
    fn the_life_of_one_pull_request() {
        let (old, new) = (draft("a", &[("a.yaml", "nginx:2")]), draft("a", &[("a.yaml", "nginx:3")]));
        #[rustfmt::skip]
        let rows = [
            ("nothing there",           vec![old.clone()], observed(vec![], vec![]),                               vec!["open a with 1"]),
            ("the same again",          vec![old.clone()], observed(vec![pull_request(1, &old, Open)], vec![]),    vec!["update #1 with 1"]),
            ("something newer",         vec![new.clone()], observed(vec![pull_request(1, &old, Open)], vec![]),    vec!["update #1 with 1"]),
            ("moot",                    vec![],            observed(vec![pull_request(1, &old, Open)], vec![]),    vec!["close #1"]),
            ("declined",                vec![old.clone()], observed(vec![], vec![pull_request(1, &old, Closed)]),  vec!["leave a"]),
            ("declined, then newer",    vec![new.clone()], observed(vec![], vec![pull_request(1, &old, Closed)]),  vec!["open a with 1"]),
            ("merged, then reverted",   vec![old.clone()], observed(vec![], vec![pull_request(1, &old, Merged)]),  vec!["open a with 1"]),
        ];
        for (name, drafts, observed, expected) in rows {
            assert_eq!(kinds(&reconcile(drafts, &observed)), expected, "{name}");
        }
    }

    #[test]
    fn closed_by_ourselves_declines_nothing() {
        let old = draft("a", &[("a.yaml", "nginx:2")]);
        let mut closed = pull_request(1, &old, Closed);
        let mut record = Record::find(&closed.body).unwrap();
        record.closed_by_tagboat = true;
        closed.body = record.wrap("body");
        assert_eq!(kinds(&reconcile(vec![old], &observed(vec![], vec![closed]))), ["open a with 1"]);
    }

    #[test]
    fn one_declined_change_does_not_hold_up_the_others() {
        let declined = draft("a", &[("a.yaml", "nginx:2")]);
        let both = draft("a", &[("a.yaml", "nginx:2"), ("b.yaml", "redis:8")]);
        let actions = reconcile(vec![both], &observed(vec![], vec![pull_request(1, &declined, Closed)]));
        assert_eq!(kinds(&actions), ["open a with 1"]);
    }

    #[test]
    fn what_is_unknown_is_left_alone() {
        let (a, b) =
            (draft("g", &[("a.yaml", "nginx:2")]), draft("g", &[("a.yaml", "nginx:2"), ("b.yaml", "redis:8")]));
        let unknown = |open: &Draft| Observed {
            unknown: Unknown { places: [("b.yaml".to_owned(), "image".to_owned())].into(), ..Unknown::default() },
            ..observed(vec![pull_request(1, open, Open)], vec![])
        };
        assert_eq!(kinds(&reconcile(vec![a.clone()], &unknown(&b))), ["leave g"]);
        assert_eq!(kinds(&reconcile(vec![], &unknown(&b))), ["leave g"]);
        assert_eq!(kinds(&reconcile(vec![a.clone()], &unknown(&a))), ["update #1 with 1"]);
        let mut unreadable = observed(vec![pull_request(1, &a, Open)], vec![]);
        unreadable.unknown.files.insert("a.yaml".to_owned());
        assert_eq!(kinds(&reconcile(vec![], &unreadable)), ["leave g"]);
        let elsewhere = Observed { complete: false, ..observed(vec![pull_request(1, &b, Open)], vec![]) };
        assert_eq!(kinds(&reconcile(vec![], &elsewhere)), ["leave g"]);
    }

    #[test]
    fn what_a_person_holds_is_left_alone() {
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
    fn two_for_one_branch_become_one_and_strangers_stay() {
        let a = draft("a", &[("a.yaml", "nginx:2")]);
        let mut stranger = pull_request(9, &draft("s", &[("s.yaml", "nginx:2")]), Open);
        stranger.body = "mine".into();
        let open = vec![pull_request(2, &a, Open), pull_request(1, &a, Open), stranger];
        let actions = reconcile(vec![a], &observed(open, vec![]));
        assert_eq!(kinds(&actions), ["update #1 with 1", "leave tagboat/s", "close duplicate #2"]);
    }

    #[test]
    fn history_is_asked_for_only_where_something_new_would_be_written() {
        let (old, new) = (draft("a", &[("a.yaml", "nginx:2")]), draft("a", &[("a.yaml", "nginx:3")]));
        let open = [pull_request(1, &old, Open)];
        assert!(asks_history(std::slice::from_ref(&old), &open).is_empty());
        assert_eq!(asks_history(&[new], &open).len(), 1);
        assert_eq!(asks_history(&[old], &[]).len(), 1);
    }
}
