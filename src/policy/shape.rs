//! The default: only tags of the same shape as the current one, with greater numbers. Needs no configuration.

use std::sync::Arc;

use super::external_facts::ExternalFacts;
use super::key::Key;
use super::mould::Mould;
use super::policy::{Policy, Reader, Reason, Rejection, Ties};
use super::settings::{OptionDoc, PolicyError, Settings};
use crate::image::ImageFacts;
use crate::image::version::Shape as Read;

/// `shape`: literal text stays, numbers grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape;

/// Keys of this policy beside the common ones.
pub(super) const OPTIONS: &[OptionDoc] = &[];

/// Reads `{ shape: same }`.
pub(super) fn build(settings: &Settings) -> Result<Arc<dyn Policy>, PolicyError> {
    settings.word("shape", &[("same", ())])?;
    Ok(Arc::new(Shape))
}

impl Policy for Shape {
    fn describe(&self) -> String {
        "shape".to_owned()
    }

    fn reads_versions(&self) -> bool {
        true
    }

    fn unordered(&self, current: Option<&str>) -> Option<Reason> {
        let Some(current) = current else {
            return Some(Reason::new("the filter leaves no text of the current tag, which the shape policy goes by"));
        };
        let why =
            || format!("the tag {current} has nothing to order by and needs a policy, such as newest-build or digest");
        (!Read::of(current).has_order()).then(|| Reason::new(why()))
    }

    fn reader<'a>(
        &'a self,
        current: Option<&'a str>,
        _supplied: &'a ExternalFacts,
    ) -> Result<Box<dyn Reader + 'a>, Reason> {
        let current = current.unwrap_or_default();
        let shape = Read::of(current);
        Ok(Box::new(SameShape { current, mould: Mould::new(&shape), shape }))
    }
}

/// The shape that candidates have to have.
struct SameShape<'c> {
    current: &'c str,
    shape: Read<'c>,
    mould: Mould<'c>,
}

impl Reader for SameShape<'_> {
    fn read(&self, text: &str, _facts: Option<&ImageFacts>, key: &mut Key) -> Result<(), Rejection> {
        if self.mould.fit(text, key) { Ok(()) } else { Err(Rejection::Unreadable) }
    }

    fn ties(&self) -> Ties {
        if self.shape.has_hash() { Ties::Unknown } else { Ties::Last }
    }

    fn reason(&self, text: &str, _refusal: Rejection) -> Reason {
        let shape = Read::of(text);
        let (theirs, ours) = (shape.to_string(), self.shape.to_string());
        if let (Some(stage), None) = (shape.stage(), self.shape.stage())
            && theirs.replacen(&stage.shape(), "", 1) == ours
        {
            return Reason::new(format!("a pre-release, and {} is not one", self.current));
        }
        if let (Some(stage), Some(current)) = (shape.stage(), self.shape.stage())
            && stage.rank < current.rank
        {
            return Reason::new(format!("an earlier kind of pre-release than {}", self.current));
        }
        if theirs == ours {
            return Reason::new(format!("numbers are written in another way than in {}", self.current));
        }
        Reason::new(format!("has the shape {theirs}, not {ours}"))
    }
}
