//! Reads the object folder, the remotes and the settings of a checkout. Changes nothing.

use std::path::{Path, PathBuf};

use crate::refname::BranchName;

use super::command::{Call, Program};
use super::embedded::bare_repository;
use super::error::GitError;
use super::output;
use super::refusal;
use super::remote::shown;
use super::settings::{self, GitSetting};

/// A checkout or bare repository of the user.
pub(super) struct Checkout {
    dir: PathBuf,
    /// The common git directory: that of the main working tree, for a linked one.
    git_dir: PathBuf,
    /// The current branch; `None` if `HEAD` is detached.
    branch: Option<String>,
    /// All configuration that applies here, that of the user and of the machine included.
    pub(super) settings: Vec<GitSetting>,
}

impl Checkout {
    /// Reads the repository that contains a folder.
    pub(super) async fn read(program: &Program, dir: &Path) -> Result<Self, GitError> {
        if let Some(dir) = bare_repository(dir) {
            return Err(GitError::EmbeddedRepository { dir });
        }
        let call = || Call {
            operation: format!("read the repository in {}", dir.display()),
            dir: Some(dir),
            ..Call::default()
        };
        // Fails in the repository of another user, where `git config --list` would omit the settings of that repository.
        let answer = program.run(call(), ["rev-parse", "--path-format=absolute", "--git-common-dir"]).await?;
        if !answer.success {
            let operation = call().operation;
            return Err(match refusal::error(operation, None, &with_folder(dir, &answer.stderr), &[]) {
                error @ GitError::Configuration { .. } => error,
                GitError::Failed { output, .. } if output.contains("dubious ownership") => {
                    GitError::UnsafeDirectory { dir: dir.to_owned(), output }
                }
                _ => GitError::NotARepository {
                    dir: dir.to_owned(),
                    output: refusal::message(None, &answer.stderr, &[]),
                },
            });
        }
        let git_dir = PathBuf::from(answer.stdout.trim_end_matches(['\r', '\n']));
        let settings = list(program, call()).await?;
        match settings::value(&settings, "extensions.objectformat").filter(|format| *format != "sha1") {
            Some(format) => Err(GitError::ObjectFormat { what: dir.display().to_string(), format: format.to_owned() }),
            None => Ok(Self { dir: dir.to_owned(), git_dir, branch: current_branch(program, call()).await?, settings }),
        }
    }

    /// Returns the branch that the current one tracks, if that is a branch of this remote.
    pub(super) fn tracked_branch(&self, remote: &str) -> Option<BranchName> {
        let branch = self.branch.as_deref()?;
        let value = |key| settings::value(&self.settings, &format!("branch.{branch}.{key}"));
        if value("remote") != Some(remote) {
            return None;
        }
        BranchName::new(value("merge")?.strip_prefix("refs/heads/")?).ok()
    }

    /// Returns the URL of a remote, and the one to push to if it is another.
    pub(super) fn urls(&self, remote: &str) -> Result<(&str, Option<&str>), GitError> {
        let url = |name| settings::value(&self.settings, &format!("remote.{remote}.{name}"));
        // The configuration may have a URL with a token in place of the name.
        let absent = || GitError::NoRemote { dir: self.dir.clone(), remote: shown(remote) };
        let fetch = url("url").ok_or_else(absent)?;
        Ok((fetch, url("pushurl")))
    }

    /// Returns the git directory to borrow objects from, unless it is a partial clone: only the server has its missing
    /// objects.
    pub(super) fn lender(&self) -> Option<&Path> {
        (!settings::is_partial_clone(&self.settings)).then_some(&self.git_dir)
    }
}

/// Returns the output of git with the folder of its configuration file, which it names from the root of the repository.
fn with_folder(dir: &Path, output: &str) -> String {
    let absolute = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    let has_git = |folder: &&Path| folder.join(".git").exists();
    // Messages show the path as typed.
    let root = Some(dir).filter(has_git).or_else(|| absolute.ancestors().find(has_git));
    let (name, file) = match root {
        Some(root) => (".git/config", root.join(".git/config")),
        None => ("./config", dir.join("config")),
    };
    let file = file.display().to_string();
    let file = file.strip_prefix("./").unwrap_or(&file);
    [' ', '\''].iter().fold(output.to_owned(), |output, before| {
        output.replace(&format!("{before}{name}"), &format!("{before}{file}"))
    })
}

/// Returns the name of the current branch; `None` if `HEAD` is detached.
async fn current_branch(program: &Program, call: Call<'_>) -> Result<Option<String>, GitError> {
    let answer = program.run(call, ["symbolic-ref", "--quiet", "--short", "HEAD"]).await?;
    Ok(answer.success.then(|| answer.stdout.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Returns the settings of the user and of the machine, read from an empty repository.
pub(super) async fn settings_without(program: &Program, empty: &Path) -> Result<Vec<GitSetting>, GitError> {
    let operation = "read the configuration of git".to_owned();
    list(program, Call { operation, git_dir: Some(empty), ..Call::default() }).await
}

async fn list(program: &Program, call: Call<'_>) -> Result<Vec<GitSetting>, GitError> {
    let operation = call.operation.clone();
    let answer = program.run(call, ["config", "--list", "-z"]).await?;
    if !answer.success {
        return Err(refusal::error(operation, None, &answer.stderr, &[]));
    }
    Ok(output::config(&answer.stdout))
}
