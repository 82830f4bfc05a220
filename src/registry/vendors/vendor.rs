//! What sets a vendor's registries apart from the specification.

/// One vendor whose registries differ. Everything has a default: that of the specification.
pub trait Vendor: Send + Sync {
    /// As people call it.
    fn name(&self) -> &'static str;

    /// Whether the registry at this host is one of theirs.
    fn serves(&self, host: &str) -> bool;

    /// The host that answers the API for images of `host`.
    fn api_host<'a>(&self, host: &'a str) -> &'a str {
        host
    }

    /// Hosts of the token service that may see a credential for `host`, beside `host` itself.
    fn auth_hosts(&self) -> &'static [&'static str] {
        &[]
    }

    /// Keys under which `docker login` stores the credential for `host`, beside `host` itself.
    fn config_keys(&self) -> &'static [&'static str] {
        &[]
    }

    /// Tags to ask for at once.
    fn page_size(&self) -> u32 {
        1000
    }
}
