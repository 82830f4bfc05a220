//! GitLab's container registry: the `CI_JOB_TOKEN` of a job is its password, and the GitLab server issues its tokens.

use async_trait::async_trait;

use super::super::credential::{RegistryCredential, ResolvedCredential};
use super::vendor::Vendor;
use crate::http::identity::PlatformEnv;

/// registry.gitlab.com, and the registry in the `CI_REGISTRY` of a job.
pub(super) struct GitLabRegistry;

#[async_trait]
impl Vendor for GitLabRegistry {
    fn name(&self) -> &'static str {
        "gitlab"
    }

    fn serves(&self, host: &str, env: &PlatformEnv) -> bool {
        host == "registry.gitlab.com" || env.variable("CI_REGISTRY") == Some(host)
    }

    fn auth_hosts(&self, env: &PlatformEnv) -> Vec<String> {
        let Some(own) = env.variable("CI_REGISTRY").and(env.variable("CI_SERVER_HOST")) else {
            return vec!["gitlab.com".to_owned()];
        };
        vec![env.variable("CI_SERVER_PORT").map_or(own.to_owned(), |port| format!("{own}:{port}"))]
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
