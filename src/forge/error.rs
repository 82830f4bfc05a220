//! Errors of forges, with hints. Only this file interprets HTTP statuses.

use std::path::PathBuf;
use std::time::Duration;

use crate::docs::page;

/// Why an operation on a forge failed. `action` names the operation with its repository, branch or pull request.
#[derive(Debug, thiserror::Error)]
pub enum ForgeError {
    /// The settings of the forge are invalid.
    #[error("connect to the forge: {reason}")]
    Settings {
        /// The cause.
        reason: String,
    },
    /// 401.
    #[error("{action}: the forge rejected the token (401): {message}")]
    Unauthorized {
        /// The operation.
        action: String,
        /// The forge's message.
        message: String,
    },
    /// 403 for lack of permissions.
    #[error("{action}: permission denied ({status}): {message}")]
    Forbidden {
        /// The operation.
        action: String,
        /// 403; 401 from some servers.
        status: u16,
        /// The forge's message.
        message: String,
        /// The permissions that a token for this forge needs.
        permissions: &'static str,
    },
    /// 404.
    #[error("{action}: not found (404): {message}")]
    NotFound {
        /// The operation.
        action: String,
        /// The forge's message.
        message: String,
    },
    /// The repository is read-only.
    #[error("{action}: the repository is archived: {message}")]
    Archived {
        /// The operation.
        action: String,
        /// The forge's message.
        message: String,
    },
    /// 429, or 403 with a limit, and the wait is too long for this run.
    #[error("{action}: rate limited{}", retry_after(.wait))]
    RateLimited {
        /// The operation.
        action: String,
        /// How long the forge wants no further request, if it names a time.
        wait: Option<Duration>,
    },
    /// 400, 409, 422: the forge understood the request and refused it.
    #[error("{action}: refused ({status}): {message}")]
    Refused {
        /// The operation.
        action: String,
        /// The status.
        status: u16,
        /// The forge's message.
        message: String,
    },
    /// 5xx, or a status that has no meaning here.
    #[error("{action}: the forge failed ({status}): {message}")]
    Unavailable {
        /// The operation.
        action: String,
        /// The status.
        status: u16,
        /// The forge's message.
        message: String,
    },
    /// The branch no longer points at the expected commit.
    #[error("{action}: the branch changed concurrently")]
    BranchChanged {
        /// The operation.
        action: String,
    },
    /// No response.
    #[error("{action}: no response: {reason}")]
    Unreachable {
        /// The operation.
        action: String,
        /// The cause.
        reason: String,
        /// What to do about it, if that is known.
        hint: Option<&'static str>,
    },
    /// A response that cannot be read.
    #[error("{action}: unexpected response: {reason}")]
    Malformed {
        /// The operation.
        action: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A text that the forge would refuse or truncate.
    #[error("the {what} has {is} characters; the forge allows {limit}")]
    TooLong {
        /// `title` or `body`.
        what: &'static str,
        /// Characters in it.
        is: usize,
        /// Characters allowed.
        limit: usize,
    },
    /// The forge has no such feature.
    #[error("{what} {} not supported by {forge}", if .what.ends_with('s') { "are" } else { "is" })]
    NotSupported {
        /// The feature.
        what: &'static str,
        /// The forge.
        forge: &'static str,
    },
    /// Labels or people could not be set on a pull request; nothing else failed.
    #[error("could not set {what} {} on {url}: {source}", .names.join(", "))]
    NotSet {
        /// `label`, `reviewer`, …
        what: &'static str,
        /// Which ones.
        names: Vec<String>,
        /// The pull request.
        url: String,
        /// The cause.
        source: Box<ForgeError>,
    },
    /// Auto-merge could not be enabled on a pull request; nothing else failed.
    #[error("could not enable auto-merge on {url}: {source}")]
    NotAutoMerged {
        /// The pull request.
        url: String,
        /// The cause.
        source: Box<ForgeError>,
    },
    /// A file of a forge that is a folder.
    #[error("{}: {reason}", .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// What a forge sends with a status other than 2xx.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) message: String,
    /// How long the forge wants no further request.
    pub(super) wait: Option<Duration>,
    /// Whether a rate limit was exceeded: then nothing was done.
    pub(super) limited: bool,
}

impl Refusal {
    /// Returns the meaning of a refusal of `action` by a forge whose token needs `permissions`.
    pub(super) fn explain(self, action: &str, permissions: &'static str) -> ForgeError {
        let (action, status, message) = (action.to_owned(), self.status, truncated(&self.message));
        let archived = message.to_ascii_lowercase().contains("archived");
        match status {
            _ if self.limited => ForgeError::RateLimited { action, wait: self.wait },
            // Some servers say 401 for a valid token without permission.
            401 if message.contains("not permitted") => ForgeError::Forbidden { action, status, message, permissions },
            401 => ForgeError::Unauthorized { action, message },
            403 | 410 | 423 if archived => ForgeError::Archived { action, message },
            403 => ForgeError::Forbidden { action, status, message, permissions },
            404 | 410 => ForgeError::NotFound { action, message },
            400..500 => ForgeError::Refused { action, status, message },
            _ => ForgeError::Unavailable { action, status, message },
        }
    }
}

impl ForgeError {
    /// Returns what to do next.
    pub fn hint(&self) -> Option<String> {
        const LOGIN: &str = page!("troubleshooting.md#forge-login");
        Some(match self {
            Self::Unauthorized { .. } => format!("set a valid token for this host, see {LOGIN}"),
            Self::Forbidden { permissions, .. } => format!("give the token {permissions}, see {LOGIN}"),
            Self::NotFound { .. } => {
                format!("check the name of the repository, and that the token has access to it, see {LOGIN}")
            }
            Self::Archived { .. } => "unarchive the repository, or stop running on it".to_owned(),
            Self::RateLimited { .. } => {
                let page = page!("troubleshooting.md#rate-limits");
                format!("run less often, or use a token with a limit of its own, see {page}")
            }
            Self::Unreachable { hint: Some(hint), .. } => (*hint).to_owned(),
            Self::Unavailable { .. } | Self::Unreachable { .. } | Self::BranchChanged { .. } => {
                "run again; nothing is lost".to_owned()
            }
            Self::Malformed { .. } => {
                "check the address of the forge's API, and that no proxy answers in its place".to_owned()
            }
            Self::NotSupported { .. } => "remove it from the configuration for this forge".to_owned(),
            Self::NotSet { source, .. } => {
                let own = "correct the names under `pull-requests` in tagboat.yaml";
                return source.hint().or_else(|| Some(own.to_owned()));
            }
            Self::NotAutoMerged { .. } => {
                let page = page!("pull-requests.md");
                format!("allow auto-merge in the repository and require a check on the base branch, see {page}")
            }
            Self::TooLong { .. } => {
                "make smaller groups with `pull-requests.group`, or shorten the template".to_owned()
            }
            Self::File { .. } => "repair or remove the file".to_owned(),
            Self::Refused { message, .. } if message.to_ascii_lowercase().contains("protected") => {
                let page = page!("troubleshooting.md#protected-branch");
                format!("exempt branches that start with `pull-requests.branch-prefix` from the rule, see {page}")
            }
            Self::Refused { .. } => {
                "correct what the message names, in the forge or in tagboat.yaml, and run again".to_owned()
            }
            Self::Settings { .. } => {
                "correct `forge` in tagboat.yaml, or set the token in TAGBOAT_FORGE_TOKEN".to_owned()
            }
        })
    }

    /// Returns the error for a list that has more pages than any repository fills.
    pub(super) fn endless(action: String, pages: usize) -> Self {
        Self::Malformed { action, reason: format!("the list has more than {pages} pages") }
    }

    /// Returns whether it is unknown what the forge did: the request may have been carried out.
    pub(super) fn is_ambiguous(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Unreachable { .. } | Self::Malformed { .. })
    }

    /// Returns whether the forge refused with this text.
    pub(super) fn is_refusal(&self, text: &str) -> bool {
        match self {
            Self::Refused { message, .. } | Self::NotFound { message, .. } => message.contains(text),
            _ => false,
        }
    }
}

fn retry_after(wait: &Option<Duration>) -> String {
    wait.map_or_else(String::new, |wait| format!("; retry after {} s", wait.as_secs()))
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
            (429,      true,    "slow down",                              "RateLimited"),
            (502,      false,   "<html>",                                 "Unavailable"),
            (302,      false,   "",                                       "Unavailable"),
        ];
        for (status, limited, message, expected) in table {
            let refusal = Refusal { status, message: message.into(), wait: None, limited };
            let error = refusal.explain("list", "x");
            assert!(format!("{error:?}").starts_with(expected), "{status} {message}: {error:?}");
        }
    }

    #[test]
    fn truncates_a_page_of_html_to_one_line() {
        let page = "<html>\n".repeat(1000);
        assert!(truncated(&page).len() < 310 && !truncated(&page).contains('\n'));
    }
}
