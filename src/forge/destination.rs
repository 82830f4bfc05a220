//! Which server may receive the token of a forge. Pure.
//!
//! A token is for the host of the git remote, for the API of the forge that has this host, and for what the operator names. The
//! settings of a repository cannot name another receiver.

use url::Url;

use super::forge::ForgeKind;
use super::remote::{RemoteUrl, Scheme};
use crate::http::is_loopback;

/// Why a server does not receive the token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// It would be sent without TLS.
    #[error("the token is not sent to {0} without TLS")]
    NoTls(String),
    /// The server is not the host of the git remote, or has another port.
    #[error("the token is not sent to {api}, which is not {remote}, the host of the git remote")]
    OtherHost {
        /// The host of the API, with a port that is not the usual one.
        api: String,
        /// The host of the git remote.
        remote: String,
    },
    /// The git remote is a local path.
    #[error("the token is not sent to {0}: the git remote is a local path, which names no host")]
    NoRemoteHost(String),
    /// The address is not a URL with a host.
    #[error("the address of the API has no host")]
    NoHost,
}

impl ForgeKind {
    /// Checks that the API at `api` may receive a token. `remote` is the git remote, if it is on a host.
    ///
    /// # Errors
    /// If the connection is not encrypted and not to this machine, or if the host and port are neither named by the operator, nor
    /// those of the remote, nor those of the API of this forge for that remote. Another port may belong to other people.
    pub fn check_destination(
        &self,
        api: &str,
        remote: Option<&RemoteUrl>,
        named_by_operator: bool,
    ) -> Result<(), DestinationError> {
        let url = Url::parse(api).map_err(|_| DestinationError::NoHost)?;
        let host = url.host_str().ok_or(DestinationError::NoHost)?.to_ascii_lowercase();
        if url.scheme() != "https" && !is_loopback(&url) {
            return Err(DestinationError::NoTls(host));
        }
        if named_by_operator {
            return Ok(());
        }
        let Some(remote) = remote else { return Err(DestinationError::NoRemoteHost(host)) };
        // Only a host that is certainly this forge may have its API on another host.
        let own_api = (self.recognizes)(remote).then(|| (self.address)(remote)).flatten();
        let is_own_api = own_api.is_some_and(|own| Url::parse(&own.api).is_ok_and(|own| own.origin() == url.origin()));
        // The ports of SSH and of git are not those of the web.
        let port = if matches!(remote.scheme, Scheme::Http | Scheme::Https) { remote.port } else { None };
        let is_same_port = url.port_or_known_default() == Some(port.unwrap_or(443));
        if (host == remote.host && (is_same_port || is_loopback(&url))) || is_own_api {
            return Ok(());
        }
        let shown = |host: &str, port: Option<u16>| port.map_or(host.to_owned(), |port| format!("{host}:{port}"));
        Err(DestinationError::OtherHost { api: shown(&host, url.port()), remote: shown(&remote.host, port) })
    }
}

#[cfg(test)]
mod tests {
    use super::super::named;
    use super::*;

    #[test]
    fn token_goes_to_the_host_of_the_remote_its_api_and_what_the_operator_names() {
        #[rustfmt::skip]
        let rows = [
            // forge            API                                   remote                                   operator  refused because
            ("github",          "https://api.github.com",             "https://github.com/a/b",                false,    ""),
            ("github",          "https://api.github.com",             "git@github.com:a/b",                    false,    ""),
            ("azure-devops",    "https://dev.azure.com/org",          "git@ssh.dev.azure.com:v3/org/p/r",      false,    ""),
            ("gitea",           "https://git.acme.test/api/v1",       "ssh://git@git.acme.test:2222/a/b",      false,    ""),
            ("gitea",           "https://GIT.acme.test/api/v1",       "https://git.acme.test:443/a/b",         false,    ""),
            ("gitea",           "https://git.acme.test:8443/api/v1",  "https://git.acme.test:8443/a/b",        false,    ""),
            ("gitea",           "https://git.acme.test:8443/api/v1",  "https://git.acme.test/a/b",             true,     ""),
            ("gitea",           "https://git.acme.test:8443/api/v1",  "https://git.acme.test/a/b",             false,    "to git.acme.test:8443, which is not git.acme.test,"),
            ("gitea",           "https://git.acme.test/api/v1",       "https://git.acme.test:8443/a/b",        false,    "to git.acme.test, which is not git.acme.test:8443,"),
            ("gitea",           "https://git.acme.test:2222/api/v1",  "ssh://git@git.acme.test:2222/a/b",      false,    "not git.acme.test,"),
            ("gitea",           "https://git.acme.test/api/v1",       "http://git.acme.test/a/b",              false,    ""),
            ("gitea",           "http://127.0.0.1:3000/api/v1",       "http://127.0.0.1:3001/a/b",             false,    ""),
            ("gitea",           "http://[::1]:3000/api/v1",           "http://[::1]:3000/a/b",                 false,    ""),
            ("gitea",           "https://evil.test/api/v1",           "https://git.acme.test/a/b",             false,    "not git.acme.test"),
            ("gitea",           "https://evil.test/api/v1",           "https://git.acme.test/a/b",             true,     ""),
            ("gitea",           "http://evil.test/api/v1",            "https://git.acme.test/a/b",             true,     "without TLS"),
            ("gitea",           "http://git.acme.test/api/v1",        "http://git.acme.test/a/b",              false,    "without TLS"),
            ("github",          "https://api.github.com",             "https://git.acme.test/a/b",             false,    "not git.acme.test"),
            ("bitbucket-cloud", "https://api.bitbucket.org/2.0",      "https://git.acme.test/a/b",             false,    "not git.acme.test"),
            ("bitbucket-cloud", "https://api.bitbucket.org/2.0",      "https://bitbucket.org/a/b",             false,    ""),
            ("github",          "https://api.github.com.evil.test",   "https://github.com/a/b",                false,    "not github.com"),
            ("github",          "https://git.acme.test@evil.test/",   "https://git.acme.test/a/b",             false,    "not git.acme.test"),
            ("gitea",           "https://evil.test/api/v1",           "/srv/git/a.git",                        false,    "names no host"),
            ("gitea",           "https://git.acme.test/api/v1",       "/srv/git/a.git",                        true,     ""),
            ("gitea",           "git.acme.test",                      "https://git.acme.test/a/b",             false,    "no host"),
        ];
        for (kind, api, remote, operator, refused) in rows {
            let remote = RemoteUrl::parse(remote).ok();
            let answer = named(kind).unwrap().check_destination(api, remote.as_ref(), operator);
            match answer {
                Ok(()) => assert_eq!(refused, "", "{kind} {api} {remote:?}"),
                Err(error) => assert!(!refused.is_empty() && error.to_string().contains(refused), "{api}: {error}"),
            }
        }
    }
}
