//! The shape of a tag: numbers between literal text. The default policy compares tags of one shape.
//!
//! The rules prevent comparisons of text that only looks ordered: commit hashes, architectures, numbers of pull requests.

use std::fmt;
use std::ops::Range;

use super::commit_hash::commit_hash_at;
use super::scan::{digits, letters, runs};
use super::stage::PreReleaseStage;
use super::timestamp::{is_day, timestamp_millis};

/// One piece of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'t> {
    /// Text that is the same in every tag of the shape: separators, words, architectures, identities.
    Text(&'t str),
    /// A natural number of any length, in decimal digits.
    Number(&'t str),
    /// Digits that are a point in time: `20230411113310`, `1684740828`, `20231101`.
    Stamp(&'t str),
    /// A commit hash, with the letter that git or Jenkins writes before it. Any hash has the same shape.
    Hash(&'t str),
    /// A pre-release stage: separator, word and numbers, such as `-rc.1`.
    Stage(PreReleaseStage<'t>),
}

/// Names of processor architectures and their variants. Their digits are not numbers.
const ARCHITECTURES: &[&str] = &[
    "x86_64", "x86-64", "x86", "x64", "amd64", "arm64v8", "arm64", "arm32v5", "arm32v6", "arm32v7", "arm32", "armv6",
    "armv7", "armv8", "aarch64", "i386", "i486", "i586", "i686", "386", "ppc64le", "ppc64", "s390x", "riscv64",
    "mips64le", "mips64", "loong64", "win32", "win64",
];

/// Words before a number that identifies something: `pr-1216` is another pull request than `pr-1217`, not an older one.
const IDENTITIES: &[&str] = &["pr", "mr", "pull", "issue", "ticket"];

/// The shape of a tag: its pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape<'t> {
    tag: &'t str,
    parts: Vec<Part<'t>>,
}

impl<'t> Shape<'t> {
    /// Splits a tag into its pieces. Any text has a shape; at least one piece of literal text.
    pub fn of(tag: &'t str) -> Self {
        if is_duration(tag) || is_random_word(tag) {
            return Self { tag, parts: vec![Part::Text(tag)] };
        }
        let stamped = words(tag).any(|word| is_time_word(&tag[word]));
        let mut parts = Vec::new();
        let mut at = 0;
        while at < tag.len() {
            let part = next_part(tag, at, parts.last(), stamped);
            at += part.text().len();
            parts.push(part);
        }
        Self { tag, parts }
    }

    /// Returns the tag.
    pub fn tag(&self) -> &'t str {
        self.tag
    }

    /// Returns the pieces, in order; together they are the tag.
    pub fn parts(&self) -> &[Part<'t>] {
        &self.parts
    }

    /// Returns whether it has a number or a timestamp.
    pub fn has_order(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Number(_) | Part::Stamp(_)))
    }

    /// Returns its pre-release stage.
    pub fn stage(&self) -> Option<PreReleaseStage<'t>> {
        self.parts.iter().find_map(|part| if let Part::Stage(stage) = part { Some(*stage) } else { None })
    }

    /// Returns major, minor, patch and so on: the first numbers with only dots between them. Empty if there are none.
    pub fn release(&self) -> Vec<&'t str> {
        let mut numbers = Vec::new();
        let mut parts = self.parts.iter().skip_while(|part| !matches!(part, Part::Number(_) | Part::Stamp(_)));
        while let Some(Part::Number(number) | Part::Stamp(number)) = parts.next() {
            numbers.push(*number);
            if parts.next() != Some(&Part::Text(".")) {
                break;
            }
        }
        numbers
    }

    /// Returns whether it has a commit hash.
    pub fn has_hash(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Hash(_)))
    }
}

impl<'t> Part<'t> {
    /// Returns the text of the piece.
    pub fn text(&self) -> &'t str {
        match self {
            Self::Text(text) | Self::Number(text) | Self::Stamp(text) | Self::Hash(text) => text,
            Self::Stage(stage) => stage.text,
        }
    }
}

/// Formats the shape for messages: `v#.#.#-alpine#.#`, `prod-<hash>-<time>`.
impl fmt::Display for Shape<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(text),
            Part::Number(_) => f.write_str("#"),
            Part::Stamp(_) => f.write_str("<time>"),
            Part::Hash(_) => f.write_str("<hash>"),
            Part::Stage(stage) => f.write_str(&stage.shape()),
        })
    }
}

fn next_part<'t>(tag: &'t str, at: usize, last: Option<&Part<'t>>, stamped: bool) -> Part<'t> {
    let rest = &tag[at..];
    let before = tag[..at].chars().next_back();
    let word_start = !before.is_some_and(|c| c.is_ascii_alphanumeric());
    if word_start {
        let ends = |length: usize| !rest[length..].starts_with(|c: char| c.is_ascii_alphanumeric());
        if let Some(name) = ARCHITECTURES.iter().find(|name| rest.starts_with(**name) && ends(name.len())) {
            return Part::Text(&rest[..name.len()]);
        }
        if let Some(hash) = commit_hash_at(rest, before.is_some()) {
            return Part::Hash(hash);
        }
        let number = digits(rest);
        if stamped && ends(number.len()) && is_numeric_hash(number) {
            return Part::Hash(number);
        }
    }
    if matches!(last, Some(Part::Number(_)))
        && let Some(stage) = PreReleaseStage::at(rest)
    {
        return Part::Stage(stage);
    }
    match digits(rest) {
        "" => Part::Text(text_run(rest)),
        number if names_an_identity(&tag[..at]) => Part::Text(number),
        number if timestamp_millis(number).is_some() || is_day(number) => Part::Stamp(number),
        number => Part::Number(number),
    }
}

/// Returns the text up to the next place where another kind of piece may begin: a digit, or the end of a word.
fn text_run(rest: &str) -> &str {
    let word = letters(rest);
    let length = if word.is_empty() { rest.chars().next().map_or(0, char::len_utf8) } else { word.len() };
    &rest[..length]
}

/// Returns whether a number beside a timestamp is a commit hash: one in 27 has only digits in its first seven places.
fn is_numeric_hash(number: &str) -> bool {
    (7..=12).contains(&number.len()) && timestamp_millis(number).is_none() && !is_day(number)
}

fn names_an_identity(before: &str) -> bool {
    let before = before.trim_end_matches(['-', '_', '.']);
    let word = before.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    IDENTITIES.iter().any(|name| name.eq_ignore_ascii_case(&before[word.len()..]))
}

/// Returns whether a tag is a duration, such as `24h`: how long ttl.sh keeps an image.
fn is_duration(tag: &str) -> bool {
    let number = digits(tag);
    !number.is_empty() && matches!(&tag[number.len()..], "s" | "m" | "h" | "d" | "w")
}

/// Returns whether a tag is a random word, such as `db6hu6`: letters and digits alternate, unlike in `v1beta1`.
fn is_random_word(tag: &str) -> bool {
    tag.bytes().all(|b| b.is_ascii_alphanumeric())
        && runs(tag) > 3
        && PreReleaseStage::at(
            tag.trim_start_matches(|c: char| !c.is_ascii_digit()).trim_start_matches(|c: char| c.is_ascii_digit()),
        )
        .is_none()
}

fn words(tag: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = 0;
    tag.split(['.', '-', '_']).map(move |word| {
        let start = at;
        at += word.len() + 1;
        start..start + word.len()
    })
}

/// Returns whether a word is a timestamp, with optional letters before it (`v20220812`).
fn is_time_word(word: &str) -> bool {
    let number = word.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    timestamp_millis(number).is_some() || is_day(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn splits_tags_into_their_shapes() {
        #[rustfmt::skip]
        let rows = [
            ("v1.27.3-alpine3.20",                    "v#.#.#-alpine#.#"),
            ("1.2.3-rc.1",                            "#.#.#-rc.#"),
            ("3.7.0b1",                               "#.#.#b#"),
            ("prod-564a3ad-20230411113310",           "prod-<hash>-<time>"),
            ("test-2912737-20250624214604",           "test-<hash>-<time>"),
            ("v20220812-9414716697",                  "v<time>-<hash>"),
            ("1234567",                               "#"),
            ("17.0.1_12-jre",                         "#.#.#_#-jre"),
            ("RELEASE.2025-09-07T16-13-09Z",          "RELEASE.#-#-#T#-#-#Z"),
            ("3385.vf1123fb_515da_-1",                "#.<hash>-#"),
            ("v3.9.0-177-ged5bcde",                   "v#.#.#-#-<hash>"),
            ("x86_64-ubuntu-jdk8u222-b10_openj9-0.15.1", "x86_64-ubuntu-jdk#u#-b#_openj#-#.#.#"),
            ("pr-1216",                               "pr-1216"),
            ("db6hu6",                                "db6hu6"),
            ("v1beta1",                               "v#beta#"),
            ("24h",                                   "24h"),
            ("16.dev.8c55d85",                        "#.dev.<hash>"),
            ("1.0.0-arm64v8",                         "#.#.#-arm64v8"),
            ("3scale2.10",                            "#scale#.#"),
            ("täg-1",                                 "täg-#"),
            ("¡0",                                    "¡#"),
        ];
        for (tag, shape) in rows {
            assert_eq!(Shape::of(tag).to_string(), shape, "{tag}");
        }
    }

    #[test]
    fn release_ends_at_the_last_dot() {
        let release = |tag| Shape::of(tag).release();
        assert_eq!(release("v1.27.3-alpine3.20"), ["1", "27", "3"]);
        assert_eq!(release("1.2-3.4"), ["1", "2"]);
        assert_eq!(release("pg17-0.112.0"), ["17"]);
        assert_eq!(release("prod-564a3ad-20230411113310"), ["20230411113310"]);
        assert_eq!(release("latest"), [""; 0]);
    }

    proptest! {
        #[test]
        fn parts_add_up_to_the_tag(tag in "\\PC{0,40}|[0-9a-g._-]{0,40}|(v?[0-9]{1,9}|rc|alpha|pr|[0-9a-f]{7,12}|[._-]){0,9}") {
            let shape = Shape::of(&tag);
            let text: String = shape.parts().iter().map(Part::text).collect();
            prop_assert_eq!(text, tag);
        }
    }
}
