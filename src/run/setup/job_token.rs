//! Reads secrets that a person set for a forge or for git, and withholds a token of the CI job from all but the server of the job.

use crate::docs::hint;
use crate::error::Error;
use crate::forge::{self, RemoteUrl, Scheme};
use crate::git::Login;
use crate::http::Url;
use crate::http::identity::JobToken;
use crate::secret::Secret;

use super::variables::{secret, variable};

/// Returns the tokens that a CI system set for this job.
pub(super) fn job_tokens() -> Vec<JobToken> {
    forge::job_tokens(variable)
}

/// Returns the secret in a variable, or in the file that the variable with the suffix `_FILE` names. If it is a token of this
/// job, `is_receiver` decides whether the server of the job is the receiver; otherwise this is logged, and the result is `None`.
pub(super) fn secret_for(
    name: &str,
    receiver: &str,
    is_receiver: impl Fn(&str) -> bool,
) -> Result<Option<Secret>, Error> {
    let Some(token) = secret(name)? else { return Ok(None) };
    let is_for_receiver = is_for(name, &token, receiver, is_receiver);
    Ok(if is_for_receiver { Some(token) } else { None })
}

/// Returns whether a receiver may get the value of a variable: if not, because it is a token of this job for another server, this
/// is logged.
pub(super) fn is_for(name: &str, value: &Secret, receiver: &str, is_receiver: impl Fn(&str) -> bool) -> bool {
    let tokens = job_tokens();
    let withheld = JobToken::withheld(&tokens, |secret| secret == value, is_receiver);
    if let Some(token) = withheld {
        tracing::warn!("{name} is not sent to {receiver}: it is {token}");
    }
    withheld.is_none()
}

/// Checks that the login in the URL of a git remote is no token of this job for another server.
pub(super) fn refuse_job_token(remote: &RemoteUrl, url: &str, login: &Login) -> Result<(), Error> {
    let is_receiver = |server: &str| is_on(remote, server);
    let is_sent = |secret: &Secret| login.password == *secret || Secret::new(&login.user) == *secret;
    match JobToken::withheld(&job_tokens(), is_sent, is_receiver) {
        None => Ok(()),
        Some(token) => Err(Error::usage(
            format!("cannot log in to {url}: the login in this URL is {token}"),
            hint!(
                "security.md#where-secrets-go",
                "remove the login from the URL of the git remote, and set TAGBOAT_GIT_USER and TAGBOAT_GIT_PASSWORD to one for this host"
            ),
        )),
    }
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
