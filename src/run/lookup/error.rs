//! Why the lookup of an image failed: the registry, or an image that `--image` gives and that the registry does not have.

use crate::docs::{Hint, hint};
use crate::error::{Error, Exit};
use crate::image::{Digest, Platform, Tag};
use crate::registry::{HostFailure, RegistryError};
use crate::text::chain;

/// Why the lookup of an image failed.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// A request failed.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The registry does not have the tag that the command line gives.
    #[error("{0}, given with --image, is not in the registry")]
    NoTag(Tag, #[source] RegistryError),
    /// The tag resolves to another digest than the command line gives.
    #[error("{tag} resolves to {resolved}, not to {given}, which --image gives")]
    OtherDigest {
        /// The tag that the command line gives.
        tag: Tag,
        /// The digest that the command line gives.
        given: Digest,
        /// The digest that the tag resolves to.
        resolved: Digest,
    },
    /// The command line gives only a digest, and the current tag resolves to another one.
    #[error("--image gives {given} without a tag, but the current tag {current} resolves to {resolved}")]
    NotOfCurrent {
        /// The current tag.
        current: Tag,
        /// The digest that the command line gives.
        given: Digest,
        /// The digest that the current tag resolves to.
        resolved: Digest,
    },
    /// The command line gives the digest of one platform, and the current digest is that of another.
    #[error("--image gives the digest of {tag} for {given}, but the current digest is for {current}")]
    OtherPlatform {
        /// The tag that the command line gives.
        tag: Tag,
        /// The platform of the digest that the command line gives.
        given: Platform,
        /// The platform of the current digest.
        current: Platform,
    },
    /// The command line gives the digest of one platform, and the current digest is that of all platforms.
    #[error("--image gives the digest of {tag} for {given}, but the current digest is for all platforms of its tag")]
    PlatformOfIndex {
        /// The tag that the command line gives.
        tag: Tag,
        /// The platform of the digest that the command line gives.
        given: Platform,
    },
}

impl LookupError {
    /// Returns the error of a request for a tag that the command line gives.
    pub(super) fn of_given(tag: &Tag, error: RegistryError) -> Self {
        match error {
            RegistryError::NotFound { .. } => Self::NoTag(tag.clone(), error),
            error => Self::Registry(error),
        }
    }

    /// Returns whether the error is about one tag and stays until a person changes that tag.
    pub(super) fn is_permanent(&self) -> bool {
        matches!(self, Self::Registry(error) if error.is_permanent())
    }

    /// Returns whether the registry denied access.
    pub(super) fn is_denied(&self) -> bool {
        matches!(self, Self::Registry(error) if error.is_denied())
    }

    /// Returns why the whole registry fails; `None` if the error is about one image.
    pub fn of_host(&self) -> Option<HostFailure> {
        match self {
            Self::Registry(error) => HostFailure::of(error),
            _ => None,
        }
    }

    /// Returns what to do next.
    pub fn hint(&self) -> Hint {
        match self {
            Self::Registry(error) => error.hint(),
            Self::NoTag(..) => hint!(
                "command-line.md#select-images",
                "push the image before this step, or correct the name and the tag"
            ),
            Self::OtherDigest { tag, .. } => hint!(
                "command-line.md#select-images",
                "give the digest that was pushed as {tag}, or leave it out: Tagboat looks it up"
            ),
            Self::NotOfCurrent { .. } => hint!(
                "command-line.md#select-images",
                "write NAME:TAG@DIGEST with the tag that was pushed, or NAME:TAG"
            ),
            Self::PlatformOfIndex { tag, .. } => hint!(
                "command-line.md#select-images",
                "give the digest of the index of {tag}, or leave it out: Tagboat looks it up"
            ),
            Self::OtherPlatform { current, .. } => hint!(
                "command-line.md#select-images",
                "give the digest for {current} or that of all platforms, or leave it out: Tagboat looks it up"
            ),
        }
    }
}

impl From<LookupError> for Error {
    fn from(error: LookupError) -> Self {
        match error {
            LookupError::Registry(error) => error.into(),
            error => Self::new(Exit::Failed, chain(&error), error.hint()),
        }
    }
}
