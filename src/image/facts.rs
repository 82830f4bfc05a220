//! Facts about an image beyond its tag.

use std::fmt;

use jiff::Timestamp;

use super::digest::Digest;

/// Facts about one image, as far as its registry and its metadata record them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageFacts {
    /// The digest of the index of a multi-platform image, else of its image manifest.
    pub digest: Option<Digest>,
    /// The build time in its configuration. Reproducible builds have 1970 or another constant.
    pub created: Option<Timestamp>,
    /// When the registry received it, if the registry reports that.
    pub pushed: Option<Timestamp>,
    /// When an earlier run recorded the tag in a cache folder for the first time.
    pub first_seen: Option<Timestamp>,
    /// Platforms in the index, or the single one of the image manifest's configuration.
    pub platforms: Vec<Platform>,
    /// The type of an artifact that is not a container image: of its configuration, or its own. `None` for images.
    pub artifact_type: Option<String>,
    /// The image manifests of an index, by platform; empty without an index.
    pub members: Vec<(Platform, Digest)>,
    /// Bytes to transfer: its compressed layers and its configuration; of an index, those of one platform.
    pub size: Option<u64>,
    /// Label or annotation `org.opencontainers.image.source`: the URL of the source repository.
    pub source: Option<String>,
    /// Label or annotation `org.opencontainers.image.revision`: the commit that it was built from.
    pub revision: Option<String>,
    /// Label or annotation `org.opencontainers.image.version`.
    pub version: Option<String>,
    /// Label or annotation `org.opencontainers.image.url` or `.documentation`: a place for release notes.
    pub url: Option<String>,
}

/// The earliest build time of a container image that is not that of a reproducible build: no container is older.
const FIRST_CONTAINER: Timestamp = Timestamp::constant(1_356_998_400, 0);

impl ImageFacts {
    /// Returns when the image was built; `None` for the constant time of a reproducible build.
    pub fn build_time(&self) -> Option<Timestamp> {
        self.created.filter(|created| !is_reproducible(*created))
    }
}

/// Returns whether a build time is the constant of a reproducible build, such as 1970.
pub fn is_reproducible(created: Timestamp) -> bool {
    created < FIRST_CONTAINER
}

/// `os/architecture[/variant]`, as in an OCI index.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Platform {
    /// `linux`, `windows`, …
    pub os: String,
    /// `amd64`, `arm64`, … (Go's names).
    pub architecture: String,
    /// `v7`, `v8`, …
    pub variant: Option<String>,
}

/// Why a text is not a platform.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid platform `{}`: expected one such as linux/amd64 or linux/arm/v7", .0.escape_debug())]
pub struct PlatformError(String);

impl Platform {
    /// Parses `os/architecture[/variant]`.
    pub fn new(text: &str) -> Result<Self, PlatformError> {
        let part =
            |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
        match text.split('/').collect::<Vec<_>>()[..] {
            [os, architecture] if part(os) && part(architecture) => {
                Ok(Self { os: os.to_owned(), architecture: architecture.to_owned(), variant: None })
            }
            [os, architecture, variant] if part(os) && part(architecture) && part(variant) => {
                Ok(Self { os: os.to_owned(), architecture: architecture.to_owned(), variant: Some(variant.to_owned()) })
            }
            _ => Err(PlatformError(text.to_owned())),
        }
    }

    /// Returns whether an image for `offered` runs on this platform. A platform without a variant accepts any variant;
    /// `arm64` and `arm64/v8` are the same (containerd's normalization).
    pub fn accepts(&self, offered: &Self) -> bool {
        let variant = |p: &Self| match (p.architecture.as_str(), p.variant.as_deref()) {
            ("arm64", None) => Some("v8".to_owned()),
            (_, other) => other.map(str::to_owned),
        };
        self.os == offered.os
            && self.architecture == offered.architecture
            && (self.variant.is_none() || variant(self) == variant(offered))
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.as_ref().map_or(Ok(()), |variant| write!(f, "/{variant}"))
    }
}

impl fmt::Debug for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Platform({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_platforms_that_run_the_image() {
        #[rustfmt::skip]
        let rows = [
            ("linux/amd64",    "linux/amd64",    true),
            ("linux/amd64",    "linux/arm64",    false),
            ("linux/arm",      "linux/arm/v7",   true),
            ("linux/arm/v6",   "linux/arm/v7",   false),
            ("linux/arm64/v8", "linux/arm64",    true),
            ("linux/amd64",    "windows/amd64",  false),
        ];
        for (wanted, offered, runs) in rows {
            assert_eq!(
                Platform::new(wanted).unwrap().accepts(&Platform::new(offered).unwrap()),
                runs,
                "{wanted} {offered}"
            );
        }
        for bad in ["", "linux", "linux/", "a/b/c/d", "linux/amd 64"] {
            assert!(Platform::new(bad).is_err(), "{bad}");
        }
    }
}
