//! Which addresses are on this machine.

use url::{Host, Url};

/// Returns whether a URL is on this machine: `localhost`, `127.0.0.0/8` or `::1`.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        #[rustfmt::skip]
        let rows = [
            ("http://localhost:5000",        true),
            ("http://127.0.0.1",             true),
            ("http://127.8.9.1:80/v2/",      true),
            ("http://[::1]:5000",            true),
            ("http://0x7f000001",            true),
            ("http://localhost.evil.test",   false),
            ("http://127.0.0.1.evil.test",   false),
            ("http://localhost@evil.test",   false),
            ("http://10.0.0.1",              false),
            ("http://[::ffff:10.0.0.1]",     false),
        ];
        for (url, expected) in rows {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }
}
