//! Azure: a token of Entra ID, exchanged for a refresh token of one container registry.

use std::path::Path;

use serde::Deserialize;

use crate::http::Request;
use crate::http::header::HeaderName;
use crate::secret::Secret;

use super::super::credential::{Credential, ResolvedCredential};
use crate::http::identity::{PlatformEnv, parse_url};

/// What the token of Entra ID is for.
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

/// A credential for the registry at `host`, whose exchange is at `base` (`https://acme.azurecr.io`).
pub(crate) async fn registry_password(
    env: &PlatformEnv,
    host: &str,
    base: &str,
) -> Result<Option<ResolvedCredential>, String> {
    let client = env.variable("AZURE_CLIENT_ID");
    if let (Some(client), Some(secret)) = (client, env.secret("AZURE_CLIENT_SECRET")) {
        // A service principal is a user of the registry as it is.
        let credential = Credential::basic(client, secret);
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
    let answer = env.send(request).await.map_err(|error| format!("{source}: {error}"))?;
    let answer: RegistryToken = answer.json("a refresh token").map_err(|error| error.to_string())?;
    let credential = Credential::RefreshToken(Secret::new(&answer.refresh_token));
    Ok(Some(ResolvedCredential { credential, source: source.to_owned(), from_platform: true }))
}

/// Workload identity (AKS, GitHub's OIDC), then the identity of the app or of the machine.
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
        let place = parse_url(&format!("{}/{tenant}/oauth2/v2.0/token", authority.trim_end_matches('/')))?;
        let request = Request::post(place).form(&fields, &[&assertion]).idempotent();
        let source = "AZURE_FEDERATED_TOKEN_FILE";
        let answer = env.send(request).await.map_err(|error| format!("{source}: {error}"))?;
        let token: EntraToken = answer.json("an access token").map_err(|error| error.to_string())?;
        return Ok(Some((Secret::new(&token.access_token), source)));
    }
    // Container Apps and App Service name their own place; a machine has the one that all machines have.
    let app = env.variable("IDENTITY_ENDPOINT").zip(env.secret("IDENTITY_HEADER"));
    let (place, version) = app.as_ref().map_or((METADATA, "2018-02-01"), |(place, _)| (*place, "2019-08-01"));
    let mut place = parse_url(place)?;
    place.query_pairs_mut().append_pair("api-version", version).append_pair("resource", RESOURCE);
    if let Some(client) = client {
        place.query_pairs_mut().append_pair("client_id", client);
    }
    let mut request = Request::get(place).header(HeaderName::from_static("metadata"), "true");
    if let Some((_, header)) = &app {
        request = request.secret_header(HeaderName::from_static("x-identity-header"), header);
    }
    let answer = match env.query_metadata(request).await {
        Ok(answer) => answer,
        Err(error) if app.is_some() => return Err(format!("IDENTITY_ENDPOINT: {error}")),
        // Silence means that this is no machine of Azure's.
        Err(_) => return Ok(None),
    };
    let token: EntraToken = answer.json("an access token").map_err(|error| error.to_string())?;
    Ok(Some((Secret::new(&token.access_token), "the managed identity")))
}
