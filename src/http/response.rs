//! An answer with status 2xx, its body already in memory and within its limit.

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;
use url::Url;

use super::error::HttpError;
use super::redact::redacted;

/// An answer with status 2xx.
#[derive(Debug)]
pub struct Response {
    /// 2xx.
    pub status: StatusCode,
    /// As sent.
    pub headers: HeaderMap,
    /// Where the answer came from, after redirects.
    pub url: Url,
    /// Decompressed.
    pub body: Vec<u8>,
}

impl Response {
    /// The first value of a header, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON, whatever the content type says: registries are known to answer `text/plain`.
    /// `expected` names it in the error, with its article: `a tag list`.
    pub fn json<T: DeserializeOwned>(&self, expected: &'static str) -> Result<T, HttpError> {
        serde_json::from_slice(&self.body).map_err(|error| HttpError::Json {
            url: redacted(&self.url),
            expected,
            cause: error.to_string(),
        })
    }
}
