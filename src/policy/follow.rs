//! `follow`: what another environment's path in this repository holds now, such as staging before production.

use std::sync::Arc;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::external_facts::{ExternalFacts, ExternalNeed};
use super::policy::{Follow, Policy, Reader, Reason};
use super::settings::{OptionDoc, PolicyError, Settings};

/// The tag, and the digest if there is one, that stands at other paths for the same image.
#[derive(Debug)]
pub(super) struct Promotion {
    written: String,
    paths: GlobSet,
}

/// Keys of this policy beside the common ones.
pub(super) const OPTIONS: &[OptionDoc] = &[];

/// Reads `{ follow: envs/staging/** }`; a folder is everything in it.
pub(super) fn build(settings: &Settings) -> Result<Arc<dyn Policy>, PolicyError> {
    let texts = settings.texts("follow")?;
    let mut paths = GlobSetBuilder::new();
    for text in &texts {
        let path = text.trim_start_matches("./").trim_matches('/');
        let wrong = |why: &str| {
            PolicyError::at("follow", format!("'{text}' is not a path of this repository: {why}")).with_hint(
                "write the folder or file that is followed, from the root: envs/staging or envs/*/staging.yaml",
            )
        };
        if path.is_empty() || path.split('/').any(|part| part == "..") {
            return Err(wrong("it leads out of it, or nowhere"));
        }
        for glob in [path.to_owned(), format!("{path}/**")] {
            let glob = GlobBuilder::new(&glob).literal_separator(true).build();
            paths.add(glob.map_err(|error| wrong(&error.kind().to_string()))?);
        }
    }
    if texts.is_empty() {
        return Err(PolicyError::at("follow", "names no path").with_hint("write follow: envs/staging/**"));
    }
    let paths = paths.build().map_err(|error| PolicyError::at("follow", error.kind().to_string()))?;
    Ok(Arc::new(Promotion { written: texts.join(", "), paths }))
}

impl Policy for Promotion {
    fn describe(&self) -> String {
        format!("follow: {}", self.written)
    }

    fn external_need(&self) -> Option<ExternalNeed<'_>> {
        Some(ExternalNeed::References(&self.paths))
    }

    fn follows(&self) -> Option<Follow<'_>> {
        Some(Follow::Elsewhere)
    }

    fn reader<'a>(
        &'a self,
        _current: Option<&'a str>,
        _supplied: &'a ExternalFacts,
    ) -> Result<Box<dyn Reader + 'a>, Reason> {
        Err(Reason::new("what is followed has no order"))
    }
}
