//! A version on top of the `semver` crate, which parses and compares it.
//!
//! Own code reads only what the crate rejects and registries contain: a leading `v`, leading zeros, one or two numbers, and
//! numbers above `u64`.

use std::cmp::Ordering;

use semver::{BuildMetadata, Prerelease};

use super::key::OrderKey;

/// A version, `[v]1[.2[.3]][-pre.1][+build]`. Missing numbers are zero; build metadata does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// A number above `u64` is [`u64::MAX`] here.
    semver: semver::Version,
    /// The digits of the numbers above `u64`, in their places; the others are empty.
    large: Option<[Box<str>; 3]>,
    parts: u8,
}

impl Version {
    /// Parses a version.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        match semver::Version::parse(text) {
            Ok(semver) => Some(Self { semver, large: None, parts: 3 }),
            Err(_) => Self::lenient(text),
        }
    }

    /// Parses what the crate rejects: partial versions, leading zeros and numbers above `u64`.
    fn lenient(text: &str) -> Option<Self> {
        let (core, suffix) = text.split_at(text.find(['-', '+']).unwrap_or(text.len()));
        let (mut numbers, mut large, mut parts) = ([0; 3], <[Box<str>; 3]>::default(), 0);
        for digits in core.split('.') {
            if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            let number: &mut u64 = numbers.get_mut(parts)?;
            *number = digits.parse().unwrap_or_else(|_| {
                large[parts] = digits.trim_start_matches('0').into();
                u64::MAX
            });
            parts += 1;
        }
        let (pre, build) = suffix.split_once('+').map_or((suffix, None), |(pre, build)| (pre, Some(build)));
        if pre == "-" || build == Some("") {
            return None;
        }
        let [major, minor, patch] = numbers;
        let semver = semver::Version {
            major,
            minor,
            patch,
            pre: Prerelease::new(pre.strip_prefix('-').unwrap_or(pre)).ok()?,
            build: BuildMetadata::new(build.unwrap_or_default()).ok()?,
        };
        let is_large = large.iter().any(|digits| !digits.is_empty());
        Some(Self { semver, large: is_large.then_some(large), parts: u8::try_from(parts).ok()? })
    }

    /// Whether it has a pre-release.
    pub fn is_pre_release(&self) -> bool {
        !self.semver.pre.is_empty()
    }

    /// How many of major, minor and patch are written.
    pub fn parts(&self) -> u8 {
        self.parts
    }

    /// Appends its precedence (semver 2.0.0, §11) to a key.
    pub fn write(&self, key: &mut OrderKey) {
        for at in 0..3 {
            match self.number(at) {
                u64::MAX => key.number(&self.digits(at)),
                number => key.integer(number),
            }
        }
        if self.semver.pre.is_empty() {
            key.release();
            return;
        }
        for identifier in self.semver.pre.split('.') {
            if identifier.bytes().all(|b| b.is_ascii_digit()) {
                key.numeric_identifier(identifier);
            } else {
                key.word_identifier(identifier);
            }
        }
        key.end();
    }

    /// Compares by precedence: build metadata does not count.
    pub fn compare(&self, other: &Self) -> Ordering {
        if self.large.is_none() && other.large.is_none() {
            return self.semver.cmp_precedence(&other.semver);
        }
        let numbers = (0..3).map(|at| self.compare_number(at, other)).find(|order| order.is_ne());
        numbers.unwrap_or_else(|| self.compare_pre_release(other))
    }

    /// Compares one number: major is 0, minor 1, patch 2.
    pub(super) fn compare_number(&self, at: usize, other: &Self) -> Ordering {
        self.number(at).cmp(&other.number(at)).then_with(|| {
            let (one, other) = (self.large_digits(at), other.large_digits(at));
            (one.len(), one).cmp(&(other.len(), other))
        })
    }

    /// Compares the pre-releases: a release is greater than any of them.
    pub(super) fn compare_pre_release(&self, other: &Self) -> Ordering {
        self.semver.pre.cmp(&other.semver.pre)
    }

    /// Whether one number is zero.
    pub(super) fn is_zero(&self, at: usize) -> bool {
        self.number(at) == 0
    }

    fn number(&self, at: usize) -> u64 {
        [self.semver.major, self.semver.minor, self.semver.patch][at]
    }

    fn large_digits(&self, at: usize) -> &str {
        self.large.as_ref().map_or("", |digits| &digits[at])
    }

    fn digits(&self, at: usize) -> String {
        match self.large_digits(at) {
            "" => self.number(at).to_string(),
            digits => digits.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(text: &str) -> OrderKey {
        let mut key = OrderKey::default();
        Version::new(text).unwrap_or_else(|| panic!("{text}")).write(&mut key);
        key
    }

    #[test]
    fn reads_what_the_crate_rejects() {
        for (text, parts) in
            [("v1.2.3", 3), ("1", 1), ("1.2-rc.1", 2), ("2022.04.01", 3), ("18446744073709551616.0.0", 3)]
        {
            assert_eq!(Version::new(text).map(|version| version.parts()), Some(parts), "{text}");
        }
        for text in
            ["", "v", "1.", ".1", "1.2.3.4", "1.x", "1.2.3-", "1.2.3+", "1.2-rc..1", "1.2.3-01", "vv1", "+1", "1_2"]
        {
            assert_eq!(Version::new(text), None, "{text}");
        }
    }

    #[test]
    fn compares_numbers_above_u64_by_value() {
        let ascending = [
            "18446744073709551614",
            "18446744073709551615",
            "18446744073709551616",
            "20000000000000000000",
            "100000000000000000000",
        ];
        for pair in ascending.windows(2) {
            let [one, other] = [pair[0], pair[1]].map(|major| Version::new(&format!("{major}.0.0")).unwrap());
            assert_eq!(one.compare(&other), Ordering::Less, "{pair:?}");
            assert!(key(pair[0]) < key(pair[1]), "{pair:?}");
        }
    }

    proptest! {
        #[test]
        fn keys_sort_as_the_crate_compares(
            one in "[0-3]\\.[0-3]\\.(0|1|10|18446744073709551615)(-(rc|alpha|[1-9][0-9]{0,20}|0)(\\.(1|2|10|x))?)?",
            other in "[0-3]\\.[0-3]\\.(0|1|10|18446744073709551615)(-(rc|alpha|[1-9][0-9]{0,20}|0)(\\.(1|2|10|x))?)?",
        ) {
            let parse = |text: &str| semver::Version::parse(text).unwrap();
            prop_assert_eq!(key(&one).cmp(&key(&other)), parse(&one).cmp_precedence(&parse(&other)));
        }
    }
}
