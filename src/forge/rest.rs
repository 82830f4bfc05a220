//! A JSON client for forges without a client library of their own. Knows statuses and bounds, and no forge.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use crate::http::{Client, HttpError, Method, Request, Response, RetryPolicy, Url};
use crate::secret::Secret;

use super::error::ForgeError;
use super::retry::{pause_after, refusal};
use super::settings::ForgeSettings;

/// No forge's answer is longer; a listing of a hundred pull requests with long bodies is some megabytes.
const LONGEST_ANSWER: usize = 64 << 20;

/// Sends requests to one API with one token, waits where it is asked to, and turns refusals into errors.
pub(super) struct Rest {
    client: Client,
    api: String,
    /// The whole value of the header.
    authorization: Secret,
    retry_policy: RetryPolicy,
    timeout: Duration,
    needs: &'static str,
}

/// An answer, with what its headers say.
pub(super) struct ApiResponse<T> {
    pub(super) body: T,
    answer: Response,
}

impl<T> ApiResponse<T> {
    /// A header, as text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.answer.header(name)
    }
}

impl Rest {
    /// A client for the API of `settings`. `authorization` is the whole value of that header; `needs` says which rights
    /// a token needs.
    pub(super) fn new(settings: &ForgeSettings, authorization: &str, needs: &'static str) -> Result<Self, ForgeError> {
        let api = settings.address.api.trim_end_matches('/').to_owned();
        if !Url::parse(&api).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
            return Err(ForgeError::Settings { reason: format!("{api:?} is not the URL of an API") });
        }
        let (retry_policy, timeout) = (settings.retry_policy, settings.timeout);
        // What may be sent again, and when, is decided here, where a limit is known by more than its status.
        let client =
            settings.client.with_own_counter().with_retry_policy(RetryPolicy { max_attempts: 1, ..retry_policy });
        Ok(Self { client, api, authorization: Secret::new(authorization), retry_policy, timeout, needs })
    }

    pub(super) fn retry_policy(&self) -> RetryPolicy {
        self.retry_policy
    }

    /// Requests sent so far.
    pub(super) fn requests(&self) -> u64 {
        self.client.sent()
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

    /// Sends a request; what was not carried out, or does no harm twice, is sent again within bounds.
    pub(super) async fn send<T: DeserializeOwned>(
        &self,
        action: &str,
        method: Method,
        route: &str,
        body: Option<&Value>,
    ) -> Result<ApiResponse<T>, ForgeError> {
        let mut tried = 1;
        loop {
            let failure = match self.send_once(action, method.clone(), route, body).await {
                Ok(response) => return Ok(response),
                Err(failure) => failure,
            };
            let repeatable = method != Method::POST;
            let Some(pause) = pause_after(self.retry_policy, tried, &failure, repeatable) else { return Err(failure) };
            tracing::debug!(%failure, ?pause, "asking the forge again");
            tokio::time::sleep(pause).await;
            tried += 1;
        }
    }

    async fn send_once<T: DeserializeOwned>(
        &self,
        action: &str,
        method: Method,
        route: &str,
        body: Option<&Value>,
    ) -> Result<ApiResponse<T>, ForgeError> {
        let malformed = |reason: String| ForgeError::Malformed { action: action.to_owned(), reason };
        let url = Url::parse(&format!("{}{route}", self.api)).map_err(|error| malformed(error.to_string()))?;
        let request = Request::new(method, url).limit(LONGEST_ANSWER).timeout(self.timeout);
        let request = request.secret_header(AUTHORIZATION, &self.authorization).header(ACCEPT, "application/json");
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let answer = self.client.send(request).await.map_err(|error| explain(action, error, self.needs))?;
        let is_page = answer.header(CONTENT_TYPE.as_str()).is_some_and(|kind| kind.starts_with("text/html"));
        if answer.status == 203 || is_page {
            // Azure DevOps, and proxies that want to know who is there, lead to a page to sign in.
            let message = "it shows a page for people, as to somebody who has to sign in".to_owned();
            return Err(ForgeError::Unauthorized { action: action.to_owned(), message });
        }
        // An answer without a body says nothing; it reads as `null`.
        let bytes = if answer.body.is_empty() { b"null" } else { &answer.body[..] };
        match serde_json::from_slice(bytes) {
            Ok(body) => Ok(ApiResponse { body, answer }),
            Err(error) => Err(malformed(error.to_string())),
        }
    }
}

/// The meaning of a failure of the HTTP client.
fn explain(action: &str, error: HttpError, needs: &'static str) -> ForgeError {
    let hint = error.hint();
    match error {
        HttpError::Status(error) => {
            let said = serde_json::from_str(&error.body).map(|body| message(&body));
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
            let said = said.unwrap_or_else(|_| error.body.clone());
            refusal(error.status.as_u16(), &error.headers, said, now).explain(action, needs)
        }
        // What it said then, it would say again.
        HttpError::RateLimited { wait, .. } => ForgeError::RateLimited { action: action.to_owned(), wait: Some(wait) },
        HttpError::TooLarge { .. } | HttpError::Json { .. } => {
            ForgeError::Malformed { action: action.to_owned(), reason: error.to_string() }
        }
        HttpError::Header(_) | HttpError::ClientOptions(_) => ForgeError::Settings { reason: error.to_string() },
        error => ForgeError::Unreachable { action: action.to_owned(), reason: error.to_string(), hint },
    }
}

/// One part of a path: a name with a slash in it stays one part.
pub(super) fn part(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// A query, with names and values encoded.
pub(super) fn query(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// What a JSON error says to people, wherever the forge puts it: `message`, `error`, `errors`, a list, or fields.
fn message(body: &Value) -> String {
    fn collect<'a>(value: &'a Value, told: &mut Vec<&'a str>) {
        match value {
            Value::String(text) if !told.contains(&text.as_str()) => told.push(text),
            Value::Array(items) => items.iter().for_each(|item| collect(item, told)),
            Value::Object(fields) => {
                let worded = ["message", "error", "error_description", "detail", "errors"];
                let known: Vec<&Value> = worded.iter().filter_map(|key| fields.get(*key)).collect();
                match known.is_empty() {
                    true => fields.values().for_each(|value| collect(value, told)),
                    false => known.into_iter().for_each(|value| collect(value, told)),
                }
            }
            _ => {}
        }
    }
    let mut told = Vec::new();
    collect(body, &mut told);
    told.join("; ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_form_of_a_message() {
        #[rustfmt::skip]
        let table = [
            (json!({"message": "404 Project Not Found"}),                                        "404 Project Not Found"),
            (json!({"message": ["Another open merge request already exists"]}),                  "Another open merge request already exists"),
            (json!({"message": {"title": ["can't be blank"]}}),                                  "can't be blank"),
            (json!({"error": "insufficient_scope", "error_description": "needs api", "scope": "api"}), "insufficient_scope; needs api"),
            (json!({"type": "error", "error": {"message": "Bad request", "fields": {}}}),        "Bad request"),
            (json!({"errors": [{"context": null, "message": "Only one", "exceptionName": "x"}]}), "Only one"),
            (json!({"$id": "1", "message": "TF401179: An active pull request", "typeKey": "x"}), "TF401179: An active pull request"),
            (json!("bad gateway"),                                                               "bad gateway"),
        ];
        for (body, expected) in table {
            assert_eq!(message(&body), expected, "{body}");
        }
    }

    #[test]
    fn names_stay_one_part() {
        assert_eq!(part("group/sub/my project"), "group%2Fsub%2Fmy%20project");
    }
}
