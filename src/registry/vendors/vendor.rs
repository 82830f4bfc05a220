//! The trait of vendors: how their registries differ from the specification.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use crate::http::{HttpError, Request, StatusCode, Url};

use super::super::credential::ResolvedCredential;
use super::super::endpoint::is_at;
use crate::http::identity::PlatformEnv;

/// A vendor of registries. The default of each method is the specification.
#[async_trait]
pub trait Vendor: Send + Sync {
    /// Returns the name for people, which is also that of the folder of fixtures.
    fn name(&self) -> &'static str;

    /// Returns whether the vendor serves the registry at this host. The environment may name a self-hosted registry.
    fn serves(&self, host: &str, env: &PlatformEnv) -> bool;

    /// Returns the host of the API for images of `host`.
    fn api_host<'a>(&self, host: &'a str) -> &'a str {
        host
    }

    /// Returns the hosts of token services that may receive a credential for the registry, in addition to its own host.
    fn auth_hosts(&self, _: &PlatformEnv) -> Vec<String> {
        Vec::new()
    }

    /// Returns the hosts under which `docker login` stores the credential, in addition to the registry's own.
    fn config_keys(&self) -> &'static [&'static str] {
        &[]
    }

    /// Returns the user name for a token without one. Most vendors ignore it.
    fn token_user(&self) -> &'static str {
        "token"
    }

    /// Returns when the registry received the manifest that a tag of the image at `path` points at. `None` if the vendor does
    /// not publish that. No secret is sent.
    async fn pushed(&self, _path: &str, _tag: &str, _env: &PlatformEnv) -> Result<Option<Timestamp>, HttpError> {
        Ok(None)
    }

    /// Returns whether the registry at `host` is that of the server that runs this job, by the address of the server: the registry
    /// may receive the token of the job.
    fn is_registry_of(&self, host: &str, server: &Url, _: &PlatformEnv) -> bool {
        is_at(server, host)
    }

    /// Returns the credential of the platform for the registry at `host`; `None` if there is none. The error names the source
    /// and its problem.
    async fn identity(&self, _host: &str, _env: &PlatformEnv) -> Result<Option<ResolvedCredential>, String> {
        Ok(None)
    }
}

/// Returns the JSON that an API returns without authentication; `None` if it requires authentication or has nothing.
pub(super) async fn public_json(env: &PlatformEnv, url: &str) -> Result<Option<Value>, HttpError> {
    let Ok(url) = Url::parse(url) else { return Ok(None) };
    match env.send(Request::get(url)).await {
        Ok(response) => Ok(serde_json::from_slice(&response.body).ok()),
        Err(HttpError::Status(rejection))
            if [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND].contains(&rejection.status) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
