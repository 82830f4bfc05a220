//! AWS keys of the container (ECS, EKS Pod Identity) and of the EC2 instance, from their metadata services.

use std::path::Path;

use serde::Deserialize;

use crate::http::header::{AUTHORIZATION, HeaderName};
use crate::http::{Method, Request, Url, is_loopback, redacted};
use crate::secret::Secret;

use super::super::platform_env::{PlatformEnv, parse_url};
use super::super::sigv4::AwsKeys;

const CONTAINER: &str = "http://169.254.170.2";
const INSTANCE: &str = "http://169.254.169.254";

/// The response of both services.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TemporaryKeys {
    access_key_id: String,
    secret_access_key: String,
    token: String,
}

impl From<TemporaryKeys> for AwsKeys {
    fn from(keys: TemporaryKeys) -> Self {
        let session = Some(Secret::new(&keys.token));
        Self { id: keys.access_key_id, secret: Secret::new(&keys.secret_access_key), session }
    }
}

/// Returns the keys of the container's role; `None` outside such a container.
pub(super) async fn container(env: &PlatformEnv) -> Result<Option<AwsKeys>, String> {
    let url = if let Some(path) = env.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
        parse_url(&format!("{CONTAINER}{path}"))?
    } else if let Some(url) = env.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
        let url = parse_url(url)?;
        if !may_receive_token(&url) {
            return Err(format!(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI names a host that is not allowed: {}",
                redacted(&url)
            ));
        }
        url
    } else {
        return Ok(None);
    };
    let mut request = Request::get(url);
    let token = match env.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
        Some(file) => Some(Secret::new(&env.read(Path::new(file))?)),
        None => env.secret("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
    };
    if let Some(token) = token {
        request = request.secret_header(AUTHORIZATION, &token);
    }
    query(env, request).await.map(Some)
}

/// Returns whether the token of the container may be sent to a URL: over HTTPS, to this machine, or to the addresses of ECS
/// and EKS (botocore, `ContainerMetadataFetcher`).
fn may_receive_token(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    url.scheme() == "https" || is_loopback(url) || ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"].contains(&host)
}

/// Returns the keys of the instance's role (instance metadata service, version 2); `None` outside EC2, and on an instance
/// without a role.
pub(super) async fn instance(env: &PlatformEnv) -> Result<Option<AwsKeys>, String> {
    if env.variable("AWS_EC2_METADATA_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Ok(None);
    }
    let base = env.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT").unwrap_or(INSTANCE).trim_end_matches('/');
    let session = Request::new(Method::PUT, parse_url(&format!("{base}/latest/api/token"))?)
        .header(HeaderName::from_static("x-aws-ec2-metadata-token-ttl-seconds"), "300");
    let Ok(session) = env.query_metadata(session).await else { return Ok(None) };
    let session = Secret::new(&String::from_utf8_lossy(&session.body));
    let roles = format!("{base}/latest/meta-data/iam/security-credentials/");
    let get = |url: &str| -> Result<Request, String> {
        Ok(Request::get(parse_url(url)?).secret_header(HeaderName::from_static("x-aws-ec2-metadata-token"), &session))
    };
    let Ok(role) = env.query_metadata(get(&roles)?).await else { return Ok(None) };
    let role = String::from_utf8_lossy(&role.body).trim().to_owned();
    query(env, get(&format!("{roles}{role}"))?).await.map(Some)
}

async fn query(env: &PlatformEnv, request: Request) -> Result<AwsKeys, String> {
    let response = env.query_metadata(request).await.map_err(|error| error.to_string())?;
    response.json::<TemporaryKeys>("a set of keys").map(AwsKeys::from).map_err(|error| error.to_string())
}
