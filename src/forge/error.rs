//! What can go wrong with a forge, and what to do about it. The one place where a status becomes a meaning.

use std::path::PathBuf;
use std::time::Duration;

/// Why a forge did not do what it was asked. `action` says what that was, with the repository or branch.
#[derive(Debug, thiserror::Error)]
pub enum ForgeError {
    /// No client can be made from these settings.
    #[error("the settings of the forge can't be used: {reason}")]
    Settings {
        /// What is wrong with them.
        reason: String,
    },
    /// 401.
    #[error("{action}: the forge does not accept the token (401): {message}")]
    Unauthorized {
        /// What was asked.
        action: String,
        /// The forge's words.
        message: String,
    },
    /// 403, for want of rights.
    #[error("{action}: the token may not do that ({status}): {message}")]
    Forbidden {
        /// What was asked.
        action: String,
        /// 403; 401 on Bitbucket Data Center.
        status: u16,
        /// The forge's words.
        message: String,
        /// The rights that a token for this forge needs.
        needs: &'static str,
    },
    /// 404.
    #[error("{action}: not found (404): {message}")]
    NotFound {
        /// What was asked.
        action: String,
        /// The forge's words.
        message: String,
    },
    /// The repository can be read only.
    #[error("{action}: the repository is archived: {message}")]
    Archived {
        /// What was asked.
        action: String,
        /// The forge's words.
        message: String,
    },
    /// 429, or GitHub's 403 with a limit; waiting for it would take too long.
    #[error("{action}: the forge's rate limit is used up{}", in_seconds(.wait))]
    RateLimited {
        /// What was asked.
        action: String,
        /// Until when the forge asks to wait, from now.
        wait: Option<Duration>,
    },
    /// 400, 409, 422: the forge understands and says no.
    #[error("{action}: the forge refuses ({status}): {message}")]
    Refused {
        /// What was asked.
        action: String,
        /// The status.
        status: u16,
        /// The forge's words.
        message: String,
    },
    /// 5xx, or a status that means nothing here.
    #[error("{action}: the forge fails ({status}): {message}")]
    Unavailable {
        /// What was asked.
        action: String,
        /// The status.
        status: u16,
        /// The forge's words.
        message: String,
    },
    /// The branch no longer points at what it was expected to.
    #[error("{action}: somebody else was faster")]
    LostRace {
        /// What was asked.
        action: String,
    },
    /// No answer.
    #[error("{action}: no answer from the forge: {reason}")]
    Unreachable {
        /// What was asked.
        action: String,
        /// Why, from the innermost cause.
        reason: String,
        /// What to do about it, where that is known.
        hint: Option<&'static str>,
    },
    /// An answer, but not one that can be understood.
    #[error("{action}: the forge's answer can't be understood: {reason}")]
    Malformed {
        /// What was asked.
        action: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A text that the forge would refuse or cut.
    #[error("the {what} has {is} characters; this forge takes {limit}")]
    TooLong {
        /// `title` or `body`.
        what: &'static str,
        /// Characters in it.
        is: usize,
        /// Characters allowed.
        limit: usize,
    },
    /// Asked for something that the forge has no word for.
    #[error("this forge knows no {what}")]
    Unknown {
        /// In the plural.
        what: &'static str,
    },
    /// Labels or people could not be set; the pull request stands.
    #[error("{what} {} could not be set on {url}: {source}", .names.join(", "))]
    NotSet {
        /// `label`, `reviewer`, …
        what: &'static str,
        /// Which ones.
        names: Vec<String>,
        /// The pull request.
        url: String,
        /// Why.
        source: Box<ForgeError>,
    },
    /// A pull request is not merged by itself; it stands.
    #[error("{url} is not set to merge by itself: {source}")]
    NotMerging {
        /// The pull request.
        url: String,
        /// Why.
        source: Box<ForgeError>,
    },
    /// A file of the `local` forge.
    #[error("{}: {reason}", .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// What a forge said with a status other than 2xx, whichever client response it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) message: String,
    /// How long the forge asks to wait.
    pub(super) wait: Option<Duration>,
    /// Whether a limit on the number of requests was met: then nothing was done.
    pub(super) limited: bool,
}

impl Refusal {
    /// The meaning of a refusal of `action` by a forge whose token needs `needs`.
    pub(super) fn explain(self, action: &str, needs: &'static str) -> ForgeError {
        let (action, status, message) = (action.to_owned(), self.status, shorten(&self.message));
        let archived = message.to_ascii_lowercase().contains("archived");
        match status {
            _ if self.limited => ForgeError::RateLimited { action, wait: self.wait },
            // Bitbucket Data Center says 401 for a token that is good and may not.
            401 if message.contains("not permitted") => ForgeError::Forbidden { action, status, message, needs },
            401 => ForgeError::Unauthorized { action, message },
            403 | 410 | 423 if archived => ForgeError::Archived { action, message },
            403 => ForgeError::Forbidden { action, status, message, needs },
            404 | 410 => ForgeError::NotFound { action, message },
            400..500 => ForgeError::Refused { action, status, message },
            _ => ForgeError::Unavailable { action, status, message },
        }
    }
}

impl ForgeError {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Unauthorized { .. } => {
                "the token is missing, expired or from another host: give a valid one (see #forge-login)"
            }
            Self::Unreachable { hint: Some(hint), .. } => hint,
            Self::Forbidden { needs, .. } => return Some(format!("the token needs: {needs} (see #forge-login)")),
            Self::NotFound { .. } => {
                "check the repository's name; a private one that the token can't see looks the same (see \
                 #forge-login)"
            }
            Self::Archived { .. } => "unarchive the repository, or stop running on it",
            Self::RateLimited { .. } => {
                "run less often, or with a token that has a limit of its own (see #rate-limits)"
            }
            Self::Unavailable { .. } | Self::Unreachable { .. } | Self::LostRace { .. } => {
                "nothing is lost: the next run takes it up again"
            }
            Self::Malformed { .. } => "check that the forge's API address is right and that no proxy answers for it",
            Self::Unknown { .. } => "take it out of the configuration for this forge",
            Self::NotSet { source, .. } => {
                let own = "the pull request stands; correct the names under pull-requests in tagboat.yaml";
                return source.hint().or_else(|| Some(own.to_owned()));
            }
            Self::NotMerging { .. } => {
                "the repository has to allow it, and the base branch has to ask for checks; set it by hand for this one"
            }
            Self::TooLong { .. } => "put less into one pull request (pull-requests.group), or shorten the template",
            Self::File { .. } => "repair or remove the file",
            Self::Refused { message, .. } if message.to_ascii_lowercase().contains("protected") => {
                "exempt branches that start with pull-requests.branch-prefix from the rule, or choose another prefix"
            }
            Self::Refused { .. } => "change what it says, there or in tagboat.yaml; the next run takes it up again",
            Self::Settings { .. } => "correct `forge` in tagboat.yaml, or the token in TAGBOAT_FORGE_TOKEN",
        };
        Some(text.to_owned())
    }

    /// A listing that has more pages than any repository fills.
    pub(super) fn endless(action: String, pages: usize) -> Self {
        Self::Malformed { action, reason: format!("it has more than {pages} pages") }
    }

    /// Whether it is unknown what the forge did: the request may have been carried out.
    pub(super) fn is_ambiguous(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Unreachable { .. } | Self::Malformed { .. })
    }
}

fn in_seconds(wait: &Option<Duration>) -> String {
    wait.map_or_else(String::new, |wait| format!("; it asks to wait {} s", wait.as_secs()))
}

/// One line of what may be a whole HTML page.
fn shorten(message: &str) -> String {
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
    fn statuses_have_meanings() {
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
    fn a_page_of_html_is_one_short_line() {
        let page = "<html>\n".repeat(1000);
        assert!(shorten(&page).len() < 310 && !shorten(&page).contains('\n'));
    }
}
