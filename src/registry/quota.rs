//! The request limits of one server: `max-requests` of the configuration and the rate limit that the registry reports.

use std::sync::{Mutex, PoisonError};

use crate::http::{Client, Response};

use super::error::RegistryError;

/// The request limits of one server, which all registries with this server share.
#[derive(Debug, Default)]
pub(super) struct Quota {
    limit: Mutex<Option<u64>>,
    /// The clients that send requests to it.
    clients: Mutex<Vec<Client>>,
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
    /// Lowers the limit, if this one is lower.
    pub(super) fn lower(&self, limit: Option<u64>) {
        let mut current = self.limit.lock().unwrap_or_else(PoisonError::into_inner);
        *current = current.into_iter().chain(limit).min();
    }

    /// Returns the most requests in one run.
    pub(super) fn limit(&self) -> Option<u64> {
        *self.limit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts the requests of a client.
    pub(super) fn count(&self, client: &Client) {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).push(client.clone());
    }

    fn sent(&self) -> u64 {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).iter().map(Client::sent).sum()
    }

    /// Fails if no further request may be sent.
    pub(super) fn check(&self, registry: &str, image: &str) -> Result<(), RegistryError> {
        let (image, registry) = (image.to_owned(), registry.to_owned());
        if let Some(limit) = self.limit()
            && self.sent() >= limit
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
