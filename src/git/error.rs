//! Errors of git operations. `refusal.rs` and `command.rs` create them from exit codes and output.

use std::io;
use std::path::PathBuf;

use crate::docs::{Hint, hint};
use crate::refname::RefNameError;
use crate::text::chain;

use super::ssh_signing::SshKeyError;

/// Why a git operation failed. Contains no credentials.
///
/// `operation` is in the form that follows "cannot": `push tagboat/apps to https://git.example.com/apps.git`.
/// `output` is what git and the server printed, on one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GitError {
    /// The `git` program does not exist.
    #[error("cannot find the program {}", .program.display())]
    MissingGit {
        /// The path, or a bare name that is looked up on `PATH`.
        program: PathBuf,
    },
    /// The `git` program is older than the oldest supported version.
    #[error("unsupported git version: found {found}, need {needed} or newer")]
    TooOld {
        /// The output of `git version`, without its prefix.
        found: String,
        /// The oldest supported version.
        needed: String,
    },
    /// The folder is not in a git repository.
    #[error("cannot read the git repository in {}: {output}", .dir.display())]
    NotARepository {
        /// The folder that git ran in.
        dir: PathBuf,
        /// The output of git.
        output: String,
    },
    /// A clone is a bare repository in a working tree, where a pull request may have put it.
    #[error("cannot read {}: it is a bare repository in a working tree", .dir.display())]
    Embedded {
        /// The folder of the clone.
        dir: PathBuf,
    },
    /// A folder in the working tree is a bare repository, whose files may be those of a pull request.
    #[error("cannot use {}: it is a bare repository in the working tree of another one", .dir.display())]
    EmbeddedRepository {
        /// The folder of the bare repository.
        dir: PathBuf,
    },
    /// The repository belongs to another user, so git does not read it: its configuration can start programs.
    #[error("cannot read {}: it belongs to another user: {output}", .dir.display())]
    UnsafeDirectory {
        /// The folder that git ran in.
        dir: PathBuf,
        /// The output of git.
        output: String,
    },
    /// The checkout has no remote with this name.
    #[error("cannot find remote {remote} in {}", .dir.display())]
    NoRemote {
        /// The folder of the checkout.
        dir: PathBuf,
        /// The name of the remote.
        remote: String,
    },
    /// The URL of the remote is invalid.
    #[error("cannot use the URL of the git remote: {cause}")]
    InvalidUrl {
        /// The problem, without the URL.
        cause: String,
    },
    /// The URL of the remote has what may be a secret, which git would print.
    #[error("cannot use the URL of the git remote: {cause}")]
    SecretInUrl {
        /// The problem, without the URL.
        cause: String,
    },
    /// The object format of the repository is not SHA-1.
    #[error("cannot read {what}: unsupported object format {format}, expected sha1")]
    ObjectFormat {
        /// The folder or URL.
        what: String,
        /// `extensions.objectFormat`, such as `sha256`.
        format: String,
    },
    /// The `HEAD` of the remote is not a branch: the repository is empty, or `HEAD` is detached.
    #[error("cannot find the default branch of {remote}")]
    NoDefaultBranch {
        /// The URL of the remote.
        remote: String,
    },
    /// The signing program failed.
    #[error("cannot {operation}: {output}")]
    SigningFailed {
        /// See [`GitError`].
        operation: String,
        /// See [`GitError`].
        output: String,
    },
    /// The SSH key that is to sign commits cannot sign.
    #[error("cannot sign commits with the SSH key: {source}")]
    SigningKey {
        /// Why it failed.
        source: SshKeyError,
    },
    /// The remote branch no longer points at the expected commit. The operation can be repeated on its new state.
    #[error("cannot {operation}: the branch changed concurrently: {output}")]
    LostRace {
        /// See [`GitError`].
        operation: String,
        /// See [`GitError`].
        output: String,
    },
    /// A process on the server has the lock of a branch, or left it behind. The operation was repeated once.
    #[error("cannot {operation}: the branch is locked: {output}")]
    Locked {
        /// See [`GitError`].
        operation: String,
        /// See [`GitError`].
        output: String,
    },
    /// The files of the repository cannot be written: permissions, a read-only or a full disk.
    #[error("cannot {operation}: cannot write to the repository: {output}")]
    NotWritable {
        /// See [`GitError`].
        operation: String,
        /// See [`GitError`].
        output: String,
    },
    /// A rule of the server rejected the push: branch protection, or a hook.
    #[error("cannot {operation}: rejected by a rule of the server: {output}")]
    Protected {
        /// See [`GitError`].
        operation: String,
        /// See [`GitError`].
        output: String,
    },
    /// Another branch conflicts with the name: `a` and `a/b` cannot both exist.
    #[error("cannot {operation}: name conflict with another branch: {output}")]
    BranchNameConflict {
        /// See [`GitError`].
        operation: String,
        /// See [`GitError`].
        output: String,
    },
    /// The server needs a login, and git has none: none was found, it is for another host, or a header has a wrong one.
    #[error("cannot {operation}: no valid login for this server: {output}")]
    NoLogin {
        /// See [`GitError`].
        operation: String,
        /// See [`GitError`].
        output: String,
    },
    /// The credentials are invalid or lack a permission.
    #[error("cannot {operation}: access denied: {output}")]
    Denied {
        /// See [`GitError`].
        operation: String,
        /// See [`GitError`].
        output: String,
    },
    /// The repository does not exist, or these credentials cannot see it.
    #[error("cannot {operation}: repository not found: {output}")]
    NotFound {
        /// See [`GitError`].
        operation: String,
        /// See [`GitError`].
        output: String,
    },
    /// A configuration file of git cannot be read.
    #[error("cannot {operation}: invalid configuration of git: {output}")]
    Configuration {
        /// See [`GitError`].
        operation: String,
        /// See [`GitError`].
        output: String,
    },
    /// The server failed or the connection ended early. The operation was repeated once.
    #[error("cannot {operation}: {output}")]
    Transient {
        /// See [`GitError`].
        operation: String,
        /// See [`GitError`].
        output: String,
    },
    /// The connection failed.
    #[error("cannot {operation}: {output}")]
    Network {
        /// See [`GitError`].
        operation: String,
        /// See [`GitError`].
        output: String,
    },
    /// git exceeded the time limit and was stopped.
    #[error("cannot {operation}: timed out after {seconds} s")]
    TimedOut {
        /// See [`GitError`].
        operation: String,
        /// The time limit in seconds.
        seconds: u64,
    },
    /// git failed for any other reason.
    #[error("cannot {operation}: {output}")]
    Failed {
        /// See [`GitError`].
        operation: String,
        /// See [`GitError`].
        output: String,
    },
    /// An object is missing or damaged.
    #[error("cannot read {what}: {cause}")]
    Corrupt {
        /// What the object is, with its id.
        what: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The base commit does not have the file to change.
    #[error("cannot change {path}: not found in commit {commit}")]
    NoSuchFile {
        /// The path from the root of the repository.
        path: String,
        /// The base commit.
        commit: String,
    },
    /// A path is a folder, a symbolic link or a submodule instead of a file.
    #[error("cannot read {path}: not a regular file in commit {commit}")]
    NotAFile {
        /// The path from the root of the repository.
        path: String,
        /// The id of the commit.
        commit: String,
    },
    /// git or the server reported an invalid branch name or commit id.
    #[error("cannot parse the output of git")]
    Name(#[from] RefNameError),
    /// A file, a folder or a process could not be created, read or written.
    #[error("cannot {operation}")]
    Io {
        /// See [`GitError`].
        operation: String,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
}

impl GitError {
    /// Returns the error about a URL with the reason why people do not find this URL, if the configuration of git made it.
    pub(super) fn after_rewriting(self, is_rewritten: bool) -> Self {
        let explained = |cause: String| format!("after `url.….insteadOf` in the configuration of git: {cause}");
        match self {
            Self::InvalidUrl { cause } if is_rewritten => Self::InvalidUrl { cause: explained(cause) },
            Self::SecretInUrl { cause } if is_rewritten => Self::SecretInUrl { cause: explained(cause) },
            other => other,
        }
    }

    /// Returns what to do next.
    pub fn hint(&self) -> Hint {
        Hint::about_machine(&chain(self)).unwrap_or_else(|| self.hint_about_git())
    }

    #[rustfmt::skip]
    fn hint_about_git(&self) -> Hint {
        match self {
            Self::MissingGit { .. } => hint!("troubleshooting.md#git", "install git, or add its folder to PATH"),
            Self::TooOld { .. } => hint!("troubleshooting.md#git", "install a newer git"),
            Self::Embedded { .. } => hint!("policies.md#git-history",
                "clone it beside the working tree, or with a working tree of its own"),
            Self::EmbeddedRepository { .. } => hint!("security.md#three-sources-of-settings",
                "run in the root of the checkout, and remove `HEAD`, `objects` and `refs` from that folder"),
            Self::NotARepository { .. } => hint!("troubleshooting.md#git", "run in a checkout, or pass `--repository URL`"),
            Self::UnsafeDirectory { dir, .. } => hint!("troubleshooting.md#unsafe-directory",
                "run `git config --global --add safe.directory '{}'` if you trust its content", dir.display()),
            Self::NoRemote { remote, .. } => hint!("troubleshooting.md#git",
                "run `git remote add {remote} URL`, set `git.remote` to another remote in the file of --config, or pass `--repository URL`"),
            Self::InvalidUrl { .. } => hint!("command-line.md#where-the-manifests-are",
                "write a URL as for `git clone`, such as https://git.example.com/acme/apps.git"),
            Self::SecretInUrl { .. } => hint!("configuration.md#environment-variables",
                "remove it from the URL; set a token in TAGBOAT_GIT_PASSWORD, and its user name in TAGBOAT_GIT_USER"),
            Self::ObjectFormat { .. } => hint!("troubleshooting.md#git", "use a repository with the object format sha1"),
            Self::NoDefaultBranch { .. } => hint!("troubleshooting.md#git",
                "name a branch of the remote with --base, or with `git: {{ base: … }}` in the file of --config"),
            Self::SigningFailed { .. } => hint!("configuration.md#commits-and-signatures",
                "check that the key exists, is readable and needs no passphrase; try `git commit -S` on this machine"),
            Self::SigningKey { .. } => hint!("configuration.md#commits-and-signatures",
                "generate a key with `ssh-keygen -t ed25519 -N '' -f FILE`, and set TAGBOAT_SIGNING_KEY to the text of FILE"),
            Self::LostRace { .. } => hint!("troubleshooting.md#git", "run again to continue from the new state of the branch"),
            Self::Locked { .. } => hint!("troubleshooting.md#git",
                "run again; if it fails again, remove the lock file that the message names, once no git process runs on the server"),
            Self::NotWritable { .. } => hint!("troubleshooting.md#git",
                "check the permissions and the free space where the repository is; temporary clones are in TMPDIR"),
            Self::Protected { .. } => hint!("troubleshooting.md#protected-branch",
                "push to another branch, or let this account bypass the rule in the settings of the repository"),
            Self::BranchNameConflict { .. } => hint!("troubleshooting.md#git",
                "delete or rename the other branch, or configure another branch prefix"),
            Self::NoLogin { .. } => hint!("troubleshooting.md#forge-login",
                "set TAGBOAT_FORGE_TOKEN, or TAGBOAT_GIT_USER and TAGBOAT_GIT_PASSWORD; a warning names a token that is not for this server"),
            Self::Denied { .. } => hint!("troubleshooting.md#forge-login", "give the credentials permission to read and push"),
            Self::NotFound { .. } => hint!("troubleshooting.md#forge-login", "check the URL and the credentials"),
            Self::Configuration { .. } => hint!("troubleshooting.md#git",
                "correct the file or the variable that the message names; `git config --list --show-origin` shows what git reads"),
            Self::Transient { .. } => hint!("troubleshooting.md#connection", "run again; if it fails again, check the state of the server"),
            Self::Network { .. } => hint!("troubleshooting.md#connection", "check the URL, the network, the proxy and the certificates"),
            Self::TimedOut { .. } => hint!("troubleshooting.md#git",
                "check whether the server is reachable, and whether a program waits for input, such as a password"),
            Self::Corrupt { .. } => hint!("troubleshooting.md#git", "check the repository with `git fsck`; clone it again to repair it"),
            Self::Io { .. } => hint!("troubleshooting.md#git",
                "check that the folder for temporary files (TMPDIR) is writable and has free space"),
            Self::NoSuchFile { .. } | Self::NotAFile { .. } => hint!("troubleshooting.md#git",
                "run again; if it fails again, compare the file with the commit"),
            Self::Failed { .. } | Self::Name(_) => hint!("troubleshooting.md#git",
                "run the command again with -vv to see what git was called with"),
        }
    }
}
