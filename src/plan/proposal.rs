//! The desired state: groups of changes, and their pull requests. Pure data.

use std::collections::BTreeMap;
use std::sync::Arc;

pub use crate::config::MergeMethod;
use crate::config::Mode;
use crate::image::{ImageReference, Tag};
use crate::manifest::{Edit, OccurrenceId};
use crate::policy::Bump;
use crate::refname::BranchName;
use crate::text::Position;

use super::metadata::Metadata;

/// One reference that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The occurrence that changes; unique among the changes of a run.
    pub occurrence: OccurrenceId,
    /// The path of the file, relative to the root of the repository.
    pub path: Arc<str>,
    /// The position of the value in the file.
    pub position: Position,
    /// The field path, such as `spec.containers[0].image`.
    pub field: String,
    /// The current reference.
    pub from: ImageReference,
    /// The new reference.
    pub to: ImageReference,
    /// The tag that the new digest belongs to, where the reference has only a digest.
    pub digest_of: Option<Tag>,
    /// The policy, as written.
    pub policy: String,
    /// Why the policy selects the new tag.
    pub reason: String,
    /// Whether a person or a script named the new tag, and no policy can order the current one.
    pub is_given: bool,
    /// The edits, all in `path`.
    pub edits: Vec<Edit>,
    /// Whether the change is committed to the base branch or proposed.
    pub mode: Mode,
}

impl Change {
    /// Returns what changes: `major`, `minor` or `patch` of a version, the `digest` alone, or `other`.
    pub fn bump(&self) -> &'static str {
        bump(&self.from, &self.to)
    }
}

/// Returns what differs between two references to an image: see [`Change::bump`].
pub fn bump(from: &ImageReference, to: &ImageReference) -> &'static str {
    match (from.tag(), to.tag()) {
        (Some(from), Some(to)) if from == to => "digest",
        (Some(from), Some(to)) => Bump::between(from.as_str(), to.as_str()).map_or("other", Bump::as_str),
        _ => "other",
    }
}

/// Returns ` (major)` for another major version, which a person should look at, and nothing for other [changes](Change::bump).
pub fn major_mark(bump: &str) -> &'static str {
    if bump == Bump::Major.as_str() { " (major)" } else { "" }
}

/// Identifies the changes of a run that share a commit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupId {
    /// The direct commit to the base branch.
    Base,
    /// A pull request, by the name that the group template gives.
    Named(String),
}

/// Identifies the subject of an action; unique among the actions of a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActionId {
    /// A group of changes.
    Group(GroupId),
    /// The changes of a group that a person declined by closing the pull request with this number.
    Declined(GroupId, u64),
    /// An open pull request that belongs to no group, by its number.
    PullRequest(u64),
    /// A branch without a pull request.
    Branch(BranchName),
}

/// Changes that share a commit, and usually a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The group; unique among the drafts of a run.
    pub group: GroupId,
    /// The branch: the base for [`GroupId::Base`], or a function of the group's name.
    pub branch: BranchName,
    /// The changes, ordered by path and position. Never empty.
    pub changes: Vec<Change>,
}

impl Draft {
    /// Returns the name of the group for texts and records; for a direct commit, the base branch.
    pub fn name(&self) -> &str {
        match &self.group {
            GroupId::Base => self.branch.as_str(),
            GroupId::Named(name) => name,
        }
    }
}

/// A desired pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The branch with the changes.
    pub branch: BranchName,
    /// The branch to merge into.
    pub base: BranchName,
    /// The changes, ordered by path and position. Never empty.
    pub changes: Vec<Change>,
    /// The new contents of every file that changes, by path.
    pub files: BTreeMap<Arc<str>, Vec<u8>>,
    /// The whole commit message.
    pub message: String,
    /// The title of the pull request.
    pub title: String,
    /// The body of the pull request, with the hidden record for the next run at its end.
    pub body: String,
    /// Labels, people and merge settings.
    pub extras: Extras,
}

/// Labels, people and merge settings of a pull request, from the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extras {
    /// Labels and people to add.
    pub metadata: Metadata,
    /// Whether it is opened as a draft.
    pub draft: bool,
    /// The merge method of auto-merge; `None` to leave auto-merge off.
    pub auto_merge: Option<MergeMethod>,
}

#[cfg(test)]
impl Change {
    /// Returns a change of the only image in a file, for tests.
    pub(super) fn example(path: &str, from: &str, to: &str) -> Self {
        let reference = |text| ImageReference::new(text).unwrap();
        Self {
            occurrence: OccurrenceId { path: path.into(), index: 0 },
            path: path.into(),
            position: Position { line: 14, column: 9 },
            field: "spec.image".into(),
            from: reference(from),
            to: reference(to),
            digest_of: None,
            policy: "release".into(),
            reason: "newest in >=1.0 <3".into(),
            is_given: false,
            edits: vec![],
            mode: Mode::PullRequest,
        }
    }
}
