//! The settings of a registry, and the limits of all registries. Plain data.

use std::path::PathBuf;
use std::time::Duration;

use crate::http::{ClientOptions, RetryPolicy};

use super::credential::RegistryLogin;

/// The settings of one registry. The default is a public registry over HTTPS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostSettings {
    /// Whether a repository, not the operator, set all of this. Then it does not apply where a mirror of the operator leads here.
    pub is_of_repository: bool,
    /// Uses plain HTTP. All other connections are encrypted, except to a mirror written as `http://…`.
    pub plain_http: bool,
    /// The private certificate authority and the client certificate.
    pub client_options: ClientOptions,
    /// The mirror to query instead: `host[:port][/prefix]`, or a URL. The API starts at `/v2` in its path; what follows is
    /// put before every image path, as pull-through caches expect it. Without `/v2`, the whole path is that prefix.
    pub mirror: Option<String>,
    /// The credential in the configuration for this host; it precedes all other sources.
    pub login: Option<RegistryLogin>,
    /// Why no credential is sent, whatever is found elsewhere: the repository, not the operator, decides who may read the connection.
    pub anonymous: Option<&'static str>,
    /// Other hosts that may receive the credential for a token: token services that are not the registry. Without a port, a host
    /// is at the one of the scheme.
    pub auth_hosts: Vec<String>,
    /// The number of tags in one page; 1000 by default.
    pub page_size: Option<u32>,
    /// The most requests in one run, without those for tokens.
    pub max_requests: Option<u64>,
    /// A folder with an OCI image layout, or with one for each image path, to read instead of a server.
    pub oci_layout: Option<PathBuf>,
}

/// Limits for all responses. Exceeding one is an error of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResponseLimits {
    /// Bytes of one response, decompressed.
    pub max_response: usize,
    /// Tags of one image.
    pub max_tags: usize,
    /// Pages of one tag list.
    pub max_pages: usize,
    /// Time for one request, including the body.
    pub request_timeout: Duration,
    /// Time for all requests about one image, including retries.
    pub image_timeout: Duration,
    /// How often and after which wait a failed request is repeated.
    pub retry_policy: RetryPolicy,
}

impl Default for ResponseLimits {
    fn default() -> Self {
        Self {
            max_response: 16 << 20,
            max_tags: 500_000,
            max_pages: 2_000,
            request_timeout: Duration::from_secs(30),
            image_timeout: Duration::from_secs(300),
            retry_policy: RetryPolicy::default(),
        }
    }
}
