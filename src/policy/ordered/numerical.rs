//! `numerical`: the greatest number, of any length, with an optional sign and fraction.

use crate::image::{ImageFacts, Shape};
use crate::policy::external_facts::ExternalFacts;
use crate::policy::ordered_policy::{Floor, OrderedPolicy, TagReadError, TagReader};
use crate::policy::policy::Policy;
use crate::policy::reason::{Rejection, Unknown};
use crate::policy::settings::{Direction, OptionDoc, PolicyError, Settings};
use crate::policy::versions::OrderKey;

/// Numbers, ascending or descending.
#[derive(Debug)]
pub(crate) struct Numerical {
    direction: Direction,
    strict: bool,
}

/// Keys of this policy besides those of all policies.
pub(crate) const OPTIONS: &[OptionDoc] = &[OptionDoc {
    key: "strict",
    about: "true: a tag that passes the filter and is not a number holds the image, as in Flux",
}];

/// Reads `{ numerical: asc, include: '^main-(?<n>\d+)$', extract: $n }`.
pub(crate) fn build(settings: &Settings) -> Result<Policy, PolicyError> {
    let strict = settings.switch("strict")?.unwrap_or(false);
    Ok(Policy::ordered(Numerical { direction: settings.direction("numerical")?, strict }))
}

impl OrderedPolicy for Numerical {
    fn reads_numbers(&self) -> bool {
        true
    }

    fn requires_readable_tags(&self) -> bool {
        self.strict
    }

    fn floor(&self) -> Floor {
        Floor::of(self.direction)
    }

    fn reader<'a>(
        &'a self,
        _current: Option<&'a Shape<'a>>,
        _external: &'a ExternalFacts,
    ) -> Result<Box<dyn TagReader + 'a>, Unknown> {
        Ok(Box::new(ByValue { direction: self.direction }))
    }
}

struct ByValue {
    direction: Direction,
}

impl TagReader for ByValue {
    fn read(&self, text: &str, _facts: Option<&ImageFacts>, key: &mut OrderKey) -> Result<(), TagReadError> {
        let number = Decimal::new(text).ok_or(TagReadError::Unreadable)?;
        self.direction.write(key, |key| number.write(key));
        Ok(())
    }

    fn rejection(&self, _text: &str, _error: TagReadError) -> Rejection {
        Rejection::NotANumber
    }
}

/// A decimal number as it is written, without rounding to a float.
struct Decimal<'t> {
    negative: bool,
    whole: &'t str,
    fraction: &'t str,
}

impl<'t> Decimal<'t> {
    fn new(text: &'t str) -> Option<Self> {
        let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = rest.split_once('.').map_or((rest, None), |(whole, fraction)| (whole, Some(fraction)));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !fraction.is_none_or(digits) {
            return None;
        }
        let fraction = fraction.unwrap_or_default().trim_end_matches('0');
        let zero = fraction.is_empty() && whole.bytes().all(|b| b == b'0');
        Some(Self { negative: negative && !zero, whole, fraction })
    }

    fn write(&self, key: &mut OrderKey) {
        key.rank(u8::from(!self.negative));
        let mark = key.mark();
        key.number(self.whole);
        key.text(self.fraction);
        if self.negative {
            key.reverse_from(mark);
        }
    }
}
