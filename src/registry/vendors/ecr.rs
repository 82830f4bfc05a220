//! Amazon's private registries: AWS keys are exchanged for a password that is valid for twelve hours.

use async_trait::async_trait;

use super::super::credential::ResolvedCredential;
use super::super::identity::ecr::{EcrService, registry_password};
use super::vendor::Vendor;
use crate::http::identity::PlatformEnv;
use crate::http::identity::aws::domain;

/// `<account>.dkr.ecr[-fips].<region>.amazonaws.com[.cn]`.
pub(super) struct Ecr;

#[async_trait]
impl Vendor for Ecr {
    fn name(&self) -> &'static str {
        "ecr"
    }

    fn serves(&self, host: &str, _: &PlatformEnv) -> bool {
        region(host).is_some()
    }

    fn token_user(&self) -> &'static str {
        "AWS"
    }

    async fn identity(&self, host: &str, env: &PlatformEnv) -> Result<Option<ResolvedCredential>, String> {
        let Some(region) = region(host) else { return Ok(None) };
        let endpoint = match env.variable("AWS_ENDPOINT_URL_ECR") {
            Some(endpoint) => endpoint.to_owned(),
            None => format!("https://api.ecr.{region}.{}", domain(region)),
        };
        let target = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken";
        registry_password(env, &EcrService { service: "ecr", region, endpoint, target, instance_role: true }).await
    }
}

fn region(host: &str) -> Option<&str> {
    let rest = host.strip_suffix(".amazonaws.com").or(host.strip_suffix(".amazonaws.com.cn"))?;
    let (account, rest) = rest.split_once(".dkr.ecr")?;
    let region = rest.strip_prefix("-fips.").or(rest.strip_prefix('.'))?;
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    let is_region = region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (is_account && is_region).then_some(region)
}

#[cfg(test)]
mod tests {
    use super::region;

    #[test]
    fn recognizes_hosts_of_private_registries() {
        #[rustfmt::skip]
        let rows = [
            ("123456789012.dkr.ecr.eu-west-1.amazonaws.com",         Some("eu-west-1")),
            ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", Some("us-gov-west-1")),
            ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",     Some("cn-north-1")),
            ("12345.dkr.ecr.eu-west-1.amazonaws.com",                None),
            ("123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example", None),
            ("123456789012.dkr.ecr.x.y.amazonaws.com",               None),
        ];
        for (host, expected) in rows {
            assert_eq!(region(host), expected, "{host}");
        }
    }
}
