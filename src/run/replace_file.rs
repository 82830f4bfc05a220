//! Replaces the contents of a file so that it has either all old bytes or all new ones, also after a kill or on a full disk.

use std::fs::{self, File, Metadata};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::temporary::NewFile;

/// Replaces the contents of a regular file below `root`. Writes a new file beside it with the same mode and owner, and with the same
/// group where the system permits that, and renames it. A symbolic link is never replaced: its target is, if it is below `root`, too.
/// Hard links keep the old contents.
///
/// # Errors
/// If the file is not a regular file below `root`, if the new file cannot have the owner of the old one, or if writing fails. The
/// old file is unchanged then.
pub(super) fn replace_file(root: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = real_path(root, path)?;
    let old = fs::metadata(&path)?;
    let mut new = NewFile::beside(&path, 0o600)?;
    new.write_all(bytes)?;
    keep_mode_and_owner(new.file(), &old)?;
    new.replace()
}

/// Returns the path without symbolic links, and checks that it is a regular file below `root`.
fn real_path(root: &Path, path: &Path) -> io::Result<PathBuf> {
    let (root, path) = (fs::canonicalize(root)?, fs::canonicalize(path)?);
    if !path.starts_with(&root) {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the link leads out of the working tree"));
    }
    if !fs::symlink_metadata(&path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    Ok(path)
}

/// Gives a new file the mode and the owner of the old one, and its group where the system permits that.
fn keep_mode_and_owner(new: &File, old: &Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, fchown};
        let is = new.metadata()?;
        keep_owner((is.uid(), is.gid()), (old.uid(), old.gid()), |user, group| fchown(new, user, group))?;
    }
    new.set_permissions(old.permissions())
}

/// Changes user and group of a file that differ. A user may give a file only to groups of its own: then the new file has the
/// group of the process, as one that the user writes has.
#[cfg(unix)]
fn keep_owner(
    (is_user, is_group): (u32, u32),
    (user, group): (u32, u32),
    change: impl Fn(Option<u32>, Option<u32>) -> io::Result<()>,
) -> io::Result<()> {
    if is_user != user {
        change(Some(user), None)
            .map_err(|error| io::Error::new(error.kind(), format!("cannot keep its owner {user}:{group}: {error}")))?;
    }
    if is_group == group {
        return Ok(());
    }
    // Where user ids are mapped, a group may be unknown.
    let is_refusal =
        |error: &io::Error| matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput);
    change(None, Some(group)).or_else(|error| if is_refusal(&error) { Ok(()) } else { Err(error) })
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test's own temporary folder")]
mod tests {
    use super::*;
    use crate::temporary::names;

    #[test]
    fn replaces_contents_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a.yaml");
        fs::write(&path, "old").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        }
        let before = fs::metadata(&path).unwrap().permissions();
        replace_file(root.path(), &path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().permissions(), before);
        assert_eq!(names(root.path()), ["a.yaml"]);
    }

    #[cfg(unix)]
    #[test]
    fn keeps_the_owner_and_the_group_where_permitted() {
        let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
        #[rustfmt::skip]
        let rows = [
            // new     old      user may change  group may change  succeeds
            ((1, 1),  (1, 1),   false,           false,            true),
            ((1, 1),  (1, 2),   false,           true,             true),
            ((1, 1),  (1, 2),   false,           false,            true),
            ((1, 1),  (2, 1),   false,           true,             false),
            ((1, 1),  (2, 2),   true,            false,            true),
        ];
        for (new, old, user_may, group_may, expected) in rows {
            let change = |user: Option<u32>, _: Option<u32>| {
                let may = if user.is_some() { user_may } else { group_may };
                if may { Ok(()) } else { Err(denied()) }
            };
            assert_eq!(keep_owner(new, old, change).is_ok(), expected, "{new:?} {old:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn edits_the_target_of_a_link_only_below_the_root() {
        use std::os::unix::fs::symlink;
        let (root, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (inner, outer) = (root.path().join("inner.yaml"), outside.path().join("outer.yaml"));
        for path in [&inner, &outer] {
            fs::write(path, "old").unwrap();
        }
        symlink("inner.yaml", root.path().join("in")).unwrap();
        symlink(&outer, root.path().join("out")).unwrap();
        symlink(outside.path(), root.path().join("folder")).unwrap();
        replace_file(root.path(), &root.path().join("in"), b"new").unwrap();
        assert!(fs::symlink_metadata(root.path().join("in")).unwrap().is_symlink());
        assert_eq!(fs::read(&inner).unwrap(), b"new");
        for link in ["out", "folder/outer.yaml"] {
            let error = replace_file(root.path(), &root.path().join(link), b"new").unwrap_err();
            assert!(error.to_string().contains("out of the working tree"), "{error}");
        }
        assert_eq!(fs::read(&outer).unwrap(), b"old");
        assert_eq!(names(outside.path()), ["outer.yaml"]);
    }

    #[test]
    fn leaves_the_old_file_whole_if_writing_fails() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a.yaml");
        fs::write(&path, "old").unwrap();
        let error = replace_file(root.path(), &root.path().join("absent.yaml"), b"new").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        let error = replace_file(root.path(), root.path(), b"new").unwrap_err();
        assert!(error.to_string().contains("not a regular file"), "{error}");
        assert_eq!((fs::read(&path).unwrap(), names(root.path())), (b"old".to_vec(), vec!["a.yaml".to_owned()]));
    }
}
