//! The options of a connection pool: certificate authorities, client certificate and proxies.

use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect;
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::error::HttpError;
use super::proxies::check_proxies;
use super::verifier::ServerVerifier;
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

/// A certificate chain and its private key.
type ClientCertificate = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

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
            .redirect(redirect::Policy::none());
        if self.no_proxy {
            builder = builder.no_proxy();
        } else {
            check_proxies(|name| std::env::var_os(name))?;
        }
        builder = builder.tls_backend_preconfigured(self.tls()?);
        builder.build().map_err(|error| HttpError::ClientOptions(super::error::deepest(&error)))
    }

    /// Returns the configuration of TLS.
    fn tls(&self) -> Result<ClientConfig, HttpError> {
        let unusable = |error: rustls::Error| HttpError::ClientOptions(error.to_string());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = ServerVerifier::new(self.authorities()?, provider.clone()).map_err(unusable)?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match self.client_certificate()? {
            Some((chain, key)) => config.with_client_auth_cert(chain, key).map_err(unusable)?,
            None => config.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }

    /// Returns the certificates of `ca_pem`.
    fn authorities(&self) -> Result<Vec<CertificateDer<'static>>, HttpError> {
        let Some(pem) = &self.ca_pem else { return Ok(Vec::new()) };
        match CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>() {
            Ok(found) if !found.is_empty() => Ok(found),
            _ => Err(HttpError::ClientOptions("the CA file has no PEM certificate".to_owned())),
        }
    }

    /// Returns the certificate chain and the private key of `client_pem`.
    fn client_certificate(&self) -> Result<Option<ClientCertificate>, HttpError> {
        let Some(pem) = &self.client_pem else { return Ok(None) };
        let pem = pem.reveal().as_bytes();
        let chain = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
        match (chain, PrivateKeyDer::from_pem_slice(pem)) {
            (Ok(chain), Ok(key)) if !chain.is_empty() => Ok(Some((chain, key))),
            _ => Err(HttpError::ClientOptions(
                "the client certificate needs a PEM certificate and its private key".to_owned(),
            )),
        }
    }
}
