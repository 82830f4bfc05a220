//! GitLab's container registry: a job's `CI_JOB_TOKEN` opens it; tokens come from the GitLab server itself.

use async_trait::async_trait;

use super::super::credential::{Credential, Found};
use super::super::surroundings::Surroundings;
use super::vendor::Vendor;

/// registry.gitlab.com, and the registry that a job's `CI_REGISTRY` names.
pub(super) struct GitLab;

#[async_trait]
impl Vendor for GitLab {
    fn name(&self) -> &'static str {
        "gitlab"
    }

    fn serves(&self, host: &str, around: &Surroundings) -> bool {
        host == "registry.gitlab.com" || around.variable("CI_REGISTRY") == Some(host)
    }

    fn auth_hosts(&self, around: &Surroundings) -> Vec<String> {
        let own = around.variable("CI_REGISTRY").and(around.variable("CI_SERVER_HOST"));
        vec![own.unwrap_or("gitlab.com").to_owned()]
    }

    async fn identity(&self, host: &str, around: &Surroundings) -> Result<Option<Found>, String> {
        // A job's token is for the GitLab that runs the job, not for any other.
        if around.variable("CI_REGISTRY") != Some(host) {
            return Ok(None);
        }
        Ok(around.secret("CI_JOB_TOKEN").map(|token| Found {
            credential: Credential::basic("gitlab-ci-token", token),
            source: "CI_JOB_TOKEN".to_owned(),
            implicit: true,
        }))
    }
}
