//! What a refusal means for an image: the status and the registry's own words, with what had been sent. Pure.

use std::sync::Arc;

use oci_distribution::errors::OciEnvelope;

use crate::http::{HttpError, StatusError};

use super::credential::ResolvedCredential;
use super::error::{ANONYMOUS, RegistryError};

/// How a request is called in an error: by what was sent along.
pub(super) fn named(found: Option<&ResolvedCredential>) -> String {
    found.map_or(ANONYMOUS.to_owned(), |found| format!("the credential from {}", found.source))
}

/// A token service that answers 401 or 403 refuses the credential, or the anonymous user.
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

/// What the registry says: the message of the specification's error envelope, or the start of whatever it sent.
fn detail(refusal: &StatusError) -> String {
    let envelope: Option<OciEnvelope> = serde_json::from_str(&refusal.body).ok();
    match envelope.and_then(|envelope| envelope.errors.into_iter().find(|error| !error.message.is_empty())) {
        Some(error) => format!(": {}", error.message),
        None => refusal.excerpt(),
    }
}
