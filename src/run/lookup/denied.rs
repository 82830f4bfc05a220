//! Whether a registry that denies one image manifest serves others of the image: then a scanner or a rule blocks this one.

use super::ImageLookup;
use crate::image::Tag;
use crate::policy::Known;
use crate::registry::RegistryError;

/// How many other tags show whether a registry denies one tag or the whole image.
const PROBES: usize = 3;

/// What was found about tags.
pub(super) type Found = [(Tag, Result<Known, RegistryError>)];

impl ImageLookup<'_> {
    /// Returns whether the registry denied some of these tags, and serves others of the image.
    pub(super) async fn has_blocked(&self, found: &Found) -> bool {
        let is_denied =
            |(_, found): &&(Tag, Result<Known, RegistryError>)| found.as_ref().is_err_and(RegistryError::is_denied);
        let denied: Vec<&Tag> = found.iter().filter(is_denied).map(|(tag, _)| tag).collect();
        let is_served = |(_, found): &(Tag, Result<Known, _>)| matches!(found, Ok(known) if *known != Known::Tag);
        !denied.is_empty() && (found.iter().any(is_served) || self.serves_others(&denied).await)
    }

    /// Returns whether the registry serves other image manifests of this name than those that it denied.
    pub(super) async fn serves_others(&self, denied: &[&Tag]) -> bool {
        if self.candidates.iter().any(|one| one.facts.digest().is_some()) {
            return true;
        }
        let others = self.candidates.iter().map(|one| &one.tag).filter(|tag| !denied.contains(tag));
        for tag in others.take(PROBES) {
            if self.lookup.registry.digest(&self.name, tag).await.is_ok() {
                return true;
            }
        }
        false
    }
}
