//! A tag: the mutable name of an image version. [`Shape`](super::Shape) and the policies define its order.

use std::fmt;

/// A tag that the OCI distribution specification allows: `[A-Za-z0-9_][A-Za-z0-9._-]{0,127}`.
///
/// Its order is byte order, as registries sort tags; it is *not* the order of versions.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(Box<str>);

/// Why a text is not a tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TagError {
    /// The text is empty.
    #[error("the tag is empty")]
    Empty,
    /// The specification allows 128 characters.
    #[error("the tag is {0} characters long; at most 128 are allowed")]
    TooLong(usize),
    /// The character is not allowed in a tag, or not at its start.
    #[error("character {0:?} is not allowed at position {1} of a tag")]
    Character(char, usize),
}

impl Tag {
    /// Parses a tag, in ASCII only.
    pub fn new(text: &str) -> Result<Self, TagError> {
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let bytes = text.as_bytes();
        // Registries list thousands of tags, so the error is only looked for in an invalid one.
        if bytes.len() <= 128
            && bytes.first().is_some_and(is_word)
            && bytes.iter().all(|byte| is_word(byte) || matches!(byte, b'.' | b'-'))
        {
            return Ok(Self(text.into()));
        }
        if text.is_empty() {
            return Err(TagError::Empty);
        }
        for (at, character) in text.char_indices() {
            let fits =
                character.is_ascii_alphanumeric() || character == '_' || (at > 0 && matches!(character, '.' | '-'));
            if !fits {
                return Err(TagError::Character(character, at));
            }
        }
        Err(TagError::TooLong(text.len()))
    }

    /// Returns the tag as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_grammar_of_the_specification() {
        for good in ["1", "v1.2.3", "latest", "_x", "RELEASE.2025-09-07T16-13-09Z", "4.21.0.p2.g8f515f0."] {
            assert_eq!(Tag::new(good).unwrap().as_str(), good);
        }
        assert_eq!(Tag::new(""), Err(TagError::Empty));
        assert_eq!(Tag::new(&"a".repeat(129)), Err(TagError::TooLong(129)));
        for bad in [".1", "-a", "1.2!", "a b", "täg", "a:b", "a/b", "1+2"] {
            assert!(matches!(Tag::new(bad), Err(TagError::Character(..))), "{bad}");
        }
    }
}
