//! Errors of all layers as people read them: what, where, why, and what to do next. And the exit codes.
//!
//! Layers keep their own error types, next to what raises them; only here do they become text.

use std::fmt;

use crate::config::ConfigErrors;
use crate::forge::ForgeError;
use crate::git::GitError;
use crate::http::HttpError;
use crate::policy::PolicyError;
use crate::registry::RegistryError;

/// How a run ended, as `$?`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// Nothing could be done.
    Failed = 1,
    /// With `--detailed-exitcode`: changes are pending or were proposed.
    Changes = 2,
    /// Some failed, the rest is done.
    Partly = 3,
    /// Usage or configuration (`EX_USAGE` of sysexits.h).
    Usage = 64,
}

/// An error that ends a command.
#[derive(Debug)]
pub struct Error {
    exit: Exit,
    message: String,
    causes: Vec<String>,
    hint: Option<String>,
}

impl Error {
    /// What could not be done, in a lower-case fragment.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), causes: Vec::new(), hint: None }
    }

    /// Wrong arguments or configuration.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Takes the causes from an error, each once.
    #[must_use]
    pub fn caused_by(mut self, source: &dyn std::error::Error) -> Self {
        let mut next = Some(source);
        while let Some(cause) = next {
            let text = cause.to_string();
            if !self.message.contains(&text) && !self.causes.iter().any(|known| known.contains(&text)) {
                self.causes.push(text);
            }
            next = cause.source();
        }
        self
    }

    /// What to do next.
    #[must_use]
    pub fn hint(mut self, hint: Option<impl Into<String>>) -> Self {
        self.hint = hint.map(Into::into).or(self.hint);
        self
    }

    /// What could not be done, without causes and advice.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do next.
    pub fn advice(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The exit code it calls for.
    pub fn exit(&self) -> Exit {
        self.exit
    }
}

/// An error and its causes on one line, each said once.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        next = cause.source();
    }
    text
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        for cause in &self.causes {
            write!(f, "\n  caused by: {cause}")?;
        }
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "\nhint: {hint}"))
    }
}

impl std::error::Error for Error {}

impl From<ConfigErrors> for Error {
    fn from(errors: ConfigErrors) -> Self {
        Self::usage(errors.to_string())
    }
}

impl From<GitError> for Error {
    fn from(error: GitError) -> Self {
        Self::new(Exit::Failed, chain(&error)).hint(error.hint())
    }
}

impl From<ForgeError> for Error {
    fn from(error: ForgeError) -> Self {
        Self::new(Exit::Failed, chain(&error)).hint(error.hint())
    }
}

impl From<HttpError> for Error {
    fn from(error: HttpError) -> Self {
        Self::new(Exit::Failed, chain(&error)).hint(error.hint())
    }
}

impl From<RegistryError> for Error {
    fn from(error: RegistryError) -> Self {
        Self::new(Exit::Failed, chain(&error)).hint(error.hint())
    }
}

impl From<PolicyError> for Error {
    fn from(error: PolicyError) -> Self {
        let hint = error.hint().map(str::to_owned);
        Self::usage(error.to_string()).hint(hint)
    }
}
