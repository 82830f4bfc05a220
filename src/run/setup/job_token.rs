//! Reads secrets that a person set for a forge or for git, and withholds a token of the CI job from all but the server of the job.

use crate::error::Error;
use crate::forge::{self, RemoteUrl, Scheme, TokenOwner};
use crate::http::Url;
use crate::secret::Secret;

use super::variables::{secret, variable};

/// Returns the secret in a variable, or in the file that the variable with the suffix `_FILE` names. If it is a token of this
/// job, `is_receiver` decides whether the server of the job is the receiver; otherwise this is logged, and the result is `None`.
pub(super) fn secret_for(
    name: &str,
    receiver: &str,
    is_receiver: impl Fn(&str) -> bool,
) -> Result<Option<Secret>, Error> {
    let Some(token) = secret(name)? else { return Ok(None) };
    let owner = match forge::owner_of_token(&token, variable) {
        TokenOwner::Person => return Ok(Some(token)),
        TokenOwner::Server(server) if is_receiver(&server) => return Ok(Some(token)),
        TokenOwner::Server(server) => format!("only for {server}"),
        TokenOwner::Unknown => "for a server that the job does not name".to_owned(),
    };
    tracing::warn!("{name} is not sent to {receiver}: it is the token of this job, which is {owner}");
    Ok(None)
}

/// Returns whether git reaches a remote on the server at a web address.
pub(super) fn is_on(remote: &RemoteUrl, server: &str) -> bool {
    let Ok(server) = Url::parse(server) else { return false };
    let is_same_port = match remote.scheme {
        Scheme::Https => remote.port.unwrap_or(443) == server.port_or_known_default().unwrap_or_default(),
        Scheme::Http => remote.port.unwrap_or(80) == server.port_or_known_default().unwrap_or_default(),
        // These ports are not those of the web.
        Scheme::Ssh | Scheme::Git => true,
    };
    is_same_port && server.host_str().is_some_and(|host| host.eq_ignore_ascii_case(&remote.host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remote_is_on_the_server_with_its_host_and_port() {
        #[rustfmt::skip]
        let rows = [
            // remote                               server                          on it
            ("https://git.acme.test/a/b.git",       "https://git.acme.test",        true),
            ("https://git.acme.test/a/b.git",       "https://Git.acme.test:443/",   true),
            ("https://git.acme.test:8443/a/b.git",  "https://git.acme.test",        false),
            ("http://git.acme.test/a/b.git",        "https://git.acme.test",        false),
            ("http://127.0.0.1:3000/a/b.git",       "http://127.0.0.1:3000",        true),
            ("git@git.acme.test:a/b.git",           "https://git.acme.test:8443",   true),
            ("https://git.acme.test.evil/a/b.git",  "https://git.acme.test",        false),
            ("https://git.acme.test/a/b.git",       "git.acme.test",                false),
        ];
        for (remote, server, expected) in rows {
            assert_eq!(is_on(&RemoteUrl::parse(remote).unwrap(), server), expected, "{remote} {server}");
        }
    }
}
