//! The URLs of a registry's API. Pure.

use crate::http::{Url, redacted};
use crate::image::ImageName;

use super::error::RegistryError;
use super::settings::HostSettings;

/// The API of one registry, or of the mirror that replaces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// The URL that ends with `/v2/`.
    base: Url,
    /// The prefix of every image path: empty, or ends with `/`.
    prefix: String,
    /// Host and port that credentials are looked up for.
    pub(super) host: String,
}

impl Endpoint {
    /// Returns the API of `registry`. `api_host` is the host that serves it (`registry-1.docker.io` for `docker.io`).
    pub(super) fn new(registry: &str, api_host: &str, settings: &HostSettings) -> Result<Self, RegistryError> {
        let invalid = |cause: String| RegistryError::Settings { registry: registry.to_owned(), cause };
        let scheme = if settings.plain_http { "http" } else { "https" };
        let Some(mirror) = &settings.mirror else {
            let base = Url::parse(&format!("{scheme}://{api_host}/v2/")).map_err(|error| invalid(error.to_string()))?;
            return Ok(Self { base, prefix: String::new(), host: registry.to_owned() });
        };
        let text = if mirror.contains("://") { mirror.clone() } else { format!("{scheme}://{mirror}") };
        let url = Url::parse(&text).map_err(|error| invalid(format!("invalid mirror: {error}")))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid("the URL of a mirror must not contain a credential".to_owned()));
        }
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() || url.query().is_some() {
            return Err(invalid(format!(
                "invalid mirror {}: not an HTTP or HTTPS URL without a query",
                redacted(&url)
            )));
        }
        let parts: Vec<&str> = url.path().split('/').filter(|part| !part.is_empty()).collect();
        let (before, after) = match parts.iter().position(|part| *part == "v2") {
            Some(at) => (&parts[..at], &parts[at + 1..]),
            None => (&parts[..0], &parts[..]),
        };
        let join = |parts: &[&str]| parts.iter().map(|part| format!("{part}/")).collect::<String>();
        let mut base = url.clone();
        base.set_path(&format!("/{}v2/", join(before)));
        let port = url.port().map_or(String::new(), |port| format!(":{port}"));
        let host = format!("{}{port}", url.host_str().unwrap_or_default());
        Ok(Self { base, prefix: join(after), host })
    }

    /// Returns the URL of `/v2/`: it responds to anyone who may use the registry, and to others with a challenge.
    pub(super) fn base(&self) -> &Url {
        &self.base
    }

    /// Returns the host that receives the requests, with a port that is not the usual one: the server, however it is written.
    pub(super) fn server(&self) -> String {
        let port = self.base.port().map_or(String::new(), |port| format!(":{port}"));
        format!("{}{port}", self.base.host_str().unwrap_or_default().trim_end_matches('.'))
    }

    /// Returns the URL that all requests about an image start with.
    pub(super) fn image(&self, name: &ImageName) -> Url {
        self.below(&self.path(name))
    }

    /// Returns the path of an image in this API.
    pub(super) fn path(&self, name: &ImageName) -> String {
        format!("{}{}", self.prefix, name.path())
    }

    /// Returns the URL of a page of the tag list: `n` tags after `last`.
    pub(super) fn tags(&self, name: &ImageName, n: u32, last: Option<&str>) -> Url {
        let mut url = self.below(&format!("{}/tags/list", self.path(name)));
        url.query_pairs_mut().append_pair("n", &n.to_string());
        if let Some(last) = last {
            url.query_pairs_mut().append_pair("last", last);
        }
        url
    }

    /// Returns the URL of a manifest by tag or digest.
    pub(super) fn manifest(&self, name: &ImageName, reference: &str) -> Url {
        self.below(&format!("{}/manifests/{reference}", self.path(name)))
    }

    /// Returns the URL of a blob by digest.
    pub(super) fn blob(&self, name: &ImageName, digest: &str) -> Url {
        self.below(&format!("{}/blobs/{digest}", self.path(name)))
    }

    /// Returns the URL of a path in the API. Names, tags and digests have no characters that need encoding.
    fn below(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path()));
        url
    }
}

/// Returns whether two URLs have the same host and port.
pub(super) fn is_same_host(one: &Url, other: &Url) -> bool {
    (one.host_str(), one.port_or_known_default()) == (other.host_str(), other.port_or_known_default())
}

/// Returns whether a URL is at `host` or `host:port`. Without a port, it is at the one of its scheme: 443 for `https`.
pub(super) fn is_at(url: &Url, host: &str) -> bool {
    let allowed = Url::parse(&format!("{}://{host}", url.scheme()));
    allowed.is_ok_and(|allowed| (allowed.host_str(), allowed.port()) == (url.host_str(), url.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_urls_for_mirrors_and_prefixes() {
        #[rustfmt::skip]
        let rows = [
            ("docker.io",      false, None,                                    "docker.io",      "https://registry-1.docker.io/v2/library/nginx/tags/list?n=1000"),
            ("localhost:5001", true,  None,                                    "localhost:5001", "http://localhost:5001/v2/library/nginx/tags/list?n=1000"),
            ("docker.io",      true,  Some("127.0.0.1:5000"),                  "127.0.0.1:5000", "http://127.0.0.1:5000/v2/library/nginx/tags/list?n=1000"),
            ("docker.io",      false, Some("http://127.0.0.1:5000/"),          "127.0.0.1:5000", "http://127.0.0.1:5000/v2/library/nginx/tags/list?n=1000"),
            ("docker.io",      false, Some("harbor.acme/hub"),                 "harbor.acme",    "https://harbor.acme/v2/hub/library/nginx/tags/list?n=1000"),
            ("docker.io",      false, Some("https://a.acme/api/docker/v2/hub"), "a.acme",        "https://a.acme/api/docker/v2/hub/library/nginx/tags/list?n=1000"),
        ];
        for (registry, plain_http, mirror, host, url) in rows {
            let settings = HostSettings { plain_http, mirror: mirror.map(str::to_owned), ..HostSettings::default() };
            let api_host = if registry == "docker.io" { "registry-1.docker.io" } else { registry };
            let endpoint = Endpoint::new(registry, api_host, &settings).unwrap();
            let name = ImageName::new("docker.io/library/nginx").unwrap();
            assert_eq!((endpoint.host.as_str(), endpoint.tags(&name, 1000, None).as_str()), (host, url));
        }
        for bad in
            ["ftp://a.acme", "https://u:s3cret@a.acme", "http://", "a b", "https://u:s3cret@a b", "a.acme?token=s3cret"]
        {
            let settings = HostSettings { mirror: Some(bad.to_owned()), ..HostSettings::default() };
            let error = Endpoint::new("docker.io", "docker.io", &settings).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn allows_a_host_at_one_port() {
        #[rustfmt::skip]
        let rows = [
            ("https://login.acme.dev/token",      "login.acme.dev",      true),
            ("https://login.acme.dev:443/token",  "login.acme.dev",      true),
            ("https://login.acme.dev/token",      "login.acme.dev:443",  true),
            ("https://login.acme.dev:8443/token", "login.acme.dev:8443", true),
            ("https://login.acme.dev:8443/token", "login.acme.dev",      false),
            ("https://login.acme.dev/token",      "login.acme.dev:8443", false),
            ("http://login.acme.dev/token",       "login.acme.dev",      true),
            ("http://login.acme.dev:443/token",   "login.acme.dev",      false),
            ("https://login.acme.dev/token",      "acme.dev",            false),
            ("https://login.acme.dev/token",      "",                    false),
        ];
        for (url, host, expected) in rows {
            assert_eq!(is_at(&Url::parse(url).unwrap(), host), expected, "{url} {host}");
        }
    }
}
