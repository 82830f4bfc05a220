//! AWS: the keys of this process, and the registry password that they buy.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::http::header::{AUTHORIZATION, HeaderName};
use crate::http::{Method, Request, Url};
use crate::secret::Secret;

use super::super::credential::{Credential, Found};
use super::super::surroundings::Surroundings;
pub(crate) use super::sigv4::AwsKeys;
use super::sigv4::{Call, amz_date, authorization};

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

const METADATA: &str = "http://169.254.169.254";

/// The keys in AWS's own order: variables, web identity (EKS, GitHub's OIDC), container (ECS, EKS Pod Identity), machine.
async fn keys(around: &Surroundings, ecr: &EcrService<'_>) -> Result<Option<(AwsKeys, &'static str)>, String> {
    if let (Some(id), Some(secret)) = (around.variable("AWS_ACCESS_KEY_ID"), around.secret("AWS_SECRET_ACCESS_KEY")) {
        let session = around.secret("AWS_SESSION_TOKEN");
        return Ok(Some((AwsKeys { id: id.to_owned(), secret, session }, "AWS_ACCESS_KEY_ID")));
    }
    if let (Some(file), Some(role)) = (around.variable("AWS_WEB_IDENTITY_TOKEN_FILE"), around.variable("AWS_ROLE_ARN"))
    {
        return web_identity(around, file, role, ecr.region)
            .await
            .map(|keys| Some((keys, "AWS_WEB_IDENTITY_TOKEN_FILE")));
    }
    if let Some(url) = container_url(around) {
        return container(around, &url).await.map(|keys| Some((keys, "the container's role")));
    }
    if !ecr.machine || around.variable("AWS_EC2_METADATA_DISABLED") == Some("true") {
        return Ok(None);
    }
    machine(around).await.map(|keys| keys.map(|keys| (keys, "the machine's role")))
}

/// `AssumeRoleWithWebIdentity` of the Security Token Service, which answers in XML.
async fn web_identity(around: &Surroundings, file: &str, role: &str, region: &str) -> Result<AwsKeys, String> {
    let token = Secret::new(&around.read(Path::new(file))?);
    let endpoint = around
        .variable("AWS_ENDPOINT_URL_STS")
        .map_or_else(|| format!("https://sts.{region}.{}", domain(region)), str::to_owned);
    let fields = [
        ("Action", "AssumeRoleWithWebIdentity"),
        ("Version", "2011-06-15"),
        ("RoleArn", role),
        ("RoleSessionName", around.variable("AWS_ROLE_SESSION_NAME").unwrap_or("tagboat")),
        ("WebIdentityToken", token.reveal()),
    ];
    let request = Request::post(url(&endpoint)?).form(&fields, &[&token]).repeatable();
    let answer = around.ask(request).await.map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&answer.body);
    let element = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        Some(rest.split_once('<')?.0.to_owned())
    };
    let keys = element("AccessKeyId").zip(element("SecretAccessKey")).map(|(id, secret)| AwsKeys {
        id,
        secret: Secret::new(&secret),
        session: element("SessionToken").map(|token| Secret::new(&token)),
    });
    keys.ok_or_else(|| format!("{endpoint} does not answer with keys"))
}

/// What containers and machines answer.
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

fn container_url(around: &Surroundings) -> Option<String> {
    let relative = around.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    relative
        .map(|path| format!("http://169.254.170.2{path}"))
        .or_else(|| around.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI").map(str::to_owned))
}

async fn container(around: &Surroundings, place: &str) -> Result<AwsKeys, String> {
    let mut request = Request::get(url(place)?);
    let token = match around.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
        Some(file) => Some(Secret::new(&around.read(Path::new(file))?)),
        None => around.secret("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
    };
    if let Some(token) = token {
        request = request.secret_header(AUTHORIZATION, &token);
    }
    let answer = around.ask_beside(request).await.map_err(|error| error.to_string())?;
    answer.json::<TemporaryKeys>("a set of keys").map(AwsKeys::from).map_err(|error| error.to_string())
}

/// Version 2 of the metadata service; `None` off AWS, and for a machine without a role.
async fn machine(around: &Surroundings) -> Result<Option<AwsKeys>, String> {
    let base = around.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT").unwrap_or(METADATA).trim_end_matches('/');
    let session = Request::new(Method::PUT, url(&format!("{base}/latest/api/token"))?)
        .header(HeaderName::from_static("x-aws-ec2-metadata-token-ttl-seconds"), "300");
    let Ok(session) = around.ask_beside(session).await else { return Ok(None) };
    let session = Secret::new(&String::from_utf8_lossy(&session.body));
    let roles = format!("{base}/latest/meta-data/iam/security-credentials/");
    let asking = |place: &str| -> Result<Request, String> {
        Ok(Request::get(url(place)?).secret_header(HeaderName::from_static("x-aws-ec2-metadata-token"), &session))
    };
    let Ok(role) = around.ask_beside(asking(&roles)?).await else { return Ok(None) };
    let role = String::from_utf8_lossy(&role.body).trim().to_owned();
    let answer = around.ask_beside(asking(&format!("{roles}{role}"))?).await.map_err(|error| error.to_string())?;
    answer.json::<TemporaryKeys>("a set of keys").map(|keys| Some(keys.into())).map_err(|error| error.to_string())
}

/// `GetAuthorizationToken`: the user `AWS` and a password that holds for twelve hours.
pub(crate) async fn registry_password(around: &Surroundings, ecr: &EcrService<'_>) -> Result<Option<Found>, String> {
    let Some((keys, source)) = keys(around, ecr).await? else { return Ok(None) };
    let endpoint = url(&ecr.endpoint)?;
    let port = endpoint.port().map_or(String::new(), |port| format!(":{port}"));
    let host = format!("{}{port}", endpoint.host_str().unwrap_or_default());
    let date = amz_date((around.now)());
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
        .repeatable();
    if let Some(session) = &keys.session {
        request = request.secret_header(HeaderName::from_static("x-amz-security-token"), session);
    }
    let answer = around.ask(request).await.map_err(|error| format!("{source}: {error}"))?;
    let answer: serde_json::Value = answer.json("a registry token").map_err(|error| error.to_string())?;
    // ECR gives a list of one, ECR Public the one.
    let data = &answer["authorizationData"];
    let token = data["authorizationToken"].as_str().or(data[0]["authorizationToken"].as_str()).unwrap_or_default();
    let pair = STANDARD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let credential = pair.as_deref().and_then(|pair| pair.split_once(':'));
    let (user, password) = credential.ok_or_else(|| format!("{} does not answer with a password", ecr.endpoint))?;
    let credential = Credential::basic(user, Secret::new(password));
    Ok(Some(Found { credential, source: format!("{} with {source}", ecr.endpoint), implicit: true }))
}

/// Where AWS's services of a region are.
pub(crate) fn domain(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}

fn url(text: &str) -> Result<Url, String> {
    Url::parse(text).map_err(|error| format!("{text:?} is no URL: {error}"))
}
