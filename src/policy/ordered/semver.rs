//! `semver`: the greatest version in a range.

use crate::image::{ImageFacts, PreReleaseStage, Shape, commit_hash_at, is_numeric_hash};
use crate::policy::external_facts::ExternalFacts;
use crate::policy::ordered_policy::{OrderedPolicy, TagReadError, TagReader, Ties};
use crate::policy::policy::Policy;
use crate::policy::reason::{Rejection, Unknown};
use crate::policy::settings::{OptionDoc, PolicyError, Settings};
use crate::policy::versions::{OrderKey, Range, ShapeMatcher, Version, numbers_between_like_words};

/// Versions in a range, in the order of semver 2.0.0.
#[derive(Debug)]
pub(crate) struct SemVer {
    range: Range,
    pre_releases: bool,
    strict: Option<bool>,
    suffixes: SuffixMeaning,
}

/// What a word after a version means, such as `-alpine3.20`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SuffixMeaning {
    /// It is a variant: candidates need the one of the current tag.
    Keep,
    /// It is a variant, and any will do.
    Any,
    /// It is a pre-release, as in semver 2.0.0.
    PreReleases,
}

/// Keys of this policy besides those of all policies.
#[rustfmt::skip]
pub(crate) const OPTIONS: &[OptionDoc] = &[
    OptionDoc { key: "pre-releases", about: "true: include pre-releases; without it, only a range that names one includes them, such as >=1.0.0-0" },
    OptionDoc { key: "strict",       about: "true: only versions with three numbers; false: also 1.2 and 2; without it, true if the current tag has three" },
    OptionDoc { key: "variant",      about: "keep (default), any or pre-release: candidates need the current tag's suffix, such as -alpine3.20; or may have any; or every suffix is a pre-release, as in Flux and Argo CD" },
];

/// Reads `{ semver: ">=1.0 <3", pre-releases: true }`; `true` is any version.
pub(crate) fn build(settings: &Settings) -> Result<Policy, PolicyError> {
    let text =
        if settings.value("semver") == Some(&true.into()) { "*" } else { settings.text("semver")?.unwrap_or("*") };
    let range = Range::new(text).map_err(|error| {
        PolicyError::at("semver", error.to_string())
            .with_hint("write a range such as `^1.2`, `~1.2.3`, `1.x`, `>=1.0 <3`, `1.2 - 1.4`, `^1 || ^3`, or `*` for any version")
    })?;
    let pre_releases = settings.switch("pre-releases")?.unwrap_or(false);
    Ok(Policy::ordered(SemVer {
        // Pre-releases do not make `-pg14` one: only the order of peers reads every suffix so.
        suffixes: settings
            .word(
                "variant",
                &[
                    ("keep", SuffixMeaning::Keep),
                    ("any", SuffixMeaning::Any),
                    ("pre-release", SuffixMeaning::PreReleases),
                ],
            )?
            .unwrap_or(SuffixMeaning::Keep),
        range,
        pre_releases,
        strict: settings.switch("strict")?,
    }))
}

impl OrderedPolicy for SemVer {
    fn reads_versions(&self) -> bool {
        true
    }

    fn orders_counters_as_text(&self) -> bool {
        true
    }

    fn prefers_releases(&self) -> bool {
        self.suffixes != SuffixMeaning::PreReleases
    }

    fn reader<'a>(
        &'a self,
        current: Option<&'a Shape<'a>>,
        _external: &'a ExternalFacts,
    ) -> Result<Box<dyn TagReader + 'a>, Unknown> {
        let variant = if self.suffixes == SuffixMeaning::PreReleases { None } else { current.and_then(Variant::of) };
        let version = current.and_then(|current| {
            let end = if variant.is_some() { suffix_start(current.tag()) } else { None };
            Version::new(&current.tag()[..end.unwrap_or(current.tag().len())])
        });
        let strict = self.strict.unwrap_or_else(|| version.as_ref().is_some_and(|version| version.parts() == 3));
        let build = if version.is_some() { current.and_then(BuildMetadata::of) } else { None };
        Ok(Box::new(InRange { policy: self, strict, variant, build }))
    }
}

/// The build metadata of the current version, `+up1.2.3` of a chart. Versions that differ only there have the same precedence,
/// so that its numbers decide, if both have the same shape.
struct BuildMetadata<'c> {
    shape: Shape<'c>,
    matcher: ShapeMatcher<'c>,
}

impl<'c> BuildMetadata<'c> {
    fn of(current: &Shape<'c>) -> Option<Self> {
        let shape = current.suffix(current.tag().find('+')?)?;
        Some(Self { matcher: ShapeMatcher::new(&shape), shape })
    }

    /// Appends the numbers of a text that has the same shape.
    fn write(&self, text: &str, key: &mut OrderKey) {
        let Some(build) = text.find('+').map(|at| &text[at..]) else { return };
        if self.matcher.matches(build, &mut OrderKey::default()) {
            self.matcher.matches(build, key);
        }
    }
}

/// The suffix of the current tag that names a kind of image, not a pre-release: `-alpine3.20`.
struct Variant<'c> {
    shape: Shape<'c>,
    matcher: ShapeMatcher<'c>,
    /// The place of the version before it.
    version: OrderKey,
}

impl<'c> Variant<'c> {
    fn of(current: &Shape<'c>) -> Option<Self> {
        let start = suffix_start(current.tag())?;
        let is_word = current.tag()[start..].starts_with('-')
            && current.tag()[start + 1..].starts_with(|c: char| c.is_ascii_alphabetic());
        let shape = current.suffix(start)?;
        let mut version = OrderKey::default();
        Version::new(&current.tag()[..start])?.write(&mut version);
        is_word.then(|| Self { matcher: ShapeMatcher::new(&shape), shape, version })
    }

    /// Appends the numbers of a suffix with the same words, those of other products included: `pg16` is later than `pg14` where any
    /// variant will do.
    fn write_all_numbers(&self, suffix: &str, key: &mut OrderKey) -> bool {
        let numbers = if self.shape.stage().is_some() {
            None
        } else {
            numbers_between_like_words(&Shape::of(suffix), &self.shape)
        };
        numbers.is_some_and(|numbers| {
            numbers.into_iter().for_each(|number| key.number(number));
            true
        })
    }
}

struct InRange<'c> {
    policy: &'c SemVer,
    strict: bool,
    variant: Option<Variant<'c>>,
    build: Option<BuildMetadata<'c>>,
}

impl InRange<'_> {
    /// Splits a text into the version and the suffix that has to match.
    fn split<'t>(&self, text: &'t str) -> (&'t str, &'t str) {
        let has_suffix = |at: &usize| match self.policy.suffixes {
            SuffixMeaning::Keep => self.variant.is_some(),
            SuffixMeaning::Any => {
                text[*at..].starts_with('-') && text[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic())
            }
            SuffixMeaning::PreReleases => false,
        };
        suffix_start(text).filter(has_suffix).map_or((text, ""), |at| text.split_at(at))
    }

    /// Returns whether the suffix may follow that of the current tag, and appends its numbers where both have one shape. Any
    /// other may follow only with another version, if any variant will do: the variants of one version have no order.
    fn matches_variant(&self, suffix: &str, key: &mut OrderKey) -> bool {
        let Some(variant) = &self.variant else { return true };
        let mark = key.mark();
        let is_any = self.policy.suffixes == SuffixMeaning::Any;
        if (is_any && variant.write_all_numbers(suffix, key)) || variant.matcher.matches(suffix, key) {
            return true;
        }
        let is_same_version = || key.as_bytes()[..mark] == *variant.version.as_bytes();
        let may_follow = is_any && !is_same_version();
        key.truncate(mark);
        may_follow
    }
}

/// Returns where the suffix of a version begins: after its pre-release stage or the numbers that count builds, and after a commit
/// that follows these. `None` for a version without a hyphen.
fn suffix_start(text: &str) -> Option<usize> {
    let start = text.find('-')?;
    let mut at = start;
    loop {
        let rest = &text[at..];
        let length = match PreReleaseStage::at(rest) {
            Some(stage) => stage.text.len(),
            None => counted(rest, at > start),
        };
        if length == 0 {
            return Some(at);
        }
        at += length;
    }
}

/// Returns the length of a number after a separator, or of a commit where `commits` is set.
fn counted(text: &str, commits: bool) -> usize {
    let Some(word) = text.strip_prefix(['-', '.']) else { return 0 };
    let number = word.bytes().take_while(u8::is_ascii_digit).count();
    let is_whole = !word[number..].starts_with(|c: char| c.is_ascii_alphanumeric());
    // A number that may be a commit is a suffix, where the current tag has a commit.
    let is_number = number > 0 && is_whole && (commits || !is_numeric_hash(&word[..number]));
    let commit = if commits { commit_hash_at(word, true) } else { None };
    match commit {
        Some(commit) => 1 + commit.len(),
        None if is_number => 1 + number,
        None => 0,
    }
}

/// Returns whether a text has two dots: how Flux separates versions from floating tags (fluxcd/pkg, `ParseVersion`).
fn has_three_parts(text: &str) -> bool {
    text.bytes().filter(|b| *b == b'.').take(2).count() == 2
}

impl TagReader for InRange<'_> {
    fn read(&self, text: &str, _facts: Option<&ImageFacts>, key: &mut OrderKey) -> Result<(), TagReadError> {
        let (text, suffix) = self.split(text);
        if self.strict && !has_three_parts(text) {
            return Err(TagReadError::Unreadable);
        }
        let version = Version::new(text).ok_or(TagReadError::Unreadable)?;
        if !self.policy.range.contains(&version, self.policy.pre_releases) {
            let is_otherwise_in_range = version.is_pre_release() && self.policy.range.contains(&version, true);
            return Err(if is_otherwise_in_range { TagReadError::PreRelease } else { TagReadError::OutOfRange });
        }
        version.write(key);
        self.build.as_ref().inspect(|build| build.write(text, key));
        if self.matches_variant(suffix, key) { Ok(()) } else { Err(TagReadError::OtherVariant) }
    }

    fn read_current(&self, text: &str, _facts: Option<&ImageFacts>, key: &mut OrderKey) -> Result<bool, Unknown> {
        let (text, suffix) = self.split(text);
        let Some(version) = Version::new(text) else { return Ok(false) };
        version.write(key);
        self.build.as_ref().inspect(|build| build.write(text, key));
        Ok(self.matches_variant(suffix, key))
    }

    fn ties(&self) -> Ties {
        let has_hash = self.variant.as_ref().is_some_and(|variant| variant.shape.has_hash())
            || self.build.as_ref().is_some_and(|build| build.shape.has_hash());
        // Variants of one version are different images.
        if has_hash || self.policy.suffixes == SuffixMeaning::Any { Ties::Unknown } else { Ties::Last }
    }

    fn rejection(&self, text: &str, error: TagReadError) -> Rejection {
        match (error, &self.variant) {
            (TagReadError::OutOfRange, _) => Rejection::OutOfRange(self.policy.range.to_string().into()),
            (TagReadError::PreRelease, _) => Rejection::PreReleasesOff,
            (TagReadError::OtherVariant, Some(variant)) => Rejection::OtherVariant(variant.shape.to_string().into()),
            _ if Version::new(text).is_some() => Rejection::PartialVersion,
            _ => Rejection::NotSemVer,
        }
    }
}
