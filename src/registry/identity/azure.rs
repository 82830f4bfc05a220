//! Azure: a token of Entra ID, exchanged for a refresh token of one container registry.

use std::path::Path;

use serde::Deserialize;

use crate::http::Request;
use crate::http::header::HeaderName;
use crate::secret::Secret;

use super::super::credential::{RegistryCredential, ResolvedCredential};
use crate::http::identity::{PlatformEnv, parse_url};

/// The resource that the token of Entra ID is for.
const RESOURCE: &str = "https://management.azure.com/";

const METADATA: &str = "http://169.254.169.254/metadata/identity/oauth2/token";

#[derive(Deserialize)]
struct EntraToken {
    access_token: String,
}

#[derive(Deserialize)]
struct RegistryToken {
    refresh_token: String,
}

/// Returns a credential for the registry at `host`, whose token exchange is at `base` (`https://acme.azurecr.io`).
pub(crate) async fn registry_password(
    env: &PlatformEnv,
    host: &str,
    base: &str,
) -> Result<Option<ResolvedCredential>, String> {
    let client = env.variable("AZURE_CLIENT_ID");
    if let (Some(client), Some(secret)) = (client, env.secret("AZURE_CLIENT_SECRET")) {
        // The registry accepts a service principal as a user.
        let credential = RegistryCredential::basic(client, secret);
        return Ok(Some(ResolvedCredential {
            credential,
            source: "AZURE_CLIENT_SECRET".to_owned(),
            from_platform: true,
        }));
    }
    let Some((token, source)) = entra_token(env, client).await? else { return Ok(None) };
    let mut fields = vec![("grant_type", "access_token"), ("service", host), ("access_token", token.reveal())];
    if let Some(tenant) = env.variable("AZURE_TENANT_ID") {
        fields.push(("tenant", tenant));
    }
    let request = Request::post(parse_url(&format!("{base}/oauth2/exchange"))?).form(&fields, &[&token]).idempotent();
    let response = env.send(request).await.map_err(|error| format!("{source}: {error}"))?;
    let response: RegistryToken = response.json("a refresh token").map_err(|error| error.to_string())?;
    let credential = RegistryCredential::RefreshToken(Secret::new(&response.refresh_token));
    Ok(Some(ResolvedCredential { credential, source: source.to_owned(), from_platform: true }))
}

/// Returns a token of the workload identity (AKS, OpenID Connect of GitHub), or else of the managed identity.
async fn entra_token(env: &PlatformEnv, client: Option<&str>) -> Result<Option<(Secret, &'static str)>, String> {
    let federated = env.variable("AZURE_FEDERATED_TOKEN_FILE").zip(client).zip(env.variable("AZURE_TENANT_ID"));
    if let Some(((file, client), tenant)) = federated {
        let assertion = Secret::new(&env.read(Path::new(file))?);
        let authority = env.variable("AZURE_AUTHORITY_HOST").unwrap_or("https://login.microsoftonline.com");
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", client),
            ("scope", &format!("{RESOURCE}.default")),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion.reveal()),
        ];
        let endpoint = parse_url(&format!("{}/{tenant}/oauth2/v2.0/token", authority.trim_end_matches('/')))?;
        let request = Request::post(endpoint).form(&fields, &[&assertion]).idempotent();
        let source = "AZURE_FEDERATED_TOKEN_FILE";
        let response = env.send(request).await.map_err(|error| format!("{source}: {error}"))?;
        let token: EntraToken = response.json("an access token").map_err(|error| error.to_string())?;
        return Ok(Some((Secret::new(&token.access_token), source)));
    }
    // Container Apps and App Service name an endpoint of their own; virtual machines all have the same.
    let app = env.variable("IDENTITY_ENDPOINT").zip(env.secret("IDENTITY_HEADER"));
    let (endpoint, version) = app.as_ref().map_or((METADATA, "2018-02-01"), |(endpoint, _)| (*endpoint, "2019-08-01"));
    let mut endpoint = parse_url(endpoint)?;
    endpoint.query_pairs_mut().append_pair("api-version", version).append_pair("resource", RESOURCE);
    if let Some(client) = client {
        endpoint.query_pairs_mut().append_pair("client_id", client);
    }
    let mut request = Request::get(endpoint).header(HeaderName::from_static("metadata"), "true");
    if let Some((_, header)) = &app {
        request = request.secret_header(HeaderName::from_static("x-identity-header"), header);
    }
    let response = match env.query_metadata(request).await {
        Ok(response) => response,
        Err(error) if app.is_some() => return Err(format!("IDENTITY_ENDPOINT: {error}")),
        // Without a response, this is not a machine of Azure.
        Err(_) => return Ok(None),
    };
    let token: EntraToken = response.json("an access token").map_err(|error| error.to_string())?;
    Ok(Some((Secret::new(&token.access_token), "the managed identity")))
}
