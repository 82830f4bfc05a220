//! A policy of either kind: one that orders tags, or one that pins a tag.

use std::sync::Arc;

use super::candidate::Need;
use super::external_facts::ExternalNeed;
use super::ordered_policy::OrderedPolicy;
use super::pinned_policy::{PinnedPolicy, PinnedTarget};

/// How a tag is selected.
#[derive(Debug, Clone)]
pub enum Policy {
    /// The greatest tag in an order.
    Ordered(Arc<dyn OrderedPolicy>),
    /// One tag that is determined elsewhere.
    Pinned(Arc<dyn PinnedPolicy>),
}

impl Policy {
    /// Wraps a policy that orders tags.
    pub fn ordered(policy: impl OrderedPolicy + 'static) -> Self {
        Self::Ordered(Arc::new(policy))
    }

    /// Wraps a policy that pins a tag.
    pub fn pinned(policy: impl PinnedPolicy + 'static) -> Self {
        Self::Pinned(Arc::new(policy))
    }

    /// Returns what the policy needs beyond tags and registries.
    pub fn external_need(&self) -> Option<ExternalNeed<'_>> {
        match self {
            Self::Ordered(policy) => policy.external_need(),
            Self::Pinned(policy) => policy.external_need(),
        }
    }

    /// Returns the tag of a policy that pins one.
    pub fn pinned_target(&self) -> Option<PinnedTarget<'_>> {
        match self {
            Self::Ordered(_) => None,
            Self::Pinned(policy) => Some(policy.target()),
        }
    }

    /// Returns whether it needs what only an image has: a build, or a place for a digest. A chart has neither.
    pub fn is_for_images(&self) -> bool {
        match self {
            Self::Ordered(policy) => policy.need() > Need::Tag,
            Self::Pinned(policy) => matches!(policy.target(), PinnedTarget::Current | PinnedTarget::Tag(_)),
        }
    }

    /// Returns whether the numbers of its tags are major, minor and patch.
    pub fn reads_versions(&self) -> bool {
        match self {
            Self::Ordered(policy) => policy.reads_versions(),
            Self::Pinned(_) => false,
        }
    }
}
