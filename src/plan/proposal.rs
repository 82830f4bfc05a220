//! What should be: a group of changes, and the pull request that it becomes. Pure data.

use std::collections::BTreeMap;
use std::sync::Arc;

pub use crate::config::MergeMethod;
use crate::config::Mode;
use crate::image::ImageReference;
use crate::manifest::Edit;
use crate::refname::BranchName;
use crate::text::Position;

/// One reference that is to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The file, from the repository's root.
    pub path: Arc<str>,
    /// Where in it.
    pub position: Position,
    /// The YAML route.
    pub field: String,
    /// What stands there.
    pub from: ImageReference,
    /// What will stand there.
    pub to: ImageReference,
    /// The policy, as written.
    pub policy: String,
    /// Why this tag.
    pub reason: String,
    /// The bytes to change, all in `path`.
    pub edits: Vec<Edit>,
    /// How it gets into the repository.
    pub mode: Mode,
}

/// Changes that share a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What the changes have in common; unique among the drafts of a run.
    pub group: String,
    /// The branch that holds them: a function of the group alone.
    pub branch: BranchName,
    /// What changes, ordered by path and position. Never empty.
    pub changes: Vec<Change>,
}

/// A pull request as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// What the changes have in common; unique among the proposals of a run.
    pub group: String,
    /// The branch that holds them.
    pub branch: BranchName,
    /// The branch it is to be merged into.
    pub base: BranchName,
    /// What changes, ordered by path and position. Never empty.
    pub changes: Vec<Change>,
    /// The new contents of every file that changes, by path.
    pub files: BTreeMap<Arc<str>, Vec<u8>>,
    /// The whole commit message.
    pub message: String,
    /// The pull request's title.
    pub title: String,
    /// The pull request's body, with the hidden record for the next run at its end.
    pub body: String,
    /// Who and what the pull request gets besides.
    pub extras: Extras,
}

/// Labels and people of a pull request, from the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extras {
    /// Labels to have.
    pub labels: Vec<String>,
    /// People to ask for a review.
    pub reviewers: Vec<String>,
    /// Teams to ask for a review, where the forge knows teams.
    pub team_reviewers: Vec<String>,
    /// People to assign.
    pub assignees: Vec<String>,
    /// Whether it is opened as a draft.
    pub draft: bool,
    /// How the forge is to merge it by itself, where it is.
    pub auto_merge: Option<MergeMethod>,
}
