//! The variables that name proxies. The HTTP library ignores a value that it cannot read and connects directly: past the proxy that
//! may be there to see or to stop every connection.

use std::ffi::OsString;

use hyper::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use super::error::HttpError;

/// Variables with the address of a proxy. curl(1), which git uses, prefers the names in lower case.
const ADDRESSES: &[&str] = &["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// Variables with the hosts that are reached directly.
const DIRECT: &[&str] = &["NO_PROXY", "no_proxy"];

/// Checks that this client and git can use the proxies of the environment. `variable` returns the value of a variable.
///
/// # Errors
/// If a value is not the address of a proxy, or not Unicode. The error names the variable: the value may have a password.
pub fn check_proxies(variable: impl Fn(&str) -> Option<OsString>) -> Result<(), HttpError> {
    let value = |name: &&'static str| Some((*name, variable(name)?));
    for (name, value) in ADDRESSES.iter().filter_map(value) {
        if !value.is_empty() && !value.to_str().is_some_and(is_address) {
            return Err(HttpError::Proxy { variable: name, expected: "expected the address of a proxy" });
        }
    }
    match DIRECT.iter().filter_map(value).find(|(_, value)| value.to_str().is_none()) {
        Some((variable, _)) => Err(HttpError::Proxy { variable, expected: "expected names of hosts in UTF-8" }),
        None => Ok(()),
    }
}

/// Returns whether the HTTP library reads a value as the address of a proxy, and no part of a password as its host or port.
fn is_address(value: &str) -> bool {
    let read = Matcher::builder().all(value).build().intercept(&Uri::from_static("https://tagboat.invalid"));
    let is_read =
        read.as_ref().and_then(|proxy| proxy.uri().authority()).is_some_and(|host| !host.as_str().contains('@'));
    // The library takes `http://` for granted, and the standard of URLs checks the port.
    let url = if value.contains("://") { Url::parse(value) } else { Url::parse(&format!("http://{value}")) };
    is_read && url.is_ok_and(|url| url.has_host())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_would_be_ignored() {
        #[rustfmt::skip]
        let rows = [
            ("",                                 true),
            ("proxy",                            true),
            ("proxy:3128",                       true),
            ("127.0.0.1:3128",                   true),
            ("[::1]:3128",                       true),
            ("me:secret@proxy:3128",             true),
            ("http://proxy",                     true),
            ("HTTP://proxy:3128/",               true),
            ("https://me:s%40cret@proxy:3128",   true),
            ("http://[::1]:3128",                true),
            ("socks5h://proxy:1080",             true),
            ("http://[bad",                      false),
            ("http://",                          false),
            ("http://:3128",                     false),
            (":3128",                            false),
            ("/proxy",                           false),
            ("ftp://proxy:3128",                 false),
            ("http:/proxy:3128",                 false),
            ("http//proxy:3128",                 false),
            ("proxy:3128/",                      false),
            ("http://proxy:port",                false),
            ("http://proxy:99999",               false),
            ("http://me:sec ret@proxy:3128",     false),
            ("http://me:s@cret@proxy:3128",      false),
            ("http://me:s/cret@proxy:3128",      false),
            ("http://me:s#cret@proxy:3128",      false),
            ("http://proxy:3128 ",               false),
            ("http://proxy:3128\n",              false),
            ("http://pröxy:3128",                false),
            (" ",                                false),
        ];
        let mut wrong = Vec::new();
        for (value, expected) in rows {
            for name in ADDRESSES {
                let found = check_proxies(|one| (one == *name).then(|| value.into()));
                let message = found.as_ref().err().map(ToString::to_string);
                let named = format!("invalid value in {name}: expected the address of a proxy");
                if message != (!expected).then_some(named) {
                    wrong.push((value, name, message));
                }
            }
            assert!(check_proxies(|one| DIRECT.contains(&one).then(|| value.into())).is_ok(), "{value}");
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[cfg(unix)]
    #[test]
    fn refuses_values_that_are_not_unicode() {
        use std::os::unix::ffi::OsStringExt as _;
        for name in ADDRESSES.iter().chain(DIRECT) {
            let error = check_proxies(|one| (one == *name).then(|| OsString::from_vec(b"proxy\xff".to_vec())));
            assert!(error.unwrap_err().to_string().starts_with(&format!("invalid value in {name}: ")), "{name}");
        }
    }
}
