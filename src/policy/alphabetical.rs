//! `alphabetical`: byte order, for tags that were made to sort.

use std::sync::Arc;

use super::external_facts::ExternalFacts;
use super::key::Key;
use super::policy::{Policy, Reader, Reason, Rejection};
use super::settings::{Direction, OptionDoc, PolicyError, Settings};
use crate::image::ImageFacts;

/// Byte order, upwards or downwards.
#[derive(Debug)]
pub(super) struct Alphabetical {
    direction: Direction,
}

/// Keys of this policy beside the common ones.
pub(super) const OPTIONS: &[OptionDoc] = &[];

/// Reads `{ alphabetical: asc }`.
pub(super) fn build(settings: &Settings) -> Result<Arc<dyn Policy>, PolicyError> {
    Ok(Arc::new(Alphabetical { direction: settings.direction("alphabetical")? }))
}

impl Policy for Alphabetical {
    fn describe(&self) -> String {
        format!("alphabetical: {}", self.direction)
    }

    fn reader<'a>(
        &'a self,
        _current: Option<&'a str>,
        _supplied: &'a ExternalFacts,
    ) -> Result<Box<dyn Reader + 'a>, Reason> {
        Ok(Box::new(InByteOrder { direction: self.direction }))
    }
}

struct InByteOrder {
    direction: Direction,
}

impl Reader for InByteOrder {
    fn read(&self, text: &str, _facts: Option<&ImageFacts>, key: &mut Key) -> Result<(), Rejection> {
        self.direction.write(key, |key| key.text(text));
        Ok(())
    }

    fn reason(&self, _text: &str, _refusal: Rejection) -> Reason {
        Reason::new("not in byte order")
    }
}
