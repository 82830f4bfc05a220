//! What is asked about one image, and the answers that leave it open. Nothing is chosen here.

use jiff::Timestamp;

use super::entry::Entry;
use super::external_facts::ExternalFacts;
use super::gates::Gates;
use super::policy::{Need, Outcome, Reason};
use crate::image::{ImageReference, Tag};

/// What is asked about one image at one current reference.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    /// What stands there now.
    pub current: &'q ImageReference,
    /// The policy that governs it.
    pub entry: &'q Entry,
    /// What an image must fulfil.
    pub gates: &'q Gates,
    /// What the policy wants beyond tags and registries.
    pub external: &'q ExternalFacts,
    /// The time to tell ages by.
    pub now: Timestamp,
}

/// Tags to find something out about, best first.
pub(super) type Ask = Vec<(Tag, Need)>;

pub(super) fn unknown(tag: &Tag, why: &str) -> Outcome {
    Outcome::Unknown(Reason::new(format!("nothing can be known about {tag}: {why}")))
}
