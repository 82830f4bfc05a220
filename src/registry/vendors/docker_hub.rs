//! Docker Hub: separate hosts for the API, for tokens, for `docker login`, and for the time at which a tag was pushed.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::http::HttpError;

use super::vendor::{Vendor, public_json};
use crate::http::identity::PlatformEnv;

/// Docker Hub.
pub(super) struct DockerHub;

#[async_trait]
impl Vendor for DockerHub {
    fn name(&self) -> &'static str {
        "docker-hub"
    }

    fn serves(&self, host: &str, _: &PlatformEnv) -> bool {
        host == "docker.io"
    }

    fn api_host<'a>(&self, _: &'a str) -> &'a str {
        "registry-1.docker.io"
    }

    fn auth_hosts(&self, _: &PlatformEnv) -> Vec<String> {
        vec!["auth.docker.io".to_owned()]
    }

    fn config_keys(&self) -> &'static [&'static str] {
        &["index.docker.io", "registry-1.docker.io"]
    }

    /// Docker Hub API, "Read repository tag".
    async fn pushed(&self, path: &str, tag: &str, env: &PlatformEnv) -> Result<Option<Timestamp>, HttpError> {
        let Some((namespace, repository)) = path.split_once('/') else { return Ok(None) };
        let url = format!("https://hub.docker.com/v2/namespaces/{namespace}/repositories/{repository}/tags/{tag}");
        let tag = public_json(env, &url).await?;
        Ok(tag.and_then(|tag| tag["tag_last_pushed"].as_str()?.parse().ok()))
    }
}
