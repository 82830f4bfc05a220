//! Errors that end a command, and the exit codes. The error types of all layers become messages here:
//! `error: <operation>: <cause>` and `hint: <imperative>`.

use std::fmt;

use crate::config::ConfigErrors;
use crate::docs::{Hint, hint};
use crate::forge::ForgeError;
use crate::git::GitError;
use crate::http::HttpError;
use crate::policy::PolicyError;
use crate::registry::RegistryError;
use crate::text::{chain, visible};

/// The exit code of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Success, or nothing to do.
    Done = 0,
    /// Failure: nothing could be done.
    Failed = 1,
    /// With `--detailed-exitcode`: changes are pending, or were proposed or made.
    Changes = 2,
    /// Partial failure: some images or pull requests failed, the rest is done.
    Partly = 3,
    /// Invalid arguments or configuration (`EX_USAGE` of sysexits.h).
    Usage = 64,
    /// Stopped by SIGHUP.
    Hangup = 129,
    /// Stopped by SIGINT.
    Interrupted = 130,
    /// Stopped by SIGTERM.
    Terminated = 143,
}

/// An error that ends a command.
#[derive(Debug)]
pub struct Error {
    exit: Exit,
    message: String,
    hint: Hint,
    config: Option<ConfigErrors>,
}

impl Error {
    /// Returns an error with a message in lower case without a full stop, and what to do next.
    /// A limit of the machine has a hint of its own.
    pub fn new(exit: Exit, message: impl Into<String>, hint: Hint) -> Self {
        let message = message.into();
        let hint = Hint::about_machine(&message).unwrap_or(hint);
        Self { exit, message, hint, config: None }
    }

    /// Returns an error about arguments or configuration.
    pub fn usage(message: impl Into<String>, hint: Hint) -> Self {
        Self::new(Exit::Usage, message, hint)
    }

    /// Returns an error of Tagboat itself.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, message, hint!("troubleshooting.md#faults-of-tagboat", "report this fault"))
    }

    /// Returns the message without the hint.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns what to do next. Each problem of a configuration has a hint of its own as well.
    pub fn hint(&self) -> &Hint {
        &self.hint
    }

    /// Returns the problems of the configuration, if they are the error.
    pub fn config_errors(&self) -> Option<&ConfigErrors> {
        self.config.as_ref()
    }

    /// Returns the exit code for this error.
    pub fn exit(&self) -> Exit {
        self.exit
    }
}

/// The message and the hint have a line each, whatever is in the names that they quote: a line break in a name would imitate a hint.
/// The problems of a configuration are rendered as lines already.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.config {
            // Each problem is followed by its hint.
            Some(_) => f.write_str(&self.message),
            None => write!(f, "{}\nhint: {}", visible(&self.message), visible(&self.hint)),
        }
    }
}

impl std::error::Error for Error {}

impl From<ConfigErrors> for Error {
    fn from(errors: ConfigErrors) -> Self {
        let hint = hint!("configuration.md#every-key", "correct the configuration");
        Self { config: Some(errors.clone()), ..Self::usage(errors.to_string(), hint) }
    }
}

impl From<GitError> for Error {
    fn from(error: GitError) -> Self {
        Self::new(Exit::Failed, chain(&error), error.hint())
    }
}

impl From<ForgeError> for Error {
    fn from(error: ForgeError) -> Self {
        Self::new(Exit::Failed, chain(&error), error.hint())
    }
}

impl From<HttpError> for Error {
    fn from(error: HttpError) -> Self {
        let exit = if matches!(error, HttpError::Proxy { .. }) { Exit::Usage } else { Exit::Failed };
        Self::new(exit, chain(&error), error.hint())
    }
}

/// Every registry error that ends a command comes from the list of the tags of one image.
impl From<RegistryError> for Error {
    fn from(error: RegistryError) -> Self {
        let message = match error.image() {
            Some(image) => format!("cannot list the tags of {image}: {}", chain(&error)),
            None => chain(&error),
        };
        Self::new(Exit::Failed, message, error.hint())
    }
}

impl From<PolicyError> for Error {
    fn from(error: PolicyError) -> Self {
        Self::usage(error.to_string(), error.hint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_imitate_no_line_of_an_error() {
        let error = Error::usage(
            "cannot read a\nhint: b\u{202e}\u{200b}: c",
            hint!("reports.md#exit-codes", "rename it\nerror: d"),
        );
        let start = "cannot read a\\nhint: b\\u202e\\u200b: c\nhint: rename it\\nerror: d";
        assert!(error.to_string().starts_with(start), "{error}");
        assert_eq!(error.message(), "cannot read a\nhint: b\u{202e}\u{200b}: c");
    }

    #[cfg(unix)]
    #[test]
    fn has_the_hint_of_a_limit_of_the_machine_whatever_failed() {
        // ENOSPC and EROFS.
        let full = std::io::Error::from_raw_os_error(28);
        let own = || hint!("reports.md#report-files", "choose a file in another folder");
        let written = Error::new(Exit::Failed, format!("cannot write the report a.json: {full}"), own());
        assert!(written.hint().starts_with("free space on the disk"), "{written}");
        let git = GitError::Io { operation: "create a temporary repository".to_owned(), source: full };
        let file = ForgeError::File { action: "write", path: "a".into(), reason: "Disk quota exceeded".to_owned() };
        assert!(Error::from(git).hint().starts_with("free space on the disk"));
        assert!(Error::from(file).hint().starts_with("delete files of this user"));
        let read_only = crate::run::EditError::Write("a".into(), std::io::Error::from_raw_os_error(30));
        assert!(read_only.hint().starts_with("let this process write"), "{read_only}");
        let denied = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        assert_eq!(*Error::new(Exit::Failed, denied.to_string(), own()).hint(), own());
    }

    #[test]
    fn names_the_image_whose_tags_cannot_be_listed() {
        let error = RegistryError::Offline { image: "nginx".to_owned() };
        let start = "cannot list the tags of nginx: not looked up";
        assert!(Error::from(error).to_string().starts_with(start));
    }
}
