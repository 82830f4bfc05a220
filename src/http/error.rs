//! Errors of HTTP requests, with the URL and the cause, never with a secret.

use std::error::Error;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Method, StatusCode};

use url::Url;

use super::error_body;
use super::redact::origin;
use crate::docs::{Hint, hint};

/// Why a request failed. URLs are redacted.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The status is not 2xx.
    #[error(transparent)]
    Status(Box<StatusError>),
    /// The connection failed: refused, unreachable, or an unknown name.
    #[error("cannot connect to {url}{}: {cause}", through(proxy.as_deref()))]
    Connect {
        /// The requested URL.
        url: String,
        /// Host and port of the proxy, if there is one.
        proxy: Option<String>,
        /// The innermost cause.
        cause: String,
    },
    /// The certificate was not accepted, or the host does not speak TLS.
    #[error("cannot establish a trusted connection to {url}: {cause}")]
    Tls {
        /// The requested URL.
        url: String,
        /// The error of the TLS library.
        cause: String,
    },
    /// An earlier response requested a longer delay than the retry policy allows. No request was sent.
    #[error("rate limited by {origin}; retry after {} s", wait.as_secs())]
    RateLimited {
        /// Scheme, host and port.
        origin: String,
        /// The rest of the wait.
        wait: Duration,
    },
    /// The complete response did not arrive in time.
    #[error("{url} timed out after {} s", after.as_secs_f32())]
    Timeout {
        /// The requested URL.
        url: String,
        /// The time limit.
        after: Duration,
    },
    /// The response ended early, or is not HTTP.
    #[error("incomplete response from {url}: {cause}")]
    Body {
        /// The requested URL.
        url: String,
        /// The error of the HTTP library.
        cause: String,
    },
    /// The decompressed body exceeds the limit.
    #[error("the response of {url} is larger than {limit} bytes")]
    TooLarge {
        /// The requested URL.
        url: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// A redirect that is not followed.
    #[error("refused redirect from {url} to {to}: {cause}")]
    Redirect {
        /// The requested URL.
        url: String,
        /// The target, redacted.
        to: String,
        /// The status of the redirect.
        status: StatusCode,
        /// The rule that it violates.
        cause: &'static str,
    },
    /// The body is not the JSON that was expected.
    #[error("the response of {url} is not {expected}: {cause}")]
    Json {
        /// The requested URL.
        url: String,
        /// What was expected, with its article: `a tag list`.
        expected: &'static str,
        /// The error of the JSON parser.
        cause: String,
    },
    /// A header value is invalid, for example a password with a line break.
    #[error("the value of header {0} contains an invalid character")]
    Header(String),
    /// A variable that names a proxy has a value that no connection can use. It is not shown: it may have a password.
    #[error("invalid value in {variable}: {expected}")]
    Proxy {
        /// The name of the variable.
        variable: &'static str,
        /// What the value should be.
        expected: &'static str,
    },
    /// No client can be built with these options.
    #[error("cannot set up TLS: {0}")]
    ClientOptions(String),
}

/// The cause for a certificate that is meant to sign others and is not trusted itself. The TLS library has no text for it.
const AUTHORITY: &str = "the certificate of the server is that of an authority (CA:TRUE), which is not trusted";

/// The cause for a proxy that requires a login before it connects to a host.
const PROXY_LOGIN: &str = "407: the proxy requires a login";

/// What the HTTP library says of a proxy that does not connect to a host, and the cause for people. It drops the status.
const TUNNEL: &[(&str, &str)] = &[
    ("tunnel error: proxy authorization required", PROXY_LOGIN),
    ("tunnel error: unsuccessful", "the proxy refused to connect to this host"),
    ("tunnel error: unexpected end of file", "the proxy closed the connection without an answer"),
];

/// What to do about a proxy that requires a login.
const LOGIN_HINT: &str = "write the user name and the password into the address of the proxy, with special characters as in a URL (`%40` for `@`), or list the host in NO_PROXY";

/// What to do about a proxy that refuses a host.
const PROXY_HINT: &str = "check the proxy and what it permits, or list the host in NO_PROXY";

/// A response whose status is not 2xx.
#[derive(Debug, thiserror::Error)]
#[error("{method} {url}{} returned {status}{}", through(proxy.as_deref()), Self::excerpt(self))]
pub struct StatusError {
    /// The method of the request.
    pub method: Method,
    /// The requested URL, redacted.
    pub url: String,
    /// Host and port of the proxy that received the request and may have answered it, if there is one.
    pub proxy: Option<String>,
    /// The HTTP status.
    pub status: StatusCode,
    /// All headers, for challenges and rate limits.
    pub headers: HeaderMap,
    /// The start of the body, without the secrets of the request.
    pub body: String,
    /// The delay that the server requested, if any.
    pub retry_after: Option<Duration>,
    /// Whether a rate limit was exceeded: then the server did nothing.
    pub rate_limited: bool,
}

impl StatusError {
    /// Returns the proxy that refused the request: it requires a login, or its answer is not the JSON of an API.
    pub fn refusing_proxy(&self) -> Option<&str> {
        let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&self.body).is_ok();
        let refuses = self.status == StatusCode::PROXY_AUTHENTICATION_REQUIRED
            || (self.status == StatusCode::FORBIDDEN && !is_json);
        if refuses { self.proxy.as_deref() } else { None }
    }

    /// Returns the reason for the whole host, without the path.
    pub fn of_host(&self) -> String {
        let host = Url::parse(&self.url).map_or_else(|_| self.url.clone(), |url| origin(&url));
        format!("{host}{} returned {}", through(self.proxy.as_deref()), self.status)
    }

    /// Returns the message in the body: one line that begins with `: `, or nothing.
    pub fn excerpt(&self) -> String {
        let content_type = self.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        match error_body::message(&self.body, content_type) {
            message if message.is_empty() => message,
            message => format!(": {message}"),
        }
    }
}

impl HttpError {
    /// Returns the status of the response, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Status(error) => Some(error.status),
            _ => None,
        }
    }

    /// Returns what to do next, as far as that does not depend on the kind of server.
    #[rustfmt::skip]
    pub fn hint(&self) -> Hint {
        match self {
            Self::Connect { cause, .. } | Self::Body { cause, .. } | Self::ClientOptions(cause)
                if let Some(hint) = Hint::about_machine(cause) => hint,
            Self::Connect { proxy: Some(_), cause, .. } if cause == PROXY_LOGIN => hint!("troubleshooting.md#connection", "{LOGIN_HINT}"),
            Self::Status(error) if error.status == StatusCode::PROXY_AUTHENTICATION_REQUIRED => hint!("troubleshooting.md#connection", "{LOGIN_HINT}"),
            Self::Status(error) if error.refusing_proxy().is_some() => hint!("troubleshooting.md#connection", "{PROXY_HINT}"),
            Self::Connect { proxy: Some(_), .. } => hint!("troubleshooting.md#connection",
                "{PROXY_HINT}"),
            Self::Connect { .. } => hint!("troubleshooting.md#connection",
                "check the host name, whether the host is up, and whether it needs a proxy"),
            Self::Tls { cause, .. } if cause.contains("InvalidContentType") || cause.contains("corrupt message") => hint!("troubleshooting.md#certificates",
                "set `plain-http: true` for this host"),
            Self::Tls { cause, .. } if cause.contains("CertificateRequired") => hint!("troubleshooting.md#certificates",
                "set `client-cert-file:` in the file of --config to a PEM file with a client certificate and its key"),
            Self::Tls { cause, .. } if cause == AUTHORITY => hint!("troubleshooting.md#certificates",
                "set `ca-file:`, or SSL_CERT_FILE for a forge, to a PEM file that has this certificate"),
            Self::Tls { cause, .. } if cause.contains("not valid for name") => hint!("troubleshooting.md#certificates",
                "use a name from the certificate, or make one that has this name as its `subjectAltName`"),
            Self::Tls { cause, .. } if cause.contains("certificate expired") || cause.contains("not valid yet") => hint!("troubleshooting.md#certificates",
                "renew the certificate of the host, or correct the clock of this machine"),
            Self::Tls { .. } => hint!("troubleshooting.md#certificates",
                "set `ca-file:`, or SSL_CERT_FILE for a forge, to the PEM file of the private certificate authority"),
            // With TLS 1.3, a missing client certificate ends the connection later, and HTTP/2 does not report why.
            Self::Body { url, .. } if url.starts_with("https:") => hint!("troubleshooting.md#certificates",
                "try again, or set `client-cert-file:` in the file of --config if the host requires a client certificate"),
            Self::Body { .. } => hint!("troubleshooting.md#connection", "try again, and check for a proxy that ends connections early"),
            Self::Timeout { .. } => hint!("troubleshooting.md#slow-or-large-responses",
                "try again, or raise `request-timeout` for a slow host"),
            Self::TooLarge { .. } => hint!("troubleshooting.md#slow-or-large-responses",
                "raise `max-response-mib`, if responses of this size are expected"),
            Self::RateLimited { .. } => hint!("troubleshooting.md#rate-limits", "run again later, run less often, or use a mirror"),
            Self::Status(error) if error.rate_limited => hint!("troubleshooting.md#rate-limits",
                "log in for a higher limit, run less often, or use a mirror"),
            Self::Status(error) if error.status.is_server_error() => hint!("troubleshooting.md#unexpected-responses",
                "try again later; the host reports an internal error"),
            Self::Status(_) => hint!("troubleshooting.md#unexpected-responses", "check the address, and what the credential permits"),
            Self::Redirect { .. } => hint!("troubleshooting.md#unexpected-responses", "configure the address that the redirect leads to"),
            Self::Json { .. } => hint!("troubleshooting.md#unexpected-responses",
                "check that this is the address of an API, not of a web page"),
            Self::Header(_) => hint!("registries.md#where-credentials-come-from",
                "write the user name and the password without line breaks and control characters"),
            Self::Proxy { variable, .. } if variable.eq_ignore_ascii_case("NO_PROXY") => hint!("troubleshooting.md#connection",
                "write names of hosts with commas between them, or unset the variable"),
            Self::Proxy { .. } => hint!("troubleshooting.md#connection",
                "write an address such as `http://proxy.example:3128`, with special characters of the user name and the password as in a URL (`%40` for `@`), or unset the variable"),
            Self::ClientOptions(_) => hint!("troubleshooting.md#certificates",
                "correct the PEM files that `ca-file:` and `client-cert-file:` name"),
        }
    }

    /// Converts an error of reqwest; `proxy` is that of the host, and `after` the time limit of the request.
    pub(super) fn from_reqwest(error: &reqwest::Error, url: String, proxy: Option<String>, after: Duration) -> Self {
        let cause = deepest(error);
        if error.is_timeout() {
            Self::Timeout { url, after }
        } else if is_tls(error) {
            let cause = if cause.contains("CaUsedAsEndEntity") { AUTHORITY.to_owned() } else { cause };
            Self::Tls { url, cause }
        } else if error.is_connect() {
            let shown = TUNNEL.iter().find(|(text, _)| *text == cause).map(|(_, shown)| (*shown).to_owned());
            Self::Connect { url, proxy, cause: shown.unwrap_or(cause) }
        } else {
            Self::Body { url, cause }
        }
    }

    /// Returns whether a retry may succeed: the connection failed, the response was incomplete, or the server is overloaded.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::Body { .. } => true,
            Self::Status(error) => error.rate_limited || matches!(error.status.as_u16(), 500 | 502 | 503 | 504),
            _ => false,
        }
    }
}

fn through(proxy: Option<&str>) -> String {
    proxy.map(|proxy| format!(" through the proxy {proxy}")).unwrap_or_default()
}

/// Returns the text of the innermost cause: the outer ones only repeat the URL and "error sending request".
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
