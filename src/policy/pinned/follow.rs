//! `follow`: the version at another environment's path in this repository, such as staging before production.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::policy::external_facts::ExternalNeed;
use crate::policy::pinned_policy::{PinnedPolicy, PinnedTarget};
use crate::policy::policy::Policy;
use crate::policy::settings::{OptionDoc, PolicyError, Settings};

/// The tag and digest of the same image at other paths.
#[derive(Debug)]
pub(crate) struct Promotion {
    paths: GlobSet,
}

/// Keys of this policy besides those of all policies.
pub(crate) const OPTIONS: &[OptionDoc] = &[];

/// Reads `{ follow: envs/staging/** }`; a folder includes everything in it.
pub(crate) fn build(settings: &Settings) -> Result<Policy, PolicyError> {
    let texts = settings.texts("follow")?;
    let mut paths = GlobSetBuilder::new();
    for text in &texts {
        let path = text.trim_end_matches('/');
        let wrong = |cause: &str| {
            PolicyError::at("follow", format!("invalid path `{text}`: {cause}")).with_hint(
                "write the folder or file to follow, relative to the root of the repository: `envs/staging` or `envs/*/staging.yaml`",
            )
        };
        if path.is_empty() || path.split('/').any(|part| part == "..") {
            return Err(wrong("it is empty or outside the repository"));
        }
        if let Some(start) = ["/", "./"].into_iter().find(|start| path.starts_with(start)) {
            let cause = format!("it starts with `{start}`, and paths are relative to the root of the repository");
            return Err(wrong(&cause).with_hint(format!("write `{}`", &path[start.len()..])));
        }
        for glob in [path.to_owned(), format!("{path}/**")] {
            let glob = GlobBuilder::new(&glob).literal_separator(true).build();
            paths.add(glob.map_err(|error| wrong(&error.kind().to_string()))?);
        }
    }
    if texts.is_empty() {
        return Err(
            PolicyError::at("follow", "expected a path, found none").with_hint("write `follow: envs/staging/**`")
        );
    }
    let paths = paths.build().map_err(|error| {
        PolicyError::at("follow", error.kind().to_string())
            .with_hint("name fewer or shorter paths, such as `envs/staging/**`")
    })?;
    Ok(Policy::pinned(Promotion { paths }))
}

impl PinnedPolicy for Promotion {
    fn external_need(&self) -> Option<ExternalNeed<'_>> {
        Some(ExternalNeed::References(&self.paths))
    }

    fn target(&self) -> PinnedTarget<'_> {
        PinnedTarget::Promoted
    }
}
