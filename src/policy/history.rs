//! The order of the commits of one line of history, and finding a commit in it by what a tag tells of its id. Knows no
//! git: the ids come from whoever has a clone.

use std::fmt;

/// Commits in the order in which a branch took them in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    name: String,
    /// By id; the greater the place, the newer.
    commits: Vec<(Box<str>, u32)>,
    shallow: bool,
}

/// What an abbreviated id comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// No commit of this history starts so.
    Nothing,
    /// One does, at this place.
    At(u32),
    /// Several do.
    Several,
}

impl History {
    /// `name` is what people call it: `main of ../api`. `newest_first` are full ids in hex. A shallow history is cut off
    /// at its old end.
    pub fn new<S: AsRef<str>>(name: impl Into<String>, newest_first: &[S], shallow: bool) -> Self {
        let places = (0..u32::try_from(newest_first.len()).unwrap_or(u32::MAX)).rev();
        let mut commits: Vec<(Box<str>, u32)> =
            newest_first.iter().zip(places).map(|(id, place)| (id.as_ref().into(), place)).collect();
        commits.sort_unstable();
        Self { name: name.into(), commits, shallow }
    }

    /// Finds a commit by the first digits of its id, in lower case.
    pub(super) fn find(&self, abbreviated: &str) -> Found {
        let from = self.commits.partition_point(|(id, _)| **id < *abbreviated);
        let mut alike = self.commits[from..].iter().take_while(|(id, _)| id.starts_with(abbreviated));
        match (alike.next(), alike.next()) {
            (None, _) => Found::Nothing,
            (Some((_, place)), None) => Found::At(*place),
            (Some(_), Some(_)) => Found::Several,
        }
    }

    /// What to do where a commit that should be there is not.
    pub(super) fn remedy(&self) -> &'static str {
        if self.shallow { "the clone is shallow: git fetch --unshallow" } else { "is the clone up to date?" }
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
