//! Amazon ECR: a registry password, requested with AWS keys.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::credential::{Credential, ResolvedCredential};
use crate::http::header::{AUTHORIZATION, HeaderName};
use crate::http::identity::sigv4::{Call, amz_date, authorization};
use crate::http::identity::{PlatformEnv, aws};
use crate::http::{Request, Url};
use crate::secret::Secret;

/// Which of AWS's registry services, and where.
pub(crate) struct EcrService<'a> {
    /// `ecr` or `ecr-public`: the name that signatures are made for.
    pub(crate) service: &'a str,
    pub(crate) region: &'a str,
    /// Where the service answers: `https://api.ecr.eu-west-1.amazonaws.com`.
    pub(crate) endpoint: String,
    /// `X-Amz-Target` of `GetAuthorizationToken`.
    pub(crate) target: &'a str,
    /// Whether to ask the machine's metadata service for keys; a public registry is not worth the wait.
    pub(crate) machine: bool,
}

/// `GetAuthorizationToken`: the user `AWS` and a password that holds for twelve hours.
pub(crate) async fn registry_password(
    env: &PlatformEnv,
    ecr: &EcrService<'_>,
) -> Result<Option<ResolvedCredential>, String> {
    let Some((keys, source)) = aws::keys(env, ecr.region, ecr.machine).await? else { return Ok(None) };
    let endpoint = Url::parse(&ecr.endpoint).map_err(|error| format!("{:?} is no URL: {error}", ecr.endpoint))?;
    let port = endpoint.port().map_or(String::new(), |port| format!(":{port}"));
    let host = format!("{}{port}", endpoint.host_str().unwrap_or_default());
    let date = amz_date(env.now());
    let (body, kind) = (b"{}", "application/x-amz-json-1.1");
    let mut headers = vec![("content-type", kind), ("host", &*host), ("x-amz-date", &*date)];
    if let Some(session) = &keys.session {
        headers.push(("x-amz-security-token", session.reveal()));
    }
    headers.push(("x-amz-target", ecr.target));
    let call = Call { method: "POST", region: ecr.region, service: ecr.service, headers: &headers, body };
    let mut request = Request::post(endpoint)
        .body(kind, body.to_vec())
        .header(HeaderName::from_static("x-amz-date"), &date)
        .header(HeaderName::from_static("x-amz-target"), ecr.target)
        .secret_header(AUTHORIZATION, &authorization(&call, &keys, &date))
        .idempotent();
    if let Some(session) = &keys.session {
        request = request.secret_header(HeaderName::from_static("x-amz-security-token"), session);
    }
    let answer = env.ask(request).await.map_err(|error| format!("{source}: {error}"))?;
    let answer: serde_json::Value = answer.json("a registry token").map_err(|error| error.to_string())?;
    // ECR gives a list of one, ECR Public the one.
    let data = &answer["authorizationData"];
    let token = data["authorizationToken"].as_str().or(data[0]["authorizationToken"].as_str()).unwrap_or_default();
    let pair = STANDARD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let credential = pair.as_deref().and_then(|pair| pair.split_once(':'));
    let (user, password) = credential.ok_or_else(|| format!("{} does not answer with a password", ecr.endpoint))?;
    let credential = Credential::basic(user, Secret::new(password));
    Ok(Some(ResolvedCredential { credential, source: format!("{} with {source}", ecr.endpoint), from_platform: true }))
}
