//! A tag with the facts known about it.

use crate::image::{Digest, ImageFacts, Tag};

/// What a policy or gate needs about a candidate beyond its tag, in increasing order of cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// Only the tag.
    Tag,
    /// The digest that the tag resolves to: one HEAD request.
    Digest,
    /// The facts in its image manifest and configuration.
    Facts,
    /// These facts and its age, from the registry's own API and the cache folder.
    Age,
}

/// A tag with the facts known about it so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The tag, as the registry lists it; of a chart, its version.
    pub tag: Tag,
    /// The result of the lookups so far.
    pub facts: Known,
}

impl Candidate {
    /// Creates a candidate about which nothing else is known.
    pub fn new(tag: Tag) -> Self {
        Self { tag, facts: Known::Tag }
    }

    /// Returns the candidate for a chart, whose version has a `+` where its tag has a `_`.
    #[must_use]
    pub fn into_chart_version(self) -> Self {
        Self { tag: self.tag.into_chart_version(), ..self }
    }
}

/// How much is known about a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// That the tag exists.
    Tag,
    /// The digest that it resolves to.
    Digest(Digest),
    /// The facts in its image manifest and configuration.
    Facts(Box<ImageFacts>),
    /// These facts and its age, as far as it is recorded.
    Aged(Box<ImageFacts>),
    /// The lookup failed with this error.
    Failed(Box<str>),
    /// It can be read neither now nor later, until a person changes the tag: for this reason.
    Unreadable(Box<str>),
    /// No registry is involved, because the tags were given: this error says so.
    Offline(Box<str>),
}

impl Known {
    /// Returns the facts, if they were fetched.
    pub fn facts(&self) -> Option<&ImageFacts> {
        match self {
            Self::Facts(facts) | Self::Aged(facts) => Some(facts),
            Self::Tag | Self::Digest(_) | Self::Failed(_) | Self::Unreadable(_) | Self::Offline(_) => None,
        }
    }

    /// Returns the error of a lookup that may succeed later.
    pub fn failure(&self) -> Option<&str> {
        match self {
            Self::Failed(error) | Self::Offline(error) => Some(error),
            Self::Tag | Self::Digest(_) | Self::Facts(_) | Self::Aged(_) | Self::Unreadable(_) => None,
        }
    }

    /// Returns whether this was looked up, with or without success.
    pub fn covers(&self, need: Need) -> bool {
        let known = match self {
            Self::Tag => Need::Tag,
            Self::Digest(_) => Need::Digest,
            Self::Facts(_) => Need::Facts,
            Self::Aged(_) | Self::Failed(_) | Self::Unreadable(_) | Self::Offline(_) => Need::Age,
        };
        need <= known
    }

    /// Returns the digest, if it was fetched, alone or among the facts.
    pub fn digest(&self) -> Option<&Digest> {
        match self {
            Self::Digest(digest) => Some(digest),
            Self::Facts(facts) | Self::Aged(facts) => facts.digest.as_ref(),
            Self::Tag | Self::Failed(_) | Self::Unreadable(_) | Self::Offline(_) => None,
        }
    }
}
