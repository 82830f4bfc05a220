//! A tag: the mutable name of an image version. [`Shape`](super::Shape) and the policies define its order.
//!
//! The version of a Helm chart may have build metadata after a `+`, which no tag can hold: Helm pushes `1.2.3+up1` as the tag
//! `1.2.3_up1`, and reads every `_` as `+`. Here such a tag has its `+`, as manifests write it; registries get the `_`.

use std::borrow::Cow;
use std::fmt;

/// A tag that the OCI distribution specification allows: `[A-Za-z0-9_][A-Za-z0-9._-]{0,127}`; in a chart version, with `+`.
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
    /// The character is not allowed in a tag, or not at its start. The first position is 1.
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
                return Err(TagError::Character(character, text[..at].chars().count() + 1));
            }
        }
        Err(TagError::TooLong(text.len()))
    }

    /// Parses the version of a chart, with or without build metadata. A `_` is read as `+`, as Helm reads it.
    pub fn of_chart(text: &str) -> Result<Self, TagError> {
        Ok(Self::new(&text.replace('+', "_"))?.into_chart_version())
    }

    /// Parses a tag, or the version of a chart: only that has a `+`.
    pub fn of_image_or_chart(text: &str) -> Result<Self, TagError> {
        if text.contains('+') { Self::of_chart(text) } else { Self::new(text) }
    }

    /// Returns the version of the chart that has this tag.
    #[must_use]
    pub fn into_chart_version(self) -> Self {
        if self.0.contains('_') { Self(self.0.replace('_', "+").into()) } else { self }
    }

    /// Returns the tag that the registry has for it.
    #[must_use]
    pub fn in_registry(&self) -> Cow<'_, Self> {
        if self.0.contains('+') { Cow::Owned(Self(self.0.replace('+', "_").into())) } else { Cow::Borrowed(self) }
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

/// Returns whether a tag is of what is attached to an image by its digest: cosign's `sha256-….sig`, `.att` and `.sbom`, and the
/// referrers tags of the distribution specification.
pub fn is_attachment(tag: &str) -> bool {
    let Some(rest) = tag.strip_prefix("sha256-") else { return false };
    let hex = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
    hex == 64 && (rest.len() == 64 || rest.as_bytes()[64] == b'.')
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

    #[test]
    fn chart_versions_have_a_plus_and_their_tags_an_underscore() {
        for (written, version, tag) in [
            ("1.2.3", "1.2.3", "1.2.3"),
            ("102.0.0+up1.2.3", "102.0.0+up1.2.3", "102.0.0_up1.2.3"),
            ("102.0.0_up1.2.3", "102.0.0+up1.2.3", "102.0.0_up1.2.3"),
            ("0.2.1-rc.1+build.5", "0.2.1-rc.1+build.5", "0.2.1-rc.1_build.5"),
        ] {
            let read = Tag::of_chart(written).unwrap();
            assert_eq!((read.as_str(), read.in_registry().as_str()), (version, tag), "{written}");
            assert_eq!(Tag::new(tag).unwrap().into_chart_version(), read, "{written}");
        }
        for bad in ["", "1 2", "1.2.3+ä"] {
            assert!(Tag::of_chart(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn finds_attachments() {
        let hex = "0123456789abcdef".repeat(4);
        for (tag, expected) in [
            (format!("sha256-{hex}.sig"), true),
            (format!("sha256-{hex}.att"), true),
            (format!("sha256-{hex}"), true),
            (format!("sha256-{hex}x"), false),
            ("sha256-12.sig".to_owned(), false),
            (format!("v1-sha256-{hex}.sig"), false),
        ] {
            assert_eq!(is_attachment(&tag), expected, "{tag}");
        }
    }
}
