//! Settings of the operator that are not in a file: the flags of one run.

use super::config::{Config, MergeMethod};
use crate::refname::BranchName;

/// Values that win over those of every file. An empty list or `None` changes nothing.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// The base branch.
    pub base: Option<BranchName>,
    /// Labels of pull requests.
    pub labels: Vec<String>,
    /// Users who are requested as reviewers.
    pub reviewers: Vec<String>,
    /// How the forge merges pull requests automatically.
    pub auto_merge: Option<MergeMethod>,
}

impl Config {
    /// Returns this configuration with the overriding values.
    #[must_use]
    pub fn with(mut self, overrides: &Overrides) -> Self {
        let Overrides { base, labels, reviewers, auto_merge } = overrides;
        self.git.base = base.clone().or(self.git.base);
        let pull_requests = &mut self.pull_requests;
        for (given, configured) in [(labels, &mut pull_requests.labels), (reviewers, &mut pull_requests.reviewers)] {
            if !given.is_empty() {
                configured.clone_from(given);
            }
        }
        pull_requests.auto_merge = auto_merge.or(pull_requests.auto_merge);
        self
    }
}
