//! A response with status 2xx, with its body in memory.

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;
use url::Url;

use super::error::HttpError;
use super::redact::redacted;

/// A response with status 2xx.
#[derive(Debug)]
pub struct Response {
    /// The status, which is 2xx.
    pub status: StatusCode,
    /// The headers of the response.
    pub headers: HeaderMap,
    /// The URL after redirects.
    pub url: Url,
    /// The decompressed body.
    pub body: Vec<u8>,
}

impl Response {
    /// Returns the first value of a header, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Parses the body as JSON, whatever its content type is: some registries send `text/plain`.
    /// `expected` names it in the error, with its article: `a tag list`.
    pub fn json<T: DeserializeOwned>(&self, expected: &'static str) -> Result<T, HttpError> {
        serde_json::from_slice(&self.body).map_err(|error| HttpError::Json {
            url: redacted(&self.url),
            expected,
            cause: error.to_string(),
        })
    }
}
