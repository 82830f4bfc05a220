//! AWS's Security Token Service: temporary keys for a role.

use std::path::Path;

use crate::http::{Request, Response};
use crate::secret::Secret;

use super::super::platform_env::{PlatformEnv, parse_url};
use super::super::sigv4::{self, AwsKeys};
use super::domain::domain;
use super::profile::AssumedRole;

/// The session name where none is given; AWS shows it in CloudTrail.
const SESSION_NAME: &str = "tagboat";

const VERSION: &str = "2011-06-15";

/// `AssumeRole`: exchanges keys for those of a role.
pub(super) async fn assume_role(
    env: &PlatformEnv,
    role: &AssumedRole<'_>,
    keys: &AwsKeys,
    region: &str,
) -> Result<AwsKeys, String> {
    let mut fields = vec![
        ("Action", "AssumeRole"),
        ("Version", VERSION),
        ("RoleArn", role.arn),
        ("RoleSessionName", role.session_name.unwrap_or(SESSION_NAME)),
    ];
    fields.extend(role.external_id.map(|id| ("ExternalId", id)));
    fields.extend(role.duration.map(|seconds| ("DurationSeconds", seconds)));
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let endpoint = endpoint(env, region);
    let post = sigv4::Post {
        url: parse_url(&endpoint)?,
        service: "sts",
        region,
        content_type: "application/x-www-form-urlencoded",
        target: None,
        body: body.into_bytes(),
    };
    let response = env.send(post.sign(keys, env.now())).await.map_err(|error| error.to_string())?;
    parse(&response, &endpoint)
}

/// `AssumeRoleWithWebIdentity`: exchanges the token in a file for the keys of a role.
pub(super) async fn web_identity(
    env: &PlatformEnv,
    role: &AssumedRole<'_>,
    token_file: &str,
    region: &str,
) -> Result<AwsKeys, String> {
    let token = Secret::new(&env.read(Path::new(token_file))?);
    let endpoint = endpoint(env, region);
    let mut fields = vec![
        ("Action", "AssumeRoleWithWebIdentity"),
        ("Version", VERSION),
        ("RoleArn", role.arn),
        ("RoleSessionName", role.session_name.unwrap_or(SESSION_NAME)),
        ("WebIdentityToken", token.reveal()),
    ];
    fields.extend(role.duration.map(|seconds| ("DurationSeconds", seconds)));
    let request = Request::post(parse_url(&endpoint)?).form(&fields, &[&token]).idempotent();
    let response = env.send(request).await.map_err(|error| error.to_string())?;
    parse(&response, &endpoint)
}

fn endpoint(env: &PlatformEnv, region: &str) -> String {
    let configured = env.variable("AWS_ENDPOINT_URL_STS");
    configured.map_or_else(|| format!("https://sts.{region}.{}", domain(region)), str::to_owned)
}

/// Parses the keys in an XML response.
fn parse(response: &Response, endpoint: &str) -> Result<AwsKeys, String> {
    let text = String::from_utf8_lossy(&response.body);
    let element = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        Some(rest.split_once('<')?.0.to_owned())
    };
    let keys = element("AccessKeyId").zip(element("SecretAccessKey")).map(|(id, secret)| AwsKeys {
        id,
        secret: Secret::new(&secret),
        session: element("SessionToken").map(|token| Secret::new(&token)),
    });
    keys.ok_or_else(|| format!("the response of {endpoint} has no keys"))
}
