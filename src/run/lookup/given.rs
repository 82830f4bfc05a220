//! Confirms with the registry what `--image` gives: a script may name a tag that was not pushed, or the digest of another build.

use super::ImageLookup;
use super::error::LookupError;
use crate::image::{Digest, Tag};
use crate::policy::{Outcome, Question};

/// A digest that the registry confirmed for a tag.
pub(super) enum ConfirmedDigest {
    /// The tag resolves to it. A reference to one platform has the digest of that platform.
    OfTag(Digest),
    /// It is what has to be written.
    Exact(Digest),
}

impl ImageLookup<'_> {
    /// Confirms the tag that an outcome takes from the command line, and its digest; `None` if it takes none. One HEAD request is
    /// enough, unless the digest is that of one platform.
    pub(super) async fn confirm(
        &self,
        outcome: &Outcome,
        question: &Question<'_>,
    ) -> Result<Option<ConfirmedDigest>, (Tag, LookupError)> {
        let current = question.current;
        let Some(given) = &self.given else { return Ok(None) };
        let (tag, named) = match outcome {
            Outcome::Update(choice) => match (given.get(&choice.tag), given.proposed(&choice.tag)) {
                (Some(named), _) => (&choice.tag, named),
                // The run that proposed it has confirmed it.
                (None, proposed) => {
                    return Ok(proposed.and_then(|one| one.digest().cloned()).map(ConfirmedDigest::Exact));
                }
            },
            // Only a digest is left to confirm for the current tag, unless the reference has it already.
            Outcome::UpToDate(_) => {
                let named = current.tag().and_then(|tag| Some((tag, given.get(tag)?)));
                match named.filter(|(_, one)| one.digest().is_some() && one.digest() != current.digest()) {
                    Some(named) => named,
                    None => return Ok(None),
                }
            }
            Outcome::Delayed(_) | Outcome::Held(_) | Outcome::Unknown(_) => return Ok(None),
        };
        let resolved = match self.digest(tag).await {
            Ok(resolved) => resolved,
            Err(error) => return Err((tag.clone(), LookupError::of_given(tag, error))),
        };
        match named.digest() {
            Some(digest) if *digest != resolved => {
                let confirmed = self.confirm_member(question, tag, digest, resolved, named.is_for_current()).await;
                confirmed.map(|()| Some(ConfirmedDigest::Exact(digest.clone()))).map_err(|error| (tag.clone(), error))
            }
            _ => Ok(Some(ConfirmedDigest::OfTag(resolved))),
        }
    }

    /// Confirms that a digest is that of one platform of a tag, and of the platform that the reference already has.
    async fn confirm_member(
        &self,
        question: &Question<'_>,
        tag: &Tag,
        digest: &Digest,
        resolved: Digest,
        is_for_current: bool,
    ) -> Result<(), LookupError> {
        let facts = self.facts(tag).await?;
        let (tag, given) = (tag.clone(), digest.clone());
        let Some((platform, _)) = facts.members.into_iter().find(|(_, member)| member == digest) else {
            return Err(if is_for_current {
                LookupError::NotOfCurrent { current: tag, given, resolved }
            } else {
                LookupError::OtherDigest { tag, given, resolved }
            });
        };
        let Some(old) = question.current.digest() else { return Ok(()) };
        let replaced = self.replaced(old, question.current.tag()).await?;
        match replaced.platform {
            Some(current) if !current.accepts(&platform) => {
                Err(LookupError::OtherPlatform { tag, given: platform, current })
            }
            None if replaced.is_index || self.is_index(old).await? => {
                Err(LookupError::PlatformOfIndex { tag, given: platform })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Returns whether a digest is that of an index; not if the registry no longer has it.
    async fn is_index(&self, digest: &Digest) -> Result<bool, LookupError> {
        match self.lookup.registry.facts_of(&self.name, digest).await {
            Ok(facts) => Ok(!facts.members.is_empty()),
            Err(error) if error.is_permanent() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
