//! `shape`, the default: tags of the same shape as the current tag, with greater numbers.

use crate::image::{ImageFacts, Shape, commit_hash_at};
use crate::policy::external_facts::ExternalFacts;
use crate::policy::ordered_policy::{OrderedPolicy, TagReadError, TagReader, Ties};
use crate::policy::policy::Policy;
use crate::policy::reason::{Hold, Rejection, Unknown};
use crate::policy::settings::{OptionDoc, PolicyError, Settings};
use crate::policy::versions::{OrderKey, ShapeMatcher};

/// Tags with the same text and greater numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ShapePolicy {
    /// With as many numbers as the current tag.
    Same,
    /// With any count of numbers in the version: `2.4` is less than `2.4.0`.
    Loose,
}

/// How many numbers a version has at most in [`ShapePolicy::Loose`], as in Renovate.
const MOST_NUMBERS: usize = 6;

/// Keys of this policy besides those of all policies.
pub(crate) const OPTIONS: &[OptionDoc] = &[];

/// Reads `{ shape: same }` or `{ shape: loose }`.
pub(crate) fn build(settings: &Settings) -> Result<Policy, PolicyError> {
    let policy = settings.word("shape", &[("same", ShapePolicy::Same), ("loose", ShapePolicy::Loose)])?;
    Ok(Policy::ordered(policy.unwrap_or(ShapePolicy::Same)))
}

impl OrderedPolicy for ShapePolicy {
    fn reads_versions(&self) -> bool {
        true
    }

    fn compares_shapes(&self) -> bool {
        true
    }

    fn check_current(&self, current: &Shape<'_>) -> Result<(), Hold> {
        let tag = || current.tag().into();
        // A tag that is only a hash has no pieces.
        let has_commit = || current.has_hash() || commit_hash_at(current.tag(), false) == Some(current.tag());
        match (current.has_order(), Shape::of(current.tag()).has_order()) {
            (true, _) if *self == Self::Loose && LooseVersion::split(current.tag()).is_none() => {
                Err(Hold::NoVersion(tag()))
            }
            (true, _) => Ok(()),
            (false, true) => Err(Hold::NumericCommit(tag())),
            (false, false) if has_commit() => Err(Hold::Commit(tag())),
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
        if *self == Self::Loose {
            let version = LooseVersion::split(shape.tag());
            let suffix = version.as_ref().and_then(|version| shape.suffix(shape.tag().len() - version.suffix.len()));
            let matcher = suffix.as_ref().map(ShapeMatcher::new);
            let prefix = version.map_or("", |version| version.prefix);
            return Ok(Box::new(LooseShape {
                same: SameShape { matcher: ShapeMatcher::new(&shape), shape },
                prefix,
                matcher,
            }));
        }
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

/// A tag as Renovate's `loose` versioning reads it: a `v`, numbers with dots between, and any text.
struct LooseVersion<'t> {
    prefix: &'t str,
    numbers: Vec<&'t str>,
    suffix: &'t str,
}

impl<'t> LooseVersion<'t> {
    /// Splits a tag; `None` if it does not begin with a number, or has too many.
    fn split(tag: &'t str) -> Option<Self> {
        let start = usize::from(tag.starts_with(['v', 'V']));
        let (mut numbers, mut at) = (Vec::new(), start);
        loop {
            let length = tag[at..].bytes().take_while(u8::is_ascii_digit).count();
            if length == 0 {
                break;
            }
            numbers.push(&tag[at..at + length]);
            at += length;
            let has_next =
                tag[at..].strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
            if !has_next {
                break;
            }
            at += 1;
        }
        let is_version = (1..=MOST_NUMBERS).contains(&numbers.len());
        is_version.then(|| Self { prefix: &tag[..start], numbers, suffix: &tag[at..] })
    }
}

/// Reads tags with any count of numbers. What follows the numbers has the shape that it has in the current tag.
struct LooseShape<'c> {
    same: SameShape<'c>,
    prefix: &'c str,
    matcher: Option<ShapeMatcher<'c>>,
}

impl TagReader for LooseShape<'_> {
    fn read(&self, text: &str, _facts: Option<&ImageFacts>, key: &mut OrderKey) -> Result<(), TagReadError> {
        let version = LooseVersion::split(text).filter(|version| version.prefix == self.prefix);
        let (Some(version), Some(matcher)) = (version, &self.matcher) else { return Err(TagReadError::Unreadable) };
        version.numbers.iter().for_each(|number| key.numeric_identifier(number));
        key.end();
        if matcher.matches(version.suffix, key) { Ok(()) } else { Err(TagReadError::Unreadable) }
    }

    fn ties(&self) -> Ties {
        self.same.ties()
    }

    fn rejection(&self, text: &str, error: TagReadError) -> Rejection {
        self.same.rejection(text, error)
    }
}
