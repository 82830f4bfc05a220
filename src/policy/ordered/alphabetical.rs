//! `alphabetical`: byte order, for tags that are made to sort.

use crate::image::{ImageFacts, Shape};
use crate::policy::external_facts::ExternalFacts;
use crate::policy::ordered_policy::{Floor, OrderedPolicy, TagReadError, TagReader};
use crate::policy::policy::Policy;
use crate::policy::reason::{Rejection, Unknown};
use crate::policy::settings::{Direction, OptionDoc, PolicyError, Settings};
use crate::policy::versions::OrderKey;

/// Byte order, ascending or descending.
#[derive(Debug)]
pub(crate) struct Alphabetical {
    direction: Direction,
}

/// Keys of this policy besides those of all policies.
pub(crate) const OPTIONS: &[OptionDoc] = &[];

/// Reads `{ alphabetical: asc }`.
pub(crate) fn build(settings: &Settings) -> Result<Policy, PolicyError> {
    Ok(Policy::ordered(Alphabetical { direction: settings.direction("alphabetical")? }))
}

impl OrderedPolicy for Alphabetical {
    fn orders_texts(&self) -> bool {
        true
    }

    fn floor(&self) -> Floor {
        Floor::of(self.direction)
    }

    fn reader<'a>(
        &'a self,
        _current: Option<&'a Shape<'a>>,
        _external: &'a ExternalFacts,
    ) -> Result<Box<dyn TagReader + 'a>, Unknown> {
        Ok(Box::new(InByteOrder { direction: self.direction }))
    }
}

struct InByteOrder {
    direction: Direction,
}

impl TagReader for InByteOrder {
    fn read(&self, text: &str, _facts: Option<&ImageFacts>, key: &mut OrderKey) -> Result<(), TagReadError> {
        self.direction.write(key, |key| key.text(text));
        Ok(())
    }

    fn rejection(&self, _text: &str, _error: TagReadError) -> Rejection {
        Rejection::Unorderable
    }
}
