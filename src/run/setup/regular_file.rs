//! Reads files that the configuration of a repository names, or is. Anyone may have written it, so it is a regular file of
//! bounded size inside the repository, without symbolic links on the way.

use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};

/// The greatest size of such a file in bytes.
pub(super) const MAX_BYTES: u64 = 1 << 20;

/// Returns a path from the root of the repository, without `.` and `..`; `None` if it leads out of the repository.
pub(super) fn path_inside(path: &Path) -> Option<PathBuf> {
    let mut inside = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(part) => inside.push(part),
            Component::CurDir => {}
            Component::ParentDir => {
                if !inside.pop() {
                    return None;
                }
            }
            Component::Prefix(_) | Component::RootDir => return None,
        }
    }
    Some(inside)
}

/// Returns the full path of something below `root`, which need not exist.
///
/// # Errors
/// If the path leads out of `root`, by its name or by a symbolic link.
pub(super) fn path_without_links(root: &Path, path: &Path) -> io::Result<PathBuf> {
    let inside = path_inside(path).ok_or_else(|| io::Error::other("the path leads out of the repository"))?;
    let mut full = root.to_owned();
    for part in &inside {
        full.push(part);
        if std::fs::symlink_metadata(&full).is_ok_and(|metadata| metadata.is_symlink()) {
            return Err(io::Error::other("a symbolic link is not followed"));
        }
    }
    Ok(full)
}

/// Reads a file below `root`; `None` if it does not exist.
///
/// # Errors
/// If the path leads out of `root`, if a part of it is a symbolic link, if it is not a regular file, or if it is too large.
pub(super) fn read_inside(root: &Path, path: &Path) -> io::Result<Option<Vec<u8>>> {
    let full = path_without_links(root, path)?;
    match std::fs::symlink_metadata(&full) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Err(io::Error::other("not a regular file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut bytes = Vec::new();
    std::fs::File::open(&full)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    checked_size(bytes).map(Some)
}

/// Returns the bytes of a file unless they are too many.
pub(super) fn checked_size(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::other(format!("the file is larger than {} MiB", MAX_BYTES >> 20)));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        #[rustfmt::skip]
        let rows = [
            ("certs/a.pem",       Some("certs/a.pem")),
            ("./certs/../a.pem",  Some("a.pem")),
            ("../a.pem",          None),
            ("a/../../b",         None),
            ("/etc/passwd",       None),
        ];
        for (path, inside) in rows {
            assert_eq!(path_inside(Path::new(path)).as_deref(), inside.map(Path::new), "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test's own temporary folder")]
    fn reads_regular_files_only() {
        let root = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| std::fs::write(root.path().join(name), bytes).unwrap();
        file("a", b"text");
        file("large", &vec![b' '; (1 << 20) + 1]);
        std::fs::create_dir(root.path().join("folder")).unwrap();
        std::os::unix::fs::symlink("/proc/self/environ", root.path().join("link")).unwrap();
        std::os::unix::fs::symlink("/proc/self", root.path().join("links")).unwrap();
        std::os::unix::net::UnixListener::bind(root.path().join("socket")).unwrap();
        #[rustfmt::skip]
        let rows = [
            ("link",          "symbolic link"),
            ("links/environ", "symbolic link"),
            ("folder",        "not a regular file"),
            ("socket",        "not a regular file"),
            ("../a",          "out of the repository"),
            ("large",         "larger than 1 MiB"),
        ];
        for (name, cause) in rows {
            let error = read_inside(root.path(), Path::new(name)).unwrap_err();
            assert!(error.to_string().contains(cause), "{name}: {error}");
        }
        assert_eq!(read_inside(root.path(), Path::new("a")).unwrap().as_deref(), Some(&b"text"[..]));
        assert_eq!(read_inside(root.path(), Path::new("none")).unwrap(), None);
    }
}
