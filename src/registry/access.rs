//! What `tagboat check` tells about a registry: who asks there, what that may do, and how much is left.

use crate::image::ImageName;

use super::error::RegistryError;
use super::quota::RateLimit;
use super::remote::RemoteRegistry;

/// How this process stands with a registry. All of it was tried, on one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Where the credential was found; `None` for an anonymous user.
    pub credential: Option<String>,
    /// Whether the registry wanted to see it. An open registry answers without.
    pub login_required: bool,
    /// Why a credential of the platform was of no use, so that an anonymous user did all this.
    pub fallback_reason: Option<String>,
    /// How many tags it lists.
    pub tags: usize,
    /// Whether it tells what one of them points at.
    pub can_pull: bool,
    /// What it told about its rate limit.
    pub rate_limit: Option<RateLimit>,
}

impl RemoteRegistry {
    /// Lists the tags of an image and asks for the digest of the last of them, if there is one.
    pub(super) async fn check(&self, name: &ImageName) -> Result<Access, RegistryError> {
        let found = self.credential(&self.endpoint.path(name)).await?;
        let tags = self.tags(name).await?;
        let can_pull = match tags.last() {
            Some(tag) => self.digest(name, tag).await.is_ok(),
            None => true,
        };
        Ok(Access {
            credential: found.map(|found| found.source),
            login_required: self.requires_login().await,
            fallback_reason: self.fallback_reason.get().cloned(),
            tags: tags.len(),
            can_pull,
            rate_limit: self.quota.told(),
        })
    }
}
