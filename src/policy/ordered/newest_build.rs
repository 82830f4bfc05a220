//! `newest-build`: the image that was built last, by the build time in its metadata.

use crate::image::{ImageFacts, Shape};
use crate::policy::candidate::Need;
use crate::policy::external_facts::ExternalFacts;
use crate::policy::ordered_policy::{OrderedPolicy, TagReadError, TagReader};
use crate::policy::policy::Policy;
use crate::policy::reason::{Rejection, Unknown};
use crate::policy::settings::{OptionDoc, PolicyError, Settings};
use crate::policy::versions::OrderKey;

/// Images by build time. Reproducible builds have none, so that the newest is unknown.
#[derive(Debug)]
pub(crate) struct NewestBuild;

/// Keys of this policy besides those of all policies.
pub(crate) const OPTIONS: &[OptionDoc] = &[];

/// Reads `{ newest-build: true, include: '^main-' }`.
pub(crate) fn build(settings: &Settings) -> Result<Policy, PolicyError> {
    if settings.switch("newest-build")? == Some(false) {
        return Err(PolicyError::at("newest-build", "expected true, found false")
            .with_hint("write `newest-build: true`, or the key of another policy"));
    }
    Ok(Policy::ordered(NewestBuild))
}

impl OrderedPolicy for NewestBuild {
    fn need(&self) -> Need {
        Need::Facts
    }

    fn reader<'a>(
        &'a self,
        _current: Option<&'a Shape<'a>>,
        _external: &'a ExternalFacts,
    ) -> Result<Box<dyn TagReader + 'a>, Unknown> {
        Ok(Box::new(ByCreation))
    }
}

struct ByCreation;

impl TagReader for ByCreation {
    fn read(&self, _text: &str, facts: Option<&ImageFacts>, key: &mut OrderKey) -> Result<(), TagReadError> {
        let created = facts.and_then(ImageFacts::build_time).ok_or(TagReadError::MissingFact)?;
        key.instant(created.as_nanosecond());
        Ok(())
    }

    fn read_current(&self, text: &str, facts: Option<&ImageFacts>, key: &mut OrderKey) -> Result<bool, Unknown> {
        let cause = if facts.is_some() { Rejection::NoBuildTime } else { Rejection::NotListed };
        let unknown = |_| Unknown::Current { text: text.into(), cause };
        self.read(text, facts, key).map(|()| true).map_err(unknown)
    }

    fn rejection(&self, _text: &str, _error: TagReadError) -> Rejection {
        Rejection::NoBuildTime
    }
}
