//! `tagboat edit`: the same edits, in the working tree. Uses neither git nor forge.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use crate::config::Config;
use crate::docs::{Hint, hint};
use crate::govern::Listed;
use crate::manifest::{self, Edit, RefusedEdit};
use crate::plan::ProposedReferences;
use crate::registry::Registry;

use super::changes::{Changes, changes};
use super::discover::{Discovered, discover, govern_all};
use super::lookup::{Decisions, look_up_and_choose};
use super::replace_file::replace_file;
use super::snapshot::{Folder, Snapshot as _, SnapshotError};
use super::subjects::Scope;

/// The result of `edit`: what each stage returned.
#[derive(Debug)]
pub struct Edited {
    /// What the command covers.
    pub scope: Scope,
    /// The globs of the scope that match no file.
    pub unmatched_paths: Vec<String>,
    /// Every finding with its status: managed, held or ignored.
    pub listed: Vec<Listed>,
    /// The decision for every managed reference.
    pub decisions: Decisions,
    /// The changes that the decisions lead to.
    pub changes: Changes,
    /// The files that were written.
    pub files: Vec<EditedFile>,
    /// The files that were not written, and why.
    pub failed: Vec<(Arc<str>, EditError)>,
}

/// One file that was written.
#[derive(Debug)]
pub struct EditedFile {
    /// The path, relative to the root of the repository.
    pub path: Arc<str>,
    /// Its bytes before the edits.
    pub before: Vec<u8>,
    /// Its bytes after the edits.
    pub after: Vec<u8>,
}

/// Why a file was not edited.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] SnapshotError),
    /// An edit would change more than the reference.
    #[error(transparent)]
    Refused(#[from] RefusedEdit),
    /// It cannot be written.
    #[error("cannot write {0}: {1}")]
    Write(Arc<str>, std::io::Error),
}

impl EditError {
    /// Returns what to do next.
    pub fn hint(&self) -> Hint {
        match self {
            Self::Refused(error) => error.hint(),
            Self::Read(error) => error.hint(),
            Self::Write(_, source) if let Some(hint) = Hint::about_machine(&source.to_string()) => hint,
            Self::Write(..) => {
                hint!("command-line.md#edit-a-working-tree", "let the user of Tagboat write the file and its folder")
            }
        }
    }
}

/// Edits the files of a folder in place. A failure leaves that file unchanged and stops no other.
pub async fn edit(root: &Path, config: &Config, registry: &dyn Registry, scope: &Scope) -> Edited {
    let folder = Folder::new(root);
    let Discovered { findings, options, automation, .. } = discover(&folder, config);
    let listed = govern_all(findings, config, &automation);
    let decisions =
        look_up_and_choose(&listed, config, registry, scope, &ProposedReferences::default(), Timestamp::now()).await;
    let changes = changes(&decisions);
    let mut by_file = BTreeMap::<Arc<str>, Vec<Edit>>::new();
    for change in &changes.changes {
        by_file.entry(Arc::clone(&change.path)).or_default().extend(change.edits.iter().cloned());
    }
    let (mut files, mut failed) = (Vec::new(), Vec::new());
    for (path, edits) in by_file {
        let edited = (|| {
            let before = folder.read(&path)?;
            let after = manifest::rewrite(&path, &before, &edits, &options)?;
            replace_file(root, &root.join(&*path), &after)
                .map_err(|error| EditError::Write(Arc::clone(&path), error))?;
            Ok(EditedFile { path: Arc::clone(&path), before, after })
        })();
        match edited {
            Ok(file) => files.push(file),
            Err(error) => failed.push((path, error)),
        }
    }
    let unmatched_paths = scope.unmatched_paths(&folder.names());
    Edited { scope: scope.clone(), unmatched_paths, listed, decisions, changes, files, failed }
}
