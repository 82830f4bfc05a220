//! Quay: its own API tells when a tag began to point at what it points at; a token is sent with a user name that says
//! that it is one.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::http::HttpError;

use super::vendor::{Vendor, told};
use crate::http::identity::PlatformEnv;

/// quay.io. Robot accounts have user names of their own.
pub(super) struct Quay;

#[async_trait]
impl Vendor for Quay {
    fn name(&self) -> &'static str {
        "quay"
    }

    fn serves(&self, host: &str, _: &PlatformEnv) -> bool {
        host == "quay.io"
    }

    /// The user name for an OAuth access token (quay/quay, `auth/credential_consts.py`).
    fn token_user(&self) -> &'static str {
        "$oauthtoken"
    }

    /// Quay API, `listRepoTags`: one row for each time that the tag was moved.
    async fn pushed(&self, path: &str, tag: &str, env: &PlatformEnv) -> Result<Option<Timestamp>, HttpError> {
        let url = format!("https://quay.io/api/v1/repository/{path}/tag/?onlyActiveTags=true&specificTag={tag}");
        let told = told(env, &url).await?;
        Ok(told.and_then(|answer| Timestamp::from_second(answer["tags"][0]["start_ts"].as_i64()?).ok()))
    }
}
