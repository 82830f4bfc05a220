//! The options of a connection pool: certificate authorities, client certificate and proxies.

use std::time::Duration;

use reqwest::redirect;

use super::error::HttpError;
use super::proxies::check_proxies;
use super::redact::origin;
use crate::secret::Secret;

/// The options of a client. Hosts with equal options share one pool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientOptions {
    /// Certificate authorities in PEM, in addition to those of the system.
    pub ca_pem: Option<Vec<u8>>,
    /// A client certificate chain and its private key, both in one PEM text.
    pub client_pem: Option<Secret>,
    /// Whether to ignore the proxies of the environment.
    pub no_proxy: bool,
}

/// Installs the TLS provider of the process. Must run before the first client is created; repeated calls have no effect.
pub fn install_tls() {
    // An error means that a provider is already installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

impl ClientOptions {
    /// Returns a client with these options. Proxies come from `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`.
    pub(super) fn build(&self) -> Result<reqwest::Client, HttpError> {
        install_tls();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("tagboat/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10))
            .redirect(redirect::Policy::custom(within_origin));
        if self.no_proxy {
            builder = builder.no_proxy();
        } else {
            check_proxies(|name| std::env::var_os(name))?;
        }
        if let Some(pem) = &self.ca_pem {
            let authorities = reqwest::Certificate::from_pem_bundle(pem)
                .ok()
                .filter(|found| !found.is_empty())
                .ok_or_else(|| HttpError::ClientOptions("the CA file has no PEM certificate".to_owned()))?;
            builder = builder.tls_certs_merge(authorities);
        }
        if let Some(pem) = &self.client_pem {
            let identity = reqwest::Identity::from_pem(pem.reveal().as_bytes()).map_err(|_| {
                HttpError::ClientOptions(
                    "the client certificate needs a PEM certificate and its private key".to_owned(),
                )
            })?;
            builder = builder.identity(identity);
        }
        builder.build().map_err(|error| HttpError::ClientOptions(super::error::deepest(&error)))
    }
}

/// Follows redirects within the same scheme, host and port with all headers; `Client` follows the others without
/// credentials.
fn within_origin(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let same = attempt.previous().last().is_some_and(|from| origin(from) == origin(attempt.url()));
    if same && attempt.previous().len() <= 5 { attempt.follow() } else { attempt.stop() }
}
