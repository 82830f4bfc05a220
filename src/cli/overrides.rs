//! Flags that override the configuration for one run.

use crate::config::{Config, MergeMethod, Patterns};
use crate::error::Error;
use crate::refname::BranchName;

use super::args::{Changes, Job};

impl Changes {
    /// Returns the files in the scope of the run; `None` for all files.
    pub(super) fn paths(&self) -> Result<Option<Patterns>, Error> {
        if self.paths.is_empty() {
            return Ok(None);
        }
        let globs = Patterns::of_paths(&self.paths);
        globs
            .map(Some)
            .map_err(|error| Error::usage(format!("invalid value for --path: {error}")).hint(Some(error.hint())))
    }
}

impl Job {
    /// Returns the base branch that `--base` names.
    pub(super) fn base(&self) -> Result<Option<BranchName>, Error> {
        let read = |base: &String| {
            BranchName::new(base).map_err(|error| Error::usage(format!("invalid value for --base: {error}")))
        };
        self.base.as_ref().map(read).transpose()
    }

    /// Replaces values of the configuration with the given flags.
    pub(super) fn apply(&self, config: &mut Config) -> Result<(), Error> {
        if let Some(base) = self.base()? {
            config.git.base = Some(base);
        }
        let pull_requests = &mut config.pull_requests;
        for (given, configured) in
            [(&self.labels, &mut pull_requests.labels), (&self.reviewers, &mut pull_requests.reviewers)]
        {
            if !given.is_empty() {
                configured.clone_from(given);
            }
        }
        let method = MergeMethod::ALL.iter().find(|(name, _)| self.auto_merge.as_deref() == Some(name));
        pull_requests.auto_merge = method.map(|(_, method)| *method).or(pull_requests.auto_merge);
        Ok(())
    }
}
