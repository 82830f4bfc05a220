//! Pre-release stages in tags: `-rc.1`, `b1`, `.Beta2`.

use super::commit_hash::{commit_hash_at, is_numeric_hash};
use super::scan::{digits, letters};

/// The stage of a pre-release, such as `-rc.1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreReleaseStage<'t> {
    /// Its text, with the separator before it.
    pub text: &'t str,
    /// How close it is to the release: `dev` is 0, `rc` is 4.
    pub rank: u8,
}

impl<'t> PreReleaseStage<'t> {
    /// Returns its numbers, in order.
    pub fn numbers(&self) -> impl Iterator<Item = &'t str> + use<'t> {
        self.text.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty())
    }

    /// Returns whether a word names it, and not a letter.
    pub(super) fn has_word(&self) -> bool {
        self.text.bytes().filter(u8::is_ascii_alphabetic).count() > 1
    }

    /// Returns whether a separator precedes it.
    pub(super) fn is_separated(&self) -> bool {
        self.text.starts_with(['.', '-', '_'])
    }

    /// Returns its text with `#` for every number: `-rc.#`.
    pub fn shape(&self) -> String {
        let mut shape = String::new();
        for c in self.text.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }) {
            if c != '#' || !shape.ends_with('#') {
                shape.push(c);
            }
        }
        shape
    }

    /// Returns whether Maven writes it, also behind a commit: `1.2.3-a1b2c3d-SNAPSHOT`.
    pub(super) fn is_snapshot(&self) -> bool {
        self.text[1..].eq_ignore_ascii_case("snapshot")
    }

    /// Parses a stage at the start of `text`, which follows a digit of a version.
    pub fn at(text: &'t str) -> Option<Self> {
        Self::read(text, false)
    }

    /// Parses a stage where a number may be a commit, and so is none of its numbers: `-dev` in `-dev.4808804`.
    pub fn before_commit(text: &'t str) -> Option<Self> {
        Self::read(text, true)
    }

    fn read(text: &'t str, numeric_hashes: bool) -> Option<Self> {
        let separated = text.starts_with(['.', '-', '_']);
        let word_at = usize::from(separated);
        let word = letters(&text[word_at..]);
        let after = &text[word_at + word.len()..];
        let numbered = after.starts_with(|c: char| c.is_ascii_digit());
        let rank = match word {
            // A single letter is a stage only in `3.7.0b1` (PEP 440) and `2.0.0.M1` (Maven); `-b10450` counts builds.
            "a" if numbered && !separated => 1,
            "b" if numbered && !separated => 2,
            "M" | "m" if numbered => 3,
            _ => STAGES.iter().find(|(name, _)| name.eq_ignore_ascii_case(word))?.1,
        };
        let mut end = word_at + word.len();
        loop {
            let rest = &text[end..];
            let skip = usize::from(rest.starts_with(['.', '-', '_']));
            match digits(&rest[skip..]) {
                "" => break,
                number if numeric_hashes && skip == 1 && is_numeric_hash(number) => break,
                // The commit in `16.dev.8c55d85` starts with a digit, too.
                number if commit_hash_at(&rest[skip..], skip == 1).is_some_and(|hash| hash.len() > number.len()) => {
                    break;
                }
                number => end += skip + number.len(),
            }
        }
        Some(Self { text: &text[..end], rank })
    }
}

/// Words that mark a pre-release after a number, with their ranks.
#[rustfmt::skip]
const STAGES: &[(&str, u8)] = &[
    ("dev", 0), ("snapshot", 0), ("nightly", 0), ("canary", 0), ("unstable", 0), ("next", 0), ("experimental", 0), ("insiders", 0),
    ("alpha", 1), ("ea", 1), ("ec", 1),
    ("beta", 2),
    ("pre", 3), ("preview", 3), ("prerelease", 3), ("milestone", 3),
    ("rc", 4), ("cr", 4),
];
