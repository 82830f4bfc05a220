//! The settings with which a forge is connected: address, credential, client.

use std::time::Duration;

use crate::http::{Client, RetryPolicy};

use super::credential::Credential;
use super::remote::Address;

/// The settings of one forge.
#[derive(Debug, Clone)]
pub struct ConnectionSettings {
    /// The address of the repository.
    pub address: Address,
    /// The credential, if there is one. It is sent to the host of the API only.
    pub credential: Option<Credential>,
    /// The client that sends the requests.
    pub client: Client,
    /// How often to retry after a failure or a rate limit, and how long to wait.
    pub retry_policy: RetryPolicy,
    /// The time limit of one request.
    pub timeout: Duration,
}

impl ConnectionSettings {
    /// Returns settings with the default retries and time limit.
    pub fn new(address: Address, credential: Option<Credential>, client: Client) -> Self {
        Self { address, credential, client, retry_policy: RetryPolicy::default(), timeout: Duration::from_secs(30) }
    }
}
