//! Keeps what a policy does not see: the architecture beside an extracted text or after metadata, and a version among texts.

use super::question::Question;
use crate::image::{Shape, architectures};
use crate::policy::candidate::Need;
use crate::policy::ordered_policy::OrderedPolicy;
use crate::policy::versions::{adds_variant, leads_with_version};

/// Rejects tags for another architecture, and variants of a version.
pub(super) struct VariantGuard<'q> {
    written: Shape<'q>,
    architectures: Vec<&'q str>,
    keeps_architecture: bool,
    /// Whether a version keeps its words: `1.2.3` does not become `1.2.4-debug`, which was built later.
    keeps_words: bool,
    /// Whether no word replaces a version only because it is the later text.
    keeps_version: bool,
}

impl<'q> VariantGuard<'q> {
    /// Prepares the guard for the current tag. `has_place` is whether the policy can read it.
    pub(super) fn new(
        written: &Shape<'q>,
        policy: &dyn OrderedPolicy,
        question: &Question<'_>,
        has_place: bool,
    ) -> Self {
        let architectures = architectures(written.tag());
        let reads_facts = policy.need() > Need::Tag;
        // A tag such as `latest` says nothing about its architecture.
        let is_dropped = !has_place && !architectures.is_empty();
        // Policies that read a version decide about its suffix themselves.
        let reads_suffix = policy.reads_versions() || policy.compares_shapes();
        Self {
            keeps_architecture: !reads_suffix || reads_facts || question.entry.filter.extracts() || is_dropped,
            keeps_words: reads_facts && leads_with_version(written),
            keeps_version: policy.orders_texts() && !question.names_image && written.has_order(),
            written: written.clone(),
            architectures,
        }
    }

    /// Returns whether a tag is of another variant than the current one.
    pub(super) fn rejects(&self, tag: &str) -> bool {
        let is_variant = || {
            let shape = Shape::of(tag);
            leads_with_version(&shape) && adds_variant(&shape, &self.written)
        };
        (self.keeps_architecture && architectures(tag) != self.architectures) || (self.keeps_words && is_variant())
    }

    /// Returns whether a tag without a number would replace a version.
    pub(super) fn rejects_word<'t>(&self, shape: impl FnOnce() -> Shape<'t>) -> bool {
        self.keeps_version && !shape().has_order()
    }
}
