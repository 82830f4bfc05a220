//! Finds bare repositories in a working tree: their files may be those of someone else's pull request, and their configuration starts
//! programs and names remotes. git never checks out a `.git`, but it does check out these.

use std::path::{Path, PathBuf};

/// Returns the bare repository that git would use in a folder, if it is in the working tree of another repository. git's
/// `safe.bareRepository=explicit` refuses it, too, but also one in no working tree, which is a repository like any other here.
pub(super) fn bare_repository(dir: &Path) -> Option<PathBuf> {
    // One that is missing is reported when it is opened.
    let dir = dir.canonicalize().ok()?;
    let found = dir.ancestors().find(|folder| has_git(folder) || is_bare(folder))?;
    (!has_git(found) && found.ancestors().any(has_git)).then(|| found.to_owned())
}

/// Returns whether a folder without a `.git` is in a working tree, or is a link to such a folder.
pub(super) fn is_embedded(clone: &Path) -> bool {
    clone.canonicalize().is_ok_and(|clone| !has_git(&clone) && clone.ancestors().any(has_git))
}

/// Returns whether a repository has no files checked out: it is bare, or a clone with `--no-checkout`.
pub fn has_no_checkout(root: &Path) -> bool {
    if !has_git(root) {
        return is_bare(root);
    }
    let mut entries = std::fs::read_dir(root).into_iter().flatten().flatten();
    !root.join(".git/index").exists() && entries.all(|entry| entry.file_name() == ".git")
}

fn has_git(folder: &Path) -> bool {
    folder.join(".git").symlink_metadata().is_ok()
}

/// Returns whether git may use a folder as a bare repository. git checks more than this.
fn is_bare(folder: &Path) -> bool {
    let has = |name: &str| folder.join(name).symlink_metadata().is_ok();
    has("HEAD") && (has("commondir") || (has("objects") && has("refs")))
}
