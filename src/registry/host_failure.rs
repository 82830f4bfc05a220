//! Failures that a host causes, and not one image: people read them once for all images of the host.

use crate::http::{HttpError, Url, origin};

use super::error::RegistryError;

/// Why a host fails, in words that name no image.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostFailure {
    /// What failures with the same cause have in common. Their texts may differ in a delay.
    pub key: String,
    /// The reason.
    pub text: String,
}

/// What failures have in common that end in other words for each image: the time limit of one request, that of an image, and none sent.
const TIMED_OUT: &str = "timed out";

/// What failures have in common that differ in the rest of a wait.
const RATE_LIMITED: &str = "rate limited";

impl HostFailure {
    /// Returns why the host fails; `None` if the error is about one image.
    pub fn of(error: &RegistryError) -> Option<Self> {
        let text = match error {
            RegistryError::ImageTimeout { .. } | RegistryError::GaveUp { .. } => {
                return Some(Self { key: TIMED_OUT.to_owned(), text: error.to_string() });
            }
            RegistryError::RateLimited { url, .. } => {
                let text = format!("rate limited by {}", host(url));
                return Some(Self { key: RATE_LIMITED.to_owned(), text });
            }
            RegistryError::Http { source, .. } => return Self::of_http(source),
            RegistryError::Unauthorized { url, sent, .. } => format!("unauthorized: {} denied {sent}", host(url)),
            RegistryError::Forbidden { url, sent, .. } => format!("403: {} denied {sent}", host(url)),
            RegistryError::LacksRight { url, sent, .. } => {
                format!("the login is valid and lacks the right to pull: {} denied {sent}", host(url))
            }
            RegistryError::Malformed { url, expected, cause, .. } => {
                format!("the response of {} is not {expected}: {cause}", host(url))
            }
            _ => return None,
        };
        Some(Self { key: text.clone(), text })
    }

    fn of_http(error: &HttpError) -> Option<Self> {
        let (key, text) = match error {
            HttpError::Connect { .. } | HttpError::Tls { .. } => (None, unreachable_host(error)?.to_string()),
            HttpError::Timeout { url, after } => {
                (Some(TIMED_OUT), format!("{} timed out after {} s", host(url), after.as_secs_f32()))
            }
            HttpError::RateLimited { .. } => (Some(RATE_LIMITED), error.to_string()),
            HttpError::Body { url, cause } => (None, format!("incomplete response from {}: {cause}", host(url))),
            HttpError::Status(rejection)
                if rejection.status.is_server_error() || rejection.refusing_proxy().is_some() =>
            {
                (None, rejection.of_host())
            }
            _ => return None,
        };
        Some(Self { key: key.map_or_else(|| text.clone(), str::to_owned), text })
    }
}

/// Returns a URL without the path, which names an image.
pub(super) fn host(url: &str) -> String {
    Url::parse(url).map_or_else(|_| url.to_owned(), |url| origin(&url))
}

/// Returns the error for requests for other images, which are not sent if no connection is possible: with the host, which may be that
/// of the token service, and without the path of the image.
pub(super) fn unreachable_host(error: &HttpError) -> Option<HttpError> {
    match error {
        HttpError::Connect { url, proxy, cause } => {
            Some(HttpError::Connect { url: host(url), proxy: proxy.clone(), cause: cause.clone() })
        }
        HttpError::Tls { url, cause } => Some(HttpError::Tls { url: host(url), cause: cause.clone() }),
        _ => None,
    }
}
