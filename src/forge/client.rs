//! The one HTTP client of all forges: sends requests to an API with a credential and turns failures into errors. Bounds,
//! redaction, redirects, retries and rate limits are those of `crate::http`.

use std::sync::Arc;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::http::header::{CONTENT_TYPE, HeaderName};
use crate::http::{Client, HttpError, Method, Request, Response, Url};

use super::credential::Credential;
use super::error::ForgeError;
use super::failure::{explain, malformed};
use super::forge::ForgeKind;
use super::moved::RepositoryRoute;
use super::settings::ConnectionSettings;

/// The longest response that is read. A list of a hundred pull requests with long bodies has some megabytes.
const LONGEST_RESPONSE: usize = 64 << 20;

/// The delay after a rate limit whose response has no delay: GitHub documents "wait for at least one minute".
const LIMIT_PAUSE: Duration = Duration::from_secs(60);

/// Sends requests to one API with one credential.
#[derive(Clone)]
pub(super) struct ApiClient {
    http: Client,
    api: String,
    credential: Credential,
    /// Headers of every request, such as the version of the API.
    headers: &'static [(&'static str, &'static str)],
    timeout: Duration,
    kind: &'static ForgeKind,
    /// The route of the repository.
    repository: Arc<RepositoryRoute>,
}

/// A response, with its headers.
pub(super) struct ApiResponse<T> {
    pub(super) body: T,
    response: Response,
}

impl<T> ApiResponse<T> {
    /// Returns a header as text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.response.header(name)
    }
}

/// A repository in a response.
#[derive(Deserialize)]
struct NamedRepository {
    #[serde(alias = "path_with_namespace")]
    full_name: String,
}

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum RequestError {
    /// No credential is available, for example because no token was issued to an App.
    #[error(transparent)]
    Credential(#[from] ForgeError),
    /// The HTTP client failed, or the status is not 2xx.
    #[error(transparent)]
    Http(#[from] HttpError),
}

impl ApiClient {
    /// Returns a client for the API of `settings`, which has the repository at the route `repository`.
    pub(super) fn new(
        settings: &ConnectionSettings,
        kind: &'static ForgeKind,
        repository: &str,
    ) -> Result<Self, ForgeError> {
        let bad = |reason: String| ForgeError::Settings { reason };
        let api = settings.address.api.trim_end_matches('/').to_owned();
        if !Url::parse(&api).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
            return Err(bad(format!(
                "invalid URL of the API `{}`: expected one such as `https://git.example.com/api/v1`",
                api.escape_debug()
            )));
        }
        let credential = settings.credential.clone().ok_or_else(|| bad(format!("{} needs a token", kind.label)))?;
        let http = settings.client.with_own_counter().with_retry_policy(settings.retry_policy);
        let (headers, timeout) = (&[("accept", "application/json")], settings.timeout);
        let repository = Arc::new(RepositoryRoute::new(repository.to_owned()));
        Ok(Self { http, api, credential, headers, timeout, kind, repository })
    }

    /// Replaces the headers that are sent with every request.
    pub(super) fn with_headers(mut self, headers: &'static [(&'static str, &'static str)]) -> Self {
        self.headers = headers;
        self
    }

    /// Replaces the root of the API.
    pub(super) fn with_root(mut self, api: String) -> Self {
        self.api = api;
        self
    }

    /// Returns the root of the API.
    pub(super) fn root(&self) -> &str {
        &self.api
    }

    /// Returns the full name to which the repository was renamed, as far as a response has shown it.
    pub(super) fn new_name(&self) -> Option<String> {
        self.repository.new_name()
    }

    /// Returns how many requests were sent so far.
    pub(super) fn requests(&self) -> u64 {
        self.http.sent()
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, action: &str, route: &str) -> Result<T, ForgeError> {
        Ok(self.send(action, Method::GET, route, None).await?.body)
    }

    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        action: &str,
        route: &str,
        body: &Value,
    ) -> Result<T, ForgeError> {
        Ok(self.send(action, Method::POST, route, Some(body)).await?.body)
    }

    /// Sends a request and parses the response as JSON. Every request but a POST may be sent again.
    pub(super) async fn send<T: DeserializeOwned>(
        &self,
        action: &str,
        method: Method,
        route: &str,
        body: Option<&Value>,
    ) -> Result<ApiResponse<T>, ForgeError> {
        let idempotent = method != Method::POST;
        self.send_as(action, method, route, body, idempotent).await
    }

    /// Like [`send`](Self::send). The caller decides whether the request may be sent again.
    pub(super) async fn send_as<T: DeserializeOwned>(
        &self,
        action: &str,
        method: Method,
        route: &str,
        body: Option<&Value>,
        idempotent: bool,
    ) -> Result<ApiResponse<T>, ForgeError> {
        let bytes = body.map(|body| body.to_string().into_bytes());
        let response = self.exchange(method, route, bytes, idempotent).await;
        let response = response.map_err(|error| self.explain(action, error))?;
        // A response without a body is parsed as `null`.
        let bytes = if response.body.is_empty() { b"null" } else { &response.body[..] };
        match serde_json::from_slice(bytes) {
            Ok(body) => Ok(ApiResponse { body, response }),
            Err(error) => Err(malformed(action, &error)),
        }
    }

    /// Sends a request with the credential and returns the response unparsed. Where the repository is elsewhere, learns its address.
    pub(super) async fn exchange(
        &self,
        method: Method,
        route: &str,
        body: Option<Vec<u8>>,
        idempotent: bool,
    ) -> Result<Response, RequestError> {
        let response = self.exchange_at(method, &self.repository.current(route), body, idempotent).await?;
        if let Some(moved) = self.repository.learn(&self.api, route, &response.url) {
            let found = self.exchange_at(Method::GET, &moved, None, true).await?;
            let found = serde_json::from_slice::<NamedRepository>(&found.body).ok();
            let name = found.map_or(moved, |found| found.full_name);
            self.repository.set_name(&name);
            let label = self.kind.label;
            tracing::warn!(
                "the repository is now {name} on {label}: change the URL of the remote, and `forge.repository` if it is set"
            );
        }
        Ok(response)
    }

    async fn exchange_at(
        &self,
        method: Method,
        route: &str,
        body: Option<Vec<u8>>,
        idempotent: bool,
    ) -> Result<Response, RequestError> {
        let url = Url::parse(&format!("{}{route}", self.api))
            .map_err(|error| malformed(&format!("send a request to {route}"), &error))?;
        let request = Request::new(method, url).limit(LONGEST_RESPONSE).timeout(self.timeout).limit_pause(LIMIT_PAUSE);
        let mut request = self.credential.authorize(request).await?;
        for (name, value) in self.headers {
            request = request.header(HeaderName::from_static(name), value);
        }
        if let Some(body) = body {
            request = request.body("application/json", body);
        }
        let response = self.http.send(if idempotent { request.idempotent() } else { request }).await?;
        let is_page = response.header(CONTENT_TYPE.as_str()).is_some_and(|kind| kind.starts_with("text/html"));
        if response.status == 203 || is_page {
            // Azure DevOps, and proxies that authenticate users, send a sign-in page.
            let action = format!("call the API of {}", self.kind.label);
            let message = "the response is a sign-in page".to_owned();
            return Err(ForgeError::Unauthorized { action, message }.into());
        }
        Ok(response)
    }

    /// Returns the error for a failure of `action`.
    pub(super) fn explain(&self, action: &str, error: RequestError) -> ForgeError {
        let error = match error {
            RequestError::Credential(error) => return error,
            RequestError::Http(error) => error,
        };
        explain(action, error, self.kind.permissions)
    }

    /// Returns the error for a token that lacks a permission.
    pub(super) fn forbidden(&self, action: &str, message: String) -> ForgeError {
        ForgeError::Forbidden { action: action.to_owned(), status: 403, message, permissions: self.kind.permissions }
    }
}

/// All characters but the unreserved ones of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Encodes one segment of a path: a name with a slash in it stays one segment.
pub(super) fn segment(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Encodes a query.
pub(super) fn query(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_a_name_as_one_segment() {
        assert_eq!(segment("group/sub/my project"), "group%2Fsub%2Fmy%20project");
    }
}
