//! Removes from texts what may be a secret in a URL. Only the parts that never hold one are kept: scheme, host, port and path. Pure.

use std::borrow::Cow;

/// Parameters of a query that are shown: those of git's own requests, and those with which web servers name a repository. All others
/// may be a token or a signature.
const SHOWN_PARAMETERS: &[&str] = &["service", "r", "p", "repo", "repository", "path", "project"];

/// What ends the path of a URL.
const PATH_ENDS: [char; 4] = ['?', '#', ';', '&'];

/// Returns whether a parameter of a query is never a secret.
pub fn is_shown_parameter(name: &str) -> bool {
    SHOWN_PARAMETERS.contains(&name)
}

/// Removes user names, passwords and parameters that may be secrets from all URLs in a text:
/// `https://me:secret@host/x?t=secret` → `https://host/x?t=…`.
pub fn redact_urls(text: &str) -> String {
    let text = without_unreadable_proxy(text);
    let mut kept = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        kept.push_str(head);
        let end = tail.find(|c: char| c.is_whitespace() || c == '\'' || c == '"').unwrap_or(tail.len());
        kept.push_str(&redact_url(&tail[..end]));
        rest = &tail[end..];
    }
    kept + rest
}

/// Removes the address of a proxy that curl cannot read. curl quotes it without its scheme, and what it takes for the host and the port
/// may be a password: `http://me:s/cret@proxy` → `me:s`.
fn without_unreadable_proxy(text: &str) -> Cow<'_, str> {
    const START: &str = "proxy syntax in '";
    let address = text.find(START).map(|at| at + START.len()).and_then(|at| Some((at, at + text[at..].rfind('\'')?)));
    match address {
        Some((start, end)) => Cow::Owned(format!("{}…{}", &text[..start], &text[end..])),
        None => Cow::Borrowed(text),
    }
}

/// Redacts a URL without its scheme.
fn redact_url(text: &str) -> String {
    let path_end = text.find(PATH_ENDS).unwrap_or(text.len());
    // A password may contain what ends a path.
    if text[path_end..].contains('@') {
        return "…".to_owned();
    }
    // A password may contain a slash, and a user name a second scheme.
    let start = text[..path_end].rfind('@').map_or(0, |user_info| user_info + 1);
    let shown = &text[start..path_end];
    if !has_valid_port(shown.split('/').next().unwrap_or_default()) {
        return "…".to_owned();
    }
    format!("{shown}{}", redact_parameters(&text[path_end..]))
}

/// Returns whether what follows the last colon of a host may be a port: otherwise it may be a password.
fn has_valid_port(authority: &str) -> bool {
    authority.ends_with(']')
        || authority.rsplit_once(':').is_none_or(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Replaces the values of parameters in a query, after a semicolon and in a fragment, unless they are never secret.
fn redact_parameters(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for part in text.split_inclusive(PATH_ENDS) {
        let value = part.trim_end_matches(PATH_ENDS);
        let separator = &part[value.len()..];
        match value.split_once('=') {
            Some((name, _)) if is_shown_parameter(name) => kept.push_str(value),
            Some((name, _)) => kept.push_str(&format!("{name}=…")),
            None if value.is_empty() => {}
            None => kept.push('…'),
        }
        kept.push_str(separator);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[rustfmt::skip]
    fn redacts_user_info_and_parameters() {
        for (text, kept) in [
            ("no URL @ all",                                    "no URL @ all"),
            ("fatal: 'https://u:p@h/x' not found",              "fatal: 'https://h/x' not found"),
            ("https://u:p@h/x and http://t@i/y",                "https://h/x and http://i/y"),
            ("https://u:p@s@h",                                 "https://h"),
            ("ssh://git@h/x",                                   "ssh://h/x"),
            ("ssh://h:22/x, http://[::1]:80/y http://[::1]/z",  "ssh://h:22/x, http://[::1]:80/y http://[::1]/z"),
            ("https://h/x/info/refs?service=git-upload-pack",   "https://h/x/info/refs?service=git-upload-pack"),
            ("https://h/x;",                                    "https://h/x;"),
            ("https://h/x: Unsupported proxy syntax in 'u:s3cret'", "https://h/x: Unsupported proxy syntax in '…'"),
            ("Unsupported proxy syntax in 's3c'ret': Bad port",  "Unsupported proxy syntax in '…': Bad port"),
            ("Unsupported proxy syntax",                         "Unsupported proxy syntax"),
            // Forms of which no list is complete.
            ("ssh://git:s3/cret@h/x",                           "ssh://h/x"),
            ("git://s3cret@h/x",                                "git://h/x"),
            ("https://https://s3cret@h/x",                      "https://h/x"),
            ("https://u:s3?cret@h/x",                           "https://…"),
            ("https://u:s3#cret@h/x",                           "https://…"),
            ("https://u:s3;cret@h/x",                           "https://…"),
            ("https://u:s3cret/x",                              "https://…"),
            ("https://h?a=s3cret@c",                            "https://…"),
            ("https://h/x;private_token=s3cret",                "https://h/x;private_token=…"),
            ("https://h/x?pat=s3cret&r=a&code=s3cret",          "https://h/x?pat=…&r=a&code=…"),
            ("https://h/x&token=s3cret",                        "https://h/x&token=…"),
            ("https://h/x?s3cret",                              "https://h/x?…"),
            ("https://h/x#s3cret",                              "https://h/x#…"),
            ("see 'https://t@h/x?private_token=s&a=b#key=s' now", "see 'https://h/x?private_token=…&a=…#key=…' now"),
            ("https://h/x?access_token=s=&t=1 http://h/?token=s", "https://h/x?access_token=…&t=… http://h/?token=…"),
        ] {
            assert_eq!(redact_urls(text), kept);
        }
    }
}
