//! Facts that policies need and no registry has: references elsewhere in the repository, and histories of clones. Each
//! history is read once.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::git;
use crate::govern::{Listed, Selection, Status};
use crate::image::{ImageName, ImageReference};
use crate::manifest::{Finding, Occurrence};
use crate::policy::reason::Unknown;
use crate::policy::{ExternalFacts, ExternalNeed, History};
use crate::text::chain;

/// The source of external facts.
pub(super) struct FactSource<'a> {
    /// All findings; `None` if no manifests were read.
    listed: Option<&'a [Listed]>,
    /// The folder that paths of clones are relative to.
    folder: &'a Path,
    histories: Mutex<HashMap<String, ExternalFacts>>,
}

impl<'a> FactSource<'a> {
    /// Creates the source from all findings of a repository, if it was read, and the folder of the configuration.
    pub(super) fn new(listed: Option<&'a [Listed]>, folder: &'a Path) -> Self {
        Self { listed, folder, histories: Mutex::default() }
    }

    /// Returns the external facts that a policy needs for an image with these occurrences.
    pub(super) fn of(&self, selection: &Selection, name: &ImageName, occurrences: &[Arc<Occurrence>]) -> ExternalFacts {
        match selection.entry.policy.external_need() {
            None => ExternalFacts::NotNeeded,
            Some(ExternalNeed::History { clone, branch }) => self.history(clone, branch),
            Some(ExternalNeed::References(paths)) => match self.listed {
                Some(listed) => {
                    let is_followed = |path: &str| paths.is_match(path);
                    ExternalFacts::References(references(listed, selection, name, occurrences, is_followed))
                }
                None => ExternalFacts::Failed(Unknown::NoManifests),
            },
        }
    }

    fn history(&self, clone: &str, branch: Option<&str>) -> ExternalFacts {
        let name = branch.map_or_else(|| clone.to_owned(), |branch| format!("{branch} of {clone}"));
        let mut histories = self.histories.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || match git::first_parents(&self.folder.join(clone), branch) {
            Ok(read) => {
                let commits: Vec<&str> = read.commits.iter().map(crate::refname::CommitId::as_str).collect();
                ExternalFacts::History(Arc::new(History::new(name.clone(), &commits, read.shallow)))
            }
            Err(error) => ExternalFacts::Failed(Unknown::HistoryFailed {
                history: name.as_str().into(),
                error: chain(&error).into(),
            }),
        };
        histories.entry(name.clone()).or_insert_with(read).clone()
    }
}

/// Returns the references to the same image in the files that a policy follows, except those under the same policy.
fn references(
    listed: &[Listed],
    selection: &Selection,
    name: &ImageName,
    occurrences: &[Arc<Occurrence>],
    is_followed: impl Fn(&str) -> bool,
) -> Vec<(ImageReference, String)> {
    let found = listed.iter().filter_map(|one| {
        let Finding::Occurrence(found) = &one.finding else { return None };
        let is_follower = matches!(&one.status, Status::Managed(other) if Arc::ptr_eq(&other.entry, &selection.entry));
        let matches = found.reference.name() == name && is_followed(&found.place.path);
        let location = format!("{}:{}", found.place.path, found.place.position.line);
        let is_own = occurrences.iter().any(|own| Arc::ptr_eq(own, found));
        (matches && !is_follower && !is_own).then(|| (found.reference.clone(), location))
    });
    found.collect()
}
