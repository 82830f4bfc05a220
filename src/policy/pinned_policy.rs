//! The trait of policies that pin one tag, which has no order.

use std::fmt;

use super::external_facts::ExternalNeed;
use crate::image::{Digest, Tag};

/// A policy that names one tag, which was selected elsewhere.
pub trait PinnedPolicy: fmt::Debug + Send + Sync {
    /// Returns what the policy needs beyond tags and registries.
    fn external_need(&self) -> Option<ExternalNeed<'_>> {
        None
    }

    /// Returns the tag to select.
    fn target(&self) -> PinnedTarget<'_>;
}

/// The tag that a policy pins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinnedTarget<'a> {
    /// The current tag, with the digest that it resolves to now.
    Current,
    /// This tag, with the digest that it resolves to now.
    Tag(&'a Tag),
    /// This tag, with this digest if there is one.
    Exact(&'a Tag, Option<&'a Digest>),
    /// The tag at other paths of the repository, with its digest if it has one.
    Promoted,
}
