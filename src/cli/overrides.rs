//! Flags that override the configuration for one run.

use crate::config::{Overrides, Patterns};
use crate::docs::hint;
use crate::error::Error;
use crate::refname::BranchName;

use super::args::{BaseOption, ChangeOptions, Job};

impl ChangeOptions {
    /// Returns the files in the scope of the run; `None` for all files.
    pub(super) fn paths(&self) -> Result<Option<Patterns>, Error> {
        if self.paths.is_empty() {
            return Ok(None);
        }
        let globs = Patterns::of_paths(&self.paths);
        globs.map(Some).map_err(|error| {
            let hint = hint!("command-line.md#select-images", "{}", error.hint());
            Error::usage(format!("invalid value for --path: {error}"), hint)
        })
    }
}

impl BaseOption {
    /// Returns the branch.
    fn branch(&self) -> Result<Option<BranchName>, Error> {
        let read = |base: &String| {
            BranchName::new(base).map_err(|error| {
                let hint =
                    hint!("command-line.md#where-the-manifests-are", "write the name of a branch, as in `--base main`");
                Error::usage(format!("invalid value for --base: {error}"), hint)
            })
        };
        self.name.as_ref().map(read).transpose()
    }

    /// Returns the settings that the option overrides.
    pub(super) fn overrides(&self) -> Result<Overrides, Error> {
        Ok(Overrides { base: self.branch()?, ..Overrides::default() })
    }
}

impl Job {
    /// Returns the settings that the flags override.
    pub(super) fn overrides(&self) -> Result<Overrides, Error> {
        Ok(Overrides {
            base: self.base.branch()?,
            labels: self.labels.clone(),
            reviewers: self.reviewers.clone(),
            auto_merge: self.auto_merge,
        })
    }
}
