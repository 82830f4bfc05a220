//! One registry over HTTP: logs in the way it wants, and turns refusals into errors that say what was sent.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::{Mutex, MutexGuard, RwLock, Semaphore};

use crate::http::{Client, HttpError, Request, Response, StatusCode, StatusError, Url, origin, redacted};
use crate::image::ImageName;
use crate::secret::Secret;

use super::auth::{AuthScheme, Challenge, Keychain, TokenCache, TokenRequest};
use super::cache::Cache;
use super::credential::{Credential, ResolvedCredential};
use super::endpoint::Endpoint;
use super::error::{ANONYMOUS, REDIRECTED, RegistryError};
use super::negotiation::{Authorization, Header, Negotiation, Step};
use super::quota::Quota;
use super::refusal::{named, refusal_error, token_error};
use super::settings::{HostSettings, Limits};
use super::vendors::Vendor;

/// Images of one registry that are asked about at a time. More would only wait at the gate of its host, with their lists
/// in memory.
const TURNS: usize = 20;

/// A registry that is asked over HTTP.
pub(super) struct RemoteRegistry {
    /// As image names call it.
    pub(super) registry: String,
    pub(super) endpoint: Endpoint,
    pub(super) vendor: &'static dyn Vendor,
    pub(super) settings: HostSettings,
    pub(super) limits: Limits,
    pub(super) quota: Quota,
    pub(super) turns: Semaphore,
    pub(super) cache: Option<Arc<Cache>>,
    http: Client,
    tokens: TokenCache,
    pub(super) keychain: Arc<Keychain>,
    scheme: RwLock<AuthScheme>,
    /// Held by the first conversation, so that the others need not find out the scheme for themselves.
    first: Mutex<()>,
    /// Whether the first conversation is over, whatever its end.
    asked: AtomicBool,
    /// Set if there is no way to the registry: the other images need not try it all again.
    unreachable: OnceLock<Arc<HttpError>>,
    /// Why a credential of the platform was left out, once it was.
    pub(super) fallback_reason: OnceLock<String>,
    /// Set once it sent more tags than were asked for: then its lists are whole.
    pub(super) ignores_page_size: OnceLock<()>,
    /// Held by who finds out whether it does.
    pub(super) probe: Mutex<()>,
}

impl RemoteRegistry {
    pub(super) fn new(
        registry: &str,
        (endpoint, vendor): (Endpoint, &'static dyn Vendor),
        settings: HostSettings,
        limits: Limits,
        http: &Client,
        (keychain, cache): (Arc<Keychain>, Option<Arc<Cache>>),
    ) -> Self {
        Self {
            registry: registry.to_owned(),
            endpoint,
            vendor,
            quota: Quota::new(settings.max_requests),
            settings,
            limits,
            turns: Semaphore::new(TURNS),
            cache,
            http: http.with_own_counter(),
            tokens: TokenCache::new(http.with_own_counter()),
            keychain,
            scheme: RwLock::new(AuthScheme::Unknown),
            first: Mutex::default(),
            asked: AtomicBool::new(false),
            unreachable: OnceLock::new(),
            fallback_reason: OnceLock::new(),
            ignores_page_size: OnceLock::new(),
            probe: Mutex::default(),
        }
    }

    /// Requests to the registry and for tokens so far.
    pub(super) fn sent(&self) -> (u64, u64) {
        (self.http.sent(), self.tokens.sent())
    }

    /// Whether the registry said that it wants a login, or a token for the anonymous user.
    pub(super) async fn requires_login(&self) -> bool {
        !matches!(*self.scheme.read().await, AuthScheme::Unknown | AuthScheme::Open)
    }

    /// Sends a request about an image, logged in as the registry wants it. `shown` names the image in errors.
    pub(super) async fn ask(&self, name: &ImageName, shown: &str, request: Request) -> Result<Response, RegistryError> {
        let mut guard = None;
        if !self.asked.load(Ordering::Acquire) {
            let first = self.first.lock().await;
            // A request that waited for the first conversation does not hold up the others.
            if !self.asked.load(Ordering::Acquire) {
                guard = Some(first);
            }
        }
        let is_first = guard.is_some();
        if let Some(source) = self.unreachable.get() {
            return Err(RegistryError::Http { image: shown.to_owned(), source: source.clone() });
        }
        self.quota.check(&self.registry, shown, self.http.sent())?;
        let request = request.limit(self.limits.max_response).timeout(self.limits.request_timeout);
        let answer = self.converse(name, shown, request, &mut guard).await;
        match &answer {
            Ok(response) => self.quota.listen(response),
            Err(RegistryError::Http { source, .. }) if is_first && is_no_way(source) => {
                // Set once, by the only one who is the first.
                let _ = self.unreachable.set(source.clone());
            }
            Err(_) => {}
        }
        self.release(&mut guard);
        answer
    }

    /// Lets the requests continue that wait for the first conversation.
    fn release(&self, guard: &mut Option<MutexGuard<'_, ()>>) {
        self.asked.store(true, Ordering::Release);
        *guard = None;
    }

    /// Sends a request until the registry accepts it, or until there is nothing left to answer its challenges with.
    /// Releases `guard` as soon as the scheme is known.
    async fn converse(
        &self,
        name: &ImageName,
        shown: &str,
        request: Request,
        guard: &mut Option<MutexGuard<'_, ()>>,
    ) -> Result<Response, RegistryError> {
        let path = self.endpoint.path(name);
        let known = self.scheme.read().await.clone();
        let mut negotiation = Negotiation::new(known.clone());
        loop {
            let authorization = match self.authorize(&path, shown, &negotiation).await {
                Err(RegistryError::UntrustedRealm { .. }) if negotiation.is_inherited => {
                    negotiation.start_over();
                    continue;
                }
                authorization => authorization?,
            };
            let refusal = match self.http.send(authorization.header.apply(request.clone())).await {
                Ok(response) => {
                    self.learn(&known, negotiation.confirmed()).await;
                    return Ok(response);
                }
                Err(error) => self.refusal(shown, error)?,
            };
            let demanded = self.demanded(&path, &negotiation.scheme, &refusal).await;
            match negotiation.next(demanded, &authorization.header) {
                Step::UseScheme => {
                    self.learn(&AuthScheme::Unknown, negotiation.scheme.clone()).await;
                    self.release(guard);
                }
                Step::RenewToken => {}
                Step::GiveUp => {
                    let sent = self.sent_along(&refusal.url, authorization.named);
                    return Err(refusal_error(shown, refusal, sent));
                }
            }
        }
    }

    /// A status that says no; any other failure is the end.
    fn refusal(&self, image: &str, error: HttpError) -> Result<Box<StatusError>, RegistryError> {
        let (image, url) = (image.to_owned(), self.endpoint.base());
        match error {
            HttpError::Status(refusal) => Ok(refusal),
            HttpError::RateLimited { wait, .. } => {
                Err(RegistryError::RateLimited { image, url: redacted(url), retry_after: Some(wait) })
            }
            error => Err(RegistryError::Http { image, source: Arc::new(error) }),
        }
    }

    /// What came along with a request to whoever answered in the end: nothing secret leaves the registry's own host.
    fn sent_along(&self, answered: &str, named: String) -> String {
        if answered.starts_with(&origin(self.endpoint.base())) { named } else { REDIRECTED.to_owned() }
    }

    /// What a refusal demands, if it demands anything that was not known.
    async fn demanded(&self, path: &str, scheme: &AuthScheme, refusal: &StatusError) -> Option<AuthScheme> {
        let base = self.endpoint.base();
        match refusal.status {
            StatusCode::UNAUTHORIZED => AuthScheme::demanded(Challenge::of(&refusal.headers)?, base, path),
            // Some hide what an anonymous user may not see. Who has a credential asks how to show it.
            StatusCode::FORBIDDEN | StatusCode::NOT_FOUND
                if matches!(scheme, AuthScheme::Unknown | AuthScheme::Open) =>
            {
                let found = self.credential(path).await.ok().flatten()?;
                match self.http.send(Request::get(base.clone())).await {
                    Err(HttpError::Status(ping)) => AuthScheme::demanded(Challenge::of(&ping.headers)?, base, path),
                    Ok(_) if matches!(found.credential, Credential::Basic { .. }) => Some(AuthScheme::Basic),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Keeps what was learnt, unless another image's conversation has learnt something else since.
    async fn learn(&self, before: &AuthScheme, now: AuthScheme) {
        if *before == now {
            return;
        }
        let mut scheme = self.scheme.write().await;
        if *scheme == *before {
            *scheme = now;
        }
    }

    async fn authorize(
        &self,
        path: &str,
        shown: &str,
        negotiation: &Negotiation,
    ) -> Result<Authorization, RegistryError> {
        let (scheme, refused) = (&negotiation.scheme, negotiation.refused_token.as_ref());
        let anonymous = Authorization { header: Header::None, named: ANONYMOUS.to_owned() };
        if matches!(scheme, AuthScheme::Unknown | AuthScheme::Open) {
            return Ok(anonymous);
        }
        let found = self.credential(path).await?;
        let named = named(found.as_ref());
        let header = match (scheme, found.as_ref().map(|found| &found.credential)) {
            (_, Some(Credential::Bearer(token))) => Header::Bearer(token.clone()),
            (AuthScheme::Bearer { realm, service, scope }, _) => {
                let service = service.as_deref();
                let question = TokenRequest { realm, service, scope: &scope.of(path), credential: None };
                Header::Bearer(self.token(shown, question, found.as_ref(), refused).await?)
            }
            (_, Some(Credential::Basic { user, password })) => Header::Basic(user.clone(), password.clone()),
            (_, Some(Credential::RefreshToken(_)) | None) => return Ok(anonymous),
        };
        Ok(Authorization { header, named })
    }

    /// A token, bought with the credential if there is one that may be shown to the token service.
    async fn token(
        &self,
        shown: &str,
        anonymous: TokenRequest<'_>,
        found: Option<&ResolvedCredential>,
        refused: Option<&Secret>,
    ) -> Result<Secret, RegistryError> {
        if let Some(found) = found {
            let error = match self.bought(shown, &anonymous, found, refused).await {
                Err(error @ (RegistryError::Unauthorized { .. } | RegistryError::UntrustedRealm { .. }))
                    if found.from_platform =>
                {
                    error
                }
                answer => return answer,
            };
            tracing::warn!(%error, "asking anonymously");
            // Whoever else finds out says much the same.
            let _ = self.fallback_reason.set(error.to_string());
        }
        self.tokens.get(&anonymous, refused).await.map_err(|error| token_error(shown, error, ANONYMOUS))
    }

    async fn bought(
        &self,
        shown: &str,
        anonymous: &TokenRequest<'_>,
        found: &ResolvedCredential,
        refused: Option<&Secret>,
    ) -> Result<Secret, RegistryError> {
        self.check_realm(shown, anonymous.realm, found)?;
        let question = TokenRequest { credential: Some(&found.credential), ..anonymous.clone() };
        let token = self.tokens.get(&question, refused).await;
        token.map_err(|error| token_error(shown, error, &named(Some(found))))
    }

    /// The credential for an image path of this registry.
    pub(super) async fn credential(&self, path: &str) -> Result<Option<ResolvedCredential>, RegistryError> {
        if let Some(login) = &self.settings.login {
            return Ok(Some(login.clone().resolve(self.vendor.token_user())));
        }
        self.keychain
            .find(&self.endpoint.host, self.vendor, path)
            .await
            .map_err(|cause| RegistryError::Credential { registry: self.registry.clone(), cause: cause.to_string() })
    }

    /// A credential goes to the registry's own host, to the token service that its vendor is known for, and to those
    /// that the configuration names. Ports of one host are one host here: a token service beside the registry is common.
    fn check_realm(&self, shown: &str, realm: &Url, found: &ResolvedCredential) -> Result<(), RegistryError> {
        let base = self.endpoint.base();
        let host = realm.host_str().unwrap_or_default();
        let with_port = realm.port().map_or(String::new(), |port| format!("{host}:{port}"));
        let configured = self.settings.auth_hosts.iter().any(|allowed| *allowed == host || *allowed == with_port);
        let known = base.host_str() == Some(host)
            || self.vendor.auth_hosts(self.keychain.platform_env()).iter().any(|known| known == host)
            || configured;
        let encrypted = realm.scheme() == "https" || base.scheme() == "http";
        if known && encrypted {
            return Ok(());
        }
        Err(RegistryError::UntrustedRealm {
            image: shown.to_owned(),
            registry: self.registry.clone(),
            realm: redacted(realm),
            source_of_credential: found.source.clone(),
        })
    }
}

/// There is no connection, so there will be none for the next image.
fn is_no_way(error: &HttpError) -> bool {
    matches!(error, HttpError::Connect { .. } | HttpError::Tls { .. })
}
