//! The trait of all policies, and the words of choosing. Pure: facts come in as values, time as an argument.

use std::fmt;

use super::external_facts::{ExternalFacts, ExternalNeed};
use super::key::Key;
pub use super::reason::Reason;
use crate::image::{Digest, ImageFacts, ImageReference, Tag};

/// How to choose among tags. Implementers read a tag into a sortable [`Key`] or refuse it; they never fetch, sort or pick.
pub trait Policy: fmt::Debug + Send + Sync {
    /// As it stands in a configuration: `semver: >=1.0 <3`.
    fn describe(&self) -> String;

    /// What must be known of a tag beyond its text before a [`Reader`] may read it.
    fn needs(&self) -> Need {
        Need::Nothing
    }

    /// What must be known beyond tags and registries.
    fn external_need(&self) -> Option<ExternalNeed<'_>> {
        None
    }

    /// The one tag that may be chosen, for a policy that knows no order.
    fn follows(&self) -> Option<Follow<'_>> {
        None
    }

    /// Whether the numbers of its tags are major, minor and patch, so that a jump in them means something.
    fn reads_versions(&self) -> bool {
        false
    }

    /// Whether one tag that passes the filter and can't be read spoils the whole answer, as in Flux's `numerical`.
    fn wants_all_readable(&self) -> bool {
        false
    }

    /// Why there is no order for such a current tag, whatever else there is: a reason to hold the image. `current` is the
    /// text that the policy sees of it, `None` where the filter has no text for it.
    fn unordered(&self, _current: Option<&str>) -> Option<Reason> {
        None
    }

    /// Gets ready to read candidates against what stands there now. Not asked where there is no order. `Err` says that
    /// what it [wants](Self::external_need) could not be had.
    fn reader<'a>(
        &'a self,
        current: Option<&'a str>,
        external: &'a ExternalFacts,
    ) -> Result<Box<dyn Reader + 'a>, Reason>;
}

/// Reads texts of tags into keys, for one current tag.
pub trait Reader {
    /// Appends the place of `text` in the order to an empty `key`, or refuses it. Total: any text is read or refused.
    fn read(&self, text: &str, facts: Option<&ImageFacts>, key: &mut Key) -> Result<(), Rejection>;

    /// The same for the tag that stands there now, which needs no permission to be where it is: a tag outside the
    /// range still says what would be a downgrade. `false` if it has no place in the order; `Err` if it has one that
    /// can't be told, so that nothing can be.
    fn place(&self, text: &str, facts: Option<&ImageFacts>, key: &mut Key) -> Result<bool, Reason> {
        match self.read(text, facts, key) {
            // Without any facts, it is no longer in the registry.
            Err(Rejection::NoFact) if facts.is_some() => Err(self.reason(text, Rejection::NoFact)),
            read => Ok(read.is_ok()),
        }
    }

    /// What equal keys of different tags mean.
    fn ties(&self) -> Ties {
        Ties::Unknown
    }

    /// Puts a refusal of [`read`](Self::read) into words. Asked for one tag at a time, when somebody wants to know.
    fn reason(&self, text: &str, refusal: Rejection) -> Reason;
}

/// Why a reader has no place for a text: small, because a hundred thousand are made in one go and few are ever told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// It is not what this policy orders: no version, no number, another shape.
    Unreadable,
    /// It is, but lies outside of what is wanted.
    Outside,
    /// It is a pre-release, and none is wanted.
    PreRelease,
    /// It is another kind of image than the one that stands there: `-slim`, not `-alpine`.
    OtherVariant,
    /// It has a place in the order that can't be told, and so may be the newest: nothing is chosen.
    NoFact,
}

/// What to do when the best tags have equal keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ties {
    /// They may differ in what they hold: nothing is changed, unless one of them alone is written as the current tag is.
    Unknown,
    /// The first in byte order.
    First,
    /// They are spellings of one version (`1.9.9`, `v1.9.9`): the last in byte order, unless one of them alone is written
    /// as the current tag is.
    Last,
}

/// Which tag is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow<'a> {
    /// The one that stands there now, whichever it is, to the digest that it has now.
    Current,
    /// This one, to the digest that it has now.
    Tag(&'a Tag),
    /// This one, with this digest if there is one.
    Exactly(&'a Tag, Option<&'a Digest>),
    /// The one that stands elsewhere, with its digest if there is one.
    Elsewhere,
}

/// What a policy or gate must know about a candidate beyond its tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// The tag is enough.
    Nothing,
    /// The digest that the tag points at: one HEAD request.
    Digest,
    /// What manifest and configuration tell: they are fetched.
    Facts,
    /// That, and how long it has been there: its vendor and the cache folder are asked, too.
    Age,
}

/// A tag with the facts known about it so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The tag, as the registry lists it.
    pub tag: Tag,
    /// What has been asked about it.
    pub facts: Known,
}

impl Candidate {
    /// A tag of which nothing else is known yet.
    pub fn new(tag: Tag) -> Self {
        Self { tag, facts: Known::Tag }
    }
}

/// How much has been found out about a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// Only that the tag exists.
    Tag,
    /// What it points at.
    Digest(Digest),
    /// All that manifest and configuration tell.
    Facts(Box<ImageFacts>),
    /// That, and how long it has been there, as far as anybody knows.
    Aged(Box<ImageFacts>),
    /// It was asked for and could not be had; the text says why.
    Failed(Box<str>),
}

impl Known {
    /// The facts, if they have been fetched.
    pub fn facts(&self) -> Option<&ImageFacts> {
        match self {
            Self::Facts(facts) | Self::Aged(facts) => Some(facts),
            Self::Tag | Self::Digest(_) | Self::Failed(_) => None,
        }
    }

    /// Whether this has been asked, whatever the answer was.
    pub fn tells(&self, need: Need) -> bool {
        let told = match self {
            Self::Tag => Need::Nothing,
            Self::Digest(_) => Need::Digest,
            Self::Facts(_) => Need::Facts,
            Self::Aged(_) | Self::Failed(_) => Need::Age,
        };
        need <= told
    }

    /// The digest, if it has been fetched, alone or among the facts.
    pub fn digest(&self) -> Option<&Digest> {
        match self {
            Self::Digest(digest) => Some(digest),
            Self::Facts(facts) | Self::Aged(facts) => facts.digest.as_ref(),
            Self::Tag | Self::Failed(_) => None,
        }
    }
}

/// What is said of one candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may be chosen.
    Accepted(Reason),
    /// A filter, the policy or a bound excludes it.
    Rejected(Reason),
    /// Only a gate delays it: it may be chosen later.
    NotEligibleYet(Reason),
}

impl Verdict {
    /// Whether it may be chosen.
    pub fn is_accepted(&self) -> bool {
        matches!(self, Self::Accepted(_))
    }

    /// Why, or why not.
    pub fn reason(&self) -> &Reason {
        match self {
            Self::Accepted(reason) | Self::Rejected(reason) | Self::NotEligibleYet(reason) => reason,
        }
    }
}

/// One candidate with its verdict, for `explain`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CandidateVerdict {
    /// The candidate.
    pub tag: Tag,
    /// What is said of it.
    pub verdict: Verdict,
    /// What was found out about it.
    pub facts: Known,
}

/// What choosing came to, for one image at one current reference under one policy. The verdict of every single
/// candidate is not kept: [`super::explain()`] gives them again for the same question, best first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What stands there now.
    pub current: ImageReference,
    /// The policy, as [`Policy::describe`] tells it.
    pub policy: String,
    /// What to do.
    pub outcome: Outcome,
}

/// What to do about one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Something newer was chosen.
    Update(Choice),
    /// What stands there is what would be chosen.
    UpToDate(Reason),
    /// Nothing can be chosen by this policy, and a person should know why.
    Held(Reason),
    /// It can't be known now: nothing is changed, an open pull request is left alone.
    Unknown(Reason),
}

/// What was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The tag to write.
    pub tag: Tag,
    /// The digest to write beside it, where it was part of the choice.
    pub digest: Option<Digest>,
    /// Why this one.
    pub reason: Reason,
}
