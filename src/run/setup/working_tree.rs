//! Which folders a pull request may have written: the working tree of the folder that a command reads, and that of the current
//! folder. What is in them is not the operator's, and their symbolic links lead nowhere else.

use std::io;
use std::path::{Path, PathBuf};

use crate::git;

use super::regular_file::path_inside;

/// The roots of working trees. Without git, which is how an unpacked archive is, the current folder is one if the command
/// reads something in it.
#[derive(Debug, Clone)]
pub struct WorkingTrees(Vec<PathBuf>);

impl WorkingTrees {
    /// Returns the working tree of the folder that a command reads, and the one of the current folder.
    pub fn of(target: Option<&Path>) -> Self {
        let mut trees = target.map_or(Self(Vec::new()), Self::of_folder);
        trees.0.extend(std::path::absolute(".").iter().flat_map(|name| roots_with_git(name)));
        trees
    }

    /// Returns the working tree of a folder.
    pub(super) fn of_folder(folder: &Path) -> Self {
        let names = [std::path::absolute(folder), std::fs::canonicalize(folder)];
        let mut roots: Vec<PathBuf> = names.iter().flatten().flat_map(|name| roots_with_git(name)).collect();
        let root = root(folder);
        // The root of the file system is no working tree.
        if std::fs::canonicalize(&root).is_ok_and(|real| has_git(&real) || real.parent().is_some()) {
            roots.push(root);
        }
        Self(roots)
    }

    /// Returns the path of a file from the root of the working tree that has it, or that has a symbolic link on the way to it.
    pub(super) fn inside(&self, path: &Path) -> Option<PathBuf> {
        self.0.iter().find_map(|root| path_below(root, path))
    }

    /// Checks that no part of a path is a symbolic link of a working tree, before a file that people name is read or written.
    ///
    /// # Errors
    /// If one is: a pull request may have added it, to have a file elsewhere read or overwritten.
    pub fn refuse_links(&self, path: &Path) -> io::Result<()> {
        match self.links(&std::path::absolute(path)?).next() {
            Some(_) => Err(io::Error::other("a symbolic link is not followed")),
            None => Ok(()),
        }
    }

    /// Checks that a folder is in the working tree that its name leads to.
    ///
    /// # Errors
    /// If a symbolic link of a working tree leads out of it.
    pub fn refuse_links_out(&self, folder: &Path) -> io::Result<()> {
        let Ok(real) = std::fs::canonicalize(folder) else { return Ok(()) };
        let leads_out = self.links(&std::path::absolute(folder)?).any(|root| !real.starts_with(root));
        if leads_out { Err(io::Error::other("a symbolic link leads out of the working tree")) } else { Ok(()) }
    }

    /// Checks that a folder of the operator has nothing that a pull request may have put there: no part of it is a symbolic link of a
    /// working tree, and the commit of the working tree has no file in it.
    ///
    /// # Errors
    /// If it has, or if it is in a working tree without git, where nothing shows whose files are in it.
    pub(super) fn refuse_commits_in_folder(&self, path: &Path) -> io::Result<()> {
        self.refuse_links(path)?;
        let full = std::path::absolute(path)?;
        // Symbolic links outside of a working tree may lead into one.
        let existing = full.ancestors().find_map(|folder| Some((folder, folder.canonicalize().ok()?)));
        let full = existing.and_then(|(folder, real)| Some(real.join(full.strip_prefix(folder).ok()?))).unwrap_or(full);
        let Some(root) = full.ancestors().skip(1).find(|above| has_git(above)) else {
            return match self.inside(path) {
                Some(_) => Err(io::Error::other(
                    "it is in a working tree without git, so that anyone may have written a file in it",
                )),
                None => Ok(()),
            };
        };
        let inside = full.strip_prefix(root).ok().and_then(path_inside).unwrap_or_default();
        if git::is_tracked(root, &inside).map_err(io::Error::other)? {
            return Err(io::Error::other("the repository has files in it"));
        }
        Ok(())
    }

    /// Returns the root of the working tree of each symbolic link on the way to `full`.
    fn links(&self, full: &Path) -> impl Iterator<Item = PathBuf> {
        let is_link = |part: &&Path| part.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink());
        full.ancestors().filter(is_link).filter_map(|link| {
            let folder = std::fs::canonicalize(link.parent()?).ok()?;
            let roots = self.0.iter().filter_map(|root| std::fs::canonicalize(root).ok());
            let with_git = folder.ancestors().find(|above| has_git(above)).map(Path::to_owned);
            with_git.or_else(|| roots.into_iter().find(|root| folder.starts_with(root)))
        })
    }
}

/// Returns the root of the checkout with a folder. Outside a checkout, it is the current folder if that has the folder, else the
/// folder itself. A bare repository has no working tree around it.
pub(super) fn root(folder: &Path) -> PathBuf {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let current = std::path::absolute(".").unwrap_or_default();
    match absolute.ancestors().find(|above| has_git(above)) {
        // Messages show the path as typed.
        Some(root) if root == absolute => folder.to_owned(),
        Some(root) => root.to_owned(),
        None if git::has_no_checkout(&absolute) => folder.to_owned(),
        None if absolute != current && current.parent().is_some() && path_below(&current, folder).is_some() => {
            ".".into()
        }
        None => folder.to_owned(),
    }
}

/// Returns the root of the working tree with a folder. A submodule belongs to the working tree around it, too.
fn roots_with_git(folder: &Path) -> Vec<PathBuf> {
    let mut roots = Vec::new();
    for above in folder.ancestors().filter(|above| has_git(above)) {
        roots.push(above.to_owned());
        if above.join(".git").is_dir() {
            break;
        }
    }
    roots
}

/// Returns the root of the working tree around a submodule with a folder; `None` if the folder is in no submodule. git keeps the
/// repository of a submodule in that of the outermost working tree, and one that is just cloned into another has its own.
pub(super) fn around_submodule(folder: &Path) -> Option<PathBuf> {
    let real = std::fs::canonicalize(folder).ok()?;
    let mut roots = roots_with_git(&real);
    let file = std::fs::read_to_string(roots.first()?.join(".git")).ok()?;
    let is_submodule = roots.len() > 1 && Path::new(file.trim_end()).iter().any(|part| part == "modules");
    if is_submodule { roots.pop() } else { None }
}

fn has_git(folder: &Path) -> bool {
    folder.join(".git").symlink_metadata().is_ok()
}

/// Returns a path from `root`, if it is below it by its name, by what it links to, or by the place of a link on the way.
fn path_below(root: &Path, path: &Path) -> Option<PathBuf> {
    let (full, real_root) = (std::path::absolute(path).ok()?, std::fs::canonicalize(root).ok()?);
    // A name with `..` may lead out of the root.
    let by_name = || path_inside(full.strip_prefix(std::path::absolute(root).ok()?).ok()?);
    let by_target = || std::fs::canonicalize(path).ok()?.strip_prefix(&real_root).ok().map(Path::to_owned);
    let by_link = || {
        full.ancestors().find_map(|part| {
            let place = std::fs::canonicalize(part.parent()?).ok()?.join(part.file_name()?);
            let is_link = place.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink());
            if !is_link {
                return None;
            }
            path_inside(&place.strip_prefix(&real_root).ok()?.join(full.strip_prefix(part).ok()?))
        })
    };
    by_name().or_else(by_target).or_else(by_link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test's own temporary folder")]
    fn file_belongs_to_the_repository_by_its_name_or_its_target() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("checkout");
        std::fs::create_dir_all(root.join("ci")).unwrap();
        for file in ["operator.yaml", "checkout/tagboat.yaml", "checkout/ci/other.yaml"] {
            std::fs::write(folder.path().join(file), "").unwrap();
        }
        std::os::unix::fs::symlink("checkout/ci/other.yaml", folder.path().join("in")).unwrap();
        std::os::unix::fs::symlink("../operator.yaml", root.join("out")).unwrap();
        std::os::unix::fs::symlink("checkout", folder.path().join("way")).unwrap();
        #[rustfmt::skip]
        let rows = [
            ("checkout/tagboat.yaml",              Some("tagboat.yaml")),
            ("checkout/ci/../ci/other.yaml",       Some("ci/other.yaml")),
            ("checkout/../checkout/ci/other.yaml", Some("ci/other.yaml")),
            ("in",                                 Some("ci/other.yaml")),
            // A link of the repository is refused where it is read.
            ("checkout/out",                       Some("out")),
            ("checkout/absent.yaml",               Some("absent.yaml")),
            ("operator.yaml",                      None),
            ("checkout/../operator.yaml",          None),
            ("checkout/ci/../../operator.yaml",    None),
            ("absent.yaml",                        None),
            // Who names the checkout otherwise does not own its links.
            ("way/out",                            Some("out")),
            ("way/../operator.yaml",               None),
        ];
        for (path, inside) in rows {
            assert_eq!(path_below(&root, &folder.path().join(path)).as_deref(), inside.map(Path::new), "{path}");
        }
    }
}
