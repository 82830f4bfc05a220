//! What of a URL or of an answer may be shown: never user info, never a query value that could be a signature.

use url::Url;

use crate::secret::Secret;

/// Query parameters whose values are plain questions. Everything else may be a token or a signature: redirects to
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

/// A URL fit for a message: user info dropped, query values of unknown parameters and the fragment replaced by `…`.
pub fn redacted(url: &Url) -> String {
    let mut shown = format!("{}{}", origin(url), url.path());
    let query: Vec<String> = url
        .query_pairs()
        .map(|(key, value)| match SHOWN_PARAMETERS.contains(&key.as_ref()) {
            true => format!("{key}={value}"),
            false => format!("{key}=…"),
        })
        .collect();
    if !query.is_empty() {
        shown.push('?');
        shown.push_str(&query.join("&"));
    }
    shown
}

/// Scheme, host and explicit port: what a credential is bound to when a redirect is followed.
pub fn origin(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => format!("{}://{host}", url.scheme()),
    }
}

/// The start of a body, enough for an error envelope, without the secrets that were sent with the request: some servers
/// echo what they got.
pub(super) fn start_of(body: &[u8], secrets: &[Secret]) -> String {
    scrubbed(&String::from_utf8_lossy(&body[..body.len().min(4096)]), secrets)
}

/// `text` with every secret replaced.
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
    fn urls_without_secrets() {
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
    fn bodies_without_what_was_sent() {
        let sent = [Secret::new("hunter2"), Secret::new("")];
        assert_eq!(start_of(b"you sent hunter2!", &sent), "you sent …!");
        assert_eq!(start_of(&[b'a'; 9000], &sent).len(), 4096);
    }
}
