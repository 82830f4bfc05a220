//! Converts error responses of a registry to errors about an image. Pure.

use std::sync::Arc;

use crate::http::{HttpError, StatusError};

use super::auth::lacks_right;
use super::credential::ResolvedCredential;
use super::error::{ANONYMOUS, REDIRECTED, RegistryError};

/// Describes a request in an error by its credential.
pub(super) fn named(found: Option<&ResolvedCredential>) -> String {
    found.map_or(ANONYMOUS.to_owned(), |found| format!("access with the credential from {}", found.source))
}

/// Converts an error of a token service: 401 and 403 mean that it rejected the credential or anonymous access.
pub(super) fn token_error(image: &str, error: HttpError, named: &str) -> RegistryError {
    match error {
        HttpError::Status(rejection) if matches!(rejection.status.as_u16(), 401 | 403) => RegistryError::Unauthorized {
            image: image.to_owned(),
            detail: rejection.excerpt(),
            url: rejection.url,
            sent: named.to_owned(),
        },
        error => RegistryError::Http { image: image.to_owned(), source: Arc::new(error) },
    }
}

/// Converts the last rejection of a request; `sent` describes its credential.
pub(super) fn rejection_error(image: &str, rejection: Box<StatusError>, sent: String) -> RegistryError {
    let (image, detail) = (image.to_owned(), rejection.excerpt());
    match rejection.status.as_u16() {
        // A registry that hides images says so too, of an anonymous token.
        401 | 403 if sent != ANONYMOUS && sent != REDIRECTED && lacks_right(&rejection.headers) => {
            RegistryError::LacksRight { image, url: rejection.url, sent, detail }
        }
        401 => RegistryError::Unauthorized { image, url: rejection.url, sent, detail },
        403 => RegistryError::Forbidden { image, url: rejection.url, sent, detail },
        404 => RegistryError::NotFound { image, url: rejection.url, detail },
        429 => RegistryError::RateLimited { image, url: rejection.url, retry_after: rejection.retry_after },
        _ => RegistryError::Http { image, source: Arc::new(HttpError::Status(rejection)) },
    }
}
