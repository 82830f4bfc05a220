//! `semver`: the greatest version in a range.

use std::sync::Arc;

use super::key::Key;
use super::policy::{Policy, Reader, Reason, Refusal, Ties};
use super::range::{Range, Version};
use super::settings::{OptionDoc, PolicyError, Settings};
use crate::image::ImageFacts;

/// Versions in a range, in the order of semver 2.0.0.
#[derive(Debug)]
pub(super) struct SemVer {
    range: Range,
    pre_releases: bool,
    strict: Option<bool>,
}

/// Keys of this policy beside the common ones.
#[rustfmt::skip]
pub(super) const OPTIONS: &[OptionDoc] = &[
    OptionDoc { key: "pre-releases", about: "true: pre-releases in the range, too; without it only a range with one in it lets them in, such as >=1.0.0-0" },
    OptionDoc { key: "strict",       about: "true: three numbers only; false: 1.2 and 2 are versions, too; without it as the current tag is written" },
];

/// Reads `{ semver: ">=1.0 <3", pre-releases: true }`.
pub(super) fn build(settings: &Settings) -> Result<Arc<dyn Policy>, PolicyError> {
    let text = settings.text("semver")?.unwrap_or("*");
    let range = Range::new(text).map_err(|error| {
        PolicyError::at("semver", error.to_string())
            .with_hint("ranges look like ^1.2, ~1.2.3, 1.x, >=1.0 <3, 1.2 - 1.4 or ^1 || ^3")
    })?;
    Ok(Arc::new(SemVer {
        range,
        pre_releases: settings.switch("pre-releases")?.unwrap_or(false),
        strict: settings.switch("strict")?,
    }))
}

impl Policy for SemVer {
    fn describe(&self) -> String {
        format!("semver: {}", self.range)
    }

    fn reads_versions(&self) -> bool {
        true
    }

    fn reader<'a>(&'a self, current: Option<&'a str>) -> Result<Box<dyn Reader + 'a>, Reason> {
        let current_is_partial = || current.and_then(Version::new).is_some_and(|version| version.parts() < 3);
        let strict = self.strict.unwrap_or_else(|| !current_is_partial());
        Ok(Box::new(InRange { policy: self, strict }))
    }
}

struct InRange<'p> {
    policy: &'p SemVer,
    strict: bool,
}

/// Three parts between dots, wherever they stand: how Flux tells versions from moving tags (fluxcd/pkg, `ParseVersion`).
fn has_three_parts(text: &str) -> bool {
    text.bytes().filter(|b| *b == b'.').take(2).count() == 2
}

impl Reader for InRange<'_> {
    fn read(&self, text: &str, _facts: Option<&ImageFacts>, key: &mut Key) -> Result<(), Refusal> {
        if self.strict && !has_three_parts(text) {
            return Err(Refusal::Unreadable);
        }
        let version = Version::new(text).ok_or(Refusal::Unreadable)?;
        if !self.policy.range.holds(&version, self.policy.pre_releases) {
            let only_for_being_one = version.is_pre_release() && self.policy.range.holds(&version, true);
            return Err(if only_for_being_one { Refusal::PreRelease } else { Refusal::Outside });
        }
        version.write(key);
        Ok(())
    }

    fn place(&self, text: &str, _facts: Option<&ImageFacts>, key: &mut Key) -> bool {
        Version::new(text).map(|version| version.write(key)).is_some()
    }

    fn ties(&self) -> Ties {
        Ties::Spelling
    }

    fn reason(&self, text: &str, refusal: Refusal) -> Reason {
        Reason::new(match refusal {
            Refusal::Outside => format!("not in the range {}", self.policy.range),
            Refusal::PreRelease => "a pre-release, and `pre-releases` is not set".to_owned(),
            _ if Version::new(text).is_some() => "not a whole version of three numbers".to_owned(),
            _ => "not a semantic version".to_owned(),
        })
    }
}
