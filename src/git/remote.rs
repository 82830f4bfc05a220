//! The URL of a repository without secrets: they are removed from it before any other code gets it. Pure.

use std::fmt;

use url::Url;
use url::form_urlencoded;

use super::error::GitError;
use crate::secret::Secret;

/// The URL or path of a repository as git accepts it, without a password, and for HTTP without a user name.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct RedactedUrl(Box<str>);

/// The account at an HTTP server. Forges accept a token as the password, with a user name for its kind.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The user name, such as `x-access-token` (GitHub) or `oauth2` (GitLab). Without a password it may be a token.
    pub user: String,
    /// The password or token; empty if only the URL named a user, and a credential helper may have the password.
    pub password: Secret,
}

/// Parts of names of query parameters that are secrets: `private_token` (GitLab), `access_token`, `api_key`, `X-Amz-Signature`.
const SECRET_PARAMETERS: &[&str] =
    &["auth", "credential", "jwt", "key", "pass", "pwd", "secret", "session", "sig", "token"];

/// The schemes of git without those of remote helpers.
const SCHEMES: &[&str] = &["http", "https", "ssh", "git", "file", "git+ssh", "ssh+git"];

const UNKNOWN_SCHEME: &str = "not a URL with http, https, ssh, git or file";

/// The shortest user name that is removed from messages as a token may be: a shorter one could be part of any word.
const SHORTEST_TOKEN: usize = 8;

impl RedactedUrl {
    /// Splits a URL into the URL without secrets and the login that it contained.
    ///
    /// # Errors
    /// If git would print a secret of the URL: one in a query parameter, or one in a URL that cannot be parsed.
    pub(super) fn new(text: &str) -> Result<(Self, Option<Login>), GitError> {
        let text = text.trim();
        let refused = |cause: String| Err(GitError::InvalidUrl { cause });
        let Some((scheme, _)) = text.split_once("://") else {
            return match text.split_once(':') {
                // `https:/host` is a host named `https` to git, and `helper::…` may be any URL or command.
                Some((host, _)) if SCHEMES.contains(&host.to_ascii_lowercase().as_str()) => {
                    refused("invalid URL: `//` is missing".to_owned())
                }
                Some((host, rest)) if rest.starts_with(':') && !host.contains('/') => {
                    refused(UNKNOWN_SCHEME.to_owned())
                }
                _ => Ok((Self(text.into()), None)),
            };
        };
        let scheme = scheme.to_ascii_lowercase();
        if !SCHEMES.contains(&scheme.as_str()) {
            return refused(UNKNOWN_SCHEME.to_owned());
        }
        let is_http = matches!(scheme.as_str(), "http" | "https");
        let mut url = match Url::parse(text) {
            Ok(url) => url,
            Err(error) if is_http => return refused(format!("invalid URL: {error}")),
            Err(_) => return Ok((Self(text.into()), None)),
        };
        if url.fragment().is_some() {
            return refused("invalid URL: a repository has no part after `#`".to_owned());
        }
        if let Some(name) = secret_parameter(&url) {
            return refused(format!("its parameter {name} is a secret, which git prints and passes to other programs"));
        }
        let (user, password) = (percent_decode(url.username()), url.password().map(percent_decode));
        if !(password.is_some() || is_http && !user.is_empty()) {
            return Ok((Self(text.into()), None));
        }
        // These fail only for URLs without a host, which have no user either.
        let _ = url.set_password(None);
        if !is_http {
            // ssh accepts no password, and needs the user name.
            return Ok((Self(url.as_str().into()), None));
        }
        let _ = url.set_username("");
        let login = Login { user, password: Secret::new(&password.unwrap_or_default()) };
        Ok((Self(url.as_str().into()), Some(login)))
    }

    /// Returns the text for git's command line, for people, and for detecting the forge.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns scheme, host and port of an HTTP URL: the scope of a password.
    pub(super) fn http_origin(&self) -> Option<String> {
        http(&self.0).map(|url| url.origin().ascii_serialization())
    }

    /// Returns whether it is a folder of this machine: `file://…`, or a path, which has no colon before its first slash.
    pub(super) fn is_local(&self) -> bool {
        let before_slash = self.0.split('/').next().unwrap_or_default();
        self.0.starts_with("file://") || !before_slash.contains(':')
    }
}

impl fmt::Display for RedactedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redact(&self.0))
    }
}

impl fmt::Debug for RedactedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedactedUrl({self})")
    }
}

impl Login {
    /// Returns the part that no message may contain: the password, or a user name without one that may be a token.
    pub(super) fn secret(&self) -> Option<&str> {
        let user = Some(self.user.as_str()).filter(|user| user.len() >= SHORTEST_TOKEN);
        if self.password.is_empty() { user } else { Some(self.password.reveal()) }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(…)")
    }
}

/// Removes user names, passwords and secret parameters from all URLs in a text: `https://me:secret@host/x` → `https://host/x`.
pub fn redact(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        kept.push_str(head);
        let end = tail.find(|c: char| c.is_whitespace() || c == '\'' || c == '"').unwrap_or(tail.len());
        let host_end = tail[..end].find(['/', '?', '#']).unwrap_or(end);
        let start = tail[..host_end].rfind('@').map_or(0, |userinfo| userinfo + 1);
        let query = tail[start..end].find(['?', '#']).map_or(end, |at| start + at);
        kept.push_str(&tail[start..query]);
        kept.push_str(&redact_parameters(&tail[query..end]));
        rest = &tail[end..];
    }
    kept + rest
}

/// Replaces the values of secret parameters in a query and a fragment.
fn redact_parameters(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for part in text.split_inclusive(['?', '&', '#', ';']) {
        match part.split_once('=') {
            Some((name, value)) if is_secret_parameter(name) => {
                let separator = value.chars().last().filter(|last| "?&#;".contains(*last));
                kept.push_str(&format!("{name}=…{}", separator.map(String::from).unwrap_or_default()));
            }
            _ => kept.push_str(part),
        }
    }
    kept
}

/// Returns the name of a parameter in the query that is a secret, in quotes. A parameter without a value may be one, and has no name.
fn secret_parameter(url: &Url) -> Option<String> {
    let mut pairs = form_urlencoded::parse(url.query()?.as_bytes());
    let (name, value) = pairs.find(|(name, value)| value.is_empty() || is_secret_parameter(name))?;
    Some(if value.is_empty() { "without a name".to_owned() } else { format!("'{name}'") })
}

fn is_secret_parameter(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_PARAMETERS.iter().any(|part| name.contains(part))
}

fn http(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Decodes `%40` and the like (RFC 3986, 2.1).
fn percent_decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[rustfmt::skip]
    fn splits_logins_from_urls() {
        for (text, url, login) in [
            ("https://git.example.com/a.git",               "https://git.example.com/a.git",  None),
            ("https://t0ken@git.example.com/a.git",         "https://git.example.com/a.git",  Some(("t0ken", ""))),
            ("https://t0ken:@git.example.com/a.git",        "https://git.example.com/a.git",  Some(("t0ken", ""))),
            ("HTTPS://t0ken@git.example.com/a.git",         "https://git.example.com/a.git",  Some(("t0ken", ""))),
            ("https://git.example.com/git.cgi?r=a.git",     "https://git.example.com/git.cgi?r=a.git", None),
            ("https://me:s3cret@git.example.com/a.git",     "https://git.example.com/a.git",  Some(("me", "s3cret"))),
            ("https://me:p%40s%2F%@git.example.com:8443/a", "https://git.example.com:8443/a", Some(("me", "p@s/%"))),
            ("https://:tok@git.example.com/a",              "https://git.example.com/a",      Some(("", "tok"))),
            ("git@git.example.com:acme/apps.git",           "git@git.example.com:acme/apps.git", None),
            ("ssh://git@git.example.com:22/acme/apps.git",  "ssh://git@git.example.com:22/acme/apps.git", None),
            ("ssh://git:s3cret@git.example.com/a.git",      "ssh://git@git.example.com/a.git", None),
            ("/srv/git/apps.git",                           "/srv/git/apps.git",              None),
        ] {
            let (remote, found) = RedactedUrl::new(text).unwrap();
            assert_eq!(remote.as_str(), url, "{text}");
            let found = found.as_ref().map(|login| (login.user.as_str(), login.password.reveal()));
            assert_eq!(found, login, "{text}");
        }
    }

    #[test]
    #[rustfmt::skip]
    fn refuses_urls_whose_secrets_git_would_print() {
        for (text, cause) in [
            ("https://git.example.com/a.git?private_token=s3cret",       "'private_token' is a secret"),
            ("https://git.example.com/a.git?access_token=s3cret",        "'access_token' is a secret"),
            ("https://git.example.com/a.git?a=b&token=s3cret",           "'token' is a secret"),
            ("https://me@git.example.com/a.git?X-Amz-Signature=s3cret",  "'X-Amz-Signature' is a secret"),
            ("https://git.example.com/a.git?s3cret",                     "without a name is a secret"),
            ("https://git.example.com/a.git#access_token=s3cret",        "no part after `#`"),
            ("https://git.example.com/a.git#s3cret",                     "no part after `#`"),
            ("https::https://s3cret@git.example.com/a.git",              "not a URL with http"),
            ("ext::curl s3cret",                                         "not a URL with http"),
            ("ftp://s3cret@git.example.com/a.git",                       "not a URL with http"),
            ("https:/s3cret@git.example.com/a.git",                      "`//` is missing"),
            ("HTTPS:s3cret@git.example.com/a.git",                       "`//` is missing"),
            ("https://git.example.com/a.git?api%5Fkey=s3cret",           "'api_key' is a secret"),
            ("https://me:s3/cret@git.example.com/a.git",                 "invalid URL"),
        ] {
            let error = RedactedUrl::new(text).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(shown.contains(cause) && !shown.contains("cret@") && !shown.contains("s3"), "{text}: {shown}");
        }
    }

    #[test]
    fn hides_user_names_that_may_be_tokens() {
        let secret = |user: &str, password: &str| {
            let login = Login { user: user.to_owned(), password: Secret::new(password) };
            assert_eq!(format!("{login:?}"), "Login(…)");
            login.secret().map(str::to_owned)
        };
        assert_eq!(secret("ghp_0123456789", ""), Some("ghp_0123456789".to_owned()));
        assert_eq!(secret("me", ""), None);
        assert_eq!(secret("x-access-token", "s3"), Some("s3".to_owned()));
    }

    #[test]
    #[rustfmt::skip]
    fn detects_local_folders_and_http_origins() {
        for (text, local, origin) in [
            ("https://git.example.com/a.git",        false, Some("https://git.example.com")),
            ("http://127.0.0.1:8081/git/a.git",      false, Some("http://127.0.0.1:8081")),
            ("https://me@git.example.com:8443/a",    false, Some("https://git.example.com:8443")),
            ("git@git.example.com:a.git",            false, None),
            ("ssh://git@git.example.com/a.git",      false, None),
            ("git://127.0.0.1/a.git",                false, None),
            ("file:///srv/a.git",                    true,  None),
            ("/srv/a.git",                           true,  None),
            ("../a.git",                             true,  None),
            ("./odd:name",                           true,  None),
        ] {
            let (remote, _) = RedactedUrl::new(text).unwrap();
            assert_eq!((remote.is_local(), remote.http_origin().as_deref()), (local, origin), "{text}");
        }
    }

    #[test]
    #[rustfmt::skip]
    fn redacts_user_info_and_secret_parameters() {
        for (text, kept) in [
            ("no URL @ all",                                    "no URL @ all"),
            ("fatal: 'https://u:p@h/x' not found",              "fatal: 'https://h/x' not found"),
            ("https://u:p@h/x and http://t@i/y@z",              "https://h/x and http://i/y@z"),
            ("https://u:p@s@h",                                 "https://h"),
            ("ssh://git@h/x",                                   "ssh://h/x"),
            ("https://h?a=b@c",                                 "https://h?a=b@c"),
            ("see 'https://t@h/x?private_token=s&a=b#key=s' now", "see 'https://h/x?private_token=…&a=b#key=…' now"),
            ("https://h/x?access_token=s=&t=1 http://h/?token=s", "https://h/x?access_token=…&t=1 http://h/?token=…"),
        ] {
            assert_eq!(redact(text), kept);
        }
    }
}
