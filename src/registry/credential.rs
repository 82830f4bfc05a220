//! What proves to a registry who asks, and where it was found.

use crate::secret::Secret;

/// A credential as registries know them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// User name and password; also robot accounts, access tokens with a fixed user name, and service-account keys.
    Basic {
        /// Not secret.
        user: String,
        /// Password or access token.
        password: Secret,
    },
    /// A refresh token to be exchanged for access tokens: `identitytoken` of docker's `config.json`.
    Identity(Secret),
    /// A token that the registry itself takes: `registrytoken` of docker's `config.json`.
    Bearer(Secret),
}

/// A credential and its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What is sent.
    pub credential: Credential,
    /// Where it was found, for people: `/home/me/.docker/config.json (ghcr.io)`.
    pub source: String,
    /// Taken from the platform, not given for this registry in so many words. If it is refused, the registry is asked
    /// anonymously: a job's token without the right to packages must not hide public images.
    pub implicit: bool,
}

impl Credential {
    /// User name and password.
    pub fn basic(user: &str, password: Secret) -> Self {
        Self::Basic { user: user.to_owned(), password }
    }
}
