//! Converts error responses of a registry to errors about an image. Pure.

use std::sync::Arc;

use oci_distribution::errors::OciEnvelope;

use crate::http::{HttpError, StatusError};

use super::credential::ResolvedCredential;
use super::error::{ANONYMOUS, RegistryError};

/// Names a request in an error by its credential.
pub(super) fn named(found: Option<&ResolvedCredential>) -> String {
    found.map_or(ANONYMOUS.to_owned(), |found| format!("access with the credential from {}", found.source))
}

/// Converts an error of a token service: 401 and 403 mean that it rejected the credential or anonymous access.
pub(super) fn token_error(image: &str, error: HttpError, named: &str) -> RegistryError {
    match error {
        HttpError::Status(refusal) if matches!(refusal.status.as_u16(), 401 | 403) => RegistryError::Unauthorized {
            image: image.to_owned(),
            detail: detail(&refusal),
            url: refusal.url,
            sent: named.to_owned(),
        },
        error => RegistryError::Http { image: image.to_owned(), source: Arc::new(error) },
    }
}

pub(super) fn refusal_error(image: &str, refusal: Box<StatusError>, sent: String) -> RegistryError {
    let (image, detail) = (image.to_owned(), detail(&refusal));
    match refusal.status.as_u16() {
        401 => RegistryError::Unauthorized { image, url: refusal.url, sent, detail },
        403 => RegistryError::Forbidden { image, url: refusal.url, sent, detail },
        404 => RegistryError::NotFound { image, url: refusal.url, detail },
        429 => RegistryError::RateLimited { image, url: refusal.url, retry_after: refusal.retry_after },
        _ => RegistryError::Http { image, source: Arc::new(HttpError::Status(refusal)) },
    }
}

/// Returns the message of the specification's error envelope, or else the start of the body.
fn detail(refusal: &StatusError) -> String {
    let envelope: Option<OciEnvelope> = serde_json::from_str(&refusal.body).ok();
    match envelope.and_then(|envelope| envelope.errors.into_iter().find(|error| !error.message.is_empty())) {
        Some(error) => format!(": {}", error.message),
        None => refusal.excerpt(),
    }
}
