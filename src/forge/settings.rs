//! What a forge is made from: which repository, at which address, with whose token. Plain values; opens nothing.

use crate::secret::Secret;

use super::patience::Patience;

/// Where a forge has a repository: found from a git remote, or written in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The root of the API, without a slash at its end: `https://api.github.com`. For `local`, a folder.
    pub api: String,
    /// The repository in the forge's own words: `owner/name`, `group/subgroup/project`, `organisation/project/name`.
    pub repository: String,
}

/// All that a forge needs to be connected.
#[derive(Debug, Clone)]
pub struct ForgeSettings {
    /// Where the repository is.
    pub address: Address,
    /// The token, where there is one. It goes to the API's host only.
    pub token: Option<Secret>,
    /// The user that the token belongs to, for forges that want both (Bitbucket Cloud's API tokens: the e-mail).
    pub user: Option<String>,
    /// Sends the requests: with our user agent, proxies, certificates and time limits.
    pub client: reqwest::Client,
    /// Bounds of waiting for a forge that fails or limits.
    pub patience: Patience,
}
