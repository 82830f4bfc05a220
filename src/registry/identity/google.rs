//! Google Cloud: an access token or key for its registries.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::http::Request;
use crate::http::header::HeaderName;
use crate::secret::Secret;

use super::super::credential::{RegistryCredential, ResolvedCredential};
use crate::http::identity::{PlatformEnv, parse_url};

/// The user name that goes with an access token (Artifact Registry, "Set up authentication for Docker").
const TOKEN_USER: &str = "oauth2accesstoken";

/// A response with a token. Most services write `access_token`, that for service accounts `accessToken`.
#[derive(Deserialize)]
struct AccessToken {
    #[serde(alias = "accessToken")]
    access_token: String,
}

/// Returns a credential in the order of Google's "Application Default Credentials": the environment, a file, the machine.
pub(crate) async fn registry_password(env: &PlatformEnv) -> Result<Option<ResolvedCredential>, String> {
    let found = |user: &str, password: Secret, source: &str| {
        Some(ResolvedCredential {
            credential: RegistryCredential::basic(user, password),
            source: source.to_owned(),
            from_platform: true,
        })
    };
    if let Some(token) = env.secret("CLOUDSDK_AUTH_ACCESS_TOKEN") {
        return Ok(found(TOKEN_USER, token, "CLOUDSDK_AUTH_ACCESS_TOKEN"));
    }
    if let Some(path) = env.variable("GOOGLE_APPLICATION_CREDENTIALS") {
        let text = env.read(Path::new(path))?;
        let file: Value = serde_json::from_str(&text).map_err(|_| format!("{path} is not JSON"))?;
        return match file["type"].as_str() {
            // The registries accept the key file as a password.
            Some("service_account") => Ok(found("_json_key", Secret::new(&text), path)),
            Some("external_account") => {
                let token = federated(env, &file).await.map_err(|cause| format!("{path}: {cause}"))?;
                Ok(found(TOKEN_USER, token, path))
            }
            other => Err(format!("{path}: credentials of type {} are not supported", other.unwrap_or("unknown"))),
        };
    }
    let host = env.variable("GCE_METADATA_HOST").unwrap_or("metadata.google.internal");
    let endpoint = parse_url(&format!("http://{host}/computeMetadata/v1/instance/service-accounts/default/token"))?;
    let request = Request::get(endpoint).header(HeaderName::from_static("metadata-flavor"), "Google");
    // Without a response, this is not a machine of Google Cloud.
    let Ok(response) = env.query_metadata(request).await else { return Ok(None) };
    let token: AccessToken = response.json("an access token").map_err(|error| error.to_string())?;
    Ok(found(TOKEN_USER, Secret::new(&token.access_token), "the machine's service account"))
}

/// Workload identity federation: exchanges the token of another platform for one of Google (RFC 8693), and that for one of
/// a service account if the file names one.
async fn federated(env: &PlatformEnv, file: &Value) -> Result<Secret, String> {
    let text = |key: &str| file[key].as_str().ok_or_else(|| format!("{key} is missing"));
    let subject = subject_token(env, &file["credential_source"]).await?;
    let scope = "https://www.googleapis.com/auth/cloud-platform";
    let fields = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("audience", text("audience")?),
        ("scope", scope),
        ("subject_token_type", text("subject_token_type")?),
        ("subject_token", subject.reveal()),
    ];
    let request = Request::post(parse_url(text("token_url")?)?).form(&fields, &[&subject]).idempotent();
    let token = access_token(env, request).await?;
    let Some(account) = file["service_account_impersonation_url"].as_str() else { return Ok(token) };
    let body = serde_json::json!({ "scope": [scope] });
    access_token(env, Request::post(parse_url(account)?).bearer(&token).json(&body).idempotent()).await
}

async fn access_token(env: &PlatformEnv, request: Request) -> Result<Secret, String> {
    let response = env.send(request).await.map_err(|error| error.to_string())?;
    let token: AccessToken = response.json("an access token").map_err(|error| error.to_string())?;
    Ok(Secret::new(&token.access_token))
}

/// Returns the token of the other platform, from a file or a URL, as text or as a field of JSON.
async fn subject_token(env: &PlatformEnv, source: &Value) -> Result<Secret, String> {
    let text = if let Some(file) = source["file"].as_str() {
        env.read(Path::new(file))?
    } else {
        let mut request =
            Request::get(parse_url(source["url"].as_str().ok_or("credential_source has no file and no url")?)?);
        for (name, value) in source["headers"].as_object().into_iter().flatten() {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("invalid header name `{name}`"))?;
            request = request.secret_header(name, &Secret::new(value.as_str().unwrap_or_default()));
        }
        let response = env.send(request).await.map_err(|error| error.to_string())?;
        String::from_utf8_lossy(&response.body).into_owned()
    };
    match source["format"]["subject_token_field_name"].as_str() {
        None => Ok(Secret::new(&text)),
        Some(field) => {
            let json: Value = serde_json::from_str(&text).map_err(|_| "the subject token is not JSON".to_owned())?;
            json[field].as_str().map(Secret::new).ok_or_else(|| format!("the subject token has no field {field}"))
        }
    }
}
