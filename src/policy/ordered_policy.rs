//! The trait of policies that order tags. Pure: facts are values, the time is an argument.

use std::fmt;

use super::candidate::Need;
use super::external_facts::{ExternalFacts, ExternalNeed};
use super::reason::{Hold, Rejection, Unknown};
use super::settings::Direction;
use super::versions::OrderKey;
use crate::image::{ImageFacts, Shape};

/// A policy that orders tags: it reads a tag into a sortable [`OrderKey`] or rejects it. It never fetches, sorts or selects.
pub trait OrderedPolicy: fmt::Debug + Send + Sync {
    /// Returns which facts about a tag a [`TagReader`] reads.
    fn need(&self) -> Need {
        Need::Tag
    }

    /// Returns what the policy needs beyond tags and registries.
    fn external_need(&self) -> Option<ExternalNeed<'_>> {
        None
    }

    /// Returns whether the numbers of its tags are major, minor and patch, so that the size of a step has a meaning.
    fn reads_versions(&self) -> bool {
        false
    }

    /// Returns whether it reads a number as a version or a count, and so has to exclude commits with digits only.
    fn reads_numbers(&self) -> bool {
        self.reads_versions()
    }

    /// Returns whether a pre-release goes to a release, once one is newer, and no longer to other pre-releases.
    fn prefers_releases(&self) -> bool {
        false
    }

    /// Returns whether one unreadable tag that passes the filter holds the image, as in Flux's `numerical`.
    fn requires_readable_tags(&self) -> bool {
        false
    }

    /// Returns which tags it should not select, although their place in the order is later.
    fn floor(&self) -> Floor {
        Floor::Version
    }

    /// Returns whether any text may have a place in its order, such as `latest`, which is no version.
    fn orders_texts(&self) -> bool {
        false
    }

    /// Returns whether it reads the numbers after a version as text, so that `r9` comes after `r10`, as in semver 2.0.0.
    fn orders_counters_as_text(&self) -> bool {
        false
    }

    /// Returns whether it compares each tag with the shape of the current one, and so orders nothing without it.
    fn compares_shapes(&self) -> bool {
        false
    }

    /// Returns why no tag can be compared with this current tag: the text that the filter passes to the policy, with its shape.
    fn check_current(&self, _current: &Shape<'_>) -> Result<(), Hold> {
        Ok(())
    }

    /// Prepares to read candidates for one current tag. Fails if an [external fact](Self::external_need) is not available.
    fn reader<'a>(
        &'a self,
        current: Option<&'a Shape<'a>>,
        external: &'a ExternalFacts,
    ) -> Result<Box<dyn TagReader + 'a>, Unknown>;
}

/// What a policy never lowers, whatever its order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Floor {
    /// The version of the current tag.
    Version,
    /// A release, to a pre-release of the same version: something else than the tag decides about the rest.
    Release,
    /// Nothing: a descending order lowers versions.
    Nothing,
}

impl Floor {
    /// Returns the floor of an order in one direction.
    pub(super) fn of(direction: Direction) -> Self {
        match direction {
            Direction::Ascending => Self::Version,
            Direction::Descending => Self::Nothing,
        }
    }
}

/// Reads the texts of tags into keys, for one current tag.
pub trait TagReader {
    /// Appends the place of `text` in the order to an empty `key`, or rejects it.
    fn read(&self, text: &str, facts: Option<&ImageFacts>, key: &mut OrderKey) -> Result<(), TagReadError>;

    /// Does the same for the current tag, which may be outside the range: it still decides what is a downgrade. Returns
    /// `false` if it has no place in the order, and fails if its place is unknown.
    fn read_current(&self, text: &str, facts: Option<&ImageFacts>, key: &mut OrderKey) -> Result<bool, Unknown> {
        match self.read(text, facts, key) {
            // Without any facts, the registry no longer lists it.
            Err(TagReadError::MissingFact) if facts.is_some() => {
                Err(Unknown::Current { text: text.into(), cause: self.rejection(text, TagReadError::MissingFact) })
            }
            read => Ok(read.is_ok()),
        }
    }

    /// Returns what equal keys of different tags mean.
    fn ties(&self) -> Ties {
        Ties::Unknown
    }

    /// Returns the reason for an error of [`read`](Self::read). Called only for the tags that a person gets to see.
    fn rejection(&self, text: &str, error: TagReadError) -> Rejection;
}

/// Why a reader rejects a text. Small, because a listing may cause a hundred thousand of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagReadError {
    /// The policy does not order such texts: not a version, not a number, another shape.
    Unreadable,
    /// It is outside the range.
    OutOfRange,
    /// It is a pre-release, which the policy excludes.
    PreRelease,
    /// It is another variant than the current tag: `-slim`, not `-alpine`.
    OtherVariant,
    /// Its place is unknown, so it may be the newest: nothing can be selected.
    MissingFact,
}

/// What to do if the best tags have equal keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ties {
    /// They may be different images: nothing changes, unless exactly one is written as the current tag is.
    Unknown,
    /// Select the first in byte order.
    First,
    /// They are spellings of one version (`1.9.9`, `v1.9.9`): select the last in byte order, unless exactly one is written as
    /// the current tag is.
    Last,
}
