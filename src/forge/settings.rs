//! What a forge is made from: which repository, at which address, with whose token. Plain values; opens nothing.

use std::sync::Arc;
use std::time::Duration;

use crate::http::{Client, RetryPolicy};
use crate::secret::Secret;

use super::app::App;

/// Where a forge has a repository: found from a git remote, or written in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The root of the API, without a slash at its end: `https://api.github.com`. For `local`, a folder.
    pub api: String,
    /// The repository in the forge's own words: `owner/name`, `group/subgroup/project`, `organisation/project/name`.
    pub repository: String,
}

/// An environment variable that may hold a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenVariable {
    /// Its name.
    pub name: &'static str,
    /// The variable in which the same CI says which server it belongs to: its token is for that one and no other.
    /// `None` where people set the token by hand, for this forge.
    pub server: Option<&'static str>,
}

impl TokenVariable {
    /// One that people set by hand, for this forge.
    pub(super) const fn by_hand(name: &'static str) -> Self {
        Self { name, server: None }
    }
}

/// All that a forge needs to be connected.
#[derive(Debug, Clone)]
pub struct ForgeSettings {
    /// Where the repository is.
    pub address: Address,
    /// The token, where there is one. It goes to the API's host only.
    pub token: Option<Secret>,
    /// Makes tokens where there is none, on GitHub.
    pub app: Option<Arc<App>>,
    /// The user that the token belongs to, for forges that want both (Bitbucket Cloud's API tokens: the e-mail).
    pub user: Option<String>,
    /// Sends the requests.
    pub client: Client,
    /// How often and how long a forge that fails or limits is waited for.
    pub retry_policy: RetryPolicy,
    /// How long one answer may take.
    pub timeout: Duration,
}

impl ForgeSettings {
    /// With the usual bounds of waiting, and a token that stands alone.
    pub fn new(address: Address, token: Option<Secret>, client: Client) -> Self {
        let (retry_policy, timeout) = (RetryPolicy::default(), Duration::from_secs(30));
        Self { address, token, app: None, user: None, client, retry_policy, timeout }
    }
}
