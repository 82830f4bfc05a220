//! Parses the URL of a git remote into host and path. It depends on no forge, and never keeps a user name or password.

use std::fmt;

use crate::text::percent_decoded;

/// The address of a repository on a forge, from a git remote or from the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The root of the API, without a slash at its end: `https://git.example.com/api/v1`. For files, a folder.
    pub api: String,
    /// The repository in the forge's own form: `owner/name`, `group/subgroup/project`, `organization/project/name`.
    pub repository: String,
}

/// How git reaches a remote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `https://`
    Https,
    /// `http://`
    Http,
    /// `ssh://`, or the form of scp: `git@host:path`.
    Ssh,
    /// `git://`
    Git,
}

/// A git remote on a host, without credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteUrl {
    /// How git reaches it.
    pub scheme: Scheme,
    /// Host name or IP address, in lower case.
    pub host: String,
    /// The port, if the URL has one.
    pub port: Option<u16>,
    /// The path, percent-decoded, without slashes at its ends and without `.git`.
    pub path: String,
}

/// Why a remote cannot be on a forge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RemoteUrlError {
    /// A path on this machine.
    #[error("the git remote is a path on this machine, not on a host")]
    Local,
    /// A URL with a scheme that no forge serves.
    #[error("the URL of the git remote has a scheme that no forge serves")]
    Scheme,
    /// Not a URL with a host and a path.
    #[error("invalid URL of the git remote: it needs a host and a path")]
    Unreadable,
}

impl RemoteUrl {
    /// Parses `https://`, `http://`, `ssh://` and `git://` URLs and the form of scp, by the rules of `git help fetch`
    /// ("GIT URLS"): text with a colon before its first slash, and no `://`, is `host:path`.
    pub fn parse(text: &str) -> Result<Self, RemoteUrlError> {
        let text = text.trim();
        match text.split_once("://") {
            Some((scheme, _)) => Self::parse_url(scheme, text),
            None => Self::parse_scp(text),
        }
    }

    fn parse_url(scheme: &str, text: &str) -> Result<Self, RemoteUrlError> {
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "https" | "git+https" => Scheme::Https,
            "http" => Scheme::Http,
            "ssh" | "git+ssh" | "ssh+git" => Scheme::Ssh,
            "git" => Scheme::Git,
            "file" => return Err(RemoteUrlError::Local),
            _ => return Err(RemoteUrlError::Scheme),
        };
        let url = url::Url::parse(text).map_err(|_| RemoteUrlError::Unreadable)?;
        let host = url.host_str().ok_or(RemoteUrlError::Unreadable)?.to_ascii_lowercase();
        Self { scheme, host, port: url.port(), path: clean_path(url.path()) }.checked()
    }

    fn parse_scp(text: &str) -> Result<Self, RemoteUrlError> {
        // `git@[::1]:path` and `[git@host:2222]:path` have brackets around text with colons.
        let colon = match text.find(']') {
            Some(end) if text[..end].contains('[') => end + 1,
            _ => text.find(':').ok_or(RemoteUrlError::Local)?,
        };
        let (head, path) = (&text[..colon], text[colon..].strip_prefix(':').ok_or(RemoteUrlError::Unreadable)?);
        // One letter before the colon is a drive on Windows.
        if head.contains('/') || head.len() < 2 {
            return Err(RemoteUrlError::Local);
        }
        let host = head.rsplit_once('@').map_or(head, |(_, host)| host).trim_matches(['[', ']']);
        let (host, port) = match host.split_once(':') {
            Some((name, port)) if !port.contains(':') => {
                (name, Some(port.parse().map_err(|_| RemoteUrlError::Unreadable)?))
            }
            _ => (host, None),
        };
        Self { scheme: Scheme::Ssh, host: host.to_ascii_lowercase(), port, path: clean_path(path) }.checked()
    }

    fn checked(self) -> Result<Self, RemoteUrlError> {
        if self.host.is_empty() || self.path.is_empty() { Err(RemoteUrlError::Unreadable) } else { Ok(self) }
    }

    /// Returns the web site of the host. It has the port of `http` and `https` URLs, but not that of `ssh`.
    pub fn site(&self) -> String {
        let scheme = if self.scheme == Scheme::Http { "http" } else { "https" };
        match (self.scheme, self.port) {
            (Scheme::Http | Scheme::Https, Some(port)) => format!("{scheme}://{}:{port}", self.host),
            _ => format!("{scheme}://{}", self.host),
        }
    }

    /// Returns the segments of the path.
    pub fn segments(&self) -> Vec<&str> {
        self.path.split('/').collect()
    }
}

impl fmt::Display for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.path)
    }
}

fn clean_path(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default().trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path).trim_end_matches('/');
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    percent_decoded(&parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_every_form_of_a_remote() {
        #[rustfmt::skip]
        let good = [
            // written                                            host                 port        path                     site
            ("https://github.com/acme/gitops.git",               "github.com",     None,       "acme/gitops",           "https://github.com"),
            ("https://github.com/acme/gitops",                   "github.com",     None,       "acme/gitops",           "https://github.com"),
            ("https://GitHub.com//acme/gitops/",                 "github.com",     None,       "acme/gitops",           "https://github.com"),
            ("https://x-access-token:s3cret@github.com/a/b.git", "github.com",     None,       "a/b",                   "https://github.com"),
            ("http://git.acme.test:8080/a/b.git",                "git.acme.test",  Some(8080), "a/b",                   "http://git.acme.test:8080"),
            ("https://git.acme.test:8443/a/b.git",               "git.acme.test",  Some(8443), "a/b",                   "https://git.acme.test:8443"),
            ("git@github.com:acme/gitops.git",                   "github.com",     None,       "acme/gitops",           "https://github.com"),
            ("github.com:acme/gitops.git",                       "github.com",     None,       "acme/gitops",           "https://github.com"),
            ("git@gitlab.acme.test:group/sub/project.git",       "gitlab.acme.test", None,     "group/sub/project",     "https://gitlab.acme.test"),
            ("ssh://git@gitlab.acme.test:2222/group/sub/p.git",  "gitlab.acme.test", Some(2222), "group/sub/p",         "https://gitlab.acme.test"),
            ("[git@gitlab.acme.test:2222]:group/p.git",          "gitlab.acme.test", Some(2222), "group/p",             "https://gitlab.acme.test"),
            ("ssh://git@bitbucket.acme.test:7999/proj/repo.git", "bitbucket.acme.test", Some(7999), "proj/repo",        "https://bitbucket.acme.test"),
            ("https://dev.azure.com/org/My%20Project/_git/repo", "dev.azure.com",  None,       "org/My Project/_git/repo", "https://dev.azure.com"),
            ("https://git.acme.test/caf%C3%A9/%FF%20b",          "git.acme.test",  None,       "café/%FF b",            "https://git.acme.test"),
            ("git@ssh.dev.azure.com:v3/org/My%20Project/repo",   "ssh.dev.azure.com", None,    "v3/org/My Project/repo",   "https://ssh.dev.azure.com"),
            ("git://git.acme.test/a/b",                          "git.acme.test",  None,       "a/b",                   "https://git.acme.test"),
        ];
        for (text, host, port, path, site) in good {
            let got = RemoteUrl::parse(text).unwrap();
            let seen = (got.host.as_str(), got.port, got.path.as_str(), got.site());
            assert_eq!(seen, (host, port, path, site.to_owned()), "{text}");
        }
        #[rustfmt::skip]
        let bad = [
            ("/srv/git/a.git",                                   RemoteUrlError::Local),
            ("../a.git",                                         RemoteUrlError::Local),
            ("./with:colon.git",                                 RemoteUrlError::Local),
            ("C:\\repos\\a",                                     RemoteUrlError::Local),
            ("file:///srv/git/a.git",                            RemoteUrlError::Local),
            ("s3://bucket/a",                                    RemoteUrlError::Scheme),
            ("https://github.com/",                              RemoteUrlError::Unreadable),
            ("https://",                                         RemoteUrlError::Unreadable),
            ("git@github.com:",                                  RemoteUrlError::Unreadable),
            ("[git@host:notaport]:a/b",                          RemoteUrlError::Unreadable),
        ];
        for (text, expected) in bad {
            assert_eq!(RemoteUrl::parse(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn drops_credentials() {
        let remote = RemoteUrl::parse("https://me:hunter2@github.com/a/b").unwrap();
        assert!(!format!("{remote} {remote:?} {}", remote.site()).contains("hunter2"));
    }
}
