//! Sends requests: limits concurrency, counts, follows redirects, and retries.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::header::LOCATION;
use reqwest::{Method, StatusCode};
use url::Url;

use super::error::{HttpError, StatusError};
use super::limiter::{OriginLimiter, Permit};
use super::options::ClientOptions;
use super::redact::{origin, redacted, scrubbed, start_of};
use super::request::Request;
use super::response::Response;
use super::retry::{RetryPolicy, rate_limit};

/// A client with a connection pool and one limiter for each origin. Clones share both, and the count.
#[derive(Debug, Clone)]
pub struct Client {
    inner: reqwest::Client,
    proxies: Option<Arc<Matcher>>,
    limiters: Arc<Mutex<HashMap<String, Arc<OriginLimiter>>>>,
    retry_policy: RetryPolicy,
    sent: Arc<AtomicU64>,
}

/// How many redirects one request follows.
const REDIRECTS: usize = 5;

/// How often one request is refused for a rate limit without a requested delay, if others are answered meanwhile.
const MAX_REFUSALS: u32 = 32;

impl Client {
    /// Returns a client with these options. One for each distinct [`ClientOptions`] is enough for a run.
    pub fn new(options: &ClientOptions) -> Result<Self, HttpError> {
        Ok(Self {
            inner: options.build()?,
            proxies: (!options.no_proxy).then(|| Arc::new(Matcher::from_env())),
            limiters: Arc::default(),
            retry_policy: RetryPolicy::default(),
            sent: Arc::default(),
        })
    }

    /// Sets the retry policy.
    #[must_use]
    pub fn with_retry_policy(mut self, retry_policy: RetryPolicy) -> Self {
        self.retry_policy = retry_policy;
        self
    }

    /// Returns a client with the same pool and limiters, and a counter of its own.
    #[must_use]
    pub fn with_own_counter(&self) -> Self {
        Self { sent: Arc::default(), ..self.clone() }
    }

    /// Returns how many requests were sent, including failed ones and redirects.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Sends a request and reads the whole response. A transient failure is retried if the request is idempotent. A request
    /// that exceeded a rate limit had no effect, so it is always retried.
    pub async fn send(&self, request: Request) -> Result<Response, HttpError> {
        if let Some(header) = request.bad_header {
            return Err(HttpError::Header(header));
        }
        let (mut tried, mut refused) = (0, 0);
        loop {
            let error = match self.follow(&request).await {
                Ok(response) => return Ok(response),
                Err(error) => error,
            };
            let (limited, requested) = match &error {
                HttpError::Status(status) if status.rate_limited => (true, status.retry_after.or(request.limit_pause)),
                HttpError::Status(status) => (false, status.retry_after),
                _ => (false, None),
            };
            let is_429 = error.status() == Some(StatusCode::TOO_MANY_REQUESTS);
            let wait = if is_429 && requested.is_none() {
                refused += 1;
                let is_exhausted = self.limiter(&request.url).is_exhausted(&self.retry_policy);
                // The limiter pauses all requests to the origin.
                (!is_exhausted && refused < MAX_REFUSALS).then_some(Duration::ZERO)
            } else if limited || (request.idempotent && error.is_transient()) {
                tried += 1;
                self.retry_policy.wait(tried, requested)
            } else {
                None
            };
            let Some(wait) = wait else { return Err(error) };
            tracing::debug!(%error, tried, refused, ?wait, "trying again");
            tokio::time::sleep(wait).await;
        }
    }

    /// Sends a request once, and follows redirects: without credentials to another origin, and never with another method.
    async fn follow(&self, request: &Request) -> Result<Response, HttpError> {
        let mut request = request.clone();
        for _ in 0..=REDIRECTS {
            let from = request.url.clone();
            // Held until the body is read, or the redirect is known.
            let permit = self.limiter(&request.url).acquire(self.retry_policy.max_wait).await;
            let permit = permit.map_err(|wait| HttpError::RateLimited { origin: origin(&from), wait })?;
            let response = self.exchange(&request, &permit).await?;
            let Some(to) = redirect_target(&response) else {
                return self.read(&request, response).await;
            };
            let refuse = |cause| {
                let status = response.status();
                Err(HttpError::Redirect { url: redacted(&from), to: redacted(&to), status, cause })
            };
            let is_read = matches!(request.method, Method::GET | Method::HEAD);
            if !is_read && !matches!(response.status().as_u16(), 307 | 308) {
                return refuse("it would change the method of a write");
            }
            if !is_read && origin(&from) != origin(&to) {
                return refuse("it leads a write to another server");
            }
            if !matches!(to.scheme(), "http" | "https") || (from.scheme() == "https" && to.scheme() == "http") {
                return refuse("it leaves HTTPS");
            }
            if origin(&from) != origin(&to) {
                for header in std::mem::take(&mut request.private) {
                    request.headers.remove(header);
                }
            }
            request.url = to;
        }
        let (url, status) = (redacted(&request.url), StatusCode::FOUND);
        Err(HttpError::Redirect { to: url.clone(), url, status, cause: "too many redirects" })
    }

    /// Sends a request and reads the head of its response.
    async fn exchange(&self, request: &Request, permit: &Permit) -> Result<reqwest::Response, HttpError> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        let mut outgoing = self
            .inner
            .request(request.method.clone(), request.url.clone())
            .headers(request.headers.clone())
            .timeout(request.timeout);
        if let Some(body) = &request.body {
            outgoing = outgoing.body(body.clone());
        }
        let response = outgoing.send().await.map_err(|e| self.failure(request, &e))?;
        let (status, version) = (response.status().as_u16(), response.version());
        tracing::debug!(method = %request.method, url = redacted(&request.url), status, ?version, "response received");
        let limit = rate_limit(response.status(), response.headers(), "", SystemTime::now());
        match limit.retry_after {
            None if limit.exceeded && request.limit_pause.is_none() => permit.refuse(&self.retry_policy),
            wait if limit.exceeded || response.status() == StatusCode::SERVICE_UNAVAILABLE => {
                permit.throttle(wait.unwrap_or(self.retry_policy.min_wait));
            }
            _ => {
                permit.answer();
                if response.status().is_success() {
                    permit.succeed();
                }
            }
        }
        Ok(response)
    }

    /// Reads the whole body within its limit; an error if the status is not 2xx, or if it is 206: no request is for a part.
    async fn read(&self, request: &Request, mut response: reqwest::Response) -> Result<Response, HttpError> {
        let (status, headers, url) = (response.status(), response.headers().clone(), response.url().clone());
        let is_whole = status.is_success() && status != StatusCode::PARTIAL_CONTENT;
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() <= request.limit => body.extend_from_slice(&chunk),
                Ok(None) => break,
                // The body of an error may be incomplete.
                Ok(Some(_)) | Err(_) if !is_whole => break,
                Ok(Some(_)) => return Err(HttpError::TooLarge { url: redacted(&url), limit: request.limit }),
                Err(error) => return Err(self.failure(request, &error)),
            }
        }
        if is_whole {
            return Ok(Response { status, headers, url, body });
        }
        let body = start_of(&body, &request.secrets);
        let limit = rate_limit(status, &headers, &body, SystemTime::now());
        Err(HttpError::Status(Box::new(StatusError {
            method: request.method.clone(),
            // Through a tunnel, the response is that of the host.
            proxy: if url.scheme() == "http" { self.proxy_of(&url) } else { None },
            url: redacted(&url),
            status,
            retry_after: limit.retry_after,
            rate_limited: limit.exceeded,
            headers,
            body,
        })))
    }

    fn failure(&self, request: &Request, error: &reqwest::Error) -> HttpError {
        let url = scrubbed(&redacted(&request.url), &request.secrets);
        HttpError::from_reqwest(error, url, self.proxy_of(&request.url), request.timeout)
    }

    /// Returns host and port of the proxy for a URL. The rest of its address may be a password.
    fn proxy_of(&self, url: &Url) -> Option<String> {
        let proxy = self.proxies.as_ref()?.intercept(&url.as_str().parse().ok()?)?;
        let host = proxy.uri().host()?;
        Some(proxy.uri().port_u16().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
    }

    fn limiter(&self, url: &Url) -> Arc<OriginLimiter> {
        let mut limiters = self.limiters.lock().unwrap_or_else(PoisonError::into_inner);
        limiters.entry(origin(url)).or_insert_with(|| Arc::new(OriginLimiter::new())).clone()
    }
}

/// Returns the target of a redirect.
fn redirect_target(response: &reqwest::Response) -> Option<Url> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    response.url().join(response.headers().get(LOCATION)?.to_str().ok()?).ok()
}
