//! Text of a file, or why its bytes are none.

use std::io;

/// Why the bytes of a file are not text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotUtf8 {
    /// They are text in another encoding of Unicode.
    #[error("the file is UTF-16 or UTF-32; save it as UTF-8")]
    OtherUnicode,
    /// They are not UTF-8 from this offset on.
    #[error("the file is not UTF-8 at byte {0}; save it as UTF-8")]
    At(usize),
}

impl From<NotUtf8> for io::Error {
    fn from(error: NotUtf8) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

/// Returns the text of a file.
pub fn utf8(bytes: &[u8]) -> Result<&str, NotUtf8> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) || bytes.iter().take(4).any(|b| *b == 0) {
        return Err(NotUtf8::OtherUnicode);
    }
    std::str::from_utf8(bytes).map_err(|error| NotUtf8::At(error.valid_up_to()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_first_byte_that_is_not_utf_8() {
        let rows: &[(&[u8], Result<&str, NotUtf8>)] = &[
            (b"a: 1", Ok("a: 1")),
            (b"", Ok("")),
            ("caf\u{e9}".as_bytes(), Ok("caf\u{e9}")),
            (b"a: caf\xe9\n", Err(NotUtf8::At(6))),
            (b"\xff\xfea\0", Err(NotUtf8::OtherUnicode)),
            (b"\0\0\0a", Err(NotUtf8::OtherUnicode)),
        ];
        for (bytes, expected) in rows {
            assert_eq!(utf8(bytes), *expected, "{bytes:?}");
        }
    }
}
