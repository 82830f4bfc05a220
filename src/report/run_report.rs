//! The result of `tagboat plan`, `run` and `edit`: changes, pull requests, and what was held or failed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::docs::Hint;
use crate::image::ImageReference;
use crate::plan::{Change, CloseReason, LeaveReason};

use super::explanation::timestamp;
use super::image_row::ImageRow;
use super::subject::Subject;

/// The result of one run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RunReport {
    /// The run that this is the result of.
    pub about: RunOrigin,
    /// Every image in the scope of the run, with its status.
    pub images: Vec<ImageRow>,
    /// References that change, or would.
    pub changes: Vec<ChangeRow>,
    /// References that an open pull request changes already: nothing has to be written for them.
    pub already_proposed: Vec<ChangeRow>,
    /// Pull requests, with what was done about each, or would be.
    pub proposals: Vec<ProposalRow>,
    /// References that need a person.
    pub held: Vec<HeldRow>,
    /// What failed. Everything else was done.
    pub failed: Vec<FailureRow>,
    /// Requests that were sent.
    pub requests: RequestCounts,
    /// Whether this was a dry run, which writes nothing.
    pub dry_run: bool,
    /// How many references are already at the version that their policy chooses, or that a person keeps by declining the change.
    pub up_to_date: usize,
    /// The edits, file by file. Scripts have them in `changes`.
    #[serde(skip)]
    pub files: Vec<FileChange>,
}

impl RunReport {
    /// Whether something was proposed or edited, or would be. An open pull request that is up to date does not count: it
    /// needs a person.
    pub fn has_changes(&self) -> bool {
        use ProposalAction::{Close, Commit, Delete, Open, Update};
        let acts = |proposal: &ProposalRow| matches!(proposal.action, Commit | Open | Update | Close | Delete);
        self.proposals.iter().any(acts) || (self.proposals.is_empty() && !self.changes.is_empty())
    }

    /// Returns the failures that no image shows. A failure of an image, or of the group that its change belongs to, is the
    /// reason in that image's row.
    pub fn failures_beyond_images(&self) -> impl Iterator<Item = &FailureRow> {
        let shown: BTreeSet<_> = self.images.iter().filter_map(|row| row.failure.as_ref()).collect();
        self.failed.iter().filter(move |failed| !shown.contains(&failed.subject))
    }

    /// Returns the held values that no image shows: files that cannot be read, values without an image name, and comments
    /// that keep an old tag beside an image that is updated.
    pub fn held_beyond_images(&self) -> impl Iterator<Item = &HeldRow> {
        self.held.iter().filter(|held| !held.has_image_row)
    }

    /// Returns the images that are up to date and that a person should look at.
    pub fn remarkable_images(&self) -> impl Iterator<Item = &ImageRow> {
        self.images.iter().filter(|row| row.is_remarkable)
    }

    /// Returns the pull requests by branch, which is the key in the rows of images. Of several on a branch, it is the first:
    /// the others are duplicates that are closed.
    pub fn proposals_by_branch(&self) -> BTreeMap<&str, &ProposalRow> {
        self.proposals.iter().rev().map(|proposal| (proposal.branch.as_str(), proposal)).collect()
    }
}

/// The run that a report belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RunOrigin {
    /// The URL of the repository.
    pub repository: Option<String>,
    /// The base branch of the pull requests.
    pub base: Option<String>,
    /// The URL of the CI job.
    pub run_url: Option<String>,
    /// When the run read the base branch; ages are relative to this time.
    #[serde(serialize_with = "timestamp")]
    pub at: Option<Timestamp>,
}

/// One reference that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ChangeRow {
    /// The file, from the root of the repository.
    pub path: String,
    /// The line in it, from 1.
    pub line: usize,
    /// The path of the field, such as `spec.containers[0].image`.
    pub field: String,
    /// The normalized name of the image.
    pub name: String,
    /// The current tag, digest or both.
    pub from: String,
    /// The new tag, digest or both.
    pub to: String,
    /// What changes: `major`, `minor` or `patch` of a version, the `digest` alone, or `other`.
    pub bump: &'static str,
    /// The policy that chose it.
    pub policy: String,
    /// The reason for the choice.
    pub reason: String,
}

impl ChangeRow {
    /// Returns the row of a planned change.
    pub fn new(change: &Change) -> Self {
        Self {
            path: change.path.to_string(),
            line: change.position.line,
            field: change.field.clone(),
            name: change.to.name().to_string(),
            from: version(&change.from),
            to: version(&change.to),
            bump: change.bump(),
            policy: change.policy.clone(),
            reason: change.reason.clone(),
        }
    }
}

/// Returns a reference without its name: `1.4.2`, `1.4.2@sha256:…`, `sha256:…`, or an empty text.
pub fn version(reference: &ImageReference) -> String {
    match (reference.tag(), reference.digest()) {
        (Some(tag), Some(digest)) => format!("{tag}@{digest}"),
        (Some(tag), None) => tag.to_string(),
        (None, Some(digest)) => digest.to_string(),
        (None, None) => String::new(),
    }
}

/// One pull request, or the direct commit, with what was done about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ProposalRow {
    /// The head branch.
    pub branch: String,
    /// The title of the pull request.
    pub title: String,
    /// The number, if the pull request exists.
    pub number: Option<u64>,
    /// The commit at the head of the branch, if the forge or the push reported it; of a direct commit, itself.
    pub head: Option<String>,
    /// What was done, or would be.
    pub action: ProposalAction,
    /// The web address, if the pull request exists.
    pub url: Option<String>,
    /// Why the pull request was closed or left alone.
    #[serde(serialize_with = "text")]
    pub reason: Option<ProposalReason>,
    /// What to do next.
    pub hint: Option<Hint>,
}

/// Why a pull request was closed or left alone, or a branch deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProposalReason {
    /// An earlier run left the branch behind.
    LeftBehind,
    /// It was closed.
    Close(CloseReason),
    /// It was left alone.
    Leave(LeaveReason),
}

impl fmt::Display for ProposalReason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeftBehind => out.write_str("an interrupted run left this branch behind"),
            Self::Close(reason) => reason.fmt(out),
            Self::Leave(reason) => reason.fmt(out),
        }
    }
}

/// Serializes the text of a reason, or null.
fn text<S: Serializer>(reason: &Option<ProposalReason>, serializer: S) -> Result<S::Ok, S::Error> {
    reason.as_ref().map(ToString::to_string).serialize(serializer)
}

/// What was done about a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProposalAction {
    /// The changes were committed directly to the base branch.
    Commit,
    /// A pull request was opened.
    Open,
    /// The branch, title, body or reviewers of an open pull request were updated.
    Update,
    /// The open pull request was already up to date.
    Unchanged,
    /// The pull request was closed because it is obsolete.
    Close,
    /// A branch without a pull request, which an earlier run left behind, was deleted.
    Delete,
    /// The pull request was left alone, for a reason.
    Leave,
}

impl ProposalAction {
    /// All actions, in the order in which a summary counts them.
    pub const ALL: [Self; 7] =
        [Self::Commit, Self::Open, Self::Update, Self::Unchanged, Self::Close, Self::Delete, Self::Leave];

    /// Returns the words that people read: in the past tense, or as a plan.
    pub fn label(self, dry_run: bool) -> &'static str {
        match (self, dry_run) {
            (Self::Commit, false) => "committed",
            (Self::Commit, true) => "would commit",
            (Self::Open, false) => "opened",
            (Self::Open, true) => "would open",
            (Self::Update, false) => "updated",
            (Self::Update, true) => "would update",
            (Self::Unchanged, _) => "unchanged",
            (Self::Close, false) => "closed",
            (Self::Close, true) => "would close",
            (Self::Delete, false) => "deleted",
            (Self::Delete, true) => "would delete",
            (Self::Leave, _) => "left alone",
        }
    }
}

/// A place that needs a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct HeldRow {
    /// The file, from the root of the repository.
    pub path: String,
    /// The line in it, from 1.
    pub line: usize,
    /// The normalized name of the image, if it could be read.
    pub name: Option<String>,
    /// The value as written.
    pub value: String,
    /// Why it is held.
    pub reason: String,
    /// What to do next.
    pub hint: Option<Hint>,
    /// Whether the row of an image shows it as well.
    #[serde(skip)]
    pub has_image_row: bool,
}

impl HeldRow {
    /// Returns the place as `path:line`.
    pub fn location(&self) -> String {
        format!("{}:{}", self.path, self.line)
    }
}

/// Something that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct FailureRow {
    /// What failed.
    #[serde(flatten)]
    pub subject: Subject,
    /// The registry of the image, if its lookup failed.
    pub host: Option<String>,
    /// The cause that it shares with other images of the registry, if the failure is not about this one.
    #[serde(skip)]
    pub cause: Option<SharedCause>,
    /// Why, with all causes.
    pub reason: String,
    /// What to do next.
    pub hint: Option<Hint>,
    /// The occurrences of the image, as `path:line`.
    pub locations: Vec<String>,
}

/// Why all images of a registry fail, in words that name none of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SharedCause {
    /// What the failures have in common, though their reasons differ.
    pub key: String,
    /// The reason.
    pub text: String,
}

/// Requests that were sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RequestCounts {
    /// To registries, without those for tokens.
    pub registry: u64,
    /// For tokens of registries.
    pub token: u64,
    /// To the forge.
    pub forge: u64,
}

impl RequestCounts {
    /// Returns the number of all requests.
    pub fn total(self) -> u64 {
        self.registry + self.token + self.forge
    }
}

/// A file before and after its edits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// The file, from the root of the repository.
    pub path: String,
    /// Its bytes before.
    pub before: Vec<u8>,
    /// Its bytes after.
    pub after: Vec<u8>,
}
