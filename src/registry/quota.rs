//! How much may still be asked: the limit of the configuration and the rate limit that the registry tells.

use std::sync::{Mutex, PoisonError};

use crate::http::Response;

use super::error::RegistryError;

/// What may still be asked of one registry.
#[derive(Debug, Default)]
pub(super) struct Quota {
    limit: Option<u64>,
    told: Mutex<Option<RateLimit>>,
}

/// What a registry tells about its rate limit, as Docker Hub words it: `ratelimit-limit: 100;w=21600`,
/// `ratelimit-remaining: 99;w=21600` (docs.docker.com, "Docker Hub pull usage and limits").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests that are left in the window.
    pub remaining: u64,
    /// The whole limit, as the registry words it.
    pub limit: String,
}

impl Quota {
    pub(super) fn new(limit: Option<u64>) -> Self {
        Self { limit, told: Mutex::default() }
    }

    /// Whether one more request may be sent.
    pub(super) fn check(&self, registry: &str, image: &str, sent: u64) -> Result<(), RegistryError> {
        let (image, registry) = (image.to_owned(), registry.to_owned());
        if let Some(limit) = self.limit.filter(|limit| sent >= *limit) {
            return Err(RegistryError::MaxRequestsReached { image, registry, limit });
        }
        match self.told() {
            Some(RateLimit { remaining: 0, limit }) => {
                Err(RegistryError::RateLimitExhausted { image, registry, limit })
            }
            _ => Ok(()),
        }
    }

    /// Keeps what an answer tells.
    pub(super) fn listen(&self, response: &Response) {
        let Some(remaining) = response.header("ratelimit-remaining").and_then(number) else { return };
        let limit = response.header("ratelimit-limit").unwrap_or("unknown").to_owned();
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some(RateLimit { remaining, limit });
    }

    /// What the registry told last.
    pub(super) fn told(&self) -> Option<RateLimit> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The number before the window: `99;w=21600`.
fn number(text: &str) -> Option<u64> {
    text.split(';').next()?.trim().parse().ok()
}
