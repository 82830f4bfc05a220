//! The access of this process to a registry, as `tagboat check` reports it.

use crate::image::ImageName;

use super::error::RegistryError;
use super::quota::PullRateLimit;
use super::remote::RemoteRegistry;

/// The access of this process to a registry, verified with requests about one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryAccess {
    /// The source of the credential; `None` for anonymous access.
    pub credential: Option<String>,
    /// Whether the registry requires a credential or token. An open registry responds without one.
    pub login_required: bool,
    /// Why a credential of the platform was rejected, so that access was anonymous.
    pub fallback_reason: Option<String>,
    /// The number of tags of the image.
    pub tags: usize,
    /// Whether the registry returns the digest of one of them.
    pub can_pull: bool,
    /// The rate limit that the registry reported.
    pub rate_limit: Option<PullRateLimit>,
}

impl RemoteRegistry {
    /// Lists the tags of an image and requests the digest of the last one, if there is one.
    pub(super) async fn check(&self, name: &ImageName) -> Result<RegistryAccess, RegistryError> {
        let found = self.credential(&self.endpoint.path(name)).await?;
        let tags = self.tags(name).await?;
        let can_pull = if let Some(tag) = tags.last() { self.digest(name, tag).await.is_ok() } else { true };
        Ok(RegistryAccess {
            credential: found.map(|found| found.source),
            login_required: self.requires_login().await,
            fallback_reason: self.fallback_reason.get().cloned(),
            tags: tags.len(),
            can_pull,
            rate_limit: self.quota.reported(),
        })
    }
}
