//! How to run git, and the key with which it signs. Pure data.

use std::path::PathBuf;
use std::time::Duration;

/// How to run git.
#[derive(Debug, Clone)]
pub struct Options {
    /// The time limit of one git command. Ten minutes by default, for large repositories.
    pub timeout: Duration,
    /// The `git` program. A bare name is looked up on `PATH`.
    pub program: PathBuf,
    /// Names of environment variables that git and the programs that it starts inherit, besides those that they need
    /// everywhere (see `environment.rs`).
    pub pass_env: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(600), program: "git".into(), pass_env: Vec::new() }
    }
}

/// The key with which git signs commits, in the terms of git.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signing {
    /// `gpg.format`: `openpgp`, `ssh` or `x509`.
    pub format: &'static str,
    /// `user.signingkey`: the file of an SSH key, or the id of a key in a keyring.
    pub key: String,
}
