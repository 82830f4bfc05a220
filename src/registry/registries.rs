//! All registries of a run behind one trait.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::docs::Hint;
use crate::http::{Client, ClientOptions};
use crate::image::{Digest, ImageFacts, ImageName, Tag};

use super::access::RegistryAccess;
use super::auth::Keychain;
use super::cache::Cache;
use super::endpoint::Endpoint;
use super::error::RegistryError;
use super::layout::LayoutFolder;
use super::quota::Quota;
use super::registry::{Age, Registry, Requests};
use super::remote::RemoteRegistry;
use super::settings::{HostSettings, ResponseLimits};
use super::vendors::vendor_of;

/// All registries. One that is not configured is created for the first image that names it.
pub struct Registries {
    settings: BTreeMap<String, HostSettings>,
    keychain: Arc<Keychain>,
    limits: ResponseLimits,
    /// One client, and so one connection pool, for each set of options.
    clients: Mutex<Vec<(ClientOptions, Client)>>,
    remotes: Mutex<HashMap<String, Arc<RemoteRegistry>>>,
    /// The request limits of servers.
    quotas: Mutex<HashMap<String, Arc<Quota>>>,
    cache: Option<Arc<Cache>>,
}

impl Registries {
    /// Returns the registries with these settings, by host as in image names (`docker.io`, `registry.acme:5000`).
    pub fn connect(
        settings: BTreeMap<String, HostSettings>,
        keychain: Keychain,
        limits: ResponseLimits,
    ) -> Result<Self, RegistryError> {
        let this = Self {
            settings,
            keychain: Arc::new(keychain),
            limits,
            clients: Mutex::default(),
            remotes: Mutex::default(),
            quotas: Mutex::default(),
            cache: None,
        };
        // Invalid settings are reported before the first request.
        for registry in this.settings.keys() {
            this.remote(registry)?;
        }
        Ok(this)
    }

    /// Adds a cache folder, which is created by the first write. Must be called before the first request.
    #[must_use]
    pub fn with_cache(mut self, folder: &Path) -> Self {
        self.cache = Some(Arc::new(Cache::new(folder)));
        // The limits of configured registries stay: they apply to every name for the same server.
        self.remotes = Mutex::default();
        self
    }

    /// Verifies that the cache folder can be written, if there is one. Fails with the reason and what to do.
    pub fn check_cache(&self) -> Result<(), (String, Hint)> {
        self.cache.as_ref().map_or(Ok(()), |cache| cache.check())
    }

    /// Verifies the access of this process to the registry of an image.
    pub async fn check(&self, name: &ImageName) -> Result<RegistryAccess, RegistryError> {
        if let Some(layout) = self.layout(name) {
            return Ok(RegistryAccess {
                credential: None,
                login_required: false,
                fallback_reason: None,
                tags: layout.tags(name)?.len(),
                can_pull: true,
                rate_limit: None,
            });
        }
        self.with_permit(name, async |remote| remote.check(name).await).await
    }

    /// Returns the image layout that replaces the registry of an image.
    fn layout(&self, name: &ImageName) -> Option<LayoutFolder> {
        self.settings.get(name.registry())?.oci_layout.as_deref().map(LayoutFolder::new)
    }

    /// Returns the registry at a host, and creates it at the first call.
    fn remote(&self, registry: &str) -> Result<Arc<RemoteRegistry>, RegistryError> {
        let mut remotes = self.remotes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(remote) = remotes.get(registry) {
            return Ok(remote.clone());
        }
        let env = self.keychain.platform_env();
        let mut settings = self.settings.get(registry).cloned().unwrap_or_default();
        let mirrored = settings.mirror.is_some();
        let api_host = vendor_of(registry, env).api_host(registry);
        let mut endpoint = Endpoint::new(registry, api_host, &settings)?;
        // A mirror may have its own settings, which describe the host that receives the requests. Those of a repository do not
        // apply to a mirror that the operator names.
        if mirrored
            && let Some(own) = self.settings.get(&endpoint.host)
            && (settings.is_of_repository || !own.is_of_repository)
        {
            let anonymous = settings.anonymous.or(own.anonymous);
            settings = HostSettings { mirror: settings.mirror, anonymous, ..own.clone() };
            endpoint = Endpoint::new(registry, api_host, &settings)?;
        }
        let vendor = vendor_of(&endpoint.host, env);
        let http = self.client(registry, &settings.client_options)?;
        let quota = self.quota(&endpoint, settings.max_requests);
        let parts = (endpoint, vendor, quota);
        let sources = (self.keychain.clone(), self.cache.clone());
        let remote = Arc::new(RemoteRegistry::new(registry, parts, settings, self.limits, &http, sources));
        remotes.insert(registry.to_owned(), remote.clone());
        Ok(remote)
    }

    /// Returns the request limits of the server of an API, which all names for it share. The lowest limit applies.
    fn quota(&self, endpoint: &Endpoint, limit: Option<u64>) -> Arc<Quota> {
        let mut quotas = self.quotas.lock().unwrap_or_else(PoisonError::into_inner);
        let quota = quotas.entry(endpoint.server()).or_default();
        quota.lower(limit);
        quota.clone()
    }

    fn client(&self, registry: &str, options: &ClientOptions) -> Result<Client, RegistryError> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = clients.iter().find(|(known, _)| known == options) {
            return Ok(client.clone());
        }
        let client = Client::new(options)
            .map_err(|error| RegistryError::Settings { registry: registry.to_owned(), cause: error.to_string() })?
            .with_retry_policy(self.limits.retry_policy);
        clients.push((options.clone(), client.clone()));
        Ok(client)
    }

    /// Waits for a permit of the registry and limits the time for one image; the wait does not count.
    async fn with_permit<T>(
        &self,
        name: &ImageName,
        request: impl AsyncFnOnce(&RemoteRegistry) -> Result<T, RegistryError>,
    ) -> Result<T, RegistryError> {
        let remote = self.remote(name.registry())?;
        // The semaphore is never closed, so this always ends with a permit.
        let permit = remote.permits.acquire().await;
        let after = self.limits.image_timeout;
        let response = tokio::time::timeout(after, request(&remote)).await;
        drop(permit);
        response.unwrap_or_else(|_| {
            remote.reachability.timed_out(name);
            Err(RegistryError::ImageTimeout { image: name.familiar().to_owned(), after })
        })
    }
}

#[async_trait]
impl Registry for Registries {
    async fn tags(&self, name: &ImageName) -> Result<Vec<Tag>, RegistryError> {
        match self.layout(name) {
            Some(layout) => layout.tags(name),
            None => self.with_permit(name, async |remote| remote.tags(name).await).await,
        }
    }

    async fn digest(&self, name: &ImageName, tag: &Tag) -> Result<Digest, RegistryError> {
        let tag = &*tag.in_registry();
        match self.layout(name) {
            Some(layout) => layout.digest(name, tag),
            None => self.with_permit(name, async |remote| remote.digest(name, tag).await).await,
        }
    }

    async fn facts(&self, name: &ImageName, tag: &Tag) -> Result<ImageFacts, RegistryError> {
        let tag = &*tag.in_registry();
        match self.layout(name) {
            Some(layout) => layout.facts(name, tag),
            None => self.with_permit(name, async |remote| remote.facts(name, tag).await).await,
        }
    }

    async fn facts_of(&self, name: &ImageName, digest: &Digest) -> Result<ImageFacts, RegistryError> {
        match self.layout(name) {
            Some(layout) => layout.facts_of(name, digest),
            None => self.with_permit(name, async |remote| remote.facts_of(name, digest).await).await,
        }
    }

    async fn age(&self, name: &ImageName, tag: &Tag, digest: Option<&Digest>) -> Result<Age, RegistryError> {
        let tag = &*tag.in_registry();
        let (pushed, source) = match self.layout(name) {
            Some(_) => (None, name.to_string()),
            None => {
                let pushed = self.with_permit(name, async |remote| remote.pushed(name, tag).await).await?;
                (pushed, self.remote(name.registry())?.endpoint.image(name).to_string())
            }
        };
        let now = self.keychain.platform_env().now();
        let first_seen = self.cache.as_ref().and_then(|cache| cache.first_seen(&source, tag, digest, now));
        Ok(Age { pushed, first_seen })
    }

    fn requests(&self) -> Requests {
        let remotes = self.remotes.lock().unwrap_or_else(PoisonError::into_inner);
        let (registry, token) =
            remotes.values().map(|remote| remote.sent()).fold((0, 0), |sum, sent| (sum.0 + sent.0, sum.1 + sent.1));
        Requests { registry, token }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn settings_of_a_mirror_do_not_lift_the_ban_on_credentials() {
        let mirrored = HostSettings {
            mirror: Some("http://mirror.test".to_owned()),
            anonymous: Some("a reason"),
            ..Default::default()
        };
        let settings =
            BTreeMap::from([("docker.io".to_owned(), mirrored), ("mirror.test".to_owned(), HostSettings::default())]);
        let registries =
            Registries::connect(settings, Keychain::new(BTreeMap::new()), ResponseLimits::default()).unwrap();
        assert!(registries.remote("docker.io").unwrap().settings.anonymous.is_some());
        assert!(registries.remote("mirror.test").unwrap().settings.anonymous.is_none());
    }

    #[tokio::test]
    async fn mirror_of_the_operator_takes_no_settings_of_the_repository() {
        let own = |is_of_repository| HostSettings {
            is_of_repository,
            plain_http: true,
            page_size: Some(5),
            ..HostSettings::default()
        };
        let mirrored = |is_of_repository| HostSettings {
            is_of_repository,
            mirror: Some("mirror.test".to_owned()),
            ..HostSettings::default()
        };
        // Who names the mirror, who sets its own settings, whether these apply.
        for (mirror, host, applies) in
            [(false, false, true), (false, true, false), (true, false, true), (true, true, true)]
        {
            let settings =
                BTreeMap::from([("docker.io".to_owned(), mirrored(mirror)), ("mirror.test".to_owned(), own(host))]);
            let registries =
                Registries::connect(settings, Keychain::new(BTreeMap::new()), ResponseLimits::default()).unwrap();
            let remote = registries.remote("docker.io").unwrap();
            assert_eq!(remote.settings.page_size.is_some(), applies, "{mirror} {host}");
            assert_eq!(remote.endpoint.base().scheme() == "http", applies, "{mirror} {host}");
        }
    }

    #[tokio::test]
    async fn names_for_one_server_share_its_lowest_limit() {
        let with = |mirror: Option<&str>, max_requests| HostSettings {
            mirror: mirror.map(str::to_owned),
            max_requests,
            ..HostSettings::default()
        };
        let settings = BTreeMap::from([
            ("docker.io".to_owned(), with(None, Some(7))),
            ("a.test".to_owned(), with(Some("registry-1.docker.io"), None)),
            ("b.test".to_owned(), with(Some("http://REGISTRY-1.docker.io./hub"), Some(9))),
            ("c.test".to_owned(), with(Some("mirror.test"), Some(3))),
            ("d.test".to_owned(), with(Some("mirror.test:443"), None)),
            ("e.test".to_owned(), with(Some("mirror.test:5000"), None)),
        ]);
        let registries =
            Registries::connect(settings, Keychain::new(BTreeMap::new()), ResponseLimits::default()).unwrap();
        for (registry, limit) in [
            ("docker.io", Some(7)),
            ("a.test", Some(7)),
            ("b.test", Some(7)),
            ("c.test", Some(3)),
            ("d.test", Some(3)),
            ("mirror.test", Some(3)),
            ("e.test", None),
        ] {
            assert_eq!(registries.remote(registry).unwrap().quota.limit(), limit, "{registry}");
        }
    }
}
