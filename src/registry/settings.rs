//! What the configuration may say about a registry, and the limits of all of them. Plain data.

use std::path::PathBuf;
use std::time::Duration;

use crate::http::{Patience, Profile};

use super::credential::Login;

/// One registry, as configured. The default is a public registry over HTTPS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostSettings {
    /// Ask over plain HTTP. Nothing else ever makes a connection unencrypted, except a mirror written as `http://…`.
    pub plain_http: bool,
    /// Private certificate authority and client certificate.
    pub profile: Profile,
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
    pub budget: Option<u64>,
    /// A folder with an OCI image layout, or with one per image path, to be read in place of any server.
    pub oci_layout: Option<PathBuf>,
}

/// What no answer may exceed. Each has an error of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one answer, decompressed.
    pub body: usize,
    /// Tags of one image.
    pub tags: usize,
    /// Pages of one tag list.
    pub pages: usize,
    /// One request, body included.
    pub request: Duration,
    /// All that is asked about one image at a time, retries included.
    pub image: Duration,
    /// How often and how long a failed request is tried again.
    pub patience: Patience,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 16 << 20,
            tags: 500_000,
            pages: 2_000,
            request: Duration::from_secs(30),
            image: Duration::from_secs(300),
            patience: Patience::default(),
        }
    }
}
