//! GitHub's container registry: the `GITHUB_TOKEN` of a job is its password.

use async_trait::async_trait;

use super::super::credential::{RegistryCredential, ResolvedCredential};
use super::vendor::Vendor;
use crate::http::Url;
use crate::http::identity::PlatformEnv;

/// ghcr.io, and the registry of the GitHub Enterprise server that runs the job: `containers.HOST` (docs.github.com, "Working with
/// the Container registry").
pub(super) struct Ghcr;

/// The host of the server whose registry is ghcr.io.
const GITHUB: &str = "github.com";

/// The hosts of git remotes on that server.
const GITHUB_REMOTES: &[&str] = &[GITHUB, "www.github.com", "ssh.github.com"];

/// Returns the host of the GitHub server that the token is for: the one that the variables of a job name. Forgejo and Gitea set the
/// same variables for a server and a token of their own. Outside of a job, a person set the token, for the server of the git remote.
fn server(env: &PlatformEnv) -> Option<String> {
    if ["FORGEJO_ACTIONS", "GITEA_ACTIONS"].iter().any(|marker| env.variable(marker).is_some()) {
        return None;
    }
    match env.variable("GITHUB_SERVER_URL") {
        Some(server) => Some(Url::parse(server).ok()?.host_str()?.to_ascii_lowercase()),
        // A job whose server is unknown.
        None if env.variable("GITHUB_ACTIONS").is_some() => None,
        None => env.remote_host().filter(|host| GITHUB_REMOTES.contains(host)).map(|_| GITHUB.to_owned()),
    }
}

/// Returns the host of the registry of a server.
fn registry_of(server: &str) -> String {
    if server == GITHUB { "ghcr.io".to_owned() } else { format!("containers.{server}") }
}

#[async_trait]
impl Vendor for Ghcr {
    fn name(&self) -> &'static str {
        "ghcr"
    }

    fn serves(&self, host: &str, env: &PlatformEnv) -> bool {
        host == "ghcr.io" || server(env).is_some_and(|server| registry_of(&server) == host)
    }

    fn is_registry_of(&self, host: &str, server: &Url, _: &PlatformEnv) -> bool {
        server.host_str().is_some_and(|server| registry_of(server) == host)
    }

    async fn identity(&self, host: &str, env: &PlatformEnv) -> Result<Option<ResolvedCredential>, String> {
        if server(env).is_none_or(|server| registry_of(&server) != host) {
            return Ok(None);
        }
        let user = env.variable("GITHUB_ACTOR").unwrap_or(self.token_user());
        Ok(env.secret("GITHUB_TOKEN").map(|token| ResolvedCredential {
            credential: RegistryCredential::basic(user, token),
            source: "GITHUB_TOKEN".to_owned(),
            from_platform: true,
        }))
    }
}
