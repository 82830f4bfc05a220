//! The order of the commits on one branch, and lookup of a commit by an abbreviated id. The ids come from the caller.

use std::fmt;

/// Commits of a branch, in the order of their first-parent history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    name: String,
    /// Sorted by id; the greater the place, the newer.
    commits: Vec<(Box<str>, u32)>,
    shallow: bool,
}

/// The result of the lookup of an abbreviated id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CommitLookup {
    /// No commit has this prefix.
    Nothing,
    /// One commit has it, at this place.
    At(u32),
    /// Several commits have it.
    Several,
}

impl History {
    /// Creates a history. `name` is for messages: `main of ../api`. `newest_first` are full ids in hex. A shallow history
    /// lacks its oldest commits.
    pub fn new<S: AsRef<str>>(name: impl Into<String>, newest_first: &[S], shallow: bool) -> Self {
        let places = (0..u32::try_from(newest_first.len()).unwrap_or(u32::MAX)).rev();
        let mut commits: Vec<(Box<str>, u32)> =
            newest_first.iter().zip(places).map(|(id, place)| (id.as_ref().into(), place)).collect();
        commits.sort_unstable();
        Self { name: name.into(), commits, shallow }
    }

    /// Finds a commit by the first digits of its id, in lower case.
    pub(super) fn find(&self, abbreviated: &str) -> CommitLookup {
        let from = self.commits.partition_point(|(id, _)| **id < *abbreviated);
        let mut alike = self.commits[from..].iter().take_while(|(id, _)| id.starts_with(abbreviated));
        match (alike.next(), alike.next()) {
            (None, _) => CommitLookup::Nothing,
            (Some((_, place)), None) => CommitLookup::At(*place),
            (Some(_), Some(_)) => CommitLookup::Several,
        }
    }

    /// Returns whether the oldest commits are missing.
    pub(super) fn is_shallow(&self) -> bool {
        self.shallow
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
