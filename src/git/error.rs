//! What can go wrong with git. It knows no program and no output: those become errors in `refusal.rs` and `command.rs`.

use std::io;
use std::path::PathBuf;

use crate::refname::RefNameError;

/// Why git did not do what it was asked.
///
/// `doing` reads on after "cannot": `push tagboat/apps to https://git.example.com/apps.git`. `said` is what git and the
/// server said, on one line, without credentials.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GitError {
    /// There is no `git` to run.
    #[error("cannot find the program {}", .program.display())]
    MissingGit {
        /// What was looked for, on `PATH` if it is a bare name.
        program: PathBuf,
    },
    /// This `git` lacks what is needed.
    #[error("git {found} is too old: {needed} or newer is needed")]
    TooOld {
        /// As the program says.
        found: String,
        /// The oldest one that will do.
        needed: String,
    },
    /// The folder is not in a git repository.
    #[error("{} is not in a git repository: {said}", .dir.display())]
    NotARepository {
        /// The folder.
        dir: PathBuf,
        /// git's words.
        said: String,
    },
    /// git won't read a repository that belongs to another user, because its configuration can start programs.
    #[error("git refuses to use {}, which belongs to another user: {said}", .dir.display())]
    UnsafeDirectory {
        /// The folder.
        dir: PathBuf,
        /// git's words.
        said: String,
    },
    /// The checkout has no remote of that name.
    #[error("{} has no remote named {remote}", .dir.display())]
    NoRemote {
        /// The checkout.
        dir: PathBuf,
        /// The name that was looked for.
        remote: String,
    },
    /// Objects are named by something else than SHA-1.
    #[error("{what} names its objects by {format}: only sha1 repositories can be read")]
    ObjectFormat {
        /// Folder or URL.
        what: String,
        /// As git names it, such as `sha256`.
        format: String,
    },
    /// The remote's `HEAD` names no branch: it is empty, or detached.
    #[error("{remote} has no default branch")]
    NoDefaultBranch {
        /// URL of the remote.
        remote: String,
    },
    /// The program that signs did not.
    #[error("cannot {doing}: {said}")]
    NotSigned {
        /// See [`GitError`].
        doing: String,
        /// See [`GitError`].
        said: String,
    },
    /// The branch is no longer where it was expected. To be retried on what is there now.
    #[error("cannot {doing}: somebody else was faster: {said}")]
    LostRace {
        /// See [`GitError`].
        doing: String,
        /// See [`GitError`].
        said: String,
    },
    /// A rule of the server forbids it: a protected branch, a hook.
    #[error("cannot {doing}: a rule of the server forbids it: {said}")]
    Protected {
        /// See [`GitError`].
        doing: String,
        /// See [`GitError`].
        said: String,
    },
    /// A branch named like a folder of ours stands in the way: `a` and `a/b` can't both exist.
    #[error("cannot {doing}: another branch stands in the way: {said}")]
    BranchInTheWay {
        /// See [`GitError`].
        doing: String,
        /// See [`GitError`].
        said: String,
    },
    /// No credentials, wrong ones, or ones without the right.
    #[error("cannot {doing}: access denied: {said}")]
    Denied {
        /// See [`GitError`].
        doing: String,
        /// See [`GitError`].
        said: String,
    },
    /// No such repository, or none that these credentials may know of.
    #[error("cannot {doing}: no such repository: {said}")]
    NotFound {
        /// See [`GitError`].
        doing: String,
        /// See [`GitError`].
        said: String,
    },
    /// The server could not be reached, or broke off.
    #[error("cannot {doing}: {said}")]
    Network {
        /// See [`GitError`].
        doing: String,
        /// See [`GitError`].
        said: String,
    },
    /// git did not end in time, and was ended.
    #[error("cannot {doing}: no end after {seconds} s")]
    TimedOut {
        /// See [`GitError`].
        doing: String,
        /// How long it ran.
        seconds: u64,
    },
    /// git failed in a way that has no name here.
    #[error("cannot {doing}: {said}")]
    Failed {
        /// See [`GitError`].
        doing: String,
        /// See [`GitError`].
        said: String,
    },
    /// An object is absent or damaged.
    #[error("cannot read {what}: {why}")]
    Corrupt {
        /// Which object.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// A new content was given for a file that the base commit does not have.
    #[error("commit {commit} has no file {path}")]
    NoSuchFile {
        /// From the repository's root.
        path: String,
        /// The base commit.
        commit: String,
    },
    /// git or the server named a branch or commit in a way that it should not.
    #[error("an unexpected answer of git")]
    Name(#[from] RefNameError),
    /// The temporary repository could not be made, or an object not written into it.
    #[error("cannot {doing}")]
    Io {
        /// See [`GitError`].
        doing: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl GitError {
    /// What a person can do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::MissingGit { .. } => "install git, or put it on PATH: it does the fetching and pushing",
            Self::TooOld { .. } => "install a newer git",
            Self::NotARepository { .. } => "run in a checkout, or give the URL of a repository",
            Self::UnsafeDirectory { dir, .. } => {
                return Some(format!(
                    "if you trust what is in it (see #unsafe-directory): git config --global --add safe.directory '{}'",
                    dir.display()
                ));
            }
            Self::NoRemote { .. } => "`git remote` lists the names; or give the URL of a repository",
            Self::NoDefaultBranch { .. } => "set `git: { base: … }` in tagboat.yaml to a branch that is there",
            Self::NotSigned { .. } => {
                "is the key there, may it be read, and does it need no passphrase? `git commit -S` on this machine says more"
            }
            Self::LostRace { .. } => "run again: what changed meanwhile is then taken into account",
            Self::Protected { .. } => {
                "propose to another branch, or let this account bypass the rule in the settings of the repository \
                 (see #protected-branch)"
            }
            Self::BranchInTheWay { .. } => "delete or rename that branch, or configure another branch prefix",
            Self::Denied { .. } => "the credentials need the right to read and to push (see #forge-login)",
            Self::NotFound { .. } => {
                "check the URL; servers also say so of a private repository when the credentials may not see it (see #forge-login)"
            }
            Self::Network { .. } => "check the URL, the network, the proxy and the certificates (see #certificates)",
            Self::TimedOut { .. } => {
                "is the server reachable, or does a program wait for an answer, such as a password?"
            }
            Self::Corrupt { .. } => "`git fsck` checks a repository; a fresh clone repairs it",
            Self::Io { .. } => "is there room in the folder for temporary files (TMPDIR), and may it be written to?",
            Self::ObjectFormat { .. } | Self::Failed { .. } | Self::NoSuchFile { .. } | Self::Name(_) => return None,
        };
        Some(hint.to_owned())
    }
}
