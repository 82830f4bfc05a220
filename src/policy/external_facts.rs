//! Facts that some policies need beyond tags and registries. Data only: `run` reads them.

use std::sync::Arc;

use globset::GlobSet;

use super::history::History;
use super::reason::Unknown;
use crate::image::{Digest, ImageReference, Tag};

/// What a policy needs beyond tags and registries.
#[derive(Debug, Clone, Copy)]
pub enum ExternalNeed<'p> {
    /// The references to the same image at these paths of the manifests repository.
    References(&'p GlobSet),
    /// The history of a clone.
    History {
        /// The folder of the clone, as written: relative to that of the configuration.
        clone: &'p str,
        /// A branch, tag or commit; without it, what is checked out.
        branch: Option<&'p str>,
    },
}

/// The facts for an [`ExternalNeed`].
#[derive(Debug, Clone, Default)]
pub enum ExternalFacts {
    /// The policy needs none.
    #[default]
    NotNeeded,
    /// References to the same image, each with its place: `envs/staging/api.yaml:12`.
    References(Vec<(ImageReference, String)>),
    /// The order of commits.
    History(Arc<History>),
    /// They cannot be read.
    Failed(Unknown),
}

/// The version that all followed places have.
pub(super) struct Promoted<'s> {
    pub(super) tag: &'s Tag,
    pub(super) digest: Option<&'s Digest>,
    /// The first of these places.
    pub(super) place: &'s str,
}

impl ExternalFacts {
    /// Returns the order of commits, or why it is unknown.
    pub(super) fn history(&self) -> Result<&History, Unknown> {
        match self {
            Self::History(history) => Ok(history),
            Self::Failed(cause) => Err(cause.clone()),
            Self::NotNeeded | Self::References(_) => Err(Unknown::NoExternalFacts),
        }
    }

    /// Returns the one version at all followed places, or why there is none. A place without a digest agrees with any.
    pub(super) fn promoted(&self) -> Result<Promoted<'_>, Unknown> {
        let references = match self {
            Self::References(references) => references,
            Self::Failed(cause) => return Err(cause.clone()),
            Self::NotNeeded | Self::History(_) => return Err(Unknown::NoExternalFacts),
        };
        let mut promoted: Option<Promoted<'_>> = None;
        let mut digest_place = "";
        for (reference, place) in references {
            let tag = reference.tag().ok_or_else(|| Unknown::PromotedNoTag(place.as_str().into()))?;
            let digest = reference.digest();
            let Some(first) = &mut promoted else {
                promoted = Some(Promoted { tag, digest, place });
                digest_place = place;
                continue;
            };
            if first.tag != tag {
                let version = |tag: &Tag, place: &str| (tag.as_str().into(), place.into());
                return Err(Unknown::PromotedDiffers([version(first.tag, first.place), version(tag, place)]));
            }
            match (first.digest, digest) {
                (Some(one), Some(other)) if one != other => {
                    let version =
                        |digest: &Digest, place: &str| (format!("{tag}@{}", digest.short()).into(), place.into());
                    return Err(Unknown::PromotedDiffers([version(one, digest_place), version(other, place)]));
                }
                (None, Some(_)) => (first.digest, digest_place) = (digest, place),
                _ => {}
            }
        }
        promoted.ok_or(Unknown::NotPromoted)
    }
}
