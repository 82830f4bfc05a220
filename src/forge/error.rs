//! Errors of forges, with hints. Only this file interprets HTTP statuses.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::docs::{Hint, hint};
use crate::refname::BranchName;

/// Why an operation on a forge failed. `action` names the operation as an imperative, with its repository, branch or pull
/// request: `open a pull request for tagboat/api in acme/gitops`.
#[derive(Debug, thiserror::Error)]
pub enum ForgeError {
    /// The settings of the forge are invalid.
    Settings {
        /// Why it failed.
        reason: String,
    },
    /// The forge rejected the token, with 401.
    Unauthorized {
        /// What was to be done: `open the pull request`.
        action: String,
        /// The forge's message.
        message: String,
    },
    /// The token lacks a permission.
    Forbidden {
        /// What was to be done: `open the pull request`.
        action: String,
        /// 403; 401 from some servers.
        status: u16,
        /// The forge's message.
        message: String,
        /// The permissions that a token for this forge needs.
        permissions: &'static str,
    },
    /// The repository or pull request does not exist, or the token has no access to it.
    NotFound {
        /// What was to be done: `open the pull request`.
        action: String,
        /// The forge's message.
        message: String,
    },
    /// The repository is read-only.
    Archived {
        /// What was to be done: `open the pull request`.
        action: String,
        /// The forge's message.
        message: String,
    },
    /// 429, or 403 with a rate limit, and the delay is too long for this run.
    RateLimited {
        /// What was to be done: `open the pull request`.
        action: String,
        /// The delay before the next request, if the forge sent one.
        wait: Option<Duration>,
    },
    /// The forge understood the request and refused it.
    Refused {
        /// What was to be done: `open the pull request`.
        action: String,
        /// 400, 409, 422; `None` if the refusal is in a response with 200.
        status: Option<u16>,
        /// The forge's message.
        message: String,
    },
    /// A rule for protected branches does not allow the request.
    ProtectedBranch {
        /// What was to be done: `open the pull request`.
        action: String,
        /// The status; `None` if the refusal is in a response with 200.
        status: Option<u16>,
        /// The forge's message.
        message: String,
    },
    /// The forge failed: 5xx, or a status that no API documents.
    Unavailable {
        /// What was to be done: `open the pull request`.
        action: String,
        /// The HTTP status.
        status: u16,
        /// The forge's message.
        message: String,
    },
    /// The branch no longer points at the expected commit.
    BranchChanged {
        /// What was to be done: `open the pull request`.
        action: String,
    },
    /// The forge sent no response.
    Unreachable {
        /// What was to be done: `open the pull request`.
        action: String,
        /// Why it failed.
        reason: String,
        /// What to do about it, if that is known.
        hint: Option<Hint>,
    },
    /// The response cannot be parsed, or lacks a value.
    Malformed {
        /// What was to be done: `open the pull request`.
        action: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The forge would refuse or truncate a text.
    TooLong {
        /// What was to be done: `open the pull request`.
        action: String,
        /// `title` or `body`.
        what: &'static str,
        /// Characters in it.
        length: usize,
        /// Characters allowed.
        limit: usize,
    },
    /// The forge has no such feature.
    NotSupported {
        /// What was to be done: `open the pull request`.
        action: String,
        /// The name of the forge.
        forge: &'static str,
    },
    /// A pull request without Tagboat's record is open for the same branch and base.
    NoRecord {
        /// The branch.
        branch: BranchName,
        /// The pull request.
        url: String,
    },
    /// Labels or people could not be set on a pull request; nothing else failed.
    NotSet {
        /// `label`, `reviewer`, …
        what: &'static str,
        /// The names that were not set.
        names: Vec<String>,
        /// The pull request.
        url: String,
        /// The cause. Not a `source`: the message has it without the operation.
        error: Box<ForgeError>,
    },
    /// Auto-merge could not be enabled on a pull request; nothing else failed.
    NotAutoMerged {
        /// The pull request.
        url: String,
        /// The cause. Not a `source`: the message has it without the operation.
        error: Box<ForgeError>,
    },
    /// A file cannot be used, on a forge that is a folder.
    File {
        /// The operation: `read`, `write`, `lock`.
        action: &'static str,
        /// The path of the file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// The response of a forge with a status other than 2xx.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) message: String,
    /// The delay before the next request, if the forge sent one.
    pub(super) wait: Option<Duration>,
    /// Whether a rate limit was exceeded: then the forge did nothing.
    pub(super) is_rate_limited: bool,
}

impl Refusal {
    /// Returns the error for a refusal of `action` by a forge whose token needs `permissions`.
    pub(super) fn explain(self, action: &str, permissions: &'static str) -> ForgeError {
        let (action, status, message) = (action.to_owned(), self.status, truncated(&self.message));
        let archived = message.to_ascii_lowercase().contains("archived");
        match status {
            _ if self.is_rate_limited => ForgeError::RateLimited { action, wait: self.wait },
            // Some servers send 401 for a valid token without permission.
            401 if message.contains("not permitted") => ForgeError::Forbidden { action, status, message, permissions },
            401 => ForgeError::Unauthorized { action, message },
            403 | 410 | 423 if archived => ForgeError::Archived { action, message },
            403 => ForgeError::Forbidden { action, status, message, permissions },
            404 | 410 => ForgeError::NotFound { action, message },
            400..500 => ForgeError::refused(&action, Some(status), &message),
            _ => ForgeError::Unavailable { action, status, message },
        }
    }
}

impl ForgeError {
    /// Returns what to do next.
    #[rustfmt::skip]
    pub fn hint(&self) -> Hint {
        match self {
            Self::Unauthorized { .. } => hint!("troubleshooting.md#forge-login", "set a valid token for this host"),
            Self::Forbidden { permissions, .. } => hint!("troubleshooting.md#forge-login", "give the token {permissions}"),
            Self::NotFound { .. } => hint!("troubleshooting.md#forge-login",
                "check the name of the repository, and that the token has access to it"),
            Self::Archived { .. } => hint!("troubleshooting.md#refused-by-the-forge",
                "unarchive the repository, or stop running Tagboat on it"),
            Self::RateLimited { .. } => hint!("troubleshooting.md#rate-limits", "run less often, or use a token with its own limit"),
            Self::Unreachable { hint: Some(hint), .. } => hint.clone(),
            Self::Unavailable { .. } | Self::Unreachable { .. } | Self::BranchChanged { .. } => hint!("troubleshooting.md#refused-by-the-forge",
                "run again: the next run continues where this one stopped"),
            Self::Malformed { .. } => hint!("troubleshooting.md#unexpected-responses",
                "check the address of the API in `forge.url`, and whether a proxy answers instead of the forge"),
            Self::NotSupported { .. } => hint!("forges.md#what-each-forge-supports",
                "remove the setting of `pull-requests`"),
            // A refusal is about the names. Any other cause has a hint of its own.
            Self::NotSet { error, .. } if matches!(**error, Self::Refused { .. }) => hint!("configuration.md#every-key",
                "correct the names in `pull-requests`"),
            Self::NotSet { error, .. } => error.hint(),
            Self::NotAutoMerged { .. } => hint!("pull-requests.md#merging",
                "allow auto-merge in the repository and require a check on the base branch"),
            Self::NoRecord { url, .. } => hint!("pull-requests.md#whose-pull-request",
                "close {url}, or give its branch another name"),
            Self::TooLong { .. } => hint!("configuration.md#templates",
                "make smaller groups with `pull-requests.group`, or shorten the template"),
            Self::File { reason, .. } if let Some(hint) = Hint::about_machine(reason) => hint,
            Self::File { action: "create" | "write to", .. } => hint!(
                "troubleshooting.md#files-of-a-local-forge",
                "set `forge.folder` to a folder that Tagboat may write to"
            ),
            Self::File { .. } => hint!("troubleshooting.md#files-of-a-local-forge", "repair or delete the file"),
            Self::ProtectedBranch { .. } => hint!("troubleshooting.md#protected-branch",
                "exempt branches that start with `pull-requests.branch-prefix` from the rule"),
            Self::Refused { .. } => hint!("troubleshooting.md#refused-by-the-forge",
                "correct what the message reports, on the forge or in tagboat.yaml, then run again"),
            Self::Settings { .. } => hint!("forges.md#tokens", "correct `forge` in tagboat.yaml, or set the token in TAGBOAT_FORGE_TOKEN"),
        }
    }

    /// Returns the error for a refused request. Forges report a rule for protected branches in the message only.
    pub(super) fn refused(action: &str, status: Option<u16>, message: &str) -> Self {
        let (action, message) = (action.to_owned(), message.to_owned());
        if message.to_ascii_lowercase().contains("protected") {
            Self::ProtectedBranch { action, status, message }
        } else {
            Self::Refused { action, status, message }
        }
    }

    /// Returns the message without the operation.
    fn cause(&self) -> String {
        let mut cause = self.cause_with_text();
        // A response may have no text.
        cause.truncate(cause.strip_suffix(": ").map_or(cause.len(), str::len));
        cause
    }

    fn cause_with_text(&self) -> String {
        match self {
            Self::Settings { reason } => format!("cannot connect to the forge: {reason}"),
            Self::Unauthorized { message, .. } => format!("the forge rejected the token (401): {message}"),
            Self::Forbidden { status, message, .. } => format!("permission denied ({status}): {message}"),
            Self::NotFound { message, .. } => format!("not found (404): {message}"),
            Self::Archived { message, .. } => format!("archived: {message}"),
            Self::RateLimited { wait: None, .. } => "rate limited".to_owned(),
            Self::RateLimited { wait: Some(wait), .. } => format!("rate limited; retry after {} s", wait.as_secs()),
            Self::Refused { status, message, .. } => format!("refused{}: {message}", in_parentheses(*status)),
            Self::ProtectedBranch { status, message, .. } => {
                format!("protected branch{}: {message}", in_parentheses(*status))
            }
            Self::Unavailable { status, message, .. } => format!("the forge failed ({status}): {message}"),
            Self::BranchChanged { .. } => "the branch changed concurrently".to_owned(),
            Self::Unreachable { reason, .. } => format!("no response: {reason}"),
            Self::Malformed { reason, .. } => format!("unexpected response: {reason}"),
            Self::TooLong { what, length, limit, .. } => {
                format!("the {what} has {length} characters; the forge allows {limit}")
            }
            Self::NotSupported { forge, .. } => format!("not supported by {forge}"),
            Self::NoRecord { branch, url } => format!(
                "cannot open a pull request for {branch}: {url} is open for the same branch and base, and has no record by Tagboat"
            ),
            Self::NotSet { what, names, url, error } => {
                format!("cannot set {what} {} on {url}: {}", names.join(", "), error.cause())
            }
            Self::NotAutoMerged { url, error } => format!("cannot enable auto-merge on {url}: {}", error.cause()),
            Self::File { action, path, reason } => format!("cannot {action} {}: {reason}", path.display()),
        }
    }

    /// Returns the operation; `None` if the cause names it.
    fn action(&self) -> Option<&str> {
        match self {
            Self::Unauthorized { action, .. }
            | Self::Forbidden { action, .. }
            | Self::NotFound { action, .. }
            | Self::Archived { action, .. }
            | Self::RateLimited { action, .. }
            | Self::Refused { action, .. }
            | Self::ProtectedBranch { action, .. }
            | Self::Unavailable { action, .. }
            | Self::BranchChanged { action }
            | Self::Unreachable { action, .. }
            | Self::Malformed { action, .. }
            | Self::TooLong { action, .. }
            | Self::NotSupported { action, .. } => Some(action),
            Self::Settings { .. }
            | Self::NoRecord { .. }
            | Self::NotSet { .. }
            | Self::NotAutoMerged { .. }
            | Self::File { .. } => None,
        }
    }

    /// Returns the error for a list that has more pages than any repository fills.
    pub(super) fn endless(action: String, pages: usize) -> Self {
        Self::Malformed { action, reason: format!("the list has more than {pages} pages") }
    }

    /// Returns whether the forge may have carried out the request.
    pub(super) fn is_ambiguous(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Unreachable { .. } | Self::Malformed { .. })
    }

    /// Returns whether the forge refused with this text.
    pub(super) fn is_refusal(&self, text: &str) -> bool {
        match self {
            Self::Refused { message, .. } | Self::ProtectedBranch { message, .. } | Self::NotFound { message, .. } => {
                message.contains(text)
            }
            _ => false,
        }
    }
}

impl fmt::Display for ForgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.action() {
            Some(action) => write!(f, "cannot {action}: {}", self.cause()),
            None => f.write_str(&self.cause()),
        }
    }
}

fn in_parentheses(status: Option<u16>) -> String {
    status.map_or_else(String::new, |status| format!(" ({status})"))
}

/// Returns one line of what may be a whole HTML page, truncated to 300 characters.
fn truncated(message: &str) -> String {
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(300) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn explains_statuses() {
        #[rustfmt::skip]
        let table = [
            // status  limited  message                                   expected
            (401,      false,   "Bad credentials",                        "Unauthorized"),
            (401,      false,   "You are not permitted to access this resource", "Forbidden"),
            (403,      false,   "Resource not accessible by integration", "Forbidden"),
            (403,      true,    "You have exceeded a secondary rate",     "RateLimited"),
            (403,      false,   "Repository was archived so is read-only.", "Archived"),
            (404,      false,   "Not Found",                              "NotFound"),
            (410,      false,   "Gone",                                   "NotFound"),
            (422,      false,   "Validation Failed",                      "Refused"),
            (422,      false,   "Protected branch update failed",         "ProtectedBranch"),
            (429,      true,    "slow down",                              "RateLimited"),
            (502,      false,   "<html>",                                 "Unavailable"),
            (302,      false,   "",                                       "Unavailable"),
        ];
        for (status, limited, message, expected) in table {
            let refusal = Refusal { status, message: message.into(), wait: None, is_rate_limited: limited };
            let error = refusal.explain("list", "x");
            assert!(format!("{error:?}").starts_with(expected), "{status} {message}: {error:?}");
        }
    }

    #[test]
    fn message_without_a_text_ends_with_the_status() {
        for (status, expected) in [(404, "not found (404)"), (502, "the forge failed (502)"), (422, "refused (422)")] {
            let refusal = Refusal { status, message: String::new(), wait: None, is_rate_limited: false };
            assert_eq!(refusal.explain("list", "x").to_string(), format!("cannot list: {expected}"));
        }
    }

    #[test]
    fn names_the_operation_once() {
        let error = Box::new(ForgeError::refused("request a review of #7", Some(422), "no such user"));
        let names = vec!["rita".to_owned()];
        let error = ForgeError::NotSet { what: "reviewer", names, url: "#7".to_owned(), error };
        assert_eq!(error.to_string(), "cannot set reviewer rita on #7: refused (422): no such user");
    }

    #[test]
    fn truncates_a_page_of_html_to_one_line() {
        let page = "<html>\n".repeat(1000);
        assert!(truncated(&page).len() < 310 && !truncated(&page).contains('\n'));
    }
}
