//! Rewrites the URL of a remote as `url.<base>.insteadOf` and `pushInsteadOf` of the user say (git-config(1)). Pure.
//!
//! git would do it as well, but then a token in such a base would be in the arguments of the programs that git starts, and nothing
//! would check that it is sent with TLS. The result is split into URL and login as the URL of a remote is.

use std::borrow::Cow;

use super::error::GitError;
use super::remote::RedactedUrl;
use super::settings::GitSetting;

/// The URL of the remote as people wrote it, before the user's configuration of git rewrites it.
pub(super) struct WrittenUrl {
    /// The URL for people.
    pub(super) shown: String,
    /// Scheme, host and port of an HTTP URL.
    pub(super) http_origin: Option<String>,
}

impl WrittenUrl {
    pub(super) fn new(url: &str, settings: &[GitSetting]) -> Result<Self, GitError> {
        // An abbreviation, which only the configuration completes, may be no URL.
        let (url, _) = RedactedUrl::new(url).or_else(|_| RedactedUrl::new(&fetched(url, settings)))?;
        Ok(Self { shown: url.shown(), http_origin: url.http_origin() })
    }
}

/// Returns the URL that git fetches from.
pub(super) fn fetched<'a>(url: &'a str, settings: &[GitSetting]) -> Cow<'a, str> {
    rewritten(url, ".insteadof", settings).map_or(Cow::Borrowed(url), Cow::Owned)
}

/// Returns the URL that git pushes to, for a remote with this `url` and perhaps a `pushurl`.
pub(super) fn pushed<'a>(url: &'a str, push_url: Option<&'a str>, settings: &[GitSetting]) -> Cow<'a, str> {
    match push_url {
        Some(push_url) => fetched(push_url, settings),
        None => rewritten(url, ".pushinsteadof", settings).map_or_else(|| fetched(url, settings), Cow::Owned),
    }
}

/// Returns a URL with another base. The longest prefix that matches counts, of several the first.
fn rewritten(url: &str, name: &str, settings: &[GitSetting]) -> Option<String> {
    let mut longest: Option<(&str, &str)> = None;
    for (key, prefix) in settings {
        let Some(base) = key.strip_prefix("url.").and_then(|key| key.strip_suffix(name)) else { continue };
        if url.starts_with(&**prefix) && longest.is_none_or(|(_, other)| other.len() < prefix.len()) {
            longest = Some((base, prefix));
        }
    }
    longest.map(|(base, prefix)| format!("{base}{}", &url[prefix.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rewrites_as_git_does() {
        let settings: Vec<GitSetting> = [
            ("url.https://git.acme.test/.insteadof", "acme:"),
            ("url.https://Mirror.acme.test/apps/.insteadof", "acme:apps/"),
            ("url.https://late.acme.test/.insteadof", "acme:"),
            ("url.ssh://git@git.acme.test/.pushinsteadof", "acme:"),
            ("url.https://empty.acme.test/.insteadof", "git://"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
        #[rustfmt::skip]
        let rows = [
            // url                     pushurl             fetched                              pushed
            ("https://h.test/a",       None,               "https://h.test/a",                  "https://h.test/a"),
            ("acme:a/b",               None,               "https://git.acme.test/a/b",         "ssh://git@git.acme.test/a/b"),
            ("acme:apps/b",            None,               "https://Mirror.acme.test/apps/b",   "ssh://git@git.acme.test/apps/b"),
            ("acme:a/b",               Some("acme:c"),     "https://git.acme.test/a/b",         "https://git.acme.test/c"),
            ("git://x",                None,               "https://empty.acme.test/x",         "https://empty.acme.test/x"),
        ];
        for (url, push_url, fetch, push) in rows {
            assert_eq!(fetched(url, &settings), fetch, "{url}");
            assert_eq!(pushed(url, push_url, &settings), push, "{url}");
        }
    }
}
