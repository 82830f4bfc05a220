//! A tag read as numeric slots and literal text: the shape that the default policy goes by.
//!
//! Reads only: which of two tags is newer is for the policies to say. Every rule here keeps something that looks like
//! an order from being taken for one: a commit hash, a build stamp, an architecture, the number of a pull request.

use std::fmt;
use std::ops::Range;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// One piece of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'t> {
    /// Text that has to be the same in every candidate: separators, words, architectures, identities.
    Text(&'t str),
    /// A natural number of any length, in decimal digits.
    Number(&'t str),
    /// Digits that are a point in time: `20230411113310`, `1684740828`, `20231101`.
    Stamp(&'t str),
    /// A commit hash, with the letter that git or Jenkins put before it: any other will do.
    Hash(&'t str),
    /// A pre-release: separator, word and numbers, such as `-rc.1`.
    Stage(Stage<'t>),
}

/// A pre-release within a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage<'t> {
    /// With the separator before it.
    pub text: &'t str,
    /// How close to the release: `dev` is 0, `rc` is 4.
    pub rank: u8,
}

impl<'t> Stage<'t> {
    /// The numbers in it, in order.
    pub fn numbers(&self) -> impl Iterator<Item = &'t str> + use<'t> {
        self.text.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty())
    }

    /// With `#` for every number: `-rc.#`.
    pub fn shape(&self) -> String {
        let mut shape = String::new();
        for c in self.text.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }) {
            if c != '#' || !shape.ends_with('#') {
                shape.push(c);
            }
        }
        shape
    }

    /// Reads a stage at the start of `text`, which stands right after a digit of a version.
    pub fn at(text: &'t str) -> Option<Self> {
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
                // The commit in `16.dev.8c55d85` starts with a digit, too.
                number if hash_at(&rest[skip..], skip == 1).is_some_and(|hash| hash.len() > number.len()) => break,
                number => end += skip + number.len(),
            }
        }
        Some(Self { text: &text[..end], rank })
    }
}

/// Words that announce a pre-release when they follow a number, with their distance from the release.
#[rustfmt::skip]
const STAGES: &[(&str, u8)] = &[
    ("dev", 0), ("snapshot", 0), ("nightly", 0), ("canary", 0), ("unstable", 0), ("next", 0), ("experimental", 0), ("insiders", 0),
    ("alpha", 1), ("ea", 1), ("ec", 1),
    ("beta", 2),
    ("pre", 3), ("preview", 3), ("prerelease", 3), ("milestone", 3),
    ("rc", 4), ("cr", 4),
];

/// Names of processor architectures and their variants: the digits in them count nothing.
const ARCHITECTURES: &[&str] = &[
    "x86_64", "x86-64", "x86", "x64", "amd64", "arm64v8", "arm64", "arm32v5", "arm32v6", "arm32v7", "arm32", "armv6",
    "armv7", "armv8", "aarch64", "i386", "i486", "i586", "i686", "386", "ppc64le", "ppc64", "s390x", "riscv64",
    "mips64le", "mips64", "loong64", "win32", "win64",
];

/// Words whose number says which one, not how new: `pr-1216` is another pull request than `pr-1217`.
const IDENTITIES: &[&str] = &["pr", "mr", "pull", "issue", "ticket"];

/// A tag taken to pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape<'t> {
    tag: &'t str,
    parts: Vec<Part<'t>>,
}

impl<'t> Shape<'t> {
    /// Takes a tag to pieces. Total: any text has a shape, if only literal text.
    pub fn of(tag: &'t str) -> Self {
        if is_duration(tag) || is_random_word(tag) {
            return Self { tag, parts: vec![Part::Text(tag)] };
        }
        let stamped = words(tag).any(|word| stamp_in(&tag[word]));
        let mut parts = Vec::new();
        let mut at = 0;
        while at < tag.len() {
            let part = next_part(tag, at, parts.last(), stamped);
            at += part.text().len();
            parts.push(part);
        }
        Self { tag, parts }
    }

    /// The whole of it.
    pub fn tag(&self) -> &'t str {
        self.tag
    }

    /// The pieces, in order; together they are the tag.
    pub fn parts(&self) -> &[Part<'t>] {
        &self.parts
    }

    /// Whether anything in it counts upwards.
    pub fn has_order(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Number(_) | Part::Stamp(_)))
    }

    /// The pre-release in it.
    pub fn stage(&self) -> Option<Stage<'t>> {
        self.parts.iter().find_map(|part| if let Part::Stage(stage) = part { Some(*stage) } else { None })
    }

    /// Major, minor, patch and whatever follows: the first numbers that only dots stand between. Empty if there are none.
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

    /// Whether it holds a commit hash.
    pub fn has_hash(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Hash(_)))
    }
}

impl<'t> Part<'t> {
    /// The piece as it stands in the tag.
    pub fn text(&self) -> &'t str {
        match self {
            Self::Text(text) | Self::Number(text) | Self::Stamp(text) | Self::Hash(text) => text,
            Self::Stage(stage) => stage.text,
        }
    }
}

/// As people are told: `v#.#.#-alpine#.#`, `prod-<hash>-<time>`.
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

/// Milliseconds since 1970 of digits that are a point in time: seconds or milliseconds since 1970 within 2001–2100, or
/// a calendar stamp with hour and minute (12 digits), seconds (14), milliseconds (17). Time zones are taken for UTC.
pub fn stamp(digits: &str) -> Option<i64> {
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let epoch = 1_000_000_000..4_102_444_800;
    match digits.len() {
        10 => digits.parse().ok().filter(|seconds| epoch.contains(seconds)).map(|seconds: i64| seconds * 1000),
        13 => digits.parse().ok().filter(|millis: &i64| epoch.contains(&(millis / 1000))),
        12 | 14 | 17 => calendar(digits),
        _ => None,
    }
}

/// Whether eight digits are a day between 1990 and 2099, year first.
pub fn is_day(digits: &str) -> bool {
    digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_digit()) && calendar(digits).is_some()
}

fn calendar(digits: &str) -> Option<i64> {
    let field = |range: Range<usize>| digits.get(range).map_or(Some(0), |text| text.parse::<i16>().ok());
    let small = |range| field(range).and_then(|n| i8::try_from(n).ok());
    let year = field(0..4).filter(|year| (1990..2100).contains(year))?;
    let millis = i32::from(field(14..17)?);
    let at = DateTime::new(
        year,
        small(4..6)?,
        small(6..8)?,
        small(8..10)?,
        small(10..12)?,
        small(12..14)?,
        millis * 1_000_000,
    );
    at.ok()?.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp().as_millisecond())
}

/// A commit hash at the start of a text that stands at the start of a word: 7 to 64 hexadecimal digits, with git
/// describe's `g`, or as Jenkins writes them (`vf1123fb_515da_`). Only the whole of a word is one.
pub fn hash_at(text: &str, after_separator: bool) -> Option<&str> {
    let hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    if after_separator && text.starts_with('v') {
        let length = 1 + text.bytes().skip(1).take_while(|b| hex(*b) || *b == b'_').count();
        if text[1..length].bytes().filter(|b| hex(*b)).count() == 12 && text[..length].contains('_') {
            return Some(&text[..length]);
        }
    }
    let prefix = usize::from(text.starts_with('g'));
    let word = &text[prefix..text.bytes().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(text.len()).max(prefix)];
    if word.len() < 5 || word.len() > 64 || !word.bytes().all(hex) {
        return None;
    }
    let all_digits = word.bytes().all(|b| b.is_ascii_digit());
    let is_hash = match word.len() {
        // Five or six of them may be a word (`faced`) or a version (`18b12`): letters and digits have to be mixed.
        5 | 6 => prefix == 0 && runs(word) > 2,
        40 | 64 => true,
        _ => prefix == 1 || !all_digits,
    };
    is_hash.then(|| &text[..prefix + word.len()])
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
        if let Some(hash) = hash_at(rest, before.is_some()) {
            return Part::Hash(hash);
        }
        let number = digits(rest);
        if stamped && ends(number.len()) && is_numeric_hash(number) {
            return Part::Hash(number);
        }
    }
    if matches!(last, Some(Part::Number(_)))
        && let Some(stage) = Stage::at(rest)
    {
        return Part::Stage(stage);
    }
    match digits(rest) {
        "" => Part::Text(text_run(rest)),
        number if names_an_identity(&tag[..at]) => Part::Text(number),
        number if stamp(number).is_some() || is_day(number) => Part::Stamp(number),
        number => Part::Number(number),
    }
}

/// Everything up to the next place where another kind of part may begin: a digit, or the end of a word.
fn text_run(rest: &str) -> &str {
    let word = letters(rest);
    let length = if word.is_empty() { rest.chars().next().map_or(0, char::len_utf8) } else { word.len() };
    &rest[..length]
}

/// One commit in 27 has only digits in the first seven places. Beside a time stamp that is what such a word is.
fn is_numeric_hash(number: &str) -> bool {
    (7..=12).contains(&number.len()) && stamp(number).is_none() && !is_day(number)
}

fn names_an_identity(before: &str) -> bool {
    let before = before.trim_end_matches(['-', '_', '.']);
    let word = before.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    IDENTITIES.iter().any(|name| name.eq_ignore_ascii_case(&before[word.len()..]))
}

/// `24h`: how long ttl.sh keeps an image.
fn is_duration(tag: &str) -> bool {
    let number = digits(tag);
    !number.is_empty() && matches!(&tag[number.len()..], "s" | "m" | "h" | "d" | "w")
}

/// `db6hu6`: a single word that goes back and forth between letters and digits, and is no `v1beta1`.
fn is_random_word(tag: &str) -> bool {
    tag.bytes().all(|b| b.is_ascii_alphanumeric())
        && runs(tag) > 3
        && Stage::at(
            tag.trim_start_matches(|c: char| !c.is_ascii_digit()).trim_start_matches(|c: char| c.is_ascii_digit()),
        )
        .is_none()
}

fn runs(word: &str) -> usize {
    let kinds = word.as_bytes().windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit());
    kinds.count() + usize::from(!word.is_empty())
}

fn words(tag: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = 0;
    tag.split(['.', '-', '_']).map(move |word| {
        let start = at;
        at += word.len() + 1;
        start..start + word.len()
    })
}

/// Whether a word is a time stamp, perhaps with letters before it (`v20220812`).
fn stamp_in(word: &str) -> bool {
    let number = word.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    stamp(number).is_some() || is_day(number)
}

fn digits(text: &str) -> &str {
    &text[..text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len())]
}

fn letters(text: &str) -> &str {
    &text[..text.bytes().position(|b| !b.is_ascii_alphabetic()).unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shapes() {
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
    fn stamps_are_points_in_time() {
        assert_eq!(stamp("20230411113310"), stamp("1681212790"));
        assert_eq!(stamp("20230411113310123"), stamp("1681212790123"));
        for no in ["20231301000000", "0123456789", "9414716697", "20231101", "1756914802x", "202399991111"] {
            assert_eq!(stamp(no), None, "{no}");
        }
        assert!(is_day("20231101") && !is_day("20231131") && !is_day("16842752"));
    }

    #[test]
    fn the_release_ends_where_the_dots_do() {
        let read = |tag| Shape::of(tag).release();
        assert_eq!(read("v1.27.3-alpine3.20"), ["1", "27", "3"]);
        assert_eq!(read("1.2-3.4"), ["1", "2"]);
        assert_eq!(read("pg17-0.112.0"), ["17"]);
        assert_eq!(read("prod-564a3ad-20230411113310"), ["20230411113310"]);
        assert_eq!(read("latest"), [""; 0]);
    }

    proptest! {
        #[test]
        fn the_parts_are_the_tag(tag in "\\PC{0,40}|[0-9a-g._-]{0,40}|(v?[0-9]{1,9}|rc|alpha|pr|[0-9a-f]{7,12}|[._-]){0,9}") {
            let shape = Shape::of(&tag);
            let text: String = shape.parts().iter().map(Part::text).collect();
            prop_assert_eq!(text, tag);
        }
    }
}
