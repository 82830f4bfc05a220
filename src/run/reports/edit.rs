//! The report of `edit`.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::{Change, FactsByReference};
use crate::report::{ChangeRow, FailureRow, FileChange, RunReport, Subject};
use crate::run::edit::{Edited, EditedFile};
use crate::text::chain;

use super::decided::Decided;
use super::images::ChangeOutcome;
use super::unmanaged::unmanaged;

impl Edited {
    /// Returns the report of `edit`.
    pub fn report(&self) -> RunReport {
        let written = self.files.iter().map(|file| &file.path).collect::<BTreeSet<_>>();
        let errors = self.failed.iter().map(|(path, error)| (path, error)).collect::<BTreeMap<_, _>>();
        let decided = Decided::new(&self.listed, &self.scope, &self.decisions, &self.changes);
        let outcome = |change: &Change| match errors.get(&change.path) {
            Some(error) => {
                let subject = Subject::File(change.path.to_string());
                ChangeOutcome::Failed { subject, reason: chain(error), hint: error.hint() }
            }
            None => ChangeOutcome::Written(None),
        };
        let mut failed = decided.failed();
        failed.extend(unmanaged(&self.scope, &self.listed, &self.unmatched_paths));
        failed.extend(self.failed.iter().map(|(path, error)| FailureRow {
            subject: Subject::File(path.to_string()),
            host: None,
            cause: None,
            reason: chain(error),
            hint: Some(error.hint()),
            locations: Vec::new(),
        }));
        let changes = self.changes.changes.iter().filter(|change| written.contains(&change.path));
        RunReport {
            images: decided.images(&FactsByReference::new(), outcome),
            changes: changes.map(ChangeRow::new).collect(),
            held: decided.held(),
            failed,
            up_to_date: decided.up_to_date(),
            files: self.files.iter().map(file).collect(),
            ..RunReport::default()
        }
    }
}

fn file(file: &EditedFile) -> FileChange {
    FileChange { path: file.path.to_string(), before: file.before.clone(), after: file.after.clone() }
}
