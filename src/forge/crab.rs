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
use serde_json::Value;

use crate::http::Patience;
use crate::http::header::{ACCEPT, HeaderName, HeaderValue};

use super::error::{ForgeError, Refusal};
use super::patience::{pause_after, refusal};
use super::settings::ForgeSettings;

/// One API, one token.
pub(super) struct Crab {
    octocrab: Octocrab,
    patience: Patience,
    timeout: Duration,
    needs: &'static str,
    sent: AtomicU64,
}

impl Crab {
    /// A client for the API of `settings`; `needs` says which rights a token needs.
    pub(super) fn new(settings: ForgeSettings, needs: &'static str) -> Result<Self, ForgeError> {
        let bad = |reason: String| ForgeError::Settings { reason };
        let ForgeSettings { address, token, client, patience, timeout, .. } = settings;
        let uri = address.api.parse::<hyper::Uri>().ok();
        let uri = uri.filter(|uri| uri.scheme().is_some() && uri.authority().is_some());
        let uri = uri.ok_or_else(|| bad(format!("{:?} is not the URL of an API", address.api)))?;
        let token = token.ok_or_else(|| bad("GitHub needs a token".to_owned()))?;
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.reveal()))
            .map_err(|_| bad("the token holds characters that no token has".to_owned()))?;
        bearer.set_sensitive(true);
        let headers = vec![
            (ACCEPT, HeaderValue::from_static("application/vnd.github+json")),
            (HeaderName::from_static("x-github-api-version"), HeaderValue::from_static("2022-11-28")),
        ];
        // The short way (`build_with_reqwest`) would send a second `User-Agent` and log every 502 as an error.
        let Ok(octocrab) = OctocrabBuilder::new_empty()
            .with_service(ReqwestConnector::new(client.reqwest().clone()))
            .with_layer(&ExtraHeadersLayer::new(Arc::new(headers)))
            .with_layer(&BaseUriLayer::new(uri.clone()))
            .with_layer(&AuthHeaderLayer::new(Some(bearer), uri.clone(), uri))
            .with_auth(AuthState::None)
            .build();
        Ok(Self { octocrab, patience, timeout, needs, sent: AtomicU64::new(0) })
    }

    pub(super) fn patience(&self) -> Patience {
        self.patience
    }

    /// Requests sent so far.
    pub(super) fn requests(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    pub(super) async fn patch<T: FromResponse>(&self, action: &str, route: &str, body: Value) -> Result<T, ForgeError> {
        self.send(action, Verb::Patch, route, Some(&body)).await
    }

    pub(super) async fn get<T: FromResponse>(&self, action: &str, route: &str) -> Result<T, ForgeError> {
        self.send(action, Verb::Get, route, None).await
    }

    pub(super) async fn post<T: FromResponse>(&self, action: &str, route: &str, body: Value) -> Result<T, ForgeError> {
        self.send(action, Verb::Post, route, Some(&body)).await
    }

    async fn send<T: FromResponse>(
        &self,
        action: &str,
        verb: Verb,
        route: &str,
        body: Option<&Value>,
    ) -> Result<T, ForgeError> {
        let mut tried = 1;
        loop {
            self.sent.fetch_add(1, Ordering::Relaxed);
            let asking = async {
                match verb {
                    Verb::Get => self.octocrab.get(route, None::<&()>).await,
                    Verb::Patch => self.octocrab.patch(route, body).await,
                    Verb::Post => self.octocrab.post(route, body).await,
                }
            };
            let failure = match tokio::time::timeout(self.timeout, asking).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => explain(action, error, self.needs),
                Err(_) => unreachable(action, format!("nothing came within {} s", self.timeout.as_secs_f32())),
            };
            let Some(pause) = pause_after(self.patience, tried, &failure, verb != Verb::Post) else {
                return Err(failure);
            };
            tracing::debug!(%failure, ?pause, "asking GitHub again");
            tokio::time::sleep(pause).await;
            tried += 1;
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Get,
    Patch,
    Post,
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
