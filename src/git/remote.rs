//! The URL of a repository without secrets: a password is removed from it before any other code sees it. Pure.

use std::fmt;

use url::Url;

use crate::secret::Secret;

/// The URL or path of a repository as git accepts it, without a password.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct RemoteUrl(Box<str>);

/// The account at an HTTP server. Forges accept a token as the password, with a user name for its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The user name, such as `x-access-token` (GitHub) or `oauth2` (GitLab).
    pub user: String,
    /// The password or token.
    pub password: Secret,
}

impl RemoteUrl {
    /// Splits a URL into the URL without a password and the login that it contained.
    pub(super) fn new(text: &str) -> (Self, Option<Login>) {
        let text = text.trim();
        let Some(mut url) = http(text) else { return (Self(text.into()), None) };
        let Some(password) = url.password().map(percent_decode) else { return (Self(text.into()), None) };
        let login = Login { user: percent_decode(url.username()), password: Secret::new(&password) };
        // Both fail only for URLs without a host, which `http` rejects.
        let _ = url.set_password(None);
        let _ = url.set_username("");
        (Self(url.as_str().into()), Some(login))
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

impl fmt::Display for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redact(&self.0))
    }
}

impl fmt::Debug for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RemoteUrl({self})")
    }
}

/// Removes user names and passwords from all URLs in a text: `https://me:secret@host/x` → `https://host/x`.
pub fn redact(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        kept.push_str(head);
        let end = tail.find(|c: char| c == '/' || c.is_whitespace() || c == '\'' || c == '"').unwrap_or(tail.len());
        rest = match tail[..end].rfind('@') {
            Some(userinfo) => &tail[userinfo + 1..],
            None => tail,
        };
    }
    kept + rest
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
    fn removes_passwords_from_urls() {
        for (text, url, login) in [
            ("https://git.example.com/a.git",               "https://git.example.com/a.git",  None),
            ("https://me@git.example.com/a.git",            "https://me@git.example.com/a.git", None),
            ("https://me:s3cret@git.example.com/a.git",     "https://git.example.com/a.git",  Some(("me", "s3cret"))),
            ("https://me:p%40s%2F%@git.example.com:8443/a", "https://git.example.com:8443/a", Some(("me", "p@s/%"))),
            ("https://:tok@git.example.com/a",              "https://git.example.com/a",      Some(("", "tok"))),
            ("git@git.example.com:acme/apps.git",           "git@git.example.com:acme/apps.git", None),
            ("ssh://git@git.example.com:22/acme/apps.git",  "ssh://git@git.example.com:22/acme/apps.git", None),
            ("/srv/git/apps.git",                           "/srv/git/apps.git",              None),
        ] {
            let (remote, found) = RemoteUrl::new(text);
            assert_eq!(remote.as_str(), url, "{text}");
            let found = found.as_ref().map(|login| (login.user.as_str(), login.password.reveal()));
            assert_eq!(found, login, "{text}");
        }
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
            let (remote, _) = RemoteUrl::new(text);
            assert_eq!((remote.is_local(), remote.http_origin().as_deref()), (local, origin), "{text}");
        }
    }

    #[test]
    #[rustfmt::skip]
    fn redacts_only_the_user_info() {
        for (text, kept) in [
            ("no URL @ all",                                    "no URL @ all"),
            ("fatal: 'https://u:p@h/x' not found",              "fatal: 'https://h/x' not found"),
            ("https://u:p@h/x and http://t@i/y@z",              "https://h/x and http://i/y@z"),
            ("https://u:p@s@h",                                 "https://h"),
            ("ssh://git@h/x",                                   "ssh://h/x"),
        ] {
            assert_eq!(redact(text), kept);
        }
    }
}
