//! What the configuration may say about a registry, and the limits of all of them. Plain data.

use std::path::PathBuf;
use std::time::Duration;

use crate::http::{ClientOptions, RetryPolicy};

use super::credential::Login;

/// One registry, as configured. The default is a public registry over HTTPS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostSettings {
    /// Ask over plain HTTP. Nothing else ever makes a connection unencrypted, except a mirror written as `http://…`.
    pub plain_http: bool,
    /// Private certificate authority and client certificate.
    pub client_options: ClientOptions,
    /// Ask there instead: `host[:port][/prefix]`, or a URL. What stands before a `/v2` in its path is where the API
    /// begins, what stands after it is put before every image path, as pull-through caches want it.
    pub mirror: Option<String>,
    /// What the configuration points at for this host; goes before all that is found elsewhere.
    pub login: Option<Login>,
    /// Further hosts that may see the credential when they ask for tokens: token services that are not the registry.
    pub auth_hosts: Vec<String>,
    /// Tags to ask for at once; 1000 unless the registry is known to want less.
    pub page_size: Option<u32>,
    /// Requests in one run, tokens not counted.
    pub max_requests: Option<u64>,
    /// A folder with an OCI image layout, or with one per image path, to be read in place of any server.
    pub oci_layout: Option<PathBuf>,
}

/// What no answer may exceed. Each has an error of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one answer, decompressed.
    pub max_response: usize,
    /// Tags of one image.
    pub max_tags: usize,
    /// Pages of one tag list.
    pub max_pages: usize,
    /// One request, body included.
    pub request_timeout: Duration,
    /// All that is asked about one image at a time, retries included.
    pub image_timeout: Duration,
    /// How often and how long a failed request is tried again.
    pub retry_policy: RetryPolicy,
}

impl Default for Limits {
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
