//! Amazon ECR: a registry password, requested with AWS keys.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::credential::{RegistryCredential, ResolvedCredential};
use crate::http::identity::sigv4::Post;
use crate::http::identity::{PlatformEnv, aws, parse_url};
use crate::secret::Secret;

/// One of the two registry services of AWS.
pub(crate) struct EcrService<'a> {
    /// The name that signatures are made for: `ecr` or `ecr-public`.
    pub(crate) service: &'a str,
    pub(crate) region: &'a str,
    /// The URL of the service: `https://api.ecr.eu-west-1.amazonaws.com`.
    pub(crate) endpoint: String,
    /// `X-Amz-Target` of `GetAuthorizationToken`.
    pub(crate) target: &'a str,
    /// Whether to query the metadata service of the EC2 instance; a public registry is not worth the wait.
    pub(crate) instance_role: bool,
}

/// Calls `GetAuthorizationToken`: returns the user `AWS` and a password that is valid for twelve hours.
pub(crate) async fn registry_password(
    env: &PlatformEnv,
    ecr: &EcrService<'_>,
) -> Result<Option<ResolvedCredential>, String> {
    let Some((keys, source)) = aws::keys(env, ecr.region, ecr.instance_role).await? else { return Ok(None) };
    let post = Post {
        url: parse_url(&ecr.endpoint)?,
        service: ecr.service,
        region: ecr.region,
        content_type: "application/x-amz-json-1.1",
        target: Some(ecr.target),
        body: b"{}".to_vec(),
    };
    let response = env.send(post.sign(&keys, env.now())).await.map_err(|error| format!("{source}: {error}"))?;
    let response: serde_json::Value = response.json("a registry token").map_err(|error| error.to_string())?;
    // ECR returns a list with one item, ECR Public the item.
    let data = &response["authorizationData"];
    let token = data["authorizationToken"].as_str().or(data[0]["authorizationToken"].as_str()).unwrap_or_default();
    let pair = STANDARD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let credential = pair.as_deref().and_then(|pair| pair.split_once(':'));
    let (user, password) = credential.ok_or_else(|| format!("{} sent no password", ecr.endpoint))?;
    let credential = RegistryCredential::basic(user, Secret::new(password));
    Ok(Some(ResolvedCredential { credential, source: format!("{} with {source}", ecr.endpoint), from_platform: true }))
}
