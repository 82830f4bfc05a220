//! `tagboat edit`: the same edits, in the working tree. No git, no forge.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use crate::config::Config;
use crate::manifest::{self, Edit, Refusal};
use crate::registry::Registry;

use super::decide::{Decided, decide};
use super::snapshot::{Folder, ReadError, Snapshot as _};
use super::subjects::Scope;

/// What was edited, and what could not be.
#[derive(Debug)]
pub struct Edited {
    /// What was found and decided.
    pub decided: Decided,
    /// Files that were written, with what stood in them before and after.
    pub files: Vec<EditedFile>,
    /// Files that were left as they were, and why.
    pub failed: Vec<(Arc<str>, EditError)>,
}

/// One file that was written.
#[derive(Debug)]
pub struct EditedFile {
    /// From the root.
    pub path: Arc<str>,
    /// What stood in it.
    pub before: Vec<u8>,
    /// What stands in it now.
    pub after: Vec<u8>,
}

/// Why a file was not edited.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// It could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It can't be edited without touching something else.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It could not be written.
    #[error("can't write {0}: {1}")]
    Write(Arc<str>, std::io::Error),
}

/// Edits the files of a folder in place. A file that can't be edited is left as it was; the others are done.
pub async fn edit(root: &Path, config: &Config, registry: &dyn Registry, scope: &Scope) -> Edited {
    let folder = Folder::new(root);
    let decided = decide(&folder, config, registry, scope, Timestamp::now()).await;
    let mut by_file = BTreeMap::<Arc<str>, Vec<Edit>>::new();
    for change in &decided.changes {
        by_file.entry(Arc::clone(&change.path)).or_default().extend(change.edits.iter().cloned());
    }
    let (mut files, mut failed) = (Vec::new(), Vec::new());
    for (path, edits) in by_file {
        let edited = (|| {
            let before = folder.read(&path)?;
            let after = manifest::rewrite(&path, &before, &edits, &decided.options)?;
            write(&root.join(&*path), &after).map_err(|error| EditError::Write(Arc::clone(&path), error))?;
            Ok(EditedFile { path: Arc::clone(&path), before, after })
        })();
        match edited {
            Ok(file) => files.push(file),
            Err(error) => failed.push((path, error)),
        }
    }
    Edited { decided, files, failed }
}

/// In place, so that owner, mode and hard links stay.
#[expect(clippy::disallowed_methods, reason = "the only place that writes manifests of the working tree")]
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    std::fs::write(path, bytes)
}
