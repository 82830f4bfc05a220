//! An image reference, with the text that it was written with and the positions of its parts.

use std::fmt;
use std::ops::Range;

use super::digest::{Digest, DigestError};
use super::name::{ImageName, NameError};
use super::tag::{Tag, TagError};

/// `[host/]path[:tag][@digest]`: as written and split into its parts. It may have both a tag and a digest. A reference to a
/// Helm chart has the version of the chart as its tag.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ImageReference {
    text: Box<str>,
    name: ImageName,
    name_end: usize,
    tag: Option<Tag>,
    digest: Option<Digest>,
    is_chart: bool,
}

/// Why a text is not an image reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// The part before tag and digest is invalid.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The part after the last colon is invalid.
    #[error(transparent)]
    Tag(#[from] TagError),
    /// The part after `@` is invalid.
    #[error(transparent)]
    Digest(#[from] DigestError),
}

impl ImageReference {
    /// Parses a reference to an image.
    pub fn new(text: &str) -> Result<Self, ReferenceError> {
        Self::read(text, Tag::new)
    }

    /// Parses a reference to a chart, whose tag is a chart version: `1.2.3+up1`.
    pub fn of_chart(text: &str) -> Result<Self, ReferenceError> {
        Ok(Self { is_chart: true, ..Self::read(text, Tag::of_chart)? })
    }

    fn read(text: &str, tag_of: fn(&str) -> Result<Tag, TagError>) -> Result<Self, ReferenceError> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(Digest::new(digest)?)),
            None => (text, None),
        };
        // A colon before the last slash belongs to a port.
        let path_start = rest.rfind('/').map_or(0, |slash| slash + 1);
        let (name_end, tag) = match rest[path_start..].find(':') {
            Some(colon) => (path_start + colon, Some(tag_of(&rest[path_start + colon + 1..])?)),
            None => (rest.len(), None),
        };
        let name = ImageName::new(&rest[..name_end])?;
        Ok(Self { text: text.into(), name, name_end, tag, digest, is_chart: false })
    }

    /// Joins a reference from separate parts. The name is kept as written.
    pub fn from_parts(name: &str, tag: Option<Tag>, digest: Option<Digest>) -> Result<Self, ReferenceError> {
        let parsed = ImageName::new(name)?;
        let mut text = name.to_owned();
        if let Some(tag) = &tag {
            text = text + ":" + tag.as_str();
        }
        if let Some(digest) = &digest {
            text = text + "@" + digest.as_str();
        }
        Ok(Self { text: text.into(), name: parsed, name_end: name.len(), tag, digest, is_chart: false })
    }

    /// Returns the same name as written, with another tag and digest.
    #[must_use]
    pub fn with(&self, tag: Option<Tag>, digest: Option<Digest>) -> Self {
        let mut text = self.text[..self.name_end].to_owned();
        for (mark, part) in [(":", tag.as_ref().map(Tag::as_str)), ("@", digest.as_ref().map(Digest::as_str))] {
            if let Some(part) = part {
                text.push_str(mark);
                text.push_str(part);
            }
        }
        Self { text: text.into(), name: self.name.clone(), tag, digest, ..*self }
    }

    /// Returns the same reference, as one to a chart.
    #[must_use]
    pub fn into_chart(self) -> Self {
        Self { is_chart: true, ..self }
    }

    /// Returns whether it refers to a Helm chart and not to an image.
    pub fn is_chart(&self) -> bool {
        self.is_chart
    }

    /// Parses a reference to what this one refers to: a chart or an image.
    pub fn parse_alike(&self, text: &str) -> Result<Self, ReferenceError> {
        if self.is_chart { Self::of_chart(text) } else { Self::new(text) }
    }

    /// Returns the text as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the normalized name.
    pub fn name(&self) -> &ImageName {
        &self.name
    }

    /// Returns the tag, if it has one. A missing tag is not replaced by `latest`.
    pub fn tag(&self) -> Option<&Tag> {
        self.tag.as_ref()
    }

    /// Returns the digest, if it has one.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// Returns the bytes of the name within [`as_str`](Self::as_str).
    pub fn name_range(&self) -> Range<usize> {
        0..self.name_end
    }

    /// Returns the bytes of the tag within [`as_str`](Self::as_str).
    pub fn tag_range(&self) -> Option<Range<usize>> {
        let start = self.name_end + 1;
        self.tag.as_ref().map(|tag| start..start + tag.as_str().len())
    }

    /// Returns the bytes of the digest, algorithm included, within [`as_str`](Self::as_str).
    pub fn digest_range(&self) -> Option<Range<usize>> {
        self.digest.as_ref().map(|digest| self.text.len() - digest.as_str().len()..self.text.len())
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ImageReference({})", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn splits_references_into_their_parts() {
        #[rustfmt::skip]
        let rows = [
            ("nginx",                      "docker.io/library/nginx", None,        false),
            ("nginx:1.27",                 "docker.io/library/nginx", Some("1.27"), false),
            ("localhost:5000/a/b:v1",      "localhost:5000/a/b",      Some("v1"),  false),
            ("localhost:5000/a/b",         "localhost:5000/a/b",      None,        false),
            ("ghcr.io/a/b:v1@sha256:HEX",  "ghcr.io/a/b",             Some("v1"),  true),
            ("ghcr.io/a/b@sha256:HEX",     "ghcr.io/a/b",             None,        true),
        ];
        for (text, name, tag, pinned) in rows {
            let text = text.replace("HEX", HEX);
            let read = ImageReference::new(&text).unwrap();
            assert_eq!(read.as_str(), text);
            assert_eq!((read.name().as_str(), read.tag().map(Tag::as_str)), (name, tag), "{text}");
            assert_eq!(read.digest().is_some(), pinned, "{text}");
            assert_eq!(read.tag_range().map(|r| &read.as_str()[r]), tag);
            if let Some(range) = read.digest_range() {
                assert_eq!(&read.as_str()[range], format!("sha256:{HEX}"));
            }
        }
    }

    #[test]
    fn rejects_invalid_references() {
        for bad in
            ["", ":1", "a:", "a:invalid!", "{IMAGE}", "<image_url>", "IMAGE_URL", "a@sha256:12", "/proxyv2:", "a@b@c"]
        {
            assert!(ImageReference::new(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_keeps_the_text(text in "\\PC{0,60}") {
            if let Ok(read) = ImageReference::new(&text) {
                prop_assert_eq!(read.as_str(), text.as_str());
                prop_assert_eq!(read.with(read.tag().cloned(), read.digest().cloned()), read);
            }
        }
    }
}
