//! `shape`, the default: tags of the same shape as the current tag, with greater numbers.

use crate::image::{ImageFacts, Shape};
use crate::policy::external_facts::ExternalFacts;
use crate::policy::ordered_policy::{OrderedPolicy, TagReadError, TagReader, Ties};
use crate::policy::policy::Policy;
use crate::policy::reason::{Hold, Rejection, Unknown};
use crate::policy::settings::{OptionDoc, PolicyError, Settings};
use crate::policy::versions::{OrderKey, ShapeMatcher};

/// Tags with the same text and greater numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShapePolicy;

/// Keys of this policy besides those of all policies.
pub(crate) const OPTIONS: &[OptionDoc] = &[];

/// Reads `{ shape: same }`.
pub(crate) fn build(settings: &Settings) -> Result<Policy, PolicyError> {
    settings.word("shape", &[("same", ())])?;
    Ok(Policy::ordered(ShapePolicy))
}

impl OrderedPolicy for ShapePolicy {
    fn describe(&self) -> String {
        "shape".to_owned()
    }

    fn reads_versions(&self) -> bool {
        true
    }

    fn check_current(&self, current: Option<&Shape<'_>>) -> Result<(), Hold> {
        let current = current.ok_or(Hold::NothingExtracted)?;
        let tag = || current.tag().into();
        match (current.has_order(), Shape::of(current.tag()).has_order()) {
            (true, _) => Ok(()),
            (false, true) => Err(Hold::NumericCommit(tag())),
            (false, false) => Err(Hold::NoVersion(tag())),
        }
    }

    fn prefers_releases(&self) -> bool {
        true
    }

    fn reader<'a>(
        &'a self,
        current: Option<&'a Shape<'a>>,
        _external: &'a ExternalFacts,
    ) -> Result<Box<dyn TagReader + 'a>, Unknown> {
        let shape = current.cloned().unwrap_or_else(|| Shape::of(""));
        Ok(Box::new(SameShape { matcher: ShapeMatcher::new(&shape), shape }))
    }
}

/// Reads tags of the shape of the current tag.
struct SameShape<'c> {
    shape: Shape<'c>,
    matcher: ShapeMatcher<'c>,
}

impl TagReader for SameShape<'_> {
    fn read(&self, text: &str, _facts: Option<&ImageFacts>, key: &mut OrderKey) -> Result<(), TagReadError> {
        if self.matcher.matches(text, key) { Ok(()) } else { Err(TagReadError::Unreadable) }
    }

    fn ties(&self) -> Ties {
        if self.shape.has_hash() { Ties::Unknown } else { Ties::Last }
    }

    fn rejection(&self, text: &str, _error: TagReadError) -> Rejection {
        let other = Shape::of(text);
        let (shape, current) = (other.to_string(), self.shape.to_string());
        match (other.stage(), self.shape.stage()) {
            (Some(stage), None) if shape.replacen(&stage.shape(), "", 1) == current => Rejection::PreRelease,
            (Some(stage), Some(least)) if stage.rank < least.rank => Rejection::EarlierStage,
            _ if shape == current => Rejection::NumberFormat,
            _ => Rejection::OtherShape { shape: shape.into(), current: current.into() },
        }
    }
}
