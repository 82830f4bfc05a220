//! Quay: its own API has the time at which a tag was moved, and a token needs a fixed user name.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::http::HttpError;

use super::vendor::{Vendor, public_json};
use crate::http::identity::PlatformEnv;

/// quay.io. Robot accounts have their own user names.
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

    /// Quay API, `listRepoTags`: one item for each move of the tag.
    async fn pushed(&self, path: &str, tag: &str, env: &PlatformEnv) -> Result<Option<Timestamp>, HttpError> {
        let url = format!("https://quay.io/api/v1/repository/{path}/tag/?onlyActiveTags=true&specificTag={tag}");
        let tags = public_json(env, &url).await?;
        Ok(tags.and_then(|tags| Timestamp::from_second(tags["tags"][0]["start_ts"].as_i64()?).ok()))
    }
}
