//! The result of `tagboat check`: whether every service that a run needs can be reached with the current credentials.

use serde::Serialize;

use crate::docs::Hint;

/// All checks, in the order in which a run needs the services.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Checks {
    /// One row per service, and one per warning.
    pub checks: Vec<Check>,
}

/// The check of one service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Check {
    /// `configuration`, `git`, `forge`, `cache`, or the host of a registry.
    pub name: String,
    /// Whether the check passed.
    pub status: CheckStatus,
    /// What was found, or why the check failed.
    pub message: String,
    /// What to do next.
    pub hint: Option<Hint>,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckStatus {
    /// The service can be used.
    Ok,
    /// It has no effect on the services, and a person should look at it.
    Warning,
    /// The service cannot be used.
    Failed,
}

impl CheckStatus {
    /// Returns the word that every output prints.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }
}

impl Check {
    /// Returns a check that passed.
    pub fn ok(name: &str, message: impl Into<String>) -> Self {
        Self { name: name.to_owned(), status: CheckStatus::Ok, message: message.into(), hint: None }
    }

    /// Returns a check that failed.
    pub fn failed(name: &str, message: impl Into<String>, hint: Hint) -> Self {
        Self { name: name.to_owned(), status: CheckStatus::Failed, message: message.into(), hint: Some(hint) }
    }

    /// Returns a warning about something that stops no service.
    pub fn warning(name: &str, message: impl Into<String>, hint: Hint) -> Self {
        Self { name: name.to_owned(), status: CheckStatus::Warning, message: message.into(), hint: Some(hint) }
    }
}

impl Checks {
    /// Whether no check failed. A warning is no failure.
    pub fn all_ok(&self) -> bool {
        self.checks.iter().all(|check| check.status != CheckStatus::Failed)
    }
}
