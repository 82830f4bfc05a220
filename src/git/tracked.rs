//! Which paths of a working tree belong to its commit.

use std::path::Path;

use super::error::GitError;

/// Returns whether the index of a working tree has a path, or something below it. Names are compared without case: some file
/// systems do so, too. No message has the content of a file.
pub fn is_tracked(root: &Path, path: &Path) -> Result<bool, GitError> {
    let broken =
        |_| GitError::Corrupt { what: format!("the index of {}", root.display()), cause: "it is damaged".to_owned() };
    // Isolated: the configuration of a stranger's repository must not start or change anything here.
    let repository = gix::open_opts(root, gix::open::Options::isolated()).map_err(|_| GitError::NotARepository {
        dir: root.to_owned(),
        output: "it does not exist, or is damaged".to_owned(),
    })?;
    let index = repository.index_or_empty().map_err(broken)?;
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy().to_lowercase()).collect();
    let wanted = parts.join("/");
    let is_at = |name: &str| name.strip_prefix(&*wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    Ok(wanted.is_empty() || index.entries().iter().any(|entry| is_at(&entry.path(&index).to_string().to_lowercase())))
}
