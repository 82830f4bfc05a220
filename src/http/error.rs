//! Why there is no answer, with the URL and the cause, never with a secret.

use std::error::Error;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Method, StatusCode};

/// Why a request gave no usable answer. URLs in it are redacted.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The server answered with a status that is not 2xx.
    #[error(transparent)]
    Status(Box<StatusError>),
    /// No connection: refused, unreachable, or the name is not known.
    #[error("no connection to {url}: {cause}")]
    Connect {
        /// What was asked.
        url: String,
        /// The deepest cause, as the system words it.
        cause: String,
    },
    /// The certificate was not accepted, or the other side does not speak TLS.
    #[error("no trusted connection to {url}: {cause}")]
    Tls {
        /// What was asked.
        url: String,
        /// What the TLS library says.
        cause: String,
    },
    /// The host asked earlier to be left alone, for longer than anybody waits. It was not asked again.
    #[error("{origin} asked to be left alone for another {} s", wait.as_secs())]
    RateLimited {
        /// Scheme, host and port.
        origin: String,
        /// How long still.
        wait: Duration,
    },
    /// The whole answer did not arrive in time.
    #[error("{url} gave no complete answer within {} s", after.as_secs_f32())]
    Timeout {
        /// What was asked.
        url: String,
        /// How long was waited.
        after: Duration,
    },
    /// The answer broke off, or is no HTTP.
    #[error("the answer of {url} broke off: {cause}")]
    Body {
        /// What was asked.
        url: String,
        /// What the HTTP library says.
        cause: String,
    },
    /// The body is larger than the caller wants to hold, compressed or not.
    #[error("the answer of {url} is larger than {limit} bytes")]
    TooLarge {
        /// What was asked.
        url: String,
        /// Bytes that were allowed.
        limit: usize,
    },
    /// A redirect that is not followed.
    #[error("{url} redirects to {to}, which is not followed: {why}")]
    Redirect {
        /// What was asked.
        url: String,
        /// Where it points, redacted.
        to: String,
        /// The rule that forbids it.
        why: &'static str,
    },
    /// The body is not the JSON that was expected.
    #[error("the answer of {url} is not {expected}: {cause}")]
    Json {
        /// What was asked.
        url: String,
        /// What it should have been, with its article: `a tag list`.
        expected: &'static str,
        /// Where reading stopped and what stands there.
        cause: String,
    },
    /// A header value that no header can hold, for example a password with a line break inside.
    #[error("the value for the header {0} holds a character that no header may hold")]
    Header(String),
    /// A client can't be made with this trust.
    #[error("cannot set up TLS: {0}")]
    ClientOptions(String),
}

/// An answer with a status that is not 2xx.
#[derive(Debug, thiserror::Error)]
#[error("{method} {url} answered {status}{}", Self::excerpt(self))]
pub struct StatusError {
    /// How was asked.
    pub method: Method,
    /// What was asked, redacted.
    pub url: String,
    /// What the server says.
    pub status: StatusCode,
    /// All headers of the answer, for those who need a challenge or a rate limit from them.
    pub headers: HeaderMap,
    /// The start of the body, without secrets that were sent.
    pub body: String,
    /// How long the server wants no further request, if it names a time.
    pub retry_after: Option<Duration>,
    /// Whether a rate limit was exceeded: then the server did nothing.
    pub rate_limited: bool,
}

impl StatusError {
    /// What a message shows of the body: one line that begins with `: `, or nothing. A page for people says nothing in
    /// one line.
    pub fn excerpt(&self) -> String {
        const SHOWN: usize = 300;
        let is_page = self.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        let mut line = self.body.split_whitespace().collect::<Vec<_>>().join(" ");
        line.retain(|c| !c.is_control());
        match line.char_indices().nth(SHOWN) {
            _ if is_page || line.is_empty() => String::new(),
            Some((end, _)) => format!(": {}…", &line[..end]),
            None => format!(": {line}"),
        }
    }
}

impl HttpError {
    /// The answer's status, if there was an answer.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Status(error) => Some(error.status),
            _ => None,
        }
    }

    /// What to do next, if that can be told without knowing who was asked.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Connect { .. } => "is the host right, is it up, and does it need a proxy? (see #certificates)",
            Self::Tls { cause, .. } if cause.contains("InvalidContentType") || cause.contains("corrupt message") => {
                "the other side does not speak TLS; if it is meant to be plain HTTP, say `plain-http: true` for that host (see #certificates)"
            }
            Self::Tls { cause, .. } if cause.contains("CertificateRequired") => {
                "the host wants to see a client certificate: name its PEM file, with the key, with `client-cert-file:`"
            }
            Self::Tls { .. } => {
                "if the host uses a private certificate authority, name its file with `ca-file:` (see #certificates)"
            }
            // With TLS 1.3, who lacks one is sent away after the connection was made, and HTTP/2 does not tell why.
            Self::Body { url, .. } if url.starts_with("https:") => {
                "try again; a host that always ends the connection may want a client certificate (`client-cert-file:`)"
            }
            Self::Timeout { .. } => "try again; if the host is just slow, raise the time limit",
            Self::RateLimited { .. } => "run again later, ask less often, or use a mirror (see #rate-limits)",
            Self::Status(error) if error.status == StatusCode::TOO_MANY_REQUESTS => {
                "the host limits requests: log in for a higher limit, ask less often, or use a mirror"
            }
            Self::Status(error) if error.status.is_server_error() => {
                "the host has a problem of its own; try again later"
            }
            Self::TooLarge { .. } => "if such an answer is expected, raise the limit",
            _ => return None,
        })
    }

    /// What became of sending a request or reading its answer; `after` is the time limit it ran under.
    pub(super) fn from_reqwest(error: &reqwest::Error, url: String, after: Duration) -> Self {
        let cause = deepest(error);
        if error.is_timeout() {
            Self::Timeout { url, after }
        } else if is_tls(error) {
            Self::Tls { url, cause }
        } else if error.is_connect() {
            Self::Connect { url, cause }
        } else {
            Self::Body { url, cause }
        }
    }

    /// Whether a second try has a chance: the connection or the answer broke, or the server asks for retry_policy.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::Body { .. } => true,
            Self::Status(error) => error.rate_limited || matches!(error.status.as_u16(), 500 | 502 | 503 | 504),
            _ => false,
        }
    }
}

/// The text of the innermost cause: the outer ones only repeat the URL and "error sending request".
pub(super) fn deepest(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

fn is_tls(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<rustls::Error>() {
            return true;
        }
        // An io::Error does not show what it wraps as its source, but as its inner error.
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if inner.is_some_and(|inner| is_tls(inner)) {
            return true;
        }
        next = error.source();
    }
    false
}
