//! What a forge is connected with: which repository, at which address, with which credential. Plain values.

use std::time::Duration;

use crate::http::{Client, RetryPolicy};

use super::credential::Credential;
use super::remote::Address;

/// All that a forge needs to be connected.
#[derive(Debug, Clone)]
pub struct ForgeSettings {
    /// Where the repository is.
    pub address: Address,
    /// The credential, if there is one. It goes to the API's host only.
    pub credential: Option<Credential>,
    /// Sends the requests.
    pub client: Client,
    /// How often and how long to wait for a forge that fails or limits.
    pub retry_policy: RetryPolicy,
    /// How long one request may take.
    pub timeout: Duration,
}

impl ForgeSettings {
    /// Settings with the default waits.
    pub fn new(address: Address, credential: Option<Credential>, client: Client) -> Self {
        Self { address, credential, client, retry_policy: RetryPolicy::default(), timeout: Duration::from_secs(30) }
    }
}
