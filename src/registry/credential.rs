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
    RefreshToken(Secret),
    /// A token that the registry itself takes: `registrytoken` of docker's `config.json`. Nothing else gives one: what
    /// people call a token is a password, and is sent as one, with [`Login`].
    Bearer(Secret),
}

/// User name and secret as people give them. A token often comes without a user name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// `None` for a token: the name is then the one that the registry's vendor has for such users.
    pub user: Option<String>,
    /// The password or the token.
    pub secret: Secret,
    /// Where it was found, for people.
    pub source: String,
}

/// A credential and its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedCredential {
    /// What is sent.
    pub credential: Credential,
    /// Where it was found, for people: `/home/me/.docker/config.json (ghcr.io)`.
    pub source: String,
    /// Taken from the platform, not given for this registry in so many words. If it is refused, the registry is asked
    /// anonymously: a job's token without the right to packages must not hide public images.
    pub from_platform: bool,
}

impl Login {
    /// As it is sent to a registry whose vendor calls the user of a bare token `token_user`.
    pub(crate) fn resolve(self, token_user: &str) -> ResolvedCredential {
        let user = self.user.as_deref().unwrap_or(token_user);
        ResolvedCredential {
            credential: Credential::basic(user, self.secret),
            source: self.source,
            from_platform: false,
        }
    }
}

impl Credential {
    /// User name and password.
    pub fn basic(user: &str, password: Secret) -> Self {
        Self::Basic { user: user.to_owned(), password }
    }
}
