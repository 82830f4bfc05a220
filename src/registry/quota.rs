//! The request limits of one registry: `max-requests` of the configuration and the rate limit that the registry reports.

use std::sync::{Mutex, PoisonError};

use crate::http::Response;

use super::error::RegistryError;

/// The request limits of one registry.
#[derive(Debug, Default)]
pub(super) struct Quota {
    limit: Option<u64>,
    reported: Mutex<Option<PullRateLimit>>,
}

/// The rate limit that a registry reports, in the form of Docker Hub: `ratelimit-limit: 100;w=21600`,
/// `ratelimit-remaining: 99;w=21600` (docs.docker.com, "Docker Hub pull usage and limits").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRateLimit {
    /// The remaining requests in the window.
    pub remaining: u64,
    /// The whole limit, in the form of the registry.
    pub limit: String,
}

impl Quota {
    pub(super) fn new(limit: Option<u64>) -> Self {
        Self { limit, reported: Mutex::default() }
    }

    /// Fails if no further request may be sent.
    pub(super) fn check(&self, registry: &str, image: &str, sent: u64) -> Result<(), RegistryError> {
        let (image, registry) = (image.to_owned(), registry.to_owned());
        if let Some(limit) = self.limit
            && sent >= limit
        {
            return Err(RegistryError::MaxRequestsReached { image, registry, limit });
        }
        match self.reported() {
            Some(PullRateLimit { remaining: 0, limit }) => {
                Err(RegistryError::RateLimitExhausted { image, registry, limit })
            }
            _ => Ok(()),
        }
    }

    /// Records the rate limit in a response.
    pub(super) fn record(&self, response: &Response) {
        let Some(remaining) = response.header("ratelimit-remaining").and_then(number) else { return };
        let limit = response.header("ratelimit-limit").unwrap_or("unknown").to_owned();
        *self.reported.lock().unwrap_or_else(PoisonError::into_inner) = Some(PullRateLimit { remaining, limit });
    }

    /// Returns the rate limit that the registry reported last.
    pub(super) fn reported(&self) -> Option<PullRateLimit> {
        self.reported.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Parses the number before the window: `99;w=21600`.
fn number(text: &str) -> Option<u64> {
    text.split(';').next()?.trim().parse().ok()
}
