//! GitLab's container registry: the `CI_JOB_TOKEN` of a job is its password, and the GitLab server issues its tokens.

use async_trait::async_trait;

use super::super::credential::{RegistryCredential, ResolvedCredential};
use super::vendor::Vendor;
use crate::http::Url;
use crate::http::identity::PlatformEnv;

/// GitLab's own server.
const GITLAB: &str = "gitlab.com";

/// The registry of that server.
const REGISTRY: &str = "registry.gitlab.com";

/// registry.gitlab.com, and the registry in the `CI_REGISTRY` of a job.
pub(super) struct GitLabRegistry;

#[async_trait]
impl Vendor for GitLabRegistry {
    fn name(&self) -> &'static str {
        "gitlab"
    }

    fn serves(&self, host: &str, env: &PlatformEnv) -> bool {
        host == REGISTRY || env.variable("CI_REGISTRY") == Some(host)
    }

    fn auth_hosts(&self, env: &PlatformEnv) -> Vec<String> {
        let Some(own) = env.variable("CI_REGISTRY").and(env.variable("CI_SERVER_HOST")) else {
            return vec![GITLAB.to_owned()];
        };
        vec![env.variable("CI_SERVER_PORT").map_or(own.to_owned(), |port| format!("{own}:{port}"))]
    }

    fn is_registry_of(&self, host: &str, server: &Url, env: &PlatformEnv) -> bool {
        // Only the server of the job names this registry in the variables of the job.
        env.variable("CI_REGISTRY") == Some(host) || server.host_str() == Some(GITLAB) && host == REGISTRY
    }

    async fn identity(&self, host: &str, env: &PlatformEnv) -> Result<Option<ResolvedCredential>, String> {
        // The token of a job is valid only at the GitLab server of the job.
        if env.variable("CI_REGISTRY") != Some(host) {
            return Ok(None);
        }
        Ok(env.secret("CI_JOB_TOKEN").map(|token| ResolvedCredential {
            credential: RegistryCredential::basic("gitlab-ci-token", token),
            source: "CI_JOB_TOKEN".to_owned(),
            from_platform: true,
        }))
    }
}
