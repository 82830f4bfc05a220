//! Percent-encoding in URLs (RFC 3986, section 2.1).

use std::fmt::Write as _;

/// Decodes percent-encoded text. Bytes that are not UTF-8 stay encoded, so that nothing is lost and all else can be checked.
pub fn percent_decoded(text: &str) -> String {
    let bytes: Vec<u8> = percent_encoding::percent_decode_str(text).collect();
    let mut decoded = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        decoded.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a string does not fail.
            let _ = write!(decoded, "%{byte:02X}");
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_what_is_utf8() {
        let rows = [
            ("acme/my%20app", "acme/my app"),
            ("p%40s%2Fs%3a", "p@s/s:"),
            ("%C3%a9", "é"),
            ("a%ff%3Bb", "a%FF;b"),
            ("100%", "100%"),
            ("%zz%4", "%zz%4"),
            ("é", "é"),
        ];
        for (text, expected) in rows {
            assert_eq!(percent_decoded(text), expected, "{text}");
        }
    }
}
