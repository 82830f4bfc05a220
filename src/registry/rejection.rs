//! Converts error responses of a registry to errors about an image. Pure.

use std::sync::Arc;

use crate::http::{HttpError, StatusError};

use super::auth::lacks_right;
use super::credential::SentCredential;
use super::error::RegistryError;

/// Converts an error of a token service: 401 and 403 mean that it rejected the credential or anonymous access.
pub(super) fn token_error(image: &str, error: HttpError, sent: SentCredential) -> RegistryError {
    match error {
        HttpError::Status(rejection)
            if matches!(rejection.status.as_u16(), 401 | 403) && rejection.refusing_proxy().is_none() =>
        {
            RegistryError::Unauthorized {
                image: image.to_owned(),
                detail: rejection.excerpt(),
                url: rejection.url,
                sent,
            }
        }
        error => RegistryError::Http { image: image.to_owned(), source: Arc::new(error) },
    }
}

/// Converts the last rejection of a request.
pub(super) fn rejection_error(image: &str, rejection: Box<StatusError>, sent: SentCredential) -> RegistryError {
    let (image, detail) = (image.to_owned(), rejection.excerpt());
    match rejection.status.as_u16() {
        _ if rejection.refusing_proxy().is_some() => {
            RegistryError::Http { image, source: Arc::new(HttpError::Status(rejection)) }
        }
        // A registry that hides images says so too, of an anonymous token.
        401 | 403 if matches!(sent, SentCredential::From(_)) && lacks_right(&rejection.headers) => {
            RegistryError::LacksRight { image, url: rejection.url, sent, detail }
        }
        401 => RegistryError::Unauthorized { image, url: rejection.url, sent, detail },
        403 => RegistryError::Forbidden { image, url: rejection.url, sent, detail },
        404 => RegistryError::NotFound { image, url: rejection.url, sent, detail },
        429 => RegistryError::RateLimited { image, url: rejection.url, retry_after: rejection.retry_after },
        _ => RegistryError::Http { image, source: Arc::new(HttpError::Status(rejection)) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_login_that_a_registry_that_hides_images_did_not_get() {
        #[rustfmt::skip]
        let rows = [
            (SentCredential::None,                        "not found at https://r.test/v2/",                                                            "check the name and whether"),
            (SentCredential::From("A".to_owned()),        "not found at https://r.test/v2/",                                                            "check the name and whether"),
            (SentCredential::Withheld("R"),               "not found at https://r.test/v2/ with anonymous access (credentials are withheld: R)",        "check the name; if the image needs a login, set"),
            (SentCredential::Unusable("R".to_owned()),    "not found at https://r.test/v2/ with anonymous access (R)",                                  "check the name and whether"),
        ];
        for (sent, message, hint) in rows {
            let rejection = StatusError {
                method: crate::http::Method::GET,
                url: "https://r.test/v2/".to_owned(),
                proxy: None,
                status: crate::http::StatusCode::NOT_FOUND,
                headers: crate::http::header::HeaderMap::new(),
                body: String::new(),
                retry_after: None,
                rate_limited: false,
            };
            let error = rejection_error("a", Box::new(rejection), sent);
            assert_eq!(error.to_string(), message);
            assert!(error.hint().starts_with(hint), "{}", error.hint());
        }
    }
}
