//! Tokens: at most one per registry and scope at a time, renewed before it expires.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

use crate::http::{Client, HttpError, Request, Url};
use crate::secret::Secret;

use super::super::credential::Credential;

/// The tokens of one registry.
#[derive(Debug)]
pub(crate) struct TokenCache {
    http: Client,
    /// One lock per scope: who comes second waits for the token of the first.
    by_scope: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Option<Token>>>>>,
}

#[derive(Debug)]
struct Token {
    secret: Secret,
    renew_at: Instant,
}

/// Where a registry sends us for a token, and for what.
#[derive(Debug, Clone)]
pub(crate) struct TokenRequest<'a> {
    pub(crate) realm: &'a Url,
    pub(crate) service: Option<&'a str>,
    pub(crate) scope: &'a str,
    pub(crate) credential: Option<&'a Credential>,
}

/// Every token service names the token in one of these two ways (distribution specification; OAuth 2).
#[derive(Deserialize)]
struct Answer {
    token: Option<String>,
    access_token: Option<String>,
    /// Seconds. The specification says 60 if it is not told.
    expires_in: Option<f64>,
}

impl TokenCache {
    pub(crate) fn new(http: Client) -> Self {
        Self { http, by_scope: Mutex::default() }
    }

    /// Requests for tokens so far.
    pub(crate) fn sent(&self) -> u64 {
        self.http.sent()
    }

    /// A token for a scope: the one at hand if it is good for a while and is not the one that was just `refused`.
    pub(crate) async fn get(&self, question: &TokenRequest<'_>, refused: Option<&Secret>) -> Result<Secret, HttpError> {
        let slot = {
            let mut by_scope = self.by_scope.lock().unwrap_or_else(PoisonError::into_inner);
            by_scope.entry(question.scope.to_owned()).or_default().clone()
        };
        let mut slot = slot.lock().await;
        if let Some(token) =
            slot.as_ref().filter(|token| token.renew_at > Instant::now() && Some(&token.secret) != refused)
        {
            return Ok(token.secret.clone());
        }
        // What expires is counted from the moment of asking, not of the answer.
        let asked = Instant::now();
        let answer: Answer = self.http.send(request(question)).await?.json("a token")?;
        let secret = Secret::new(&answer.token.or(answer.access_token).unwrap_or_default());
        if secret.is_empty() {
            let url = crate::http::redacted(question.realm);
            return Err(HttpError::Json { url, expected: "a token", cause: "there is no token in it".to_owned() });
        }
        *slot = Some(Token { secret: secret.clone(), renew_at: asked + lifetime(answer.expires_in) });
        Ok(secret)
    }
}

/// How long a token is used: until a fifth of its life is left, at most 30 s before its end.
fn lifetime(expires_in: Option<f64>) -> Duration {
    let seconds = expires_in.filter(|seconds| seconds.is_finite()).unwrap_or(60.0).clamp(0.0, 86_400.0);
    Duration::from_secs_f64(seconds - (seconds / 5.0).min(30.0))
}

fn request(question: &TokenRequest<'_>) -> Request {
    let service = question.service.unwrap_or_default();
    if let Some(Credential::RefreshToken(identity)) = question.credential {
        // OAuth 2, as docker does it (distribution, "Token authentication with OAuth2"). Asking twice is harmless.
        let fields = [
            ("grant_type", "refresh_token"),
            ("service", service),
            ("scope", question.scope),
            ("client_id", "tagboat"),
            ("refresh_token", identity.reveal()),
        ];
        return Request::post(question.realm.clone()).form(&fields, &[identity]).limit(1 << 20).idempotent();
    }
    let mut url = question.realm.clone();
    if !service.is_empty() {
        url.query_pairs_mut().append_pair("service", service);
    }
    url.query_pairs_mut().append_pair("scope", question.scope);
    let request = Request::get(url).limit(1 << 20);
    match question.credential {
        Some(Credential::Basic { user, password }) => request.basic(user, password),
        _ => request,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_renewed_before_they_expire() {
        let seconds = |expires_in| lifetime(expires_in).as_secs_f64();
        assert_eq!((seconds(None), seconds(Some(300.0)), seconds(Some(5.0))), (48.0, 270.0, 4.0));
        assert_eq!((seconds(Some(-1.0)), seconds(Some(f64::NAN)), seconds(Some(1e300))), (0.0, 48.0, 86_370.0));
    }
}
