//! Tokens: at most one for each registry and scope at a time, renewed before it expires.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

use crate::http::{Client, HttpError, Request, Url};
use crate::secret::Secret;

use super::super::credential::RegistryCredential;

/// The tokens of one registry.
#[derive(Debug)]
pub(crate) struct TokenCache {
    http: Client,
    /// One lock for each scope: a second request waits for the token of the first.
    by_scope: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Option<Token>>>>>,
}

#[derive(Debug)]
struct Token {
    secret: Secret,
    renew_at: Instant,
}

/// A request for a token.
#[derive(Debug, Clone)]
pub(crate) struct TokenRequest<'a> {
    pub(crate) realm: &'a Url,
    pub(crate) service: Option<&'a str>,
    pub(crate) scope: &'a str,
    pub(crate) credential: Option<&'a RegistryCredential>,
}

/// The response of a token service. The token has one of two names (distribution specification; OAuth 2).
#[derive(Deserialize)]
struct TokenResponse {
    token: Option<String>,
    access_token: Option<String>,
    /// The lifetime in seconds; 60 by default, as in the specification.
    expires_in: Option<f64>,
}

impl TokenCache {
    pub(crate) fn new(http: Client) -> Self {
        Self { http, by_scope: Mutex::default() }
    }

    /// Returns how many requests for tokens were sent.
    pub(crate) fn sent(&self) -> u64 {
        self.http.sent()
    }

    /// Returns a token for a scope: the current one if it does not expire soon and was not just `rejected`, else a new one.
    pub(crate) async fn get(&self, request: &TokenRequest<'_>, rejected: Option<&Secret>) -> Result<Secret, HttpError> {
        let slot = {
            let mut by_scope = self.by_scope.lock().unwrap_or_else(PoisonError::into_inner);
            by_scope.entry(request.scope.to_owned()).or_default().clone()
        };
        let mut slot = slot.lock().await;
        if let Some(token) = slot.as_ref()
            && token.renew_at > Instant::now()
            && Some(&token.secret) != rejected
        {
            return Ok(token.secret.clone());
        }
        // The lifetime counts from the request, not from the response.
        let sent_at = Instant::now();
        let response: TokenResponse = self.http.send(http_request(request)).await?.json("a token")?;
        let secret = Secret::new(&response.token.or(response.access_token).unwrap_or_default());
        if secret.is_empty() {
            let url = crate::http::redacted(request.realm);
            return Err(HttpError::Json { url, expected: "a token", cause: "it has no token".to_owned() });
        }
        *slot = Some(Token { secret: secret.clone(), renew_at: sent_at + lifetime(response.expires_in) });
        Ok(secret)
    }
}

/// Returns how long a token is used: until a fifth of its lifetime, or 30 s, is left.
fn lifetime(expires_in: Option<f64>) -> Duration {
    let seconds = expires_in.filter(|seconds| seconds.is_finite()).unwrap_or(60.0).clamp(0.0, 86_400.0);
    Duration::from_secs_f64(seconds - (seconds / 5.0).min(30.0))
}

/// Returns the request to the token service.
fn http_request(request: &TokenRequest<'_>) -> Request {
    let service = request.service.unwrap_or_default();
    if let Some(RegistryCredential::RefreshToken(identity)) = request.credential {
        // OAuth 2, as docker does it (distribution, "Token authentication with OAuth2"). A repetition has no effect.
        let fields = [
            ("grant_type", "refresh_token"),
            ("service", service),
            ("scope", request.scope),
            ("client_id", "tagboat"),
            ("refresh_token", identity.reveal()),
        ];
        return Request::post(request.realm.clone()).form(&fields, &[identity]).limit(1 << 20).idempotent();
    }
    let mut url = request.realm.clone();
    if !service.is_empty() {
        url.query_pairs_mut().append_pair("service", service);
    }
    url.query_pairs_mut().append_pair("scope", request.scope);
    let get = Request::get(url).limit(1 << 20);
    match request.credential {
        Some(RegistryCredential::Basic { user, password }) => get.basic(user, password),
        _ => get,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renews_tokens_before_they_expire() {
        let seconds = |expires_in| lifetime(expires_in).as_secs_f64();
        assert_eq!((seconds(None), seconds(Some(300.0)), seconds(Some(5.0))), (48.0, 270.0, 4.0));
        assert_eq!((seconds(Some(-1.0)), seconds(Some(f64::NAN)), seconds(Some(1e300))), (0.0, 48.0, 86_370.0));
    }
}
