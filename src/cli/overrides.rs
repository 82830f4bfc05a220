//! Flags that override the configuration for one run.

use crate::config::{Overrides, Patterns};
use crate::error::Error;
use crate::refname::BranchName;

use super::args::{ChangeOptions, Job};

impl ChangeOptions {
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
    /// Returns the settings that the flags override.
    pub(super) fn overrides(&self) -> Result<Overrides, Error> {
        let read = |base: &String| {
            BranchName::new(base).map_err(|error| Error::usage(format!("invalid value for --base: {error}")))
        };
        Ok(Overrides {
            base: self.base.as_ref().map(read).transpose()?,
            labels: self.labels.clone(),
            reviewers: self.reviewers.clone(),
            auto_merge: self.auto_merge,
        })
    }
}
