//! `numerical`: the greatest number, of any length, with a sign and a fraction where there are any.

use std::sync::Arc;

use super::external_facts::ExternalFacts;
use super::key::Key;
use super::policy::{Policy, Reader, Reason, Rejection};
use super::settings::{Direction, OptionDoc, PolicyError, Settings};
use crate::image::ImageFacts;

/// Numbers, upwards or downwards.
#[derive(Debug)]
pub(super) struct Numerical {
    direction: Direction,
    strict: bool,
}

/// Keys of this policy beside the common ones.
pub(super) const OPTIONS: &[OptionDoc] = &[OptionDoc {
    key: "strict",
    about: "true: a tag that passes the filter and is no number holds the image, as in Flux",
}];

/// Reads `{ numerical: asc, include: '^main-(?<n>\d+)$', extract: $n }`.
pub(super) fn build(settings: &Settings) -> Result<Arc<dyn Policy>, PolicyError> {
    let strict = settings.switch("strict")?.unwrap_or(false);
    Ok(Arc::new(Numerical { direction: settings.direction("numerical")?, strict }))
}

impl Policy for Numerical {
    fn describe(&self) -> String {
        format!("numerical: {}", self.direction)
    }

    fn wants_all_readable(&self) -> bool {
        self.strict
    }

    fn reader<'a>(
        &'a self,
        _current: Option<&'a str>,
        _supplied: &'a ExternalFacts,
    ) -> Result<Box<dyn Reader + 'a>, Reason> {
        Ok(Box::new(ByValue { direction: self.direction }))
    }
}

struct ByValue {
    direction: Direction,
}

impl Reader for ByValue {
    fn read(&self, text: &str, _facts: Option<&ImageFacts>, key: &mut Key) -> Result<(), Rejection> {
        let number = Decimal::new(text).ok_or(Rejection::Unreadable)?;
        self.direction.write(key, |key| number.write(key));
        Ok(())
    }

    fn reason(&self, text: &str, _refusal: Rejection) -> Reason {
        Reason::new(if text.is_empty() { "nothing, where a number belongs" } else { "not a number" })
    }
}

/// A decimal number as it is written, without ever becoming a float.
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

    fn write(&self, key: &mut Key) {
        key.rank(u8::from(!self.negative));
        let mark = key.mark();
        key.number(self.whole);
        key.text(self.fraction);
        if self.negative {
            key.reverse_from(mark);
        }
    }
}
