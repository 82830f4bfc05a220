//! The normalized name of an image: registry host and path.

use std::fmt;

/// Registry host and path, in one form for all spellings of the same image.
///
/// `nginx`, `docker.io/nginx`, `index.docker.io/library/nginx` and `registry-1.docker.io/library/nginx` are all
/// `docker.io/library/nginx`, as the docker command line reads them (distribution/reference, `ParseNormalizedNamed`). A host with
/// the default port, such as `ghcr.io:443`, is the same as without.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageName {
    text: Box<str>,
    slash: usize,
}

/// Why a text is not the name of an image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The text is empty.
    #[error("the image name is empty")]
    Empty,
    /// Only hosts may have capital letters.
    #[error("the path `{}` of the image name is not lower case", .0.escape_debug())]
    UpperCase(String),
    /// The specification does not allow this path component.
    #[error("invalid component `{}` in the image name", .0.escape_debug())]
    Component(String),
    /// The host is not a DNS name or IP address with an optional port.
    #[error("invalid registry host `{}`", .0.escape_debug())]
    Host(String),
    /// The specification allows 255 characters.
    #[error("the image name is {0} characters long; at most 255 are allowed")]
    TooLong(usize),
}

/// The registry of a name without a host.
const DOCKER_HUB: &str = "docker.io";

impl ImageName {
    /// Parses a name without tag and digest.
    pub fn new(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        let (host, path) = match text.split_once('/') {
            Some((first, rest)) if looks_like_host(first) => (checked_host(first)?, rest),
            _ => (DOCKER_HUB.to_owned(), text),
        };
        if path.is_empty() {
            return Err(NameError::Component(String::new()));
        }
        if path.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(NameError::UpperCase(path.to_owned()));
        }
        if let Some(bad) = path.split('/').find(|part| !is_component(part)) {
            return Err(NameError::Component(bad.to_owned()));
        }
        let host = match host.as_str() {
            "index.docker.io" | "registry-1.docker.io" | "registry.hub.docker.com" => DOCKER_HUB.to_owned(),
            _ => host,
        };
        let library = if host == DOCKER_HUB && !path.contains('/') { "library/" } else { "" };
        let text = format!("{host}/{library}{path}");
        if text.len() > 255 {
            return Err(NameError::TooLong(text.len()));
        }
        Ok(Self { slash: host.len(), text: text.into() })
    }

    /// Returns host and port: `docker.io`, `ghcr.io`, `localhost:5000`.
    pub fn registry(&self) -> &str {
        &self.text[..self.slash]
    }

    /// Returns the path after the host: `library/nginx`.
    pub fn path(&self) -> &str {
        &self.text[self.slash + 1..]
    }

    /// Returns the last component: `nginx`.
    pub fn base(&self) -> &str {
        self.path().rsplit('/').next().unwrap_or_default()
    }

    /// Returns the whole normalized name.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the name as people write it: without `docker.io/library/` or `docker.io/`.
    pub fn familiar(&self) -> &str {
        if self.registry() != DOCKER_HUB {
            return &self.text;
        }
        self.path().strip_prefix("library/").filter(|rest| !rest.contains('/')).unwrap_or(self.path())
    }
}

/// Returns the registry of images whose names start with a text; `None` if the text is no host.
pub fn registry_host(text: &str) -> Option<String> {
    let name = ImageName::new(&format!("{text}/a/b")).ok()?;
    (name.path() == "a/b").then(|| name.registry().to_owned())
}

/// Returns whether the written name of an image begins with a registry.
pub fn begins_with_registry(name: &str) -> bool {
    name.split_once('/').is_some_and(|(first, _)| looks_like_host(first))
}

/// Returns whether the first component of a name is a host. Docker's rule: it is one if it could not be part of a Docker Hub path.
fn looks_like_host(first: &str) -> bool {
    first == "localhost" || first.contains(['.', ':']) || first.bytes().any(|b| b.is_ascii_uppercase())
}

fn checked_host(text: &str) -> Result<String, NameError> {
    let bad = || NameError::Host(text.to_owned());
    let (host, port) = match text.strip_prefix('[') {
        Some(v6) => {
            let (address, rest) = v6.split_once(']').ok_or_else(bad)?;
            address.parse::<core::net::Ipv6Addr>().map_err(|_| bad())?;
            (&text[..address.len() + 2], rest.strip_prefix(':').or(if rest.is_empty() { None } else { Some("") }))
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return Err(bad());
    }
    let label = |l: &str| {
        !l.is_empty()
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !l.starts_with('-')
            && !l.ends_with('-')
    };
    if !host.starts_with('[') && !host.split('.').all(label) {
        return Err(bad());
    }
    // An address, or a host of the local network, may serve HTTP on any port.
    let is_public = host.contains('.') && host.bytes().any(|byte| byte.is_ascii_alphabetic());
    let is_default = port.is_some_and(|port| port.parse() == Ok(443_u16));
    Ok(if is_public && is_default { host } else { text }.to_ascii_lowercase())
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`, from the OCI distribution specification.
fn is_component(part: &str) -> bool {
    let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = part.as_bytes();
    if !bytes.first().copied().is_some_and(alphanumeric) || !bytes.last().copied().is_some_and(alphanumeric) {
        return false;
    }
    bytes.split(|b| alphanumeric(*b)).all(|separator| match separator {
        [] | b"." | b"_" | b"__" => true,
        dashes => dashes.iter().all(|b| *b == b'-'),
    })
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ImageName({})", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_spellings_of_one_image_are_one_name() {
        #[rustfmt::skip]
        let rows = [
            ("nginx",                          "docker.io/library/nginx",    "nginx"),
            ("docker.io/nginx",                "docker.io/library/nginx",    "nginx"),
            ("index.docker.io/nginx",          "docker.io/library/nginx",    "nginx"),
            ("registry-1.docker.io/grafana/x", "docker.io/grafana/x",        "grafana/x"),
            ("docker.io:443/grafana/x",        "docker.io/grafana/x",        "grafana/x"),
            ("Index.Docker.io:443/nginx",      "docker.io/library/nginx",    "nginx"),
            ("ghcr.io:443/acme/api",           "ghcr.io/acme/api",           "ghcr.io/acme/api"),
            ("ghcr.io:0443/acme/api",          "ghcr.io/acme/api",           "ghcr.io/acme/api"),
            ("ghcr.io:8443/acme/api",          "ghcr.io:8443/acme/api",      "ghcr.io:8443/acme/api"),
            ("127.0.0.1:443/api",              "127.0.0.1:443/api",          "127.0.0.1:443/api"),
            ("registry:443/api",               "registry:443/api",           "registry:443/api"),
            ("docker.io/library/a/b",          "docker.io/library/a/b",      "library/a/b"),
            ("ghcr.io/acme/api",               "ghcr.io/acme/api",           "ghcr.io/acme/api"),
            ("localhost/a",                    "localhost/a",                "localhost/a"),
            ("localhost:5001/a",               "localhost:5001/a",           "localhost:5001/a"),
            ("Quay.IO/a/b__c-d--e.f",          "quay.io/a/b__c-d--e.f",      "quay.io/a/b__c-d--e.f"),
            ("[::1]:5000/a",                   "[::1]:5000/a",               "[::1]:5000/a"),
            ("a.svc:5000/ns/app",              "a.svc:5000/ns/app",          "a.svc:5000/ns/app"),
        ];
        for (text, name, familiar) in rows {
            let read = ImageName::new(text).unwrap();
            assert_eq!((read.as_str(), read.familiar()), (name, familiar), "{text}");
        }
    }

    #[test]
    fn rejects_invalid_names() {
        for bad in
            ["", "a/", "/a", "a//b", "Nginx", "a b", "-a", "a-", "a..b", "a___b", "ghcr.io/", "ghcr.io:x/a", "täg"]
        {
            assert!(ImageName::new(bad).is_err(), "{bad}");
        }
    }
}
