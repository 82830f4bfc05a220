//! Starts the `git` program with an environment of its own and a time limit. `repository.rs` has the commands; `output.rs` and
//! `refusal.rs` parse their output.

use std::ffi::{OsStr, OsString};
use std::io;
use std::iter;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::child;

use super::environment;
use super::error::GitError;
use super::options::Options;
use super::output;
use super::refusal;
use super::remote::{Login, shown as shown_address};
use super::settings::{GitSetting, PASSWORD, USER};

/// The git program, its time limit, and the variables that it inherits.
#[derive(Debug)]
pub(super) struct Program {
    path: PathBuf,
    timeout: Duration,
    inherited: Vec<(OsString, OsString)>,
}

/// One command to run.
#[derive(Debug, Default)]
pub(super) struct Call<'a> {
    /// The operation, for errors: see [`GitError`].
    pub(super) operation: String,
    /// The folder to run in: relative paths of remotes start here. The current folder by default.
    pub(super) dir: Option<&'a Path>,
    /// The repository, if it is not the one that contains `dir`.
    pub(super) git_dir: Option<&'a Path>,
    /// Additional variables.
    pub(super) environment: &'a [(&'a str, &'a str)],
    /// Additional configuration.
    pub(super) settings: &'a [GitSetting],
    /// Whether to ignore the configuration of the machine and of the user.
    pub(super) isolated: bool,
    /// The login for the credential helper in the settings.
    pub(super) login: Option<&'a Login>,
}

/// The output of a command.
#[derive(Debug)]
pub(super) struct CommandOutput {
    /// Whether the exit code is 0.
    pub(super) success: bool,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// Returns a command as the log has it.
fn shown(command: &Command) -> String {
    let arguments = command.as_std().get_args().map(|argument| shown_address(&argument.to_string_lossy()));
    iter::once("git".to_owned()).chain(arguments).collect::<Vec<_>>().join(" ")
}

impl Program {
    /// Finds the program and checks that its version is supported.
    pub(super) async fn find(options: Options) -> Result<Self, GitError> {
        let Options { program: path, timeout, pass_env } = options;
        let inherited = std::env::vars_os()
            .filter(|(name, _)| name.to_str().is_some_and(|name| environment::is_inherited(name, &pass_env)))
            .collect();
        let program = Self { path, timeout, inherited };
        let call = Call { operation: "read the version of git".to_owned(), ..Call::default() };
        let operation = call.operation.clone();
        let answer = program.run(call, ["version"]).await?;
        if !answer.success {
            return Err(refusal::error(operation, None, &answer.stderr, &[]));
        }
        if output::version(&answer.stdout).is_some_and(|version| version >= output::OLDEST) {
            return Ok(program);
        }
        let (major, minor) = output::OLDEST;
        Err(GitError::TooOld { found: answer.stdout.trim().to_owned(), needed: format!("{major}.{minor}") })
    }

    /// Runs git with these arguments and returns its output, also if it fails.
    pub(super) async fn run<I>(&self, call: Call<'_>, arguments: I) -> Result<CommandOutput, GitError>
    where
        I: IntoIterator,
        I::Item: AsRef<OsStr>,
    {
        let mut command = self.command(&call);
        command.args(arguments);
        let shown = shown(&command);
        let (child, group) = match child::spawn(&mut command) {
            Ok(started) => started,
            Err(source) => return Err(self.not_started(call, source)),
        };
        let output = match tokio::time::timeout(self.timeout, child.wait_with_output()).await {
            Ok(output) => output.map_err(|source| GitError::Io { operation: call.operation, source })?,
            Err(_) => return Err(GitError::TimedOut { operation: call.operation, seconds: self.timeout.as_secs() }),
        };
        group.has_ended();
        tracing::debug!(status = output.status.code(), "{shown}");
        Ok(CommandOutput {
            success: output.status.success(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    #[expect(clippy::disallowed_methods, reason = "the only place that starts git")]
    fn command(&self, call: &Call<'_>) -> Command {
        let mut command = Command::new(&self.path);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env_clear().envs(self.inherited.iter().map(|(name, value)| (name, value)));
        command.envs(environment::FIXED.iter().copied());
        if let Some(dir) = call.dir {
            command.current_dir(dir);
        }
        command.envs(call.environment.iter().copied());
        if let Some(git_dir) = call.git_dir {
            command.env("GIT_DIR", git_dir);
        }
        if call.isolated {
            command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        }
        if !call.settings.is_empty() {
            command.env_remove("GIT_CONFIG_PARAMETERS").env("GIT_CONFIG_COUNT", call.settings.len().to_string());
            for (number, (key, value)) in call.settings.iter().enumerate() {
                command.env(format!("GIT_CONFIG_KEY_{number}"), key);
                command.env(format!("GIT_CONFIG_VALUE_{number}"), value);
            }
        }
        if call.settings.iter().all(|(key, _)| key != "core.sshcommand") {
            disable_ssh_prompts(&mut command);
        }
        if let Some(login) = call.login {
            command.env(USER, &login.user).env(PASSWORD, login.password.reveal());
            if !login.password.is_empty() {
                // Programs that ask a person, or a CI server, for another account.
                command.env_remove("GIT_ASKPASS").env_remove("SSH_ASKPASS");
            }
        }
        command
    }

    fn not_started(&self, call: Call<'_>, source: io::Error) -> GitError {
        match (source.kind(), call.dir) {
            // The operating system reports a missing folder and a missing program with the same error.
            (io::ErrorKind::NotFound | io::ErrorKind::NotADirectory, Some(dir)) if !dir.is_dir() => {
                GitError::NotARepository { dir: dir.to_owned(), output: "folder not found".to_owned() }
            }
            (io::ErrorKind::NotFound, _) => GitError::MissingGit { program: self.path.clone() },
            _ => GitError::Io { operation: call.operation, source },
        }
    }
}

/// Sets the batch mode of ssh, which otherwise prompts for passphrases and unknown hosts on the terminal. A command that
/// the user sets takes precedence.
fn disable_ssh_prompts(command: &mut Command) {
    if ["GIT_SSH_COMMAND", "GIT_SSH"].iter().all(|name| std::env::var_os(name).is_none()) {
        command.env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes");
    }
}
