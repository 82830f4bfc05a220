//! Amazon's public registry: open to anyone, with a higher rate limit for AWS keys.

use async_trait::async_trait;

use super::super::credential::ResolvedCredential;
use super::super::identity::ecr::{EcrService, registry_password};
use super::vendor::Vendor;
use crate::http::identity::PlatformEnv;

/// public.ecr.aws.
pub(super) struct EcrPublic;

#[async_trait]
impl Vendor for EcrPublic {
    fn name(&self) -> &'static str {
        "ecr-public"
    }

    fn serves(&self, host: &str, _: &PlatformEnv) -> bool {
        host == "public.ecr.aws"
    }

    fn token_user(&self) -> &'static str {
        "AWS"
    }

    async fn identity(&self, _: &str, env: &PlatformEnv) -> Result<Option<ResolvedCredential>, String> {
        // The service exists only in this region.
        let endpoint = env.variable("AWS_ENDPOINT_URL_ECR_PUBLIC");
        let ecr = EcrService {
            service: "ecr-public",
            region: "us-east-1",
            endpoint: endpoint.unwrap_or("https://api.ecr-public.us-east-1.amazonaws.com").to_owned(),
            target: "SpencerFrontendService.GetAuthorizationToken",
            instance_role: false,
        };
        match registry_password(env, &ecr).await {
            Ok(found) => Ok(found),
            Err(cause) => {
                // Keys without permission must not hide public images.
                tracing::warn!(cause, "continuing anonymously at public.ecr.aws");
                Ok(None)
            }
        }
    }
}
