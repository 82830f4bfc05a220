//! What sets a vendor's registries apart from the specification.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use crate::http::{HttpError, Request, StatusCode, Url};

use super::super::credential::ResolvedCredential;
use crate::http::identity::PlatformEnv;

/// One vendor whose registries differ. Everything has a default: that of the specification.
#[async_trait]
pub trait Vendor: Send + Sync {
    /// As people call it; also the name of its folder of fixtures.
    fn name(&self) -> &'static str;

    /// Whether the registry at this host is one of theirs. A registry of one's own may be known from the environment.
    fn serves(&self, host: &str, env: &PlatformEnv) -> bool;

    /// The host that answers the API for images of `host`.
    fn api_host<'a>(&self, host: &'a str) -> &'a str {
        host
    }

    /// Hosts of the token service that may see a credential for the registry, beside the registry's own host.
    fn auth_hosts(&self, _: &PlatformEnv) -> Vec<String> {
        Vec::new()
    }

    /// Hosts under which `docker login` stores the credential, beside the registry's own.
    fn config_keys(&self) -> &'static [&'static str] {
        &[]
    }

    /// The user name for a token that comes without one. Most ignore it.
    fn token_user(&self) -> &'static str {
        "token"
    }

    /// When the registry took in what a tag of the image at `path` points at now, where it tells that to anybody: nothing
    /// secret is sent. `None` if it does not tell.
    async fn pushed(&self, _path: &str, _tag: &str, _around: &PlatformEnv) -> Result<Option<Timestamp>, HttpError> {
        Ok(None)
    }

    /// The credential that the platform gives to this process for its registry at `host`; `None` if it gives none. The
    /// error is a text that says which source, and what is wrong with it.
    async fn identity(&self, _host: &str, _around: &PlatformEnv) -> Result<Option<ResolvedCredential>, String> {
        Ok(None)
    }
}

/// What an API says to anybody, in JSON. `None` if it says so to nobody, or not without a login.
pub(super) async fn told(env: &PlatformEnv, url: &str) -> Result<Option<Value>, HttpError> {
    let Ok(url) = Url::parse(url) else { return Ok(None) };
    match env.send(Request::get(url)).await {
        Ok(answer) => Ok(serde_json::from_slice(&answer.body).ok()),
        Err(HttpError::Status(refusal))
            if [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND].contains(&refusal.status) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
