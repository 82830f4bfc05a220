//! `newest-build`: the image that was built last, going by the creation time in its own metadata.

use std::sync::Arc;

use super::external_facts::ExternalFacts;
use super::key::Key;
use super::policy::{Need, Policy, Reader, Reason, Rejection};
use super::settings::{OptionDoc, PolicyError, Settings};
use crate::image::ImageFacts;

/// Images in the order of their creation times. Reproducible builds share one: a tie, and so unknown.
#[derive(Debug)]
pub(super) struct NewestBuild;

/// Keys of this policy beside the common ones.
pub(super) const OPTIONS: &[OptionDoc] = &[];

/// Reads `{ newest-build: true, include: '^main-' }`.
pub(super) fn build(settings: &Settings) -> Result<Arc<dyn Policy>, PolicyError> {
    if settings.switch("newest-build")? == Some(false) {
        return Err(PolicyError::at("newest-build", "false is no policy")
            .with_hint("leave the entry out, or name another policy"));
    }
    Ok(Arc::new(NewestBuild))
}

impl Policy for NewestBuild {
    fn describe(&self) -> String {
        "newest-build".to_owned()
    }

    fn needs(&self) -> Need {
        Need::Facts
    }

    fn reader<'a>(
        &'a self,
        _current: Option<&'a str>,
        _supplied: &'a ExternalFacts,
    ) -> Result<Box<dyn Reader + 'a>, Reason> {
        Ok(Box::new(ByCreation))
    }
}

struct ByCreation;

impl Reader for ByCreation {
    fn read(&self, _text: &str, facts: Option<&ImageFacts>, key: &mut Key) -> Result<(), Rejection> {
        let created = facts.and_then(|facts| facts.created).ok_or(Rejection::NoFact)?;
        key.instant(created.as_nanosecond());
        Ok(())
    }

    fn reason(&self, _text: &str, _refusal: Rejection) -> Reason {
        Reason::new("its metadata does not say when it was built")
    }
}
