//! What `tagboat plan`, `run` and `edit` say: what changes, what became of every pull request, what is left and why.

use jiff::Timestamp;
use serde::Serialize;

use crate::image::ImageReference;
use crate::plan::Change;

use super::explanation::timestamp;
use super::image_row::ImageRow;

/// The result of one run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RunReport {
    /// Of which run this is the result.
    pub about: About,
    /// Every image that was looked at, and where it stands.
    pub images: Vec<ImageRow>,
    /// References that change, or would.
    pub changes: Vec<Changed>,
    /// References that an open pull request changes already: nothing has to be written for them.
    pub waiting: Vec<Changed>,
    /// Pull requests, and what was done about each, or would be.
    pub proposals: Vec<Proposed>,
    /// What a person should look at: it could not be governed or decided.
    pub held: Vec<Held>,
    /// What went wrong; the rest was done all the same.
    pub failed: Vec<Failed>,
    /// Requests that were sent.
    pub requests: RequestCounts,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// How many references stand at the newest tag that their policy allows.
    pub up_to_date: usize,
    /// The edits, file by file. Scripts have them in `changes`.
    #[serde(skip)]
    pub files: Vec<FileChange>,
}

impl RunReport {
    /// Whether something was proposed or edited, or would be. A pull request that is as it should be is not pending
    /// here: it waits for people.
    pub fn pending(&self) -> bool {
        let acted =
            |proposed: &Proposed| matches!(proposed.action, Done::Commit | Done::Open | Done::Update | Done::Close);
        self.proposals.iter().any(acted) || (self.proposals.is_empty() && !self.changes.is_empty())
    }
}

/// Of which run a report tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct About {
    /// The repository, as git names it.
    pub repository: Option<String>,
    /// The branch that pull requests are for.
    pub base: Option<String>,
    /// Where people see the run.
    pub run_url: Option<String>,
    /// When it looked; ages are counted from here.
    #[serde(serialize_with = "timestamp")]
    pub at: Option<Timestamp>,
}

/// One reference that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Changed {
    /// The file.
    pub path: String,
    /// The line in it, from 1.
    pub line: usize,
    /// The YAML route.
    pub field: String,
    /// The normalised name of the image.
    pub name: String,
    /// Tag, digest or both, as they stand there.
    pub from: String,
    /// Tag, digest or both, as they will.
    pub to: String,
    /// The policy.
    pub policy: String,
    /// Why this tag.
    pub reason: String,
}

impl Changed {
    /// Whether another change differs only in its place.
    pub fn is_like(&self, other: &Self) -> bool {
        Self { path: self.path.clone(), line: self.line, field: self.field.clone(), ..other.clone() } == *self
    }

    /// What there is to say about a change.
    pub fn new(change: &Change) -> Self {
        Self {
            path: change.path.to_string(),
            line: change.position.line,
            field: change.field.clone(),
            name: change.to.name().to_string(),
            from: version(&change.from),
            to: version(&change.to),
            policy: change.policy.clone(),
            reason: change.reason.clone(),
        }
    }
}

/// A reference without its name: `1.4.2`, `1.4.2@sha256:…`, `sha256:…`, or nothing.
pub fn version(reference: &ImageReference) -> String {
    match (reference.tag(), reference.digest()) {
        (Some(tag), Some(digest)) => format!("{tag}@{digest}"),
        (Some(tag), None) => tag.to_string(),
        (None, Some(digest)) => digest.to_string(),
        (None, None) => String::new(),
    }
}

/// One pull request, and what was done about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Proposed {
    /// Its branch.
    pub branch: String,
    /// Its title.
    pub title: String,
    /// Its number, once there is one.
    pub number: Option<u64>,
    /// What its branch points at, where the forge or the push told.
    pub head: Option<String>,
    /// What was done, or would be.
    pub action: Done,
    /// Where people see it, once there is one.
    pub url: Option<String>,
    /// Why it was closed or left alone.
    pub why: Option<String>,
}

/// What was done about a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Done {
    /// There is none: the changes went straight to the base branch.
    Commit,
    /// There was none.
    Open,
    /// Its branch, title, body or people were brought up to date.
    Update,
    /// It is as it should be.
    Unchanged,
    /// Nothing called for it any more.
    Close,
    /// It stays as it is, for a reason.
    Leave,
}

impl Done {
    /// For people, in the past or as a plan.
    pub fn word(self, dry_run: bool) -> &'static str {
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
            (Self::Leave, _) => "left alone",
        }
    }
}

/// A place that a person should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Held {
    /// The file.
    pub path: String,
    /// The line in it, from 1.
    pub line: usize,
    /// The normalised name of the image, where it could be read.
    pub name: Option<String>,
    /// What stands there.
    pub value: String,
    /// Why it is held.
    pub reason: String,
}

/// Something that went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Failed {
    /// The image, branch or file that it is about.
    pub what: String,
    /// Why, causes included.
    pub reason: String,
    /// What to do next.
    pub hint: Option<String>,
    /// Where the image stands: `path:line`.
    pub places: Vec<String>,
}

/// Requests that were sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RequestCounts {
    /// To registries, without those for tokens.
    pub registry: u64,
    /// For tokens.
    pub token: u64,
    /// To the forge.
    pub forge: u64,
}

/// A file before and after its edits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// From the root of the repository.
    pub path: String,
    /// Its bytes before.
    pub before: Vec<u8>,
    /// Its bytes after.
    pub after: Vec<u8>,
}
