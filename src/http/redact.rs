//! Removes secrets from URLs and responses for messages: user info, and query values that could be signatures.

use url::Url;

use crate::secret::Secret;

/// Query parameters whose values are never secret. All others may be a token or a signature: redirects to
/// object stores carry `X-Amz-Signature`, `sig`, `X-Goog-Credential` and the like.
const SHOWN_PARAMETERS: &[&str] = &[
    "n",
    "last",
    "ns",
    "service",
    "scope",
    "page",
    "per_page",
    "page_size",
    "state",
    "head",
    "base",
    "sort",
    "direction",
    "limit",
    "pagelen",
    "fields",
    "ref",
    "sha",
    "q",
];

/// Returns a URL for messages: without user info and fragment, and with `…` for the values of other query parameters.
pub fn redacted(url: &Url) -> String {
    let mut shown = format!("{}{}", origin(url), url.path());
    let query: Vec<String> = url
        .query_pairs()
        .map(|(key, value)| {
            let shown = if SHOWN_PARAMETERS.contains(&key.as_ref()) { &*value } else { "…" };
            format!("{key}={shown}")
        })
        .collect();
    if !query.is_empty() {
        shown.push('?');
        shown.push_str(&query.join("&"));
    }
    shown
}

/// Returns scheme, host and explicit port: the scope of a credential during redirects.
pub fn origin(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => format!("{}://{host}", url.scheme()),
    }
}

/// Returns the start of a body, enough for an error envelope, without the secrets of the request: some servers echo them.
pub(super) fn start_of(body: &[u8], secrets: &[Secret]) -> String {
    scrubbed(&String::from_utf8_lossy(&body[..body.len().min(4096)]), secrets)
}

/// Replaces every secret in a text.
pub(super) fn scrubbed(text: &str, secrets: &[Secret]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret.reveal(), "…");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redacts_urls() {
        #[rustfmt::skip]
        let rows = [
            ("https://u:p@ghcr.io/v2/a/tags/list?n=1000&last=v1", "https://ghcr.io/v2/a/tags/list?n=1000&last=v1"),
            ("https://s3.example/b?X-Amz-Signature=abc&n=1#frag", "https://s3.example/b?X-Amz-Signature=…&n=1"),
            ("http://[::1]:5000/v2/",                             "http://[::1]:5000/v2/"),
            ("https://ghcr.io:443/",                              "https://ghcr.io/"),
        ];
        for (url, shown) in rows {
            assert_eq!(redacted(&Url::parse(url).unwrap()), shown);
        }
    }

    #[test]
    fn removes_sent_secrets_from_bodies() {
        let sent = [Secret::new("hunter2"), Secret::new("")];
        assert_eq!(start_of(b"you sent hunter2!", &sent), "you sent …!");
        assert_eq!(start_of(&[b'a'; 9000], &sent).len(), 4096);
    }
}
