//! Google's registries: Artifact Registry, and Container Registry whose names it took over.

use async_trait::async_trait;

use super::super::credential::ResolvedCredential;
use super::super::identity::google;
use super::vendor::Vendor;
use crate::http::identity::PlatformEnv;

/// `<region>-docker.pkg.dev`, `gcr.io` and `<region>.gcr.io`.
pub(super) struct ArtifactRegistry;

#[async_trait]
impl Vendor for ArtifactRegistry {
    fn name(&self) -> &'static str {
        "artifact-registry"
    }

    fn serves(&self, host: &str, _: &PlatformEnv) -> bool {
        host.ends_with("-docker.pkg.dev") || host == "gcr.io" || host.ends_with(".gcr.io")
    }

    fn token_user(&self) -> &'static str {
        "oauth2accesstoken"
    }

    async fn identity(&self, _: &str, env: &PlatformEnv) -> Result<Option<ResolvedCredential>, String> {
        match google::registry_password(env).await {
            Ok(found) => Ok(found),
            Err(cause) => {
                // Many images of Google are public: a login that fails must not hide them.
                tracing::warn!(cause, "continuing anonymously at Google's registries");
                Ok(None)
            }
        }
    }
}
