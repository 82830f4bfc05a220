//! The URL of a repository without secrets: they are removed from it before any other code gets it. Pure.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;
use url::form_urlencoded;

use super::error::GitError;
use crate::secret::Secret;
use crate::text::{is_shown_parameter, percent_decoded, redact_urls};

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

/// The schemes of git without those of remote helpers.
const SCHEMES: &[&str] = &["http", "https", "ssh", "git", "file", "git+ssh", "ssh+git"];

const UNKNOWN_SCHEME: &str = "not a URL with http, https, ssh, git or file";

/// The user name of SSH at most servers. Any other may be a token.
const SHOWN_USER: &str = "git";

/// The shortest user name that is removed from messages as a token may be: a shorter one could be part of any word.
const SHORTEST_TOKEN: usize = 8;

/// The length from which a user name alone is taken for a token. Those of forges have 20 characters and more; shorter names of
/// accounts are in the URLs that some forges offer to clone.
const USUAL_TOKEN: usize = 20;

impl RedactedUrl {
    /// Splits a URL into the URL without secrets and the login that it contained.
    ///
    /// # Errors
    /// If git would print what may be a secret of the URL: in a query, in a path, or in a URL that cannot be parsed.
    pub(super) fn new(text: &str) -> Result<(Self, Option<Login>), GitError> {
        let text = text.trim();
        let refused = |cause: String| Err(GitError::InvalidUrl { cause });
        let has_secret = |cause: &str| Err(GitError::SecretInUrl { cause: cause.to_owned() });
        let Some((scheme, _)) = text.split_once("://") else {
            return match text.split_once(':') {
                // `https:/host` is a host named `https` to git, and `helper::…` may be any URL or command.
                Some((host, _)) if SCHEMES.contains(&host.to_ascii_lowercase().as_str()) => {
                    refused("invalid URL: `//` is missing".to_owned())
                }
                // An address of IPv6 is in brackets: `git@[::1]:path`.
                Some((host, rest)) if rest.starts_with(':') && !host.contains(['/', '[']) => {
                    refused(UNKNOWN_SCHEME.to_owned())
                }
                Some((host, path)) if host.len() > 1 && !host.contains('/') => match secret_in_path(path) {
                    Some(cause) => has_secret(cause),
                    None => Ok((Self(text.into()), None)),
                },
                _ => Ok((Self(text.into()), None)),
            };
        };
        let scheme = scheme.to_ascii_lowercase();
        if !SCHEMES.contains(&scheme.as_str()) {
            let shown =
                if is_shown_scheme(&scheme) { format!("unsupported scheme `{scheme}`: ") } else { String::new() };
            return refused(shown + UNKNOWN_SCHEME);
        }
        let is_http = matches!(scheme.as_str(), "http" | "https");
        let has_no_user = matches!(scheme.as_str(), "file" | "git");
        // The parser reports a user name of `file://` as an error of the host.
        if has_no_user && authority(text).contains('@') {
            return refused(format!("a URL with {scheme}:// has no user name"));
        }
        let mut url = match Url::parse(text) {
            Ok(url) => url,
            Err(error) => return refused(format!("invalid URL: {error}")),
        };
        if url.fragment().is_some() {
            return refused("invalid URL: a repository has no part after `#`".to_owned());
        }
        if has_secret_parameter(&url) {
            return has_secret("its query may have a secret, which git prints and passes to other programs");
        }
        if scheme != "file"
            && let Some(cause) = secret_in_path(url.path())
        {
            return has_secret(cause);
        }
        let (user, password) = (percent_decoded(url.username()), url.password().map(percent_decoded));
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

    /// Returns the text for git's command line.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the text for people and for detecting the forge: without a user name, unless it is the usual one.
    pub(super) fn shown(&self) -> String {
        match self.hidden_user() {
            Some(user) => self.0.replacen(&format!("{user}@"), "", 1),
            None => self.0.to_string(),
        }
    }

    /// Returns the user name of SSH that no message may contain: it may be a token. The usual one and a short one are not.
    pub(super) fn secret_user(&self) -> Option<&str> {
        self.hidden_user().filter(|user| user.len() >= SHORTEST_TOKEN)
    }

    /// Returns the user name that is not shown.
    fn hidden_user(&self) -> Option<&str> {
        let (user, _) = authority(&self.0).rsplit_once('@')?;
        // `[user@host:22]:path` has a port.
        let user = user.trim_start_matches('[');
        (!self.is_local() && user != SHOWN_USER).then_some(user)
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
        f.write_str(&self.shown())
    }
}

impl fmt::Debug for RedactedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedactedUrl({self})")
    }
}

impl Login {
    /// Returns whether there is a password, or a user name that is as long as a token.
    pub fn has_secret(&self) -> bool {
        !self.password.is_empty() || self.user.len() >= USUAL_TOKEN
    }

    /// Returns the texts that no message may contain: the login as it is in the header `Authorization`, which a server may echo, and
    /// the password, or a user name without one that may be a token.
    pub(super) fn secrets(&self) -> Vec<String> {
        let Some(secret) = self.secret() else { return Vec::new() };
        let basic = STANDARD.encode(format!("{}:{}", self.user, self.password.reveal()));
        vec![basic.trim_end_matches('=').to_owned(), secret.to_owned()]
    }

    fn secret(&self) -> Option<&str> {
        let user = Some(self.user.as_str()).filter(|user| user.len() >= SHORTEST_TOKEN);
        if self.password.is_empty() { user } else { Some(self.password.reveal()) }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(…)")
    }
}

/// Returns the address of a repository for people: without what may be a secret. The text may be no address at all.
pub fn shown(text: &str) -> String {
    RedactedUrl::new(text).map_or_else(|_| redact_urls(text), |(url, _)| url.shown())
}

/// Returns what a URL, or an address in the form of scp, has before its path.
fn authority(text: &str) -> &str {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let rest = rest.split('/').next().unwrap_or_default();
    let start = rest.find('@').unwrap_or(0);
    &rest[..rest[start..].find(':').map_or(rest.len(), |end| start + end)]
}

/// Returns whether a URL has a password, or for HTTP a user name that is as long as a token.
pub fn has_secret_login(text: &str) -> bool {
    let is_http = |url: &Url| matches!(url.scheme(), "http" | "https");
    Url::parse(text.trim())
        .is_ok_and(|url| url.password().is_some() || is_http(&url) && url.username().len() >= USUAL_TOKEN)
}

/// Returns whether a text is like the scheme of a URL, and too short to be a token in front of one.
fn is_shown_scheme(text: &str) -> bool {
    text.len() < USUAL_TOKEN && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// Returns why the path of a URL may hold a secret: what usually follows or precedes one is in it.
fn secret_in_path(path: &str) -> Option<&'static str> {
    if percent_decoded(path).contains([';', '&', '=', '?', '#']) {
        return Some("its path has a parameter, which may be a secret");
    }
    // `https://https://TOKEN@host` is a path on a host named `https`. A path with `@name` is a person's on some servers.
    let is_after_text = |segment: &str| segment.rfind('@').is_some_and(|at| at > 0);
    path.split('/')
        .any(is_after_text)
        .then_some("its path has an `@`, and what is before it may be a secret; write it as %40")
}

/// Returns whether a query has a parameter that may be a secret. One without a value may be one itself.
fn has_secret_parameter(url: &Url) -> bool {
    let mut pairs = form_urlencoded::parse(url.query().unwrap_or_default().as_bytes());
    pairs.any(|(name, value)| value.is_empty() || !is_shown_parameter(&name))
}

fn http(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
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
            ("https://me:p%FF%40s@git.example.com/a",       "https://git.example.com/a",      Some(("me", "p%FF@s"))),
            ("https://:tok@git.example.com/a",              "https://git.example.com/a",      Some(("", "tok"))),
            ("git@git.example.com:acme/apps.git",           "git@git.example.com:acme/apps.git", None),
            ("git@[::1]:acme/apps.git",                     "git@[::1]:acme/apps.git",        None),
            ("[git@git.example.com:22]:acme/apps.git",      "[git@git.example.com:22]:acme/apps.git", None),
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
            ("https://git.example.com/a.git?private_token=s3cret",       "query may have a secret"),
            ("https://git.example.com/a.git?pat=s3cret",                 "query may have a secret"),
            ("https://git.example.com/a.git?code=s3cret",                "query may have a secret"),
            ("https://git.example.com/a.git?r=b&token=s3cret",           "query may have a secret"),
            ("https://me@git.example.com/a.git?X-Amz-Signature=s3cret",  "query may have a secret"),
            ("https://git.example.com/a.git?s3cret",                     "query may have a secret"),
            ("https://git.example.com/a.git;private_token=s3cret",       "path has a parameter"),
            ("https://git.example.com/a.git&private_token=s3cret",       "path has a parameter"),
            ("https://git.example.com/a.git%3Bprivate_token%3Ds3cret",   "path has a parameter"),
            ("https://git.example.com/a.git%FF%3Bprivate_token%3Ds3cret", "path has a parameter"),
            ("git@git.example.com:a.git?private_token=s3cret",           "path has a parameter"),
            ("https://https://s3cret@git.example.com/a.git",             "path has an `@`"),
            ("me:s3cret@git.example.com/a.git",                          "path has an `@`"),
            ("ssh://git:s3/cret@git.example.com/a.git",                  "invalid URL"),
            ("git://git:s3/cret@git.example.com/a.git",                  "invalid URL"),
            ("git://s3cret@git.example.com/a.git",                       "git:// has no user name"),
            ("git://me:s3cret@git.example.com/a.git",                    "git:// has no user name"),
            ("file://s3cret@git.example.com/a.git",                      "file:// has no user name"),
            ("file://s3cret@localhost/a.git",                            "file:// has no user name"),
            ("FILE://me:s3cret@localhost/a.git",                         "file:// has no user name"),
            ("https://git.example.com/a.git#access_token=s3cret",        "no part after `#`"),
            ("https://git.example.com/a.git#s3cret",                     "no part after `#`"),
            ("https::https://s3cret@git.example.com/a.git",              "not a URL with http"),
            ("ext::curl s3cret",                                         "not a URL with http"),
            ("ftp://s3cret@git.example.com/a.git",                       "unsupported scheme `ftp`: not a URL with http"),
            ("https:/s3cret@git.example.com/a.git",                      "`//` is missing"),
            ("HTTPS:s3cret@git.example.com/a.git",                       "`//` is missing"),
            ("https://git.example.com/a.git?api%5Fkey=s3cret",           "query may have a secret"),
            ("https://me:s3/cret@git.example.com/a.git",                 "invalid URL"),
        ] {
            let error = RedactedUrl::new(text).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(shown.contains(cause) && !shown.contains("cret@") && !shown.contains("s3"), "{text}: {shown}");
        }
    }

    #[test]
    #[rustfmt::skip]
    fn shows_no_user_name_but_the_usual_one() {
        for (text, shown) in [
            ("ssh://git@git.example.com:22/a.git",    "ssh://git@git.example.com:22/a.git"),
            ("ssh://s3cret@git.example.com:22/a.git", "ssh://git.example.com:22/a.git"),
            ("git@git.example.com:a.git",             "git@git.example.com:a.git"),
            ("git@[::1]:a.git",                       "git@[::1]:a.git"),
            ("s3cret@[::1]:a.git",                    "[::1]:a.git"),
            ("s3cret@git.example.com:a.git",          "git.example.com:a.git"),
            ("ssh://s3cret@[::1]:22/a.git",           "ssh://[::1]:22/a.git"),
            ("[s3cret@git.example.com:22]:a.git",     "[git.example.com:22]:a.git"),
            ("[git@git.example.com:22]:a.git",        "[git@git.example.com:22]:a.git"),
            ("/srv/me@home/a.git",                    "/srv/me@home/a.git"),
            ("me@home/a.git",                         "me@home/a.git"),
            ("file:///srv/me@home/a.git",             "file:///srv/me@home/a.git"),
            ("https://git.example.com/@me/a.git",     "https://git.example.com/@me/a.git"),
            ("https://git.example.com/me%40home/a",   "https://git.example.com/me%40home/a"),
        ] {
            let (url, _) = RedactedUrl::new(text).unwrap();
            assert_eq!((url.shown(), url.to_string(), super::shown(text)), (shown.into(), shown.into(), shown.into()));
        }
    }

    #[test]
    #[rustfmt::skip]
    fn detects_secrets_in_the_login_of_a_url() {
        for (text, expected) in [
            ("https://me:s3cret@git.example.com/a.git",            true),
            (" HTTPS://:s3cret@git.example.com/a.git",             true),
            ("ssh://git:s3cret@git.example.com/a.git",             true),
            ("https://t0ken-of-20-letters-@git.example.com/a.git", true),
            ("https://acme@git.example.com/acme/a.git",            false),
            ("https://git.example.com/a.git",                      false),
            ("ssh://a-long-name-of-a-user@git.example.com/a.git",  false),
            ("git@git.example.com:a.git",                          false),
        ] {
            assert_eq!(has_secret_login(text), expected, "{text}");
        }
    }

    #[test]
    fn finds_user_names_of_ssh_that_no_message_may_contain() {
        for (text, user) in [
            ("glpat-0123@git.example.com:a.git", Some("glpat-0123")),
            ("ssh://glpat-0123@git.example.com:22/a.git", Some("glpat-0123")),
            ("[glpat-0123@git.example.com:22]:a.git", Some("glpat-0123")),
            ("deploy@git.example.com:a.git", None),
            ("git@git.example.com:a.git", None),
            ("/srv/glpat-0123@home/a.git", None),
        ] {
            assert_eq!(RedactedUrl::new(text).unwrap().0.secret_user(), user, "{text}");
        }
        assert_eq!(shown("ext::curl https://t0ken@h/x"), "ext::curl https://h/x");
    }

    #[test]
    fn hides_user_names_that_may_be_tokens() {
        let secret = |user: &str, password: &str| {
            let login = Login { user: user.to_owned(), password: Secret::new(password) };
            assert_eq!(format!("{login:?}"), "Login(…)");
            login.secrets()
        };
        assert_eq!(secret("ghp_0123456789", ""), ["Z2hwXzAxMjM0NTY3ODk6", "ghp_0123456789"]);
        assert_eq!(secret("me", ""), [""; 0]);
        assert_eq!(secret("x-access-token", "s3"), ["eC1hY2Nlc3MtdG9rZW46czM", "s3"]);
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
}
