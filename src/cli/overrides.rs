//! What the command line says over the configuration, for this run.

use crate::config::{Config, MergeMethod, Patterns};
use crate::error::Error;
use crate::refname::BranchName;

use super::args::Job;

impl Job {
    /// The files that the run is about; `None` for all.
    pub(super) fn paths(&self) -> Result<Option<Patterns>, Error> {
        if self.paths.is_empty() {
            return Ok(None);
        }
        let globs = Patterns::of_paths(&self.paths);
        globs.map(Some).map_err(|error| Error::usage(format!("--path: {error}")).hint(Some(error.hint())))
    }

    /// Puts into the configuration what was given here instead.
    pub(super) fn apply(&self, config: &mut Config) -> Result<(), Error> {
        if let Some(base) = &self.base {
            let base = BranchName::new(base).map_err(|error| Error::usage(format!("--base: {error}")))?;
            config.git.base = Some(base);
        }
        let wanted = &mut config.pull_requests;
        for (given, written) in [(&self.labels, &mut wanted.labels), (&self.reviewers, &mut wanted.reviewers)] {
            if !given.is_empty() {
                written.clone_from(given);
            }
        }
        let how = MergeMethod::ALL.iter().find(|(word, _)| self.auto_merge.as_deref() == Some(word));
        wanted.auto_merge = how.map(|(_, method)| *method).or(wanted.auto_merge);
        Ok(())
    }
}
