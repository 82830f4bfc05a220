//! Credentials for registries, and their sources.

use std::fmt;

use crate::secret::Secret;

/// A credential for a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistryCredential {
    /// User name and password; also robot accounts, access tokens with a fixed user name, and service-account keys.
    Basic {
        /// The user name, which is not secret.
        user: String,
        /// The password or access token.
        password: Secret,
    },
    /// A refresh token to be exchanged for access tokens: `identitytoken` of docker's `config.json`.
    RefreshToken(Secret),
    /// A token that the registry accepts directly: `registrytoken` of docker's `config.json`, and nothing else. Other tokens
    /// are sent as a password, with [`RegistryLogin`].
    Bearer(Secret),
}

/// A user name and secret from a person. A token often has no user name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryLogin {
    /// `None` for a token: it is sent with the user name that the vendor of the registry defines.
    pub user: Option<String>,
    /// The password or the token.
    pub secret: Secret,
    /// Where it was found, for messages.
    pub source: String,
}

/// A credential and its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedCredential {
    /// What to log in with.
    pub credential: RegistryCredential,
    /// Where it was found, for messages: `/home/me/.docker/config.json (ghcr.io)`.
    pub source: String,
    /// Whether it comes from the platform and was not configured for this registry. If it is rejected, the request is sent
    /// anonymously: a job token without permission for packages must not hide public images.
    pub from_platform: bool,
}

/// The credential that a server received with a request. The text continues `denied`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SentCredential {
    /// None: no credential is known.
    None,
    /// None, since settings of the repository choose who can read the connection. Has the reason.
    Withheld(&'static str),
    /// None, since the credential of the platform is not for this server, or was rejected. Has the reason.
    Unusable(String),
    /// None: it does not follow a redirect to another host.
    Redirected,
    /// The credential from this source.
    From(String),
}

impl RegistryLogin {
    /// Returns the credential to send; `token_user` is the user name for a token without one.
    pub(crate) fn resolve(self, token_user: &str) -> ResolvedCredential {
        let user = self.user.as_deref().unwrap_or(token_user);
        ResolvedCredential {
            credential: RegistryCredential::basic(user, self.secret),
            source: self.source,
            from_platform: false,
        }
    }
}

impl RegistryCredential {
    /// Returns a credential with user name and password.
    pub fn basic(user: &str, password: Secret) -> Self {
        Self::Basic { user: user.to_owned(), password }
    }

    /// Returns whether a secret is in the credential: as the password or token, or as the user name, as some servers accept it.
    pub(crate) fn contains(&self, secret: &Secret) -> bool {
        match self {
            Self::Basic { user, password } => password == secret || Secret::new(user) == *secret,
            Self::RefreshToken(token) | Self::Bearer(token) => token == secret,
        }
    }
}

impl SentCredential {
    /// Returns why no credential was sent: the reasons to withhold any, and not to use the one of the platform.
    pub(super) fn none(withheld: Option<&'static str>, unusable: Option<&String>) -> Self {
        match (withheld, unusable) {
            (Some(reason), _) => Self::Withheld(reason),
            (None, Some(reason)) => Self::Unusable(reason.clone()),
            (None, None) => Self::None,
        }
    }

    /// Returns it if a credential is known and was not sent.
    pub(super) fn unexpected(&self) -> Option<&Self> {
        match self {
            Self::Withheld(_) | Self::Unusable(_) | Self::Redirected => Some(self),
            Self::None | Self::From(_) => None,
        }
    }
}

impl fmt::Display for SentCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => write!(f, "anonymous access"),
            Self::Withheld(reason) => write!(f, "anonymous access (credentials are withheld: {reason})"),
            Self::Unusable(reason) => write!(f, "anonymous access ({reason})"),
            Self::Redirected => {
                write!(f, "access without the credential, which does not follow a redirect to another host")
            }
            Self::From(source) => write!(f, "access with the credential from {source}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_secret_in_every_part_of_a_credential() {
        let secret = |text: &str| Secret::new(text);
        let rows = [
            (RegistryCredential::basic("me", secret("t0ken\n")), true),
            (RegistryCredential::basic("t0ken", secret("x-oauth-basic")), true),
            (RegistryCredential::RefreshToken(secret("t0ken")), true),
            (RegistryCredential::Bearer(secret("t0ken")), true),
            (RegistryCredential::basic("me", secret("t0ken2")), false),
        ];
        for (credential, expected) in rows {
            assert_eq!(credential.contains(&secret("t0ken")), expected, "{credential:?}");
        }
    }
}
