//! The question that a selection answers for one image.

use jiff::Timestamp;

use super::gates::Gates;
use crate::image::{ImageReference, Tag};
use crate::policy::candidate::Need;
use crate::policy::entry::PolicyEntry;
use crate::policy::external_facts::ExternalFacts;
use crate::policy::pinning::Pinning;

/// Which version of one image to use instead of one current reference.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    /// The current reference.
    pub current: &'q ImageReference,
    /// The policy that manages it.
    pub entry: &'q PolicyEntry,
    /// Whether the policy is named for this image, and not by a rule with wildcards: then it may replace a tag that it cannot
    /// compare.
    pub names_image: bool,
    /// Whether the candidates are all tags of the image. Tags that a person names are not: that another one is not among them shows
    /// nothing.
    pub is_listed: bool,
    /// Conditions on the image.
    pub gates: &'q Gates,
    /// Whether the digest of the reference follows its tag.
    pub pinning: Pinning,
    /// What the policy needs beyond tags and registries.
    pub external: &'q ExternalFacts,
    /// The time from which ages count.
    pub now: Timestamp,
}

/// Tags with the facts to look up, best first.
pub(super) type Lookups = Vec<(Tag, Need)>;
