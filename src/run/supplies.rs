//! Supplies policies with what they go by beyond tags and registries: other places of the repository, and the histories of
//! clones, each of which is read once.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::chain;
use crate::git;
use crate::govern::{Listed, Selection, Status};
use crate::image::ImageName;
use crate::manifest::Finding;
use crate::policy::reason::Unknown;
use crate::policy::{ExternalFacts, ExternalNeed, History};

/// Where supplies come from.
pub(super) struct Supplies<'a> {
    listed: &'a [Listed],
    /// Where relative paths of clones start.
    folder: &'a Path,
    histories: Mutex<HashMap<String, ExternalFacts>>,
}

impl<'a> Supplies<'a> {
    /// From all findings of a repository, and from clones relative to a folder.
    pub(super) fn new(listed: &'a [Listed], folder: &'a Path) -> Self {
        Self { listed, folder, histories: Mutex::default() }
    }

    /// What the policy wants for an image that stands at these places.
    pub(super) fn of(&self, selection: &Selection, name: &ImageName, places: &[usize]) -> ExternalFacts {
        match selection.entry.policy.external_need() {
            None => ExternalFacts::NotNeeded,
            Some(ExternalNeed::History { clone, branch }) => self.history(clone, branch),
            Some(ExternalNeed::References(paths)) => {
                let found = self.listed.iter().enumerate().filter_map(|(at, one)| match &one.finding {
                    Finding::Occurrence(found) if found.reference.name() == name && !places.contains(&at) => {
                        Some((one, found)).filter(|_| paths.is_match(&*found.place.path))
                    }
                    _ => None,
                });
                // Whoever follows by the same policy is no one to follow.
                let leads = found.filter(|(one, _)| match &one.status {
                    Status::Governed(theirs) => !Arc::ptr_eq(&theirs.entry, &selection.entry),
                    _ => true,
                });
                let place = |place: &crate::manifest::Place| format!("{}:{}", place.path, place.position.line);
                ExternalFacts::References(
                    leads.map(|(_, found)| (found.reference.clone(), place(&found.place))).collect(),
                )
            }
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
