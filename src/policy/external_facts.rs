//! What some policies go by beyond tags and registries, and what the shell has found out about it. Data only.

use std::sync::Arc;

use globset::GlobSet;

use super::history::History;
use super::reason::Reason;
use crate::image::{Digest, ImageReference, Tag};

/// What a policy wants to be external with.
#[derive(Debug, Clone, Copy)]
pub enum ExternalNeed<'p> {
    /// The references to the same image at these paths of the manifests repository.
    References(&'p GlobSet),
    /// The history of a clone: of a branch, a tag or a commit of it, or of what is checked out.
    History {
        /// The folder, as written: relative to that of the configuration.
        clone: &'p str,
        /// Which end of the history.
        branch: Option<&'p str>,
    },
}

/// What was external.
#[derive(Debug, Clone, Default)]
pub enum ExternalFacts {
    /// Nothing was wanted.
    #[default]
    NotNeeded,
    /// References to the same image, and where each stands: `envs/staging/api.yaml:12`.
    References(Vec<(ImageReference, String)>),
    /// The order of commits.
    History(Arc<History>),
    /// It could not be had.
    Failed(Reason),
}

/// What stands elsewhere, where all places agree.
pub(super) struct Agreed<'s> {
    pub(super) tag: &'s Tag,
    pub(super) digest: Option<&'s Digest>,
    pub(super) place: &'s str,
}

impl ExternalFacts {
    /// The order of commits, or why there is none.
    pub(super) fn history(&self) -> Result<&History, Reason> {
        match self {
            Self::History(history) => Ok(history),
            Self::Failed(why) => Err(why.clone()),
            Self::NotNeeded | Self::References(_) => Err(Reason::new("no history of commits was read")),
        }
    }

    /// The one tag that stands elsewhere, with its digest if one stands there, or why there isn't one.
    pub(super) fn agreed(&self) -> Result<Agreed<'_>, Reason> {
        let found = match self {
            Self::References(found) => found,
            Self::Failed(why) => return Err(why.clone()),
            Self::NotNeeded | Self::History(_) => return Err(Reason::new("no other place was looked at")),
        };
        let tagged = |(reference, place): &'_ (ImageReference, String)| match reference.tag() {
            Some(_) => None,
            None => Some(place.clone()),
        };
        if let Some(place) = found.iter().find_map(tagged) {
            return Err(Reason::new(format!("no tag stands at {place}, so there is none to follow")));
        }
        let mut found =
            found.iter().filter_map(|(reference, place)| Some((reference.tag()?, reference.digest(), place)));
        let Some((tag, mut digest, place)) = found.next() else {
            return Err(Reason::new("this image stands at none of the paths that are followed"));
        };
        for (other, its_digest, at) in found {
            if other != tag {
                return Err(Reason::new(format!(
                    "{tag} stands at {place} and {other} at {at}: there is no one tag to follow"
                )));
            }
            match (digest, its_digest) {
                (Some(one), Some(two)) if one != two => {
                    return Err(Reason::new(format!(
                        "{tag} is pinned to {} at {place} and to {} at {at}: there is no one image to follow",
                        one.short(),
                        two.short()
                    )));
                }
                _ => digest = digest.or(its_digest),
            }
        }
        Ok(Agreed { tag, digest, place })
    }
}
