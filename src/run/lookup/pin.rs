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
                Some(tag) => Choice { tag: tag.clone(), digest: None, reason: Acceptance::DigestAdded.into() },
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
        let found = match (found, current.digest()) {
            (Ok(digest), Some(old)) if digest != *old => {
                self.digest_like(old, current.tag(), (&choice.tag, digest)).await
            }
            (found, _) => found.map(Ok),
        };
        match found {
            Ok(Err(hold)) => Ok(Outcome::Held(hold.into())),
            Ok(Ok(digest)) => Ok(pinned(question, choice, digest)),
            Err(error) => Err((choice.tag, error.into())),
        }
    }

    /// Returns the digest of a chosen tag: if the old digest is that of one platform, the new one is that of the same platform. A tag
    /// without it is held.
    async fn digest_like(
        &self,
        old: &Digest,
        current: Option<&Tag>,
        (tag, digest): (&Tag, Digest),
    ) -> Result<Result<Digest, Hold>, RegistryError> {
        let Some(platform) = self.platform_of(old, current).await? else { return Ok(Ok(digest)) };
        let facts = self.facts(tag).await?;
        if facts.members.is_empty() {
            let is_other = !facts.platforms.is_empty() && !facts.platforms.iter().any(|one| platform.accepts(one));
            let hold = || Hold::NotEligibleYet(tag.clone(), Ineligibility::Platforms(vec![platform]));
            return Ok(if is_other { Err(hold()) } else { Ok(digest) });
        }
        let is_same = |(offered, _): &&(Platform, Digest)| *offered == platform;
        let (mut found, accepted): (Vec<_>, Vec<_>) =
            facts.members.iter().filter(|(offered, _)| platform.accepts(offered)).partition(is_same);
        if found.is_empty() {
            found = accepted;
        }
        Ok(match found[..] {
            [(_, digest)] => Ok(digest.clone()),
            [] => Err(Hold::NotEligibleYet(tag.clone(), Ineligibility::Platforms(vec![platform]))),
            _ => Err(Hold::AmbiguousPlatform(tag.clone(), platform)),
        })
    }

    /// Returns the platform of a digest if it is that of one platform, and not of all that its tag names.
    pub(super) async fn platform_of(
        &self,
        digest: &Digest,
        tag: Option<&Tag>,
    ) -> Result<Option<Platform>, RegistryError> {
        if let Some(tag) = tag {
            match self.digest(tag).await {
                Ok(now) if now == *digest => return Ok(None),
                Err(error) if !error.is_permanent() => return Err(error),
                // The tag moved, or is gone: only the digest shows what it was.
                Ok(_) | Err(_) => {}
            }
        }
        match self.lookup.registry.facts_of(&self.name, digest).await {
            Ok(facts) if facts.members.is_empty() => Ok(facts.platforms.into_iter().next()),
            Ok(_) => Ok(None),
            Err(error) if error.is_permanent() => Ok(None),
            Err(error) => Err(error),
        }
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
