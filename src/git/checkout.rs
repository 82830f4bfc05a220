//! What a checkout tells about itself: where its objects are, what its remotes are called, which settings hold in it.
//! Only asks; changes nothing.

use std::path::{Path, PathBuf};

use super::command::{Call, Program};
use super::error::GitError;
use super::output;
use super::refusal;
use super::settings::{self, Entry};

/// A checkout or bare repository of the user.
pub(super) struct Checkout {
    dir: PathBuf,
    /// Its common git directory: that of the main working tree, for a linked one.
    git_dir: PathBuf,
    /// All that hold in it, those of the user and of the machine included.
    pub(super) settings: Vec<Entry>,
}

impl Checkout {
    /// Finds the repository that a folder is in.
    pub(super) async fn read(program: &Program, dir: &Path) -> Result<Self, GitError> {
        let call =
            || Call { doing: format!("read the repository in {}", dir.display()), dir: Some(dir), ..Call::default() };
        // Fails for the repository of another user, where the listing below would leave out its settings in silence.
        let answer = program.run(call(), ["rev-parse", "--path-format=absolute", "--git-common-dir"]).await?;
        let (dir, said) = (dir.to_owned(), refusal::said(None, &answer.stderr, None));
        if !answer.success {
            return Err(match said.contains("dubious ownership") {
                true => GitError::UnsafeDirectory { dir, said },
                false => GitError::NotARepository { dir, said },
            });
        }
        let git_dir = PathBuf::from(answer.stdout.trim_end_matches(['\r', '\n']));
        let settings = list(program, call()).await?;
        match settings::value(&settings, "extensions.objectformat").filter(|format| *format != "sha1") {
            Some(format) => Err(GitError::ObjectFormat { what: dir.display().to_string(), format: format.to_owned() }),
            None => Ok(Self { dir, git_dir, settings }),
        }
    }

    /// Where a remote is fetched from, and where it is pushed to.
    pub(super) fn urls(&self, remote: &str) -> Result<(&str, &str), GitError> {
        let url = |name| settings::value(&self.settings, &format!("remote.{remote}.{name}"));
        let absent = || GitError::NoRemote { dir: self.dir.clone(), remote: remote.to_owned() };
        let fetch = url("url").ok_or_else(absent)?;
        Ok((fetch, url("pushurl").unwrap_or(fetch)))
    }

    /// The git directory to borrow objects from. Not that of a partial clone: what is missing in it is known to the
    /// server only.
    pub(super) fn lends(&self) -> Option<&Path> {
        (!settings::is_partial_clone(&self.settings)).then_some(&self.git_dir)
    }
}

/// The settings of the user and of the machine, where there is no checkout: as seen from an empty repository.
pub(super) async fn settings_without(program: &Program, empty: &Path) -> Result<Vec<Entry>, GitError> {
    let doing = "read the configuration of git".to_owned();
    list(program, Call { doing, git_dir: Some(empty), ..Call::default() }).await
}

async fn list(program: &Program, call: Call<'_>) -> Result<Vec<Entry>, GitError> {
    let doing = call.doing.clone();
    let answer = program.run(call, ["config", "--list", "-z"]).await?;
    if !answer.success {
        return Err(GitError::Failed { doing, said: refusal::said(None, &answer.stderr, None) });
    }
    Ok(output::config(&answer.stdout))
}
