//! GitHub's container registry: a job's `GITHUB_TOKEN` opens it.

use async_trait::async_trait;

use super::super::credential::{Credential, Found};
use super::super::surroundings::Surroundings;
use super::vendor::Vendor;

/// ghcr.io.
pub(super) struct Ghcr;

#[async_trait]
impl Vendor for Ghcr {
    fn name(&self) -> &'static str {
        "ghcr"
    }

    fn serves(&self, host: &str, _: &Surroundings) -> bool {
        host == "ghcr.io"
    }

    async fn identity(&self, _: &str, around: &Surroundings) -> Result<Option<Found>, String> {
        let user = around.variable("GITHUB_ACTOR").unwrap_or(self.token_user());
        Ok(around.secret("GITHUB_TOKEN").map(|token| Found {
            credential: Credential::basic(user, token),
            source: "GITHUB_TOKEN".to_owned(),
            implicit: true,
        }))
    }
}
