//! The digest to write beside a chosen tag.

use super::ImageLookup;
use super::error::LookupError;
use super::given::ConfirmedDigest;
use crate::image::{Digest, ImageFacts, Platform, Tag};
use crate::policy::reason::{Acceptance, Hold, Ineligibility, MovedDigest, PinSource, Reason};
use crate::policy::{Choice, Outcome, Pinning, Question};
use crate::registry::RegistryError;

impl ImageLookup<'_> {
    /// Adds the digest of the chosen tag if one has to be written: tag and digest change together, and the digest of one platform
    /// stays one of this platform. Fails with the tag whose digest cannot be looked up.
    pub(super) async fn pin(&self, outcome: Outcome, question: &Question<'_>) -> Result<Outcome, (Tag, LookupError)> {
        let confirmed = self.confirm(&outcome, question).await?;
        let (current, adds) = (question.current, question.pinning > Pinning::Keep);
        let wanted = adds || current.digest().is_some();
        let choice = match outcome {
            Outcome::Update(choice) if wanted && follows_tag(&choice) => choice,
            Outcome::UpToDate(_) if adds && current.digest().is_none() => match current.tag() {
                Some(tag) => Choice::of_tag(tag.clone(), Acceptance::DigestAdded),
                None => return Ok(outcome),
            },
            // The digest that the command line gives is the news, and it is not written.
            Outcome::UpToDate(_) if confirmed.is_some() && current.digest().is_none() => {
                return Ok(Outcome::UpToDate(Acceptance::GivenUnpinned.into()));
            }
            outcome => return Ok(outcome),
        };
        let found = match (confirmed, choice.digest.clone()) {
            (Some(ConfirmedDigest::Exact(digest)), _) => return Ok(pinned(question, choice, digest)),
            (Some(ConfirmedDigest::OfTag(digest)), _) | (None, Some(digest)) => Ok(digest),
            (None, None) => self.digest(&choice.tag).await,
        };
        let replaced = match (&found, current.digest()) {
            (Ok(digest), Some(old)) if digest != old => self.replaced(old, current.tag()).await.map(Some),
            _ => Ok(None),
        };
        let (digest, replaced) = match (found, replaced) {
            (Ok(digest), Ok(replaced)) => (digest, replaced),
            (Err(error), _) | (_, Err(error)) => return Err((choice.tag, error.into())),
        };
        let found = match &replaced {
            Some(Replaced { platform: Some(platform), .. }) => self.digest_for(platform, &choice.tag, digest).await,
            Some(Replaced { platform: None, .. }) | None => Ok(Ok(digest)),
        };
        match found {
            Ok(Err(hold)) => Ok(Outcome::Held(hold.into())),
            Ok(Ok(digest)) => {
                let moved = match (current.tag(), current.digest(), replaced) {
                    (Some(tag), Some(old), Some(replaced)) if *tag != choice.tag => {
                        self.moved(tag, old, replaced).await
                    }
                    _ => None,
                };
                Ok(pinned(question, Choice { moved, ..choice }, digest))
            }
            Err(error) => Err((choice.tag, error.into())),
        }
    }

    /// Returns the digest of a chosen tag for a platform, because the old digest is that of this platform. A tag without it is held.
    async fn digest_for(
        &self,
        platform: &Platform,
        tag: &Tag,
        digest: Digest,
    ) -> Result<Result<Digest, Hold>, RegistryError> {
        let facts = self.facts(tag).await?;
        let hold = || Hold::NotEligibleYet(tag.clone(), Ineligibility::Platforms(vec![platform.clone()]));
        if facts.members.is_empty() {
            let is_other = !facts.platforms.is_empty() && !facts.platforms.iter().any(|one| platform.accepts(one));
            return Ok(if is_other { Err(hold()) } else { Ok(digest) });
        }
        let is_same = |(offered, _): &&(Platform, Digest)| offered == platform;
        let (mut found, accepted): (Vec<_>, Vec<_>) =
            facts.members.iter().filter(|(offered, _)| platform.accepts(offered)).partition(is_same);
        if found.is_empty() {
            found = accepted;
        }
        Ok(match found[..] {
            [(_, digest)] => Ok(digest.clone()),
            [] => Err(hold()),
            _ => Err(Hold::AmbiguousPlatform(tag.clone(), platform.clone())),
        })
    }

    /// Looks up what a digest is that an update replaces.
    pub(super) async fn replaced(&self, digest: &Digest, tag: Option<&Tag>) -> Result<Replaced, RegistryError> {
        let mut replaced = Replaced::default();
        if let Some(tag) = tag {
            match self.digest(tag).await {
                Ok(now) if now == *digest => return Ok(replaced),
                Err(error) if !error.is_permanent() => return Err(error),
                // The tag moved, or is gone: only the digest shows what it was.
                now => replaced.now = now.ok(),
            }
        }
        match self.lookup.registry.facts_of(&self.name, digest).await {
            Ok(facts) if facts.members.is_empty() => replaced.platform = facts.platforms.into_iter().next(),
            Ok(_) => replaced.is_index = true,
            Err(error) if error.is_permanent() => {}
            Err(error) => return Err(error),
        }
        Ok(replaced)
    }

    /// Returns the move of the current tag away from the digest that an update replaces. The image manifest of
    /// a platform is still the image of the tag if the index of the tag lists it. If that cannot be found out, nothing is reported: the
    /// update does not depend on it.
    async fn moved(&self, tag: &Tag, old: &Digest, replaced: Replaced) -> Option<MovedDigest> {
        let to = replaced.now?;
        let is_member = if replaced.is_index {
            false
        } else {
            let facts = self.facts(tag).await.ok()?;
            facts.members.iter().any(|(_, digest)| digest == old)
        };
        (!is_member).then(|| MovedDigest { tag: tag.clone(), from: old.clone(), to })
    }

    /// Returns the facts about a tag, which may be known already.
    pub(super) async fn facts(&self, tag: &Tag) -> Result<ImageFacts, RegistryError> {
        match self.known(tag) {
            Some(facts) => Ok(facts),
            None => self.lookup.registry.facts(&self.name, tag).await,
        }
    }

    pub(super) async fn digest(&self, tag: &Tag) -> Result<Digest, RegistryError> {
        let known = self.candidates.iter().find(|candidate| candidate.tag == *tag).and_then(|c| c.facts.digest());
        match known {
            Some(digest) => Ok(digest.clone()),
            None => self.lookup.registry.digest(&self.name, tag).await,
        }
    }
}

/// What a digest is that an update replaces.
#[derive(Default)]
pub(super) struct Replaced {
    /// The platform, if it is the digest of one platform, and not of all that its tag names.
    pub(super) platform: Option<Platform>,
    /// Whether it is that of an index.
    pub(super) is_index: bool,
    /// The digest that the current tag resolves to now, if it is another one.
    now: Option<Digest>,
}

/// Returns whether the digest is the one that the tag resolves to, rather than one that a person named.
fn follows_tag(choice: &Choice) -> bool {
    let is_floating = matches!(
        choice.reason,
        Reason::Accepted(Acceptance::DigestMoved(_) | Acceptance::Pinned { source: PinSource::Floating, .. })
    );
    choice.digest.is_none() || is_floating
}

/// Returns the update to a choice with a digest. A reference without a tag stays without one, so its digest alone decides whether it
/// changes.
fn pinned(question: &Question<'_>, choice: Choice, digest: Digest) -> Outcome {
    let current = question.current;
    if current.tag().is_none() && current.digest() == Some(&digest) {
        return Outcome::UpToDate(Acceptance::GivenAlready.into());
    }
    Outcome::Update(with_digest(choice, digest))
}

/// Returns a choice with another digest, which its reason names as well.
fn with_digest(choice: Choice, digest: Digest) -> Choice {
    let reason = match choice.reason {
        Reason::Accepted(Acceptance::DigestMoved(moved)) => {
            Acceptance::DigestMoved(MovedDigest { to: digest.clone(), ..moved }).into()
        }
        Reason::Accepted(Acceptance::Pinned { tag, source: PinSource::Floating, digest: Some(_), old }) => {
            Acceptance::Pinned { tag, source: PinSource::Floating, digest: Some(digest.clone()), old }.into()
        }
        reason => reason,
    };
    Choice { digest: Some(digest), reason, ..choice }
}
