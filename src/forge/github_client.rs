//! Sends requests through octocrab, waits where GitHub asks for it, and turns refusals into errors. Knows no resource of
//! GitHub's.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use octocrab::service::middleware::auth_header::AuthHeaderLayer;
use octocrab::service::middleware::base_uri::BaseUriLayer;
use octocrab::service::middleware::extra_headers::ExtraHeadersLayer;
use octocrab::service::middleware::reqwest_connector::ReqwestConnector;
use octocrab::{AuthState, FromResponse, Octocrab, OctocrabBuilder};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::http::header::{ACCEPT, HeaderName, HeaderValue};
use crate::http::{Client, RetryPolicy};
use crate::secret::Secret;

use super::app::App;
use super::error::{ForgeError, Refusal};
use super::retry::{pause_after, refusal};
use super::settings::ForgeSettings;

/// One API, one token or one App.
pub(super) struct GitHubClient {
    access: Access,
    client: Client,
    /// Scheme, host and port.
    site: hyper::Uri,
    /// What stands before the routes of the REST API: nothing, or `/api/v3` on a server of one's own.
    rest: String,
    /// Where GraphQL is: `/graphql`, or `/api/graphql`.
    graphql: String,
    retry_policy: RetryPolicy,
    timeout: Duration,
    needs: &'static str,
    sent: AtomicU64,
}

/// With whose rights requests are sent.
enum Access {
    Token(Octocrab),
    /// Tokens of an App end after an hour: the client is made anew with each.
    App(Arc<App>, Mutex<Option<(Secret, Octocrab)>>),
}

impl GitHubClient {
    /// A client for the API of `settings`; `needs` says which rights a token needs.
    pub(super) fn new(settings: ForgeSettings, needs: &'static str) -> Result<Self, ForgeError> {
        let bad = |reason: String| ForgeError::Settings { reason };
        let ForgeSettings { address, token, app, client, retry_policy, timeout, .. } = settings;
        let uri = address.api.parse::<hyper::Uri>().ok().map(hyper::Uri::into_parts);
        let Some((Some(scheme), Some(authority), path)) =
            uri.map(|uri| (uri.scheme, uri.authority, uri.path_and_query))
        else {
            return Err(bad(format!("{:?} is not the URL of an API", address.api)));
        };
        let rest = path.map_or_else(String::new, |path| path.path().trim_end_matches('/').to_owned());
        let site = hyper::Uri::builder().scheme(scheme).authority(authority).path_and_query("/").build();
        let site = site.map_err(|error| bad(error.to_string()))?;
        let access = match (token, app) {
            (Some(token), _) => Access::Token(octocrab(&client, &site, &token)?),
            (None, Some(app)) => Access::App(app, Mutex::default()),
            (None, None) => return Err(bad("GitHub needs a token".to_owned())),
        };
        // https://docs.github.com/en/enterprise-server/graphql/guides/managing-enterprise-accounts: `/api/graphql`.
        let graphql = format!("{}/graphql", rest.trim_end_matches("/v3"));
        Ok(Self { access, client, site, rest, graphql, retry_policy, timeout, needs, sent: AtomicU64::new(0) })
    }

    async fn octocrab(&self) -> Result<Octocrab, ForgeError> {
        let (app, made) = match &self.access {
            Access::Token(octocrab) => return Ok(octocrab.clone()),
            Access::App(app, made) => (app, made),
        };
        let token = app.token().await?;
        let mut made = made.lock().await;
        if let Some((_, octocrab)) = made.as_ref().filter(|(of, _)| *of == token) {
            return Ok(octocrab.clone());
        }
        let octocrab = octocrab(&self.client, &self.site, &token)?;
        *made = Some((token, octocrab.clone()));
        Ok(octocrab)
    }

    pub(super) fn retry_policy(&self) -> RetryPolicy {
        self.retry_policy
    }

    /// Requests sent so far.
    pub(super) fn requests(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// The host that people see: the API's, without the `api.` of github.com.
    pub(super) fn host(&self) -> &str {
        let host = self.site.host().unwrap_or_default();
        host.strip_prefix("api.").unwrap_or(host)
    }

    /// Sends a GraphQL query or mutation; gives what stands in `data`. Errors in the answer are refusals.
    pub(super) async fn graphql(&self, action: &str, query: &str, variables: Value) -> Result<Value, ForgeError> {
        let body = json!({ "query": query, "variables": variables });
        let verb = if query.starts_with("query") { Verb::Query } else { Verb::Post };
        let mut answer: Value = self.send(action, verb, &self.graphql, Some(&body)).await?;
        let Some(first) = answer["errors"].as_array().and_then(|errors| errors.first()) else {
            return Ok(answer["data"].take());
        };
        let (action, message) = (action.to_owned(), first["message"].as_str().unwrap_or_default().to_owned());
        Err(match first["type"].as_str().unwrap_or_default() {
            "FORBIDDEN" | "INSUFFICIENT_SCOPES" => {
                ForgeError::Forbidden { action, status: 403, message, needs: self.needs }
            }
            "NOT_FOUND" => ForgeError::NotFound { action, message },
            "RATE_LIMITED" | "RATE_LIMIT" => ForgeError::RateLimited { action, wait: None },
            "STALE_DATA" => ForgeError::LostRace { action },
            _ => ForgeError::Refused { action, status: 200, message },
        })
    }

    pub(super) async fn patch<T: FromResponse>(&self, action: &str, route: &str, body: Value) -> Result<T, ForgeError> {
        self.send(action, Verb::Patch, &format!("{}{route}", self.rest), Some(&body)).await
    }

    pub(super) async fn get<T: FromResponse>(&self, action: &str, route: &str) -> Result<T, ForgeError> {
        self.send(action, Verb::Get, &format!("{}{route}", self.rest), None).await
    }

    pub(super) async fn post<T: FromResponse>(&self, action: &str, route: &str, body: Value) -> Result<T, ForgeError> {
        self.send(action, Verb::Post, &format!("{}{route}", self.rest), Some(&body)).await
    }

    async fn send<T: FromResponse>(
        &self,
        action: &str,
        verb: Verb,
        route: &str,
        body: Option<&Value>,
    ) -> Result<T, ForgeError> {
        let octocrab = self.octocrab().await?;
        let mut tried = 1;
        loop {
            self.sent.fetch_add(1, Ordering::Relaxed);
            let asking = async {
                match verb {
                    Verb::Get => octocrab.get(route, None::<&()>).await,
                    Verb::Patch => octocrab.patch(route, body).await,
                    Verb::Post | Verb::Query => octocrab.post(route, body).await,
                }
            };
            let failure = match tokio::time::timeout(self.timeout, asking).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => explain(action, error, self.needs),
                Err(_) => unreachable(action, format!("nothing came within {} s", self.timeout.as_secs_f32())),
            };
            let Some(pause) = pause_after(self.retry_policy, tried, &failure, verb != Verb::Post) else {
                return Err(failure);
            };
            tracing::debug!(%failure, ?pause, "asking GitHub again");
            tokio::time::sleep(pause).await;
            tried += 1;
        }
    }
}

/// A client that sends this token to this site and nowhere else.
fn octocrab(client: &Client, site: &hyper::Uri, token: &Secret) -> Result<Octocrab, ForgeError> {
    let reason = "the token holds characters that no token has".to_owned();
    let mut bearer =
        HeaderValue::from_str(&format!("Bearer {}", token.reveal())).map_err(|_| ForgeError::Settings { reason })?;
    bearer.set_sensitive(true);
    let headers = vec![
        (ACCEPT, HeaderValue::from_static("application/vnd.github+json")),
        (HeaderName::from_static("x-github-api-version"), HeaderValue::from_static("2022-11-28")),
    ];
    // The short way (`build_with_reqwest`) would send a second `User-Agent` and log every 502 as an error.
    let Ok(octocrab) = OctocrabBuilder::new_empty()
        .with_service(ReqwestConnector::new(client.reqwest().clone()))
        .with_layer(&ExtraHeadersLayer::new(Arc::new(headers)))
        .with_layer(&BaseUriLayer::new(site.clone()))
        .with_layer(&AuthHeaderLayer::new(Some(bearer), site.clone(), site.clone()))
        .with_auth(AuthState::None)
        .build();
    Ok(octocrab)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Get,
    Patch,
    Post,
    /// A POST that changes nothing.
    Query,
}

/// The meaning of an error of octocrab.
fn explain(action: &str, error: octocrab::Error, needs: &'static str) -> ForgeError {
    match error {
        octocrab::Error::GitHub { source, .. } => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
            let message = details(&source.message, source.errors.as_deref().unwrap_or_default());
            let status = source.status_code.as_u16();
            match source.headers {
                Some(headers) => refusal(status, &headers, message, now),
                None => Refusal { status, message, wait: None, limited: status == 429 },
            }
            .explain(action, needs)
        }
        octocrab::Error::Json { source, .. } => malformed(action, &source),
        octocrab::Error::Serde { source, .. } => malformed(action, &source),
        // A list that is none of the forms that octocrab knows.
        octocrab::Error::Other { source, .. } => malformed(action, &source),
        error => {
            let mut cause: &dyn std::error::Error = &error;
            while let Some(inner) = cause.source() {
                cause = inner;
            }
            unreachable(action, cause.to_string())
        }
    }
}

fn unreachable(action: &str, reason: String) -> ForgeError {
    ForgeError::Unreachable { action: action.to_owned(), reason, hint: None }
}

fn malformed(action: &str, reason: &dyn std::fmt::Display) -> ForgeError {
    ForgeError::Malformed { action: action.to_owned(), reason: reason.to_string() }
}

/// GitHub's message with what it says of the fields: `Validation Failed (head invalid)`.
fn details(message: &str, errors: &[Value]) -> String {
    let parts: Vec<String> = errors
        .iter()
        .filter_map(|error| {
            let text = |key: &str| error.get(key).and_then(Value::as_str);
            let said = text("message").or_else(|| error.as_str()).map(str::to_owned);
            said.or_else(|| Some(format!("{} {}", text("field")?, text("code")?)))
        })
        .collect();
    if parts.is_empty() { message.to_owned() } else { format!("{message} ({})", parts.join("; ")) }
}
