//! A request as plain data, with its credential and limits.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use url::Url;

use super::redact::origin;
use crate::secret::Secret;

/// One request. Created with [`get`](Self::get) and the like, sent with [`Client::send`](super::Client::send).
#[derive(Debug, Clone)]
pub struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    /// Headers that may not leave the origin of `url`.
    pub(super) private: Vec<HeaderName>,
    pub(super) body: Option<Vec<u8>>,
    /// Texts that must not appear in an error, even if the server echoes them.
    pub(super) secrets: Vec<Secret>,
    pub(super) limit: usize,
    pub(super) timeout: Duration,
    pub(super) idempotent: bool,
    /// The wait after a rate limit without a requested delay.
    pub(super) limit_pause: Option<Duration>,
    /// The name of an invalid header, which is reported when the request is sent.
    pub(super) bad_header: Option<String>,
}

impl Request {
    /// Returns a request. Only GET and HEAD are repeated after a failure; see [`idempotent`](Self::idempotent).
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            idempotent: matches!(method, Method::GET | Method::HEAD),
            method,
            url,
            headers: HeaderMap::new(),
            private: Vec::new(),
            body: None,
            secrets: Vec::new(),
            limit: 4 << 20,
            timeout: Duration::from_secs(30),
            limit_pause: None,
            bad_header: None,
        }
    }

    /// Returns a GET request.
    pub fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    /// Returns a HEAD request.
    pub fn head(url: Url) -> Self {
        Self::new(Method::HEAD, url)
    }

    /// Returns a POST request.
    pub fn post(url: Url) -> Self {
        Self::new(Method::POST, url)
    }

    /// Adds a header that is not secret.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        match HeaderValue::from_str(value) {
            Ok(value) => drop(self.headers.insert(name, value)),
            Err(_) => self.bad_header = Some(name.to_string()),
        }
        self
    }

    /// Adds a header with a credential: it is not sent to another origin, not logged, and removed from errors.
    #[must_use]
    pub fn secret_header(mut self, name: HeaderName, value: &Secret) -> Self {
        match HeaderValue::from_str(value.reveal()) {
            Ok(mut header) => {
                header.set_sensitive(true);
                self.private.push(name.clone());
                self.headers.insert(name, header);
                self.secrets.push(value.clone());
            }
            Err(_) => self.bad_header = Some(name.to_string()),
        }
        self
    }

    /// Adds `Authorization: Bearer …`.
    #[must_use]
    pub fn bearer(mut self, token: &Secret) -> Self {
        self.secrets.push(token.clone());
        self.secret_header(AUTHORIZATION, &Secret::new(&format!("Bearer {}", token.reveal())))
    }

    /// Adds `Authorization: Basic …`.
    #[must_use]
    pub fn basic(mut self, user: &str, password: &Secret) -> Self {
        let pair = Secret::new(&STANDARD.encode(format!("{user}:{}", password.reveal())));
        self.secrets.extend([password.clone(), pair.clone()]);
        self.secret_header(AUTHORIZATION, &Secret::new(&format!("Basic {}", pair.reveal())))
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn json(mut self, body: &impl Serialize) -> Self {
        // Serializing plain structs never fails: they have no maps with keys that are not text.
        self.body = Some(serde_json::to_vec(body).unwrap_or_default());
        self.header(CONTENT_TYPE, "application/json")
    }

    /// Sets a form body. The values in `secrets` are removed from errors.
    #[must_use]
    pub fn form(mut self, fields: &[(&str, &str)], secrets: &[&Secret]) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.body = Some(body.into_bytes());
        self.secrets.extend(secrets.iter().map(|secret| (*secret).clone()));
        self.header(CONTENT_TYPE, "application/x-www-form-urlencoded")
    }

    /// Sets a body.
    #[must_use]
    pub fn body(mut self, content_type: &str, body: Vec<u8>) -> Self {
        self.body = Some(body);
        self.header(CONTENT_TYPE, content_type)
    }

    /// Sends this through a gateway that has the original scheme and host as the first parts of its path.
    #[must_use]
    pub fn via(mut self, gateway: &Url) -> Self {
        let host = origin(&self.url).replacen("://", "/", 1);
        let mut url = gateway.clone();
        url.set_path(&format!("/{host}{}", self.url.path()));
        url.set_query(self.url.query());
        self.url = url;
        self
    }

    /// Sets the limit of the response body in bytes after decompression; 4 MiB by default.
    #[must_use]
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// Sets the time limit of one attempt, including the body; 30 s by default.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Marks the request as idempotent, so that it is repeated after a failure.
    #[must_use]
    pub fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// Sets the wait after a rate limit without a requested delay; a short, growing one by default.
    #[must_use]
    pub fn limit_pause(mut self, pause: Duration) -> Self {
        self.limit_pause = Some(pause);
        self
    }
}
