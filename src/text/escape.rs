//! Text for people without characters that are invisible, change other text, or act on a terminal.

/// Returns a name with each byte that is not UTF-8 as `\xff`.
pub fn escaped_name(name: &[u8]) -> String {
    let mut out = String::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        out.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| out.push_str(&format!("\\x{byte:02x}")));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_bytes_that_are_not_utf_8() {
        assert_eq!(escaped_name("caf\u{e9}/a.yaml".as_bytes()), "caf\u{e9}/a.yaml");
        assert_eq!(escaped_name(b"caf\xe9/\xf0\x9f.yaml"), "caf\\xe9/\\xf0\\x9f.yaml");
    }
}
