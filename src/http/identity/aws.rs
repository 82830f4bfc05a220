//! AWS: the keys of this process.

use std::path::Path;

use serde::Deserialize;

use crate::http::header::{AUTHORIZATION, HeaderName};
use crate::http::{Method, Request, Url};
use crate::secret::Secret;

use super::platform_env::PlatformEnv;
use super::sigv4::AwsKeys;

const METADATA: &str = "http://169.254.169.254";

/// The keys in AWS's own order: variables, web identity (EKS, GitHub's OIDC), container (ECS, EKS Pod Identity), machine.
pub(crate) async fn keys(
    env: &PlatformEnv,
    region: &str,
    machine_role: bool,
) -> Result<Option<(AwsKeys, &'static str)>, String> {
    if let (Some(id), Some(secret)) = (env.variable("AWS_ACCESS_KEY_ID"), env.secret("AWS_SECRET_ACCESS_KEY")) {
        let session = env.secret("AWS_SESSION_TOKEN");
        return Ok(Some((AwsKeys { id: id.to_owned(), secret, session }, "AWS_ACCESS_KEY_ID")));
    }
    if let (Some(file), Some(role)) = (env.variable("AWS_WEB_IDENTITY_TOKEN_FILE"), env.variable("AWS_ROLE_ARN")) {
        return web_identity(env, file, role, region).await.map(|keys| Some((keys, "AWS_WEB_IDENTITY_TOKEN_FILE")));
    }
    if let Some(url) = container_url(env) {
        return container(env, &url).await.map(|keys| Some((keys, "the container's role")));
    }
    if !machine_role || env.variable("AWS_EC2_METADATA_DISABLED") == Some("true") {
        return Ok(None);
    }
    machine(env).await.map(|keys| keys.map(|keys| (keys, "the machine's role")))
}

/// `AssumeRoleWithWebIdentity` of the Security Token Service, which answers in XML.
async fn web_identity(env: &PlatformEnv, file: &str, role: &str, region: &str) -> Result<AwsKeys, String> {
    let token = Secret::new(&env.read(Path::new(file))?);
    let endpoint = env
        .variable("AWS_ENDPOINT_URL_STS")
        .map_or_else(|| format!("https://sts.{region}.{}", domain(region)), str::to_owned);
    let fields = [
        ("Action", "AssumeRoleWithWebIdentity"),
        ("Version", "2011-06-15"),
        ("RoleArn", role),
        ("RoleSessionName", env.variable("AWS_ROLE_SESSION_NAME").unwrap_or("tagboat")),
        ("WebIdentityToken", token.reveal()),
    ];
    let request = Request::post(url(&endpoint)?).form(&fields, &[&token]).idempotent();
    let answer = env.ask(request).await.map_err(|error| error.to_string())?;
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

fn container_url(env: &PlatformEnv) -> Option<String> {
    let relative = env.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    relative
        .map(|path| format!("http://169.254.170.2{path}"))
        .or_else(|| env.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI").map(str::to_owned))
}

async fn container(env: &PlatformEnv, place: &str) -> Result<AwsKeys, String> {
    let mut request = Request::get(url(place)?);
    let token = match env.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
        Some(file) => Some(Secret::new(&env.read(Path::new(file))?)),
        None => env.secret("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
    };
    if let Some(token) = token {
        request = request.secret_header(AUTHORIZATION, &token);
    }
    let answer = env.query_metadata(request).await.map_err(|error| error.to_string())?;
    answer.json::<TemporaryKeys>("a set of keys").map(AwsKeys::from).map_err(|error| error.to_string())
}

/// Version 2 of the metadata service; `None` off AWS, and for a machine without a role.
async fn machine(env: &PlatformEnv) -> Result<Option<AwsKeys>, String> {
    let base = env.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT").unwrap_or(METADATA).trim_end_matches('/');
    let session = Request::new(Method::PUT, url(&format!("{base}/latest/api/token"))?)
        .header(HeaderName::from_static("x-aws-ec2-metadata-token-ttl-seconds"), "300");
    let Ok(session) = env.query_metadata(session).await else { return Ok(None) };
    let session = Secret::new(&String::from_utf8_lossy(&session.body));
    let roles = format!("{base}/latest/meta-data/iam/security-credentials/");
    let asking = |place: &str| -> Result<Request, String> {
        Ok(Request::get(url(place)?).secret_header(HeaderName::from_static("x-aws-ec2-metadata-token"), &session))
    };
    let Ok(role) = env.query_metadata(asking(&roles)?).await else { return Ok(None) };
    let role = String::from_utf8_lossy(&role.body).trim().to_owned();
    let answer = env.query_metadata(asking(&format!("{roles}{role}"))?).await.map_err(|error| error.to_string())?;
    answer.json::<TemporaryKeys>("a set of keys").map(|keys| Some(keys.into())).map_err(|error| error.to_string())
}

/// Where AWS's services of a region are.
pub(crate) fn domain(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}

fn url(text: &str) -> Result<Url, String> {
    Url::parse(text).map_err(|error| format!("{text:?} is no URL: {error}"))
}
