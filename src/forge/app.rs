//! A GitHub App: authenticates with its private key and gets tokens for one repository, each valid for an hour.
//! <https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app>

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use rustls::SignatureScheme;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::sign::Signer;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::http::header::AUTHORIZATION;
use crate::http::{Client, Method, Request, Url};
use crate::secret::Secret;

use super::error::ForgeError;
use super::failure::explain;

/// A token that expires sooner than this is renewed: a push or a large response may take some minutes.
const MARGIN: Duration = Duration::from_secs(300);

const PERMISSIONS: &str = "read and write access to Contents and Pull requests, and install the App on this repository";

/// An App, and one repository that it is installed on.
pub struct App {
    id: String,
    signer: Box<dyn Signer>,
    api: String,
    repository: String,
    client: Client,
    token: Mutex<Option<(Secret, Timestamp)>>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("id", &self.id).field("repository", &self.repository).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Installation {
    id: u64,
}

#[derive(Deserialize)]
struct Issued {
    token: String,
    /// In the format of RFC 3339.
    expires_at: String,
}

impl App {
    /// Returns the App of that id, or client id, with its private key in PEM form. Sends nothing.
    pub fn new(id: &str, key: &Secret, api: &str, repository: &str, client: Client) -> Result<Self, ForgeError> {
        let bad = |reason: &str| ForgeError::Settings { reason: format!("invalid private key of the App: {reason}") };
        let key = PrivateKeyDer::from_pem_slice(key.reveal().as_bytes()).map_err(|_| bad("not in PEM form"))?;
        let key = any_supported_type(&key).map_err(|_| bad("unsupported type of key"))?;
        let signer = key.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256]).ok_or_else(|| bad("not an RSA key"))?;
        let (api, repository) = (api.trim_end_matches('/').to_owned(), repository.to_owned());
        Ok(Self { id: id.to_owned(), signer, api, repository, client, token: Mutex::default() })
    }

    /// Returns a token that is valid for at least five minutes. It is cached and renewed when necessary.
    pub async fn token(&self) -> Result<Secret, ForgeError> {
        let mut cached = self.token.lock().await;
        let soon = Timestamp::now() + MARGIN;
        if let Some((token, _)) = cached.as_ref().filter(|(_, expires)| *expires > soon) {
            return Ok(token.clone());
        }
        let action = format!("find the installation of the App {} on {}", self.id, self.repository);
        let route = format!("/repos/{}/installation", self.repository);
        let installation: Installation = self.send(&action, Method::GET, &route, None).await?;
        let action = format!("get a token for the App {} on {}", self.id, self.repository);
        let route = format!("/app/installations/{}/access_tokens", installation.id);
        let name = self.repository.rsplit('/').next().unwrap_or_default();
        // Narrower than the installation, which may be on many repositories.
        let body = json!({ "repositories": [name] });
        let issued: Issued = self.send(&action, Method::POST, &route, Some(&body)).await?;
        let token = Secret::new(&issued.token);
        let expires = issued
            .expires_at
            .parse()
            .map_err(|error: jiff::Error| ForgeError::Malformed { action, reason: format!("expires_at: {error}") })?;
        *cached = Some((token.clone(), expires));
        Ok(token)
    }

    /// Returns a JSON web token, signed with RS256 (RFC 7515, RFC 7518). It is valid for nine minutes (GitHub allows ten)
    /// and issued a minute ago, for clocks that differ.
    fn web_token(&self) -> Result<Secret, ForgeError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let head = part(json!({"alg": "RS256", "typ": "JWT"}));
        let claims = part(json!({"iat": now.saturating_sub(60), "exp": now + 540, "iss": self.id}));
        let signed = format!("{head}.{claims}");
        let signature = self.signer.sign(signed.as_bytes()).map_err(|error| ForgeError::Settings {
            reason: format!("cannot sign with the private key of the App: {error}"),
        })?;
        Ok(Secret::new(&format!("Bearer {signed}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }

    async fn send<T: serde::de::DeserializeOwned>(
        &self,
        action: &str,
        method: Method,
        route: &str,
        body: Option<&Value>,
    ) -> Result<T, ForgeError> {
        let malformed = |reason: String| ForgeError::Malformed { action: action.to_owned(), reason };
        let url = Url::parse(&format!("{}{route}", self.api)).map_err(|error| malformed(error.to_string()))?;
        let request = Request::new(method, url).secret_header(AUTHORIZATION, &self.web_token()?);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let response = self.client.send(request).await.map_err(|error| explain(action, error, PERMISSIONS))?;
        serde_json::from_slice(&response.body).map_err(|error| malformed(error.to_string()))
    }
}
