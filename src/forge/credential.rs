//! Credentials of a forge: the kinds that its row lists, and the logins of requests and of git.

use std::sync::Arc;

use crate::http::header::AUTHORIZATION;
use crate::http::{Client, Request};
use crate::secret::Secret;

use super::app::App;
use super::error::ForgeError;
use super::remote::Address;

/// The credentials that the operator set.
#[derive(Debug, Default)]
pub struct OperatorCredentials {
    /// A token, personal or of a CI job.
    pub token: Option<Secret>,
    /// The account that the token belongs to.
    pub user: Option<String>,
    /// The id and the private key of an App.
    pub app: Option<(String, Secret)>,
}

/// A kind of credential that a forge accepts, as its row lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CredentialKind {
    /// What the operator has to set for it.
    pub input: CredentialInput,
    /// How requests to the API carry it.
    pub scheme: AuthScheme,
    /// The user name that git sends with it over HTTPS.
    pub git_user: &'static str,
}

/// What the operator has to set for a kind of credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialInput {
    /// The id and private key of an App, which issues tokens.
    App,
    /// A token and the account that it belongs to.
    TokenOfAccount,
    /// A token that is a JSON web token (RFC 7519).
    JsonWebToken,
    /// Any token.
    Token,
}

/// How a request carries a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthScheme {
    /// `Authorization: Bearer …`
    Bearer,
    /// `Authorization: token …`
    Token,
    /// `Authorization: Basic …`, with the account as the user, or without a user.
    Basic,
}

/// A credential for one repository of a forge, and the user name that git sends with it.
#[derive(Debug, Clone)]
pub struct ForgeLogin {
    /// The credential of requests.
    pub credential: Credential,
    /// The user name of git.
    pub git_user: &'static str,
}

/// The credential that requests to the API of a forge carry.
#[derive(Debug, Clone)]
pub enum Credential {
    /// A token as `Authorization: Bearer …`.
    Bearer(Secret),
    /// A token as `Authorization: token …`.
    Token(Secret),
    /// A user name, which may be empty, and a token as the password.
    Basic {
        /// The name of the account.
        user: String,
        /// The token or application password of the account.
        password: Secret,
    },
    /// The tokens that an App issues, as `Authorization: Bearer …`.
    App(Arc<App>),
}

impl CredentialKind {
    /// A token of any form.
    pub const fn token(scheme: AuthScheme, git_user: &'static str) -> Self {
        Self { input: CredentialInput::Token, scheme, git_user }
    }

    /// Returns the login that `given` allows; `None` if this kind needs something else.
    pub(super) fn login(
        &self,
        address: &Address,
        given: &OperatorCredentials,
        client: &Client,
    ) -> Option<Result<ForgeLogin, ForgeError>> {
        if self.input == CredentialInput::App {
            let (id, key) = given.app.as_ref()?;
            let app = App::new(id, key, &address.api, &address.repository, client.clone());
            let login = |app| ForgeLogin { credential: Credential::App(Arc::new(app)), git_user: self.git_user };
            return Some(app.map(login));
        }
        let token = given.token.clone()?;
        let fits = match self.input {
            CredentialInput::TokenOfAccount => given.user.is_some(),
            CredentialInput::JsonWebToken => {
                token.reveal().starts_with("eyJ") && token.reveal().matches('.').count() == 2
            }
            CredentialInput::Token => true,
            CredentialInput::App => false,
        };
        let credential = match self.scheme {
            AuthScheme::Bearer => Credential::Bearer(token),
            AuthScheme::Token => Credential::Token(token),
            AuthScheme::Basic => Credential::Basic { user: given.user.clone().unwrap_or_default(), password: token },
        };
        fits.then_some(Ok(ForgeLogin { credential, git_user: self.git_user }))
    }
}

impl Credential {
    /// Returns the token, which is also the password of git. An App issues one.
    pub async fn token(&self) -> Result<Secret, ForgeError> {
        match self {
            Self::Bearer(token) | Self::Token(token) | Self::Basic { password: token, .. } => Ok(token.clone()),
            Self::App(app) => app.token().await,
        }
    }

    /// Adds the credential to a request.
    pub(super) async fn authorize(&self, request: Request) -> Result<Request, ForgeError> {
        let token = self.token().await?;
        Ok(match self {
            Self::Bearer(_) | Self::App(_) => request.bearer(&token),
            Self::Token(_) => request.secret_header(AUTHORIZATION, &Secret::new(&format!("token {}", token.reveal()))),
            Self::Basic { user, .. } => request.basic(user, &token),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::ClientOptions;

    const KINDS: &[CredentialKind] = &[
        CredentialKind { input: CredentialInput::TokenOfAccount, scheme: AuthScheme::Basic, git_user: "account" },
        CredentialKind { input: CredentialInput::JsonWebToken, scheme: AuthScheme::Bearer, git_user: "pipeline" },
        CredentialKind::token(AuthScheme::Token, "token"),
    ];

    #[test]
    fn uses_the_first_kind_that_fits_what_is_given() {
        #[rustfmt::skip]
        let rows = [
            // token          account     credential   git's user
            (Some("plain"),   None,       "Token",     Some("token")),
            (Some("plain"),   Some("me"), "Basic",     Some("account")),
            (Some("eyJ.a.b"), None,       "Bearer",    Some("pipeline")),
            (None,            Some("me"), "",          None),
        ];
        let address = Address { api: "https://git.acme.test".to_owned(), repository: "a/b".to_owned() };
        let client = Client::new(&ClientOptions::default()).unwrap();
        for (token, user, credential, git_user) in rows {
            let given = OperatorCredentials { token: token.map(Secret::new), user: user.map(str::to_owned), app: None };
            let login = KINDS.iter().find_map(|kind| kind.login(&address, &given, &client)).map(Result::unwrap);
            assert_eq!(login.as_ref().map(|login| login.git_user), git_user, "{token:?}");
            let shown = login.map(|login| format!("{:?}", login.credential)).unwrap_or_default();
            assert!(shown.starts_with(credential) && !shown.contains("plain"), "{shown}");
        }
    }
}
