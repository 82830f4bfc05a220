//! Which paths of a working tree belong to its commit, and where its remote is. Without the `git` program.

use std::path::Path;

use super::error::GitError;

/// Returns whether the index of a working tree has a path, or something below it. Names are compared without case: some file
/// systems do so, too. No message has the content of a file.
pub fn is_tracked(root: &Path, path: &Path) -> Result<bool, GitError> {
    let broken =
        |_| GitError::Corrupt { what: format!("the index of {}", root.display()), cause: "it is damaged".to_owned() };
    let repository = open(root)?;
    let index = repository.index_or_empty().map_err(broken)?;
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy().to_lowercase()).collect();
    let wanted = parts.join("/");
    let is_at = |name: &str| name.strip_prefix(&*wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    Ok(wanted.is_empty() || index.entries().iter().any(|entry| is_at(&entry.path(&index).to_string().to_lowercase())))
}

/// Returns the URL of a remote of a working tree as its own configuration has it, which may contain a login; `None` if there is no
/// such remote.
pub fn remote_url(root: &Path, name: &str) -> Option<String> {
    let url = open(root).ok()?.config_snapshot().string(format!("remote.{name}.url").as_str())?;
    Some(url.to_string())
}

/// Opens a repository isolated: the configuration of someone else's repository must not start or change anything here.
fn open(root: &Path) -> Result<gix::Repository, GitError> {
    gix::open_opts(root, gix::open::Options::isolated()).map_err(|_| GitError::NotARepository {
        dir: root.to_owned(),
        output: "it does not exist, or is damaged".to_owned(),
    })
}
