//! Reasons to leave a pull request alone or to close it: data for scripts and tests, with one text for people.

use std::fmt;

use crate::docs::{Hint, hint};
use crate::refname::BranchName;
use crate::text::count_of;

/// Why a run leaves a group or an open pull request alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaveReason {
    /// A person closed a pull request with the same changes.
    Declined {
        /// The number of that pull request.
        number: u64,
    },
    /// The pull request has a label that holds it.
    HoldLabel(String),
    /// The check box that holds the pull request is ticked.
    HoldCheckBox,
    /// A lookup failed for an image that the pull request changes.
    Unknown {
        /// The normalized name of the image.
        image: String,
    },
    /// The run was limited to other images or files.
    OutOfScope,
    /// The description has no record, so a person may have opened the pull request.
    NoRecord,
    /// Its base is not the one that Tagboat chose, so a person changed it.
    Retargeted {
        /// The base that it has now.
        base: BranchName,
    },
    /// It is a proposal for another base, which this run does not cover.
    OtherBase {
        /// The base in its record.
        base: BranchName,
    },
    /// The head of the branch is not a commit by Tagboat.
    ForeignCommit {
        /// The author of that commit.
        author: String,
    },
    /// The schedule allows no changes now.
    OutsideSchedule {
        /// When it allows them again, for people.
        opens: String,
    },
    /// The number of open pull requests is at its limit.
    MaxOpen {
        /// How many are open.
        open: usize,
        /// How many may be.
        limit: usize,
    },
    /// The number of pull requests that this run opened is at its limit.
    MaxPerRun(usize),
}

impl fmt::Display for LeaveReason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Declined { number } => {
                write!(
                    out,
                    "#{number} proposed the same versions and was closed unmerged; a newer version is proposed again"
                )
            }
            Self::HoldLabel(label) => write!(out, "held by the label {label}"),
            Self::HoldCheckBox => out.write_str("held by the check box in its description"),
            Self::Unknown { image } => write!(out, "could not look up {image}, which this pull request changes"),
            Self::OutOfScope => out.write_str("outside the scope of this run"),
            Self::NoRecord => out.write_str("no Tagboat record in the description; a person may have opened it"),
            Self::Retargeted { base } => write!(out, "a person changed its base to {base}"),
            Self::OtherBase { base } => write!(out, "it proposes changes to {base}, and this run has another base"),
            Self::ForeignCommit { author } => write!(out, "commit by {author} on this branch"),
            Self::OutsideSchedule { opens } => write!(out, "outside `pull-requests.schedule`, which opens {opens}"),
            Self::MaxOpen { open, limit } => {
                let (count, verb) = (count_of(*open, "pull request"), if *open == 1 { "is" } else { "are" });
                write!(out, "{count} {verb} open, and `pull-requests.max-open` is {limit}")
            }
            Self::MaxPerRun(limit) => {
                write!(
                    out,
                    "this run opened {}, the limit of `pull-requests.max-per-run`",
                    count_of(*limit, "pull request")
                )
            }
        }
    }
}

impl LeaveReason {
    /// Returns what a person can do next.
    pub fn hint(&self, branch: &BranchName) -> Option<Hint> {
        match self {
            Self::ForeignCommit { .. } => Some(hint!(
                "troubleshooting.md#someone-elses-commit",
                "merge or delete {branch}, or tick \"Recreate this branch\" in the description"
            )),
            Self::NoRecord => Some(hint!(
                "pull-requests.md#whose-pull-request",
                "close it, or give its branch {branch} another name, if Tagboat should propose changes there"
            )),
            Self::Retargeted { .. } => {
                Some(hint!("pull-requests.md#whose-pull-request", "merge it, close it, or change its base back"))
            }
            Self::OtherBase { base } => Some(hint!(
                "pull-requests.md#whose-pull-request",
                "update it with `tagboat run --base {base}`, or close it"
            )),
            _ => None,
        }
    }
}

/// Why a run closes an open pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// The policy no longer selects what it proposes, or the base branch already has it.
    Superseded,
    /// A person closed an earlier pull request with the same changes.
    Declined {
        /// The number of that pull request.
        number: u64,
    },
    /// An older pull request is open for the same branch.
    Duplicate {
        /// The number of that pull request.
        of: u64,
    },
}

impl fmt::Display for CloseReason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Superseded => out
                .write_str("superseded: the policy no longer selects this version, or the base branch already has it"),
            Self::Declined { number } => {
                write!(out, "declined: #{number} proposed the same versions and was closed unmerged")
            }
            Self::Duplicate { of } => write!(out, "duplicate: #{of} is open for the same branch"),
        }
    }
}

impl CloseReason {
    /// Returns the comment that the closed pull request gets.
    pub fn comment(&self) -> String {
        let text = self.to_string();
        let (first, rest) = text.split_at(1);
        format!("{}{rest}", first.to_ascii_uppercase())
    }
}
