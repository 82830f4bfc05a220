//! The trait of all policies, and the words of choosing. Pure: facts come in as values, time as an argument.

use std::cmp::Ordering;
use std::fmt;

use jiff::Timestamp;

use crate::image::{Digest, ImageFacts, ImageReference, Tag};

/// How to choose among tags. Implementers only judge and compare; they never fetch, sort or pick.
pub trait Policy: fmt::Debug + Send + Sync {
    /// As it stands in a configuration: `semver: >=1.0 <3`.
    fn describe(&self) -> String;

    /// What must be known of a tag beyond its text before [`compare`](Self::compare) may be asked about it.
    fn needs(&self) -> Need {
        Need::Nothing
    }

    /// Whether the candidate is one that this policy orders at all, going by its tag and the current reference.
    fn judge(&self, current: &ImageReference, candidate: &Tag) -> Verdict;

    /// Which of two accepted candidates is newer. `Err` is a tie that nothing can order, or a fact that is missing:
    /// the answer is then *unknown*, never a guess.
    fn compare(&self, a: &Candidate, b: &Candidate) -> Result<Ordering, Reason>;

    /// Whether the chosen image is known by its digest under an unchanged tag (the `digest` policy).
    fn follows_digest(&self) -> bool {
        false
    }
}

/// What a policy or gate must know about a candidate beyond its tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// The tag is enough.
    Nothing,
    /// The digest that the tag points at: one HEAD request.
    Digest,
    /// All of [`ImageFacts`]: manifest and configuration are fetched.
    Facts,
}

/// A tag with the facts known about it so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The tag, as the registry lists it.
    pub tag: Tag,
    /// What has been asked about it.
    pub facts: Known,
}

/// How much has been found out about a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// Only that the tag exists.
    Tag,
    /// What it points at.
    Digest(Digest),
    /// All that the registry tells.
    Facts(Box<ImageFacts>),
    /// It was asked for and could not be had; the text says why.
    Failed(Box<str>),
}

/// What is said of one candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may be chosen.
    Accepted,
    /// It may not, and why.
    Refused(Reason),
}

/// Why something was refused, held back or is unknown: one sentence fragment for people.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reason(Box<str>);

impl Reason {
    /// A lower-case fragment without a full stop, such as `not in the range >=1.0 <3`.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The fragment.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One candidate with its verdict, for `explain`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The candidate.
    pub tag: Tag,
    /// What is said of it.
    pub verdict: Verdict,
    /// When it was built, where that was looked up.
    pub created: Option<Timestamp>,
}

/// What choosing came to, for one image at one current reference under one policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What stands there now.
    pub current: ImageReference,
    /// The policy, as [`Policy::describe`] tells it.
    pub policy: String,
    /// What to do.
    pub outcome: Outcome,
    /// A verdict for every candidate, best first.
    pub verdicts: Vec<Judged>,
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
