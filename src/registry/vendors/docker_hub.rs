//! Docker Hub: its API, its token service and its login each have a host of their own.

use super::super::surroundings::Surroundings;
use super::vendor::Vendor;

/// Docker Hub.
pub(super) struct DockerHub;

impl Vendor for DockerHub {
    fn name(&self) -> &'static str {
        "docker-hub"
    }

    fn serves(&self, host: &str, _: &Surroundings) -> bool {
        host == "docker.io"
    }

    fn api_host<'a>(&self, _: &'a str) -> &'a str {
        "registry-1.docker.io"
    }

    fn auth_hosts(&self, _: &Surroundings) -> Vec<String> {
        vec!["auth.docker.io".to_owned()]
    }

    fn config_keys(&self) -> &'static [&'static str] {
        &["index.docker.io", "registry-1.docker.io"]
    }
}
