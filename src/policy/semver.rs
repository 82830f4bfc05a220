//! `semver`: the greatest version in a range.

use std::sync::Arc;

use super::external_facts::ExternalFacts;
use super::key::Key;
use super::mould::Mould;
use super::policy::{Policy, Reader, Reason, Rejection, Ties};
use super::range::{Range, Version};
use super::settings::{OptionDoc, PolicyError, Settings};
use crate::image::ImageFacts;
use crate::image::version::Shape;

/// Versions in a range, in the order of semver 2.0.0.
#[derive(Debug)]
pub(super) struct SemVer {
    range: Range,
    pre_releases: bool,
    strict: Option<bool>,
    keep_variant: bool,
}

/// Keys of this policy beside the common ones.
#[rustfmt::skip]
pub(super) const OPTIONS: &[OptionDoc] = &[
    OptionDoc { key: "pre-releases", about: "true: pre-releases in the range, too; without it only a range with one in it lets them in, such as >=1.0.0-0" },
    OptionDoc { key: "strict",       about: "true: three numbers only; false: 1.2 and 2 are versions, too; without it true where the current tag has three" },
    OptionDoc { key: "variant",      about: "keep (without it) or any: whether a suffix of the current tag that is no pre-release, such as -alpine3.20, has to stay" },
];

/// Reads `{ semver: ">=1.0 <3", pre-releases: true }`; `true` is any version.
pub(super) fn build(settings: &Settings) -> Result<Arc<dyn Policy>, PolicyError> {
    let text =
        if settings.value("semver") == Some(&true.into()) { "*" } else { settings.text("semver")?.unwrap_or("*") };
    let range = Range::new(text).map_err(|error| {
        PolicyError::at("semver", error.to_string())
            .with_hint("ranges look like ^1.2, ~1.2.3, 1.x, >=1.0 <3, 1.2 - 1.4 or ^1 || ^3")
    })?;
    let pre_releases = settings.switch("pre-releases")?.unwrap_or(false);
    Ok(Arc::new(SemVer {
        // Where pre-releases are let in, a suffix is one of them, and the order of semver.org decides.
        keep_variant: settings.word("variant", &[("keep", true), ("any", false)])?.unwrap_or(true)
            && !pre_releases
            && !range.names_pre_releases(),
        range,
        pre_releases,
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

    fn reader<'a>(
        &'a self,
        current: Option<&'a str>,
        _supplied: &'a ExternalFacts,
    ) -> Result<Box<dyn Reader + 'a>, Reason> {
        let version = current.and_then(Version::new);
        let strict = self.strict.unwrap_or_else(|| version.is_some_and(|version| version.parts() == 3));
        let variant = current.filter(|_| self.keep_variant && version.is_some()).and_then(Variant::of);
        Ok(Box::new(InRange { policy: self, strict, variant }))
    }
}

/// What stands behind the version of the current tag and says what kind of image it is, not how new: `-alpine3.20`.
struct Variant<'c> {
    shape: Shape<'c>,
    mould: Mould<'c>,
}

impl<'c> Variant<'c> {
    fn of(current: &'c str) -> Option<Self> {
        let suffix = &current[current.find('-')?..];
        let is_word = suffix[1..].starts_with(|c: char| c.is_ascii_alphabetic());
        let shape = Shape::of(suffix);
        (is_word && Shape::of(current).stage().is_none()).then(|| Self { mould: Mould::new(&shape), shape })
    }
}

struct InRange<'c> {
    policy: &'c SemVer,
    strict: bool,
    variant: Option<Variant<'c>>,
}

impl InRange<'_> {
    /// The version in a text, and the suffix that it has to have.
    fn split<'t>(&self, text: &'t str) -> (&'t str, &'t str) {
        match &self.variant {
            Some(_) => text.find('-').map_or((text, ""), |at| text.split_at(at)),
            None => (text, ""),
        }
    }

    fn fits_variant(&self, suffix: &str, key: &mut Key) -> bool {
        self.variant.as_ref().is_none_or(|variant| variant.mould.fit(suffix, key))
    }
}

/// Three parts between dots, wherever they stand: how Flux tells versions from moving tags (fluxcd/pkg, `ParseVersion`).
fn has_three_parts(text: &str) -> bool {
    text.bytes().filter(|b| *b == b'.').take(2).count() == 2
}

impl Reader for InRange<'_> {
    fn read(&self, text: &str, _facts: Option<&ImageFacts>, key: &mut Key) -> Result<(), Rejection> {
        let (text, suffix) = self.split(text);
        if self.strict && !has_three_parts(text) {
            return Err(Rejection::Unreadable);
        }
        let version = Version::new(text).ok_or(Rejection::Unreadable)?;
        if !self.policy.range.holds(&version, self.policy.pre_releases) {
            let only_for_being_one = version.is_pre_release() && self.policy.range.holds(&version, true);
            return Err(if only_for_being_one { Rejection::PreRelease } else { Rejection::Outside });
        }
        version.write(key);
        if self.fits_variant(suffix, key) { Ok(()) } else { Err(Rejection::OtherVariant) }
    }

    fn place(&self, text: &str, _facts: Option<&ImageFacts>, key: &mut Key) -> Result<bool, Reason> {
        let (text, suffix) = self.split(text);
        Ok(Version::new(text).map(|version| version.write(key)).is_some() && self.fits_variant(suffix, key))
    }

    fn ties(&self) -> Ties {
        if self.variant.as_ref().is_some_and(|variant| variant.shape.has_hash()) { Ties::Unknown } else { Ties::Last }
    }

    fn reason(&self, text: &str, refusal: Rejection) -> Reason {
        Reason::new(match refusal {
            Rejection::Outside => format!("not in the range {}", self.policy.range),
            Rejection::PreRelease => "a pre-release, and `pre-releases` is not set".to_owned(),
            Rejection::OtherVariant => {
                format!(
                    "not the variant {} that stands there",
                    self.variant.as_ref().map(|variant| variant.shape.to_string()).unwrap_or_default()
                )
            }
            _ if Version::new(text).is_some() => "not a whole version of three numbers".to_owned(),
            _ => "not a semantic version".to_owned(),
        })
    }
}
