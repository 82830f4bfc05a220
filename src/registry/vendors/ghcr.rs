//! GitHub's container registry: the `GITHUB_TOKEN` of a job is its password.

use async_trait::async_trait;

use super::super::credential::{RegistryCredential, ResolvedCredential};
use super::vendor::Vendor;
use crate::http::identity::PlatformEnv;

/// ghcr.io.
pub(super) struct Ghcr;

#[async_trait]
impl Vendor for Ghcr {
    fn name(&self) -> &'static str {
        "ghcr"
    }

    fn serves(&self, host: &str, _: &PlatformEnv) -> bool {
        host == "ghcr.io"
    }

    async fn identity(&self, _: &str, env: &PlatformEnv) -> Result<Option<ResolvedCredential>, String> {
        // Forgejo, Gitea and GitHub Enterprise Server set the same variable for a token of their own.
        if ["FORGEJO_ACTIONS", "GITEA_ACTIONS"].iter().any(|marker| env.variable(marker).is_some()) {
            return Ok(None);
        }
        if env.variable("GITHUB_SERVER_URL").is_some_and(|server| server.trim_end_matches('/') != "https://github.com")
        {
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
