//! What `tagboat check` says: does everything that a run needs answer, with these credentials.

use serde::Serialize;

/// Everything that was checked, in the order in which a run needs it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Checks {
    /// One row a thing.
    pub checks: Vec<Check>,
}

/// One thing that a run needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Check {
    /// `configuration`, `git`, `forge`, or the host of a registry.
    pub what: String,
    /// Whether it answers as it should.
    pub works: bool,
    /// What it answers, or why it doesn't.
    pub says: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl Checks {
    /// Whether all of it works.
    pub fn all_work(&self) -> bool {
        self.checks.iter().all(|check| check.works)
    }
}
