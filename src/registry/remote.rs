//! One registry over HTTP: authenticates requests and converts rejections to errors that name the credential.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::{Mutex, MutexGuard, RwLock, Semaphore};

use crate::http::identity::JobToken;
use crate::http::{Client, HttpError, Request, Response, StatusCode, StatusError, Url, origin, redacted};
use crate::image::ImageName;
use crate::secret::Secret;

use super::auth::{Challenge, Keychain, RegistryAuthScheme, TokenCache, TokenRequest, lacks_right};
use super::cache::Cache;
use super::credential::{RegistryCredential, ResolvedCredential, SentCredential};
use super::endpoint::{Endpoint, is_at, is_same_host};
use super::error::RegistryError;
use super::negotiation::{Authorization, Header, Negotiation, NextAttempt};
use super::quota::Quota;
use super::reachability::{Reachability, is_timeout};
use super::rejection::{rejection_error, token_error};
use super::settings::{HostSettings, ResponseLimits};
use super::vendors::Vendor;

/// How many images of one registry are looked up at a time. More would only wait for the limiter of its host, with their
/// lists in memory.
const MAX_IMAGES: usize = 16;

/// A registry over HTTP.
pub(super) struct RemoteRegistry {
    /// Its host, as in image names.
    pub(super) registry: String,
    pub(super) endpoint: Endpoint,
    pub(super) vendor: &'static dyn Vendor,
    pub(super) settings: HostSettings,
    pub(super) limits: ResponseLimits,
    pub(super) quota: Arc<Quota>,
    pub(super) permits: Semaphore,
    pub(super) cache: Option<Arc<Cache>>,
    http: Client,
    tokens: TokenCache,
    pub(super) keychain: Arc<Keychain>,
    scheme: RwLock<RegistryAuthScheme>,
    /// Held by the first request, so that only one request determines the scheme.
    first: Mutex<()>,
    /// Whether the first request has ended or determined the scheme.
    is_probed: AtomicBool,
    /// Whether the requests for other images fail at once.
    pub(super) reachability: Reachability,
    /// Why a credential of the platform was rejected, if it was.
    pub(super) fallback_reason: OnceLock<String>,
    /// Set once the registry sent more tags than requested: its lists are whole then.
    pub(super) ignores_page_size: OnceLock<()>,
    /// Set once the registry, or a gateway before it, refused the method HEAD.
    pub(super) refuses_head: OnceLock<()>,
    /// Held while one request determines whether the registry ignores the page size.
    pub(super) probe: Mutex<()>,
}

impl RemoteRegistry {
    pub(super) fn new(
        registry: &str,
        (endpoint, vendor, quota): (Endpoint, &'static dyn Vendor, Arc<Quota>),
        settings: HostSettings,
        limits: ResponseLimits,
        http: &Client,
        (keychain, cache): (Arc<Keychain>, Option<Arc<Cache>>),
    ) -> Self {
        let counted = http.with_own_counter();
        quota.count(&counted);
        Self {
            registry: registry.to_owned(),
            endpoint,
            vendor,
            quota,
            settings,
            limits,
            permits: Semaphore::new(MAX_IMAGES),
            cache,
            http: counted,
            tokens: TokenCache::new(http.with_own_counter()),
            keychain,
            scheme: RwLock::new(RegistryAuthScheme::Unknown),
            first: Mutex::default(),
            is_probed: AtomicBool::new(false),
            reachability: Reachability::default(),
            fallback_reason: OnceLock::new(),
            ignores_page_size: OnceLock::new(),
            refuses_head: OnceLock::new(),
            probe: Mutex::default(),
        }
    }

    /// Returns how many requests were sent to the registry, and how many for tokens.
    pub(super) fn sent(&self) -> (u64, u64) {
        (self.http.sent(), self.tokens.sent())
    }

    /// Returns whether the registry requires a credential, or a token for anonymous access.
    pub(super) async fn requires_login(&self) -> bool {
        !matches!(*self.scheme.read().await, RegistryAuthScheme::Unknown | RegistryAuthScheme::Open)
    }

    /// Sends a request about an image with the authentication that the registry requires. `label` names the image in errors.
    pub(super) async fn send(
        &self,
        name: &ImageName,
        label: &str,
        request: Request,
    ) -> Result<Response, RegistryError> {
        let mut guard = None;
        if !self.is_probed.load(Ordering::Acquire) {
            let first = self.first.lock().await;
            // A request that waited for the first one does not block the others.
            if !self.is_probed.load(Ordering::Acquire) {
                guard = Some(first);
            }
        }
        let is_first = guard.is_some();
        self.reachability.check(&self.registry, label)?;
        self.quota.check(&self.registry, label)?;
        let request = request.limit(self.limits.max_response).timeout(self.limits.request_timeout);
        let response = self.negotiate(name, label, request, &mut guard).await;
        self.reachability.record(name, is_first, &response);
        if let Ok(response) = &response {
            self.quota.record(response);
        }
        let has_timed_out = is_timeout(&response);
        // Until a registry answers or is given up, it has one request at a time: the next one is the first then.
        if !has_timed_out {
            self.release(&mut guard);
        }
        // Of a host without a connection, all images have the same error, the first one too.
        if is_first && !has_timed_out && response.is_err() {
            self.reachability.check(&self.registry, label)?;
        }
        response
    }

    /// Lets the requests continue that wait for the first one.
    fn release(&self, guard: &mut Option<MutexGuard<'_, ()>>) {
        self.is_probed.store(true, Ordering::Release);
        *guard = None;
    }

    /// Sends a request until the registry accepts it, or until no scheme and no new token is left to try. Releases `guard` as
    /// soon as the scheme is known.
    async fn negotiate(
        &self,
        name: &ImageName,
        label: &str,
        request: Request,
        guard: &mut Option<MutexGuard<'_, ()>>,
    ) -> Result<Response, RegistryError> {
        let path = self.endpoint.path(name);
        let known = self.scheme.read().await.clone();
        let mut negotiation = Negotiation::new(known.clone());
        loop {
            let authorization = self.authorize(&path, label, &mut negotiation).await?;
            let rejection = match self.http.send(authorization.header.apply(request.clone())).await {
                Ok(response) => {
                    self.learn(&known, negotiation.confirmed()).await;
                    return Ok(response);
                }
                Err(error) => self.rejection(label, error)?,
            };
            let demanded = self.demanded(&path, &negotiation.scheme, &rejection).await;
            match negotiation.next(demanded, lacks_right(&rejection.headers), &authorization.header) {
                NextAttempt::UseScheme => {
                    self.learn(&RegistryAuthScheme::Unknown, negotiation.scheme.clone()).await;
                    self.release(guard);
                }
                NextAttempt::RenewToken => {}
                NextAttempt::GiveUp => {
                    let sent = self.sent_to(&rejection.url, authorization.sent);
                    return Err(rejection_error(label, rejection, sent));
                }
            }
        }
    }

    /// Returns the response if its status is a rejection, and the error of any other failure.
    fn rejection(&self, image: &str, error: HttpError) -> Result<Box<StatusError>, RegistryError> {
        let (image, url) = (image.to_owned(), self.endpoint.base());
        match error {
            HttpError::Status(rejection) => Ok(rejection),
            HttpError::RateLimited { wait, .. } => {
                Err(RegistryError::RateLimited { image, url: redacted(url), retry_after: Some(wait) })
            }
            error => Err(RegistryError::Http { image, source: Arc::new(error) }),
        }
    }

    /// Returns the credential that the responding server received: none follows a redirect to another host.
    fn sent_to(&self, url: &str, sent: SentCredential) -> SentCredential {
        if url.starts_with(&origin(self.endpoint.base())) { sent } else { SentCredential::Redirected }
    }

    /// Returns why a request has no credential.
    fn no_credential(&self) -> SentCredential {
        SentCredential::none(self.settings.anonymous, self.fallback_reason.get())
    }

    /// Returns the scheme that a rejection requires, if its challenge names one.
    async fn demanded(
        &self,
        path: &str,
        scheme: &RegistryAuthScheme,
        rejection: &StatusError,
    ) -> Option<RegistryAuthScheme> {
        let base = self.endpoint.base();
        match rejection.status {
            StatusCode::UNAUTHORIZED => RegistryAuthScheme::demanded(Challenge::of(&rejection.headers)?, base, path),
            // Some registries hide images from anonymous access. With a credential, `/v2/` returns the challenge.
            StatusCode::FORBIDDEN | StatusCode::NOT_FOUND
                if matches!(scheme, RegistryAuthScheme::Unknown | RegistryAuthScheme::Open) =>
            {
                let found = self.credential(path).await.ok().flatten()?;
                match self.http.send(Request::get(base.clone())).await {
                    Err(HttpError::Status(ping)) => {
                        RegistryAuthScheme::demanded(Challenge::of(&ping.headers)?, base, path)
                    }
                    Ok(_) if matches!(found.credential, RegistryCredential::Basic { .. }) => {
                        Some(RegistryAuthScheme::Basic)
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Stores the scheme, unless the request of another image has changed it since.
    async fn learn(&self, before: &RegistryAuthScheme, now: RegistryAuthScheme) {
        if *before == now {
            return;
        }
        let mut scheme = self.scheme.write().await;
        if *scheme == *before {
            *scheme = now;
        }
    }

    /// Returns the authorization for the scheme in use. A scheme of another image is discarded if its token service must not
    /// receive the credential of this one.
    async fn authorize(
        &self,
        path: &str,
        label: &str,
        negotiation: &mut Negotiation,
    ) -> Result<Authorization, RegistryError> {
        let authorization = self.authorization(path, label, negotiation).await;
        if negotiation.is_inherited && matches!(authorization, Err(RegistryError::UntrustedRealm { .. })) {
            negotiation.start_over();
            return self.authorization(path, label, negotiation).await;
        }
        authorization
    }

    /// Returns the authorization for a scheme: none before a challenge, otherwise a token or the credential.
    async fn authorization(
        &self,
        path: &str,
        label: &str,
        negotiation: &Negotiation,
    ) -> Result<Authorization, RegistryError> {
        let (scheme, rejected) = (&negotiation.scheme, negotiation.rejected_token.as_ref());
        let anonymous = || Ok(Authorization { header: Header::None, sent: self.no_credential() });
        if matches!(scheme, RegistryAuthScheme::Unknown | RegistryAuthScheme::Open) {
            return anonymous();
        }
        let found = self.credential(path).await?;
        let mut sent =
            found.as_ref().map_or_else(|| self.no_credential(), |found| SentCredential::From(found.source.clone()));
        let header = match (scheme, found.as_ref().map(|found| &found.credential)) {
            (_, Some(RegistryCredential::Bearer(token))) => Header::Bearer(token.clone()),
            (RegistryAuthScheme::Bearer { realm, service, scope }, _) => {
                let service = service.as_deref();
                let request = TokenRequest { realm, service, scope: &scope.of(path), credential: None };
                let (token, is_anonymous) = self.token(label, request, found.as_ref(), rejected).await?;
                if is_anonymous {
                    sent = self.no_credential();
                }
                Header::Bearer(token)
            }
            (_, Some(RegistryCredential::Basic { user, password })) => Header::Basic(user.clone(), password.clone()),
            (_, Some(RegistryCredential::RefreshToken(_)) | None) => return anonymous(),
        };
        Ok(Authorization { header, sent })
    }

    /// Returns a token, for the credential if there is one, and whether it is anonymous. It is if the credential of the platform
    /// is rejected.
    async fn token(
        &self,
        label: &str,
        anonymous: TokenRequest<'_>,
        found: Option<&ResolvedCredential>,
        rejected: Option<&Secret>,
    ) -> Result<(Secret, bool), RegistryError> {
        if let Some(found) = found {
            let error = match self.token_for(label, &anonymous, found, rejected).await {
                Err(
                    error @ (RegistryError::Unauthorized { .. }
                    | RegistryError::UntrustedRealm { .. }
                    | RegistryError::TokenOfJob { .. }),
                ) if found.from_platform => error,
                response => return response.map(|token| (token, false)),
            };
            // Other images fail for the same reason.
            if self.fallback_reason.set(error.to_string()).is_ok() {
                tracing::warn!(%error, "continuing anonymously");
            }
        }
        let token = self.tokens.get(&anonymous, rejected).await;
        token.map(|token| (token, true)).map_err(|error| token_error(label, error, self.no_credential()))
    }

    /// Returns a token for a credential.
    async fn token_for(
        &self,
        label: &str,
        anonymous: &TokenRequest<'_>,
        found: &ResolvedCredential,
        rejected: Option<&Secret>,
    ) -> Result<Secret, RegistryError> {
        self.check_realm(label, anonymous.realm, found)?;
        let request = TokenRequest { credential: Some(&found.credential), ..anonymous.clone() };
        let token = self.tokens.get(&request, rejected).await;
        token.map_err(|error| token_error(label, error, SentCredential::From(found.source.clone())))
    }

    /// Returns the credential for an image path of this registry.
    pub(super) async fn credential(&self, path: &str) -> Result<Option<ResolvedCredential>, RegistryError> {
        if let Some(reason) = self.settings.anonymous {
            self.fallback_reason.get_or_init(|| reason.to_owned());
            return Ok(None);
        }
        let found = match &self.settings.login {
            Some(login) => Ok(Some(login.clone().resolve(self.vendor.token_user()))),
            None => self.keychain.find(&self.endpoint.host, self.vendor, path).await,
        };
        let found = found.map_err(|cause| RegistryError::Credential { registry: self.registry.clone(), cause })?;
        let Some(found) = found else { return Ok(None) };
        let host = &self.endpoint.host;
        let is_own = |server: &Url| self.vendor.is_registry_of(host, server, self.keychain.platform_env());
        match self.check_job_token(&found, host, is_own) {
            Err(error) if found.from_platform => {
                self.fallback_reason.get_or_init(|| error.to_string());
                Ok(None)
            }
            checked => checked.map(|()| Some(found)),
        }
    }

    /// Fails if a credential has a token of this job, and `is_receiver` says that the receiver is not of the server of the job.
    fn check_job_token(
        &self,
        found: &ResolvedCredential,
        receiver: &str,
        is_receiver: impl Fn(&Url) -> bool,
    ) -> Result<(), RegistryError> {
        let tokens = self.keychain.platform_env().job_tokens();
        let is_receiver = |server: &str| Url::parse(server).is_ok_and(|server| is_receiver(&server));
        let withheld = JobToken::withheld(tokens, |secret| found.credential.contains(secret), is_receiver);
        let Some(token) = withheld else { return Ok(()) };
        Err(RegistryError::TokenOfJob {
            receiver: receiver.to_owned(),
            source_of_credential: found.source.clone(),
            token: token.to_string(),
        })
    }

    /// Fails if a credential must not be sent to a token service. It may be sent to the registry's own host and port, to the token
    /// services of its vendor, and to those in the configuration, unless it is a token of this job. Another port of the host may
    /// belong to another person.
    fn check_realm(&self, label: &str, realm: &Url, found: &ResolvedCredential) -> Result<(), RegistryError> {
        let base = self.endpoint.base();
        let of_vendor = self.vendor.auth_hosts(self.keychain.platform_env());
        let is_in = |hosts: &[String]| hosts.iter().any(|allowed| is_at(realm, allowed));
        let is_own = is_same_host(base, realm) || is_in(&of_vendor);
        let is_encrypted = realm.scheme() == "https" || base.scheme() == "http";
        let port = realm.port().map_or(String::new(), |port| format!(":{port}"));
        let realm_host = format!("{}{port}", realm.host_str().unwrap_or_default());
        if is_encrypted && is_own {
            return Ok(());
        }
        if is_encrypted && is_in(&self.settings.auth_hosts) {
            return self.check_job_token(found, &realm_host, |server| is_same_host(server, realm));
        }
        Err(RegistryError::UntrustedRealm {
            image: label.to_owned(),
            registry: self.registry.clone(),
            realm: redacted(realm),
            realm_host,
            source_of_credential: found.source.clone(),
        })
    }
}
