//! Azure's container registries: a token of Entra ID is exchanged for a refresh token.

use async_trait::async_trait;

use super::super::credential::ResolvedCredential;
use super::super::identity::azure;
use super::vendor::Vendor;
use crate::http::identity::PlatformEnv;

/// `<name>.azurecr.io`, and the same in China and for the US government.
pub(super) struct AzureRegistry;
/// `<name>.azurecr.io`, and the same for China and the US government.
#[async_trait]
impl Vendor for AzureRegistry {
    fn name(&self) -> &'static str {
        "azure"
    }

    fn serves(&self, host: &str, _: &PlatformEnv) -> bool {
        [".azurecr.io", ".azurecr.cn", ".azurecr.us"].iter().any(|domain| host.ends_with(domain))
    }

    /// The user name that marks a token ("Authenticate with an Azure container registry").
    fn token_user(&self) -> &'static str {
        "00000000-0000-0000-0000-000000000000"
    }

    async fn identity(&self, host: &str, env: &PlatformEnv) -> Result<Option<ResolvedCredential>, String> {
        azure::registry_password(env, host, &format!("https://{host}")).await
    }
}
