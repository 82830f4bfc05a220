//! The shape of a tag: numbers between literal text. The default policy compares tags of one shape.
//!
//! The rules prevent comparisons of text that only looks ordered: commit hashes, architectures, numbers of pull requests.

use std::fmt;

use super::architecture::architecture_at;
use super::bundled_product::{
    NAMES_WITH_DIGITS, bundled_version, dotted, follows_distribution, is_plain, precedes_version,
};
use super::commit_hash::{
    SHORTEST, SHORTEST_NUMBER, commit_hash_at, commit_word, is_commit_word, is_numeric_hash, may_be_hash,
};
use super::scan::{digits, letters, runs, words};
use super::stage::PreReleaseStage;
use super::timestamp::{is_day, month, timestamp_millis, year};

/// One piece of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'t> {
    /// Text that is the same in every tag of the shape: separators, words, architectures, identities, versions of
    /// [other products](super::BUNDLED_PRODUCTS).
    Text(&'t str),
    /// A natural number of any length, in decimal digits.
    Number(&'t str),
    /// The release of a base distribution in front of the version: the `3.18` in `alpine3.18-v16.7.0`. It may change, and the
    /// version decides first.
    Distribution(&'t str),
    /// Digits that are a point in time: `20230411113310`, `1684740828`, `20231101`.
    Stamp(&'t str),
    /// A commit hash, with the letter that git or Jenkins writes before it. Any hash has the same shape.
    Hash(&'t str),
    /// A pre-release stage: separator, word and numbers, such as `-rc.1`.
    Stage(PreReleaseStage<'t>),
}

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
        // A number beside a timestamp counts nothing, so it is a hash.
        Self::read(tag, if words(tag).any(is_time_word) { SHORTEST_NUMBER } else { usize::MAX })
    }

    /// Splits a tag of which other tags show that its numbers of the length of a commit hash are hashes.
    pub fn of_commit(tag: &'t str) -> Self {
        let is_long = words(tag).any(|word| is_numeric_hash(&word[commit_word(word).len()..]));
        Self::read(tag, if is_long { SHORTEST_NUMBER } else { SHORTEST })
    }

    /// Splits a tag of which every number of at least so many digits is a hash.
    fn read(tag: &'t str, shortest_hash: usize) -> Self {
        if is_duration(tag) || is_random_word(tag) {
            return Self { tag, parts: vec![Part::Text(tag)] };
        }
        let mut parts = Vec::new();
        let mut at = 0;
        while at < tag.len() {
            let part = next_part(tag, at, &parts, shortest_hash);
            at += part.text().len();
            parts.push(part);
        }
        Self { tag, parts }
    }

    /// Returns the shape of the rest of the tag from this byte on, where a piece has to begin.
    pub fn suffix(&self, start: usize) -> Option<Self> {
        let mut at = 0;
        let skipped = self.parts.iter().take_while(|part| {
            let is_before = at < start;
            at += part.text().len();
            is_before
        });
        let parts = self.parts[skipped.count()..].to_vec();
        let length: usize = parts.iter().map(|part| part.text().len()).sum();
        (length == self.tag.len() - start).then(|| Self { tag: &self.tag[start..], parts })
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

    /// Returns the version of a product before any other number or hash, and the text before it, if no version of the image
    /// follows: `16.2` in `postgres-16.2-debian-12-r3`, none in `pg17-0.112.0`.
    pub fn leading_product(&self) -> Option<(&'t str, &'t str)> {
        let mut at = 0;
        for part in &self.parts {
            let Part::Text(text) = part else { return None };
            let before = &self.tag[..at];
            let is_version =
                text.starts_with(|c: char| c.is_ascii_digit()) && bundled_version(before, text) == Some(text);
            if is_version && !precedes_version(before, &self.tag[at..]) {
                return (!has_version(self.tag, at + text.len(), true, usize::MAX)).then_some((before, text));
            }
            at += text.len();
        }
        None
    }

    /// Returns whether it has a commit hash.
    pub fn has_hash(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Hash(_)))
    }

    /// Returns whether it has the number of a pull request or an issue: `pr-12`, `pr-12-3d9b390`.
    pub fn has_identity(&self) -> bool {
        let mut at = 0;
        self.parts.iter().any(|part| {
            let before = &self.tag[..at];
            at += part.text().len();
            part.text().starts_with(|c: char| c.is_ascii_digit()) && names_an_identity(before)
        })
    }
}

impl<'t> Part<'t> {
    /// Returns the text of the piece.
    pub fn text(&self) -> &'t str {
        match self {
            Self::Text(text) | Self::Number(text) | Self::Distribution(text) | Self::Stamp(text) | Self::Hash(text) => {
                text
            }
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
            Part::Distribution(release) => f.write_str(&release.split('.').map(|_| "#").collect::<Vec<_>>().join(".")),
            Part::Stamp(_) => f.write_str("<time>"),
            Part::Hash(_) => f.write_str("<hash>"),
            Part::Stage(stage) => f.write_str(&stage.shape()),
        })
    }
}

fn next_part<'t>(tag: &'t str, at: usize, parts: &[Part<'t>], shortest_hash: usize) -> Part<'t> {
    let rest = &tag[at..];
    let before = tag[..at].chars().next_back();
    let word_start = !before.is_some_and(|c| c.is_ascii_alphanumeric());
    if word_start {
        if let Some(name) = architecture_at(rest).or_else(|| name_with_digits(rest)) {
            return Part::Text(name);
        }
        let word = commit_word(rest);
        let is_hash = |word: &str| may_be_hash(digits(word), shortest_hash) || commit_hash_at(word, false).is_some();
        if !word.is_empty() && is_hash(&rest[word.len()..]) {
            return Part::Text(word);
        }
    }
    if word_start || matches!(parts.last(), Some(Part::Text(word)) if is_commit_word(word)) {
        if let Some(hash) = commit_hash_at(rest, word_start && before.is_some()) {
            return Part::Hash(hash);
        }
        let number = digits(rest);
        let ends = !rest[number.len()..].starts_with(|c: char| c.is_ascii_alphanumeric());
        if ends && may_be_hash(number, shortest_hash) {
            return Part::Hash(number);
        }
    }
    if let Some(stage) = PreReleaseStage::read(rest, shortest_hash).filter(|stage| may_follow(parts, stage)) {
        return Part::Stage(stage);
    }
    if let Some(version) = bundled_version(&tag[..at], rest) {
        // Without another version, `pg16` is the name of a variant, and `php8.3` or `openjdk-17` a version.
        let is_name = is_plain(version) && before.is_some_and(|c| c.is_alphanumeric());
        let follows_commit = parts.iter().any(|part| matches!(part, Part::Hash(_)));
        if has_number(parts)
            || follows_commit
            || is_name
            || precedes_version(&tag[..at], rest)
            || has_version(tag, at + version.len(), is_full(version), shortest_hash)
        {
            return Part::Text(version);
        }
    }
    if let Some(release) = distribution(tag, at, parts, shortest_hash) {
        return Part::Distribution(release);
    }
    match digits(rest) {
        "" => Part::Text(text_run(rest)),
        number if names_an_identity(&tag[..at]) => Part::Text(number),
        number if timestamp_millis(number).is_some() || is_day(number) => Part::Stamp(number),
        number => Part::Number(number),
    }
}

/// Returns whether a pre-release stage belongs to the version before it. A letter after a date counts the builds of a day.
fn may_follow(parts: &[Part<'_>], stage: &PreReleaseStage<'_>) -> bool {
    match parts.last() {
        Some(Part::Number(_)) => true,
        Some(Part::Stamp(_)) => stage.has_word(),
        // `1.2.3-jdk17-rc1`, `1.2.3-alpine-rc1`; but `1.2.3-php8.3-dev` is a variant.
        Some(Part::Text(word)) if word.ends_with(|c: char| c.is_ascii_alphanumeric()) => {
            has_number(parts) && stage.has_word() && stage.is_separated() && stage.numbers().next().is_some()
        }
        Some(Part::Hash(_)) => has_number(parts) && stage.is_separated() && stage.is_snapshot(),
        Some(Part::Text(_) | Part::Distribution(_) | Part::Stage(_)) | None => false,
    }
}

fn has_number(parts: &[Part<'_>]) -> bool {
    parts.iter().any(|part| matches!(part, Part::Number(_) | Part::Stamp(_)))
}

/// Returns the name with a digit that a text starts with, if its last word ends there.
fn name_with_digits(text: &str) -> Option<&str> {
    let name = NAMES_WITH_DIGITS.iter().find(|name| {
        let start = text.get(..name.len());
        let next = text.as_bytes().get(name.len());
        let ends =
            !next.is_some_and(|b| b.is_ascii_alphabetic() || (b.is_ascii_digit() && name.ends_with(char::is_numeric)));
        // The second half of a year is no database.
        let is_half = **name == "h2" && !text.get(2..).is_some_and(|rest| rest.starts_with(['-', '_', '.']));
        ends && start.is_some_and(|start| start.eq_ignore_ascii_case(name)) && !is_half
    })?;
    Some(&text[..name.len()])
}

/// Returns the text up to the next place where another kind of piece may begin: a digit, or the end of a word.
fn text_run(rest: &str) -> &str {
    let word = letters(rest);
    let length = if word.is_empty() { rest.chars().next().map_or(0, char::len_utf8) } else { word.len() };
    &rest[..length]
}

/// How many dots a version has that is complete: what counts after it is a revision, as in `nginx-1.25.3-r1`.
const DOTS_OF_FULL_VERSION: usize = 2;

fn is_full(version: &str) -> bool {
    version.matches('.').count() >= DOTS_OF_FULL_VERSION
}

/// Returns whether a tag has another version after that of a product: a number that is none of a product, a base distribution, a
/// pre-release stage or a hash. With `only_dotted`, a number alone is none.
fn has_version(tag: &str, start: usize, only_dotted: bool, shortest_hash: usize) -> bool {
    // The version before it is one of a product.
    let mut parts = vec![Part::Number("0")];
    let (mut at, mut is_distribution) = (start, false);
    let is_dotted = |end: usize| tag[end..].starts_with('.') && !digits(&tag[end + 1..]).is_empty();
    let mut is_date = false;
    while at < tag.len() {
        let part = next_part(tag, at, &parts, shortest_hash);
        match part {
            Part::Number(_) | Part::Stamp(_) if is_distribution || follows_distribution(&tag[..at]) => {
                is_distribution = true;
            }
            // After a complete version, a date tells when it was built: `keycloak-24.0.1-2024.06.01`.
            Part::Number(number) if only_dotted && (is_date || starts_date(number, &tag[at + number.len()..])) => {
                is_date = true;
            }
            Part::Number(number) | Part::Stamp(number) if only_dotted && !is_dotted(at + number.len()) => {}
            Part::Number(_) | Part::Stamp(_) => return true,
            _ => {
                is_distribution &= part.text() == ".";
                is_date &= part.text() == ".";
            }
        }
        at += part.text().len();
        parts.push(part);
    }
    false
}

/// Returns whether a number is the year of a date with dots.
fn starts_date(number: &str, rest: &str) -> bool {
    year(number).is_some() && rest.strip_prefix('.').is_some_and(|rest| month(digits(rest)).is_some())
}

/// Returns the release of a base distribution that starts here, if it is in front of the version of the image.
fn distribution<'t>(tag: &'t str, at: usize, parts: &[Part<'t>], shortest_hash: usize) -> Option<&'t str> {
    let release = dotted(&tag[at..]);
    let is_in_front = !release.is_empty() && !has_number(parts) && follows_distribution(&tag[..at]);
    // After a hyphen, numbers with dots may be the version: `alpine-1.25-20240101`, `ubuntu-1.3.9-2024.11.17`.
    let is_attached = tag[..at].ends_with(|c: char| c.is_ascii_alphabetic());
    let certainty = match (is_attached, release.matches('.').count()) {
        (true, _) => Certainty::Attached,
        (false, 0) => Certainty::Whole,
        (false, 1) => Certainty::Dotted,
        (false, _) => return None,
    };
    (is_in_front && has_release(tag, at + release.len(), certainty, shortest_hash)).then_some(release)
}

/// How certain it is that numbers after the name of a distribution are its release.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Certainty {
    /// `alpine3.18`: a date after it is a version as well.
    Attached,
    /// `debian-11`.
    Whole,
    /// `alpine-3.18`: only a complete version after it shows it.
    Dotted,
}

/// Returns whether a tag has numbers with dots between, or a number after a `v`, after the release of a distribution. What counts
/// builds of it is none: `ubi8-15`, `alpine3.18-r2`.
fn has_release(tag: &str, start: usize, certainty: Certainty, shortest_hash: usize) -> bool {
    // The number before it is that of the distribution.
    let mut parts = vec![Part::Number("0")];
    let (mut at, mut is_date) = (start, false);
    while at < tag.len() {
        let part = next_part(tag, at, &parts, shortest_hash);
        let follows_v = matches!(parts.last(), Some(Part::Text(text)) if text.eq_ignore_ascii_case("v"));
        let numbers = dotted(&tag[at..]);
        let dots = numbers.matches('.').count();
        match part {
            Part::Number(_) | Part::Stamp(_) if follows_distribution(&tag[..at]) => return false,
            Part::Number(_) if is_date => {}
            Part::Number(number) if starts_date(number, &tag[at + number.len()..]) => {
                is_date = true;
                if certainty == Certainty::Attached {
                    return true;
                }
            }
            Part::Number(_) if follows_v || dots > usize::from(certainty == Certainty::Dotted) => return true,
            Part::Stamp(_) if certainty == Certainty::Attached => return true,
            _ => is_date &= part.text() == ".",
        }
        at += part.text().len();
        parts.push(part);
    }
    false
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

/// Returns whether a tag is a random word, such as `db6hu6`: letters and digits alternate, unlike in `v1beta1` and
/// `20240101T120000Z`.
fn is_random_word(tag: &str) -> bool {
    tag.bytes().all(|b| b.is_ascii_alphanumeric())
        && runs(tag) > 3
        && commit_word(tag).is_empty()
        && !is_day(digits(tag.trim_start_matches(|c: char| c.is_ascii_alphabetic())))
        && PreReleaseStage::at(
            tag.trim_start_matches(|c: char| !c.is_ascii_digit()).trim_start_matches(|c: char| c.is_ascii_digit()),
        )
        .is_none()
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
    fn keeps_versions_of_other_products() {
        #[rustfmt::skip] let rows = [
            ("v2.36.0.cli-migrations-v3",             "v#.#.#.cli-migrations-v3"),
            ("1.2.3-l4t-r35",                         "#.#.#-l4t-r35"),
            ("kafka_2.13-3.6.1",                      "kafka_2.13-#.#.#"),
            ("consul-1.18.1",                         "consul-#.#.#"),
            ("nginx-1.25.3-r1",                       "nginx-#.#.#-r#"),
            ("redis-7.2.4-debian-12-r3",              "redis-#.#.#-debian-#-r#"),
            ("helm-v3.14.2-1",                        "helm-v#.#.#-#"),
            ("jdk17.0.2-r3",                          "jdk#.#.#-r#"),
            ("keycloak-24.0.1-20240601",              "keycloak-#.#.#-<time>"),
            ("keycloak-24.0.1-2024.06.01",            "keycloak-#.#.#-#.#.#"),
            ("1.2.3-h2-2.1",                          "#.#.#-h2-2.1"),
            ("2024-h2",                               "#-h#"),
            ("postgres-16.2-debian-12-r3",            "postgres-16.2-debian-#-r#"),
            ("cuda12.4.1-2.3.0",                      "cuda12.4.1-#.#.#"),
            ("1.2.3-jdk-ubuntu22",                    "#.#.#-jdk-ubuntu#"),
            ("libtorrentv1-4.6.2-ls50",               "libtorrentv1-#.#.#-ls#"),
            ("8.14.0-a1b2c3d4-SNAPSHOT",              "#.#.#-<hash>-SNAPSHOT"),
            ("1.2.3-a1b2c3d-dev",                     "#.#.#-<hash>-dev"),
        ];
        for (tag, shape) in rows {
            assert_eq!(Shape::of(tag).to_string(), shape, "{tag}");
        }
    }

    #[test]
    fn reads_commits_distributions_and_times() {
        #[rustfmt::skip] let rows = [
            ("gita1b2c3d",                            "git<hash>"),
            ("main-A1B2C3D",                          "main-<hash>"),
            ("git4808804",                            "git#"),
            ("revision12",                            "revision#"),
            ("ubi8-15.6-0",                           "ubi#-#.#-#"),
            ("20240101T010101Z",                      "<time>T#Z"),
            ("v20240101T0101",                        "v<time>T#"),
        ];
        for (tag, shape) in rows {
            assert_eq!(Shape::of(tag).to_string(), shape, "{tag}");
        }
    }

    #[test]
    fn splits_tags_into_their_shapes() {
        #[rustfmt::skip] let rows = [
            ("v1.27.3-alpine3.20",                    "v#.#.#-alpine#.#"),
            ("1.2.3-rc.1",                            "#.#.#-rc.#"),
            ("20240115-rc.1",                         "<time>-rc.#"),
            ("v20240115120000.dev2-alpine3.20",       "v<time>.dev#-alpine#.#"),
            ("20240115-m1",                           "<time>-m#"),
            ("3.7.0b1",                               "#.#.#b#"),
            ("prod-564a3ad-20230411113310",           "prod-<hash>-<time>"),
            ("test-2912737-20250624214604",           "test-<hash>-<time>"),
            ("v20220812-9414716697",                  "v<time>-<hash>"),
            ("1234567",                               "#"),
            ("17.0.1_12-jre",                         "#.#.#_#-jre"),
            ("RELEASE.2025-09-07T16-13-09Z",          "RELEASE.#-#-#T#-#-#Z"),
            ("3385.vf1123fb_515da_-1",                "#.<hash>-#"),
            ("v3.9.0-177-ged5bcde",                   "v#.#.#-#-<hash>"),
            ("x86_64-ubuntu-jdk8u222-b10_openj9-0.15.1", "x86_64-ubuntu-jdk#u#-b#_openj9-#.#.#"),
            ("pr-1216",                               "pr-1216"),
            ("db6hu6",                                "db6hu6"),
            ("v1beta1",                               "v#beta#"),
            ("24h",                                   "24h"),
            ("16.dev.8c55d85",                        "#.dev.<hash>"),
            ("3scale2.10",                            "#scale#.#"),
            ("2.15.2-pg14",                           "#.#.#-pg14"),
            ("pg17-0.112.0",                          "pg17-#.#.#"),
            ("pg16",                                  "pg16"),
            ("lts-jdk17",                             "lts-jdk17"),
            ("php8.3-fpm",                            "php#.#-fpm"),
            ("openjdk-11-ubi8",                       "openjdk-#-ubi#"),
            ("vectoradd-cuda11.7.1-ubuntu20.04",      "vectoradd-cuda#.#.#-ubuntu#.#"),
            ("cuda12.4-20240101",                     "cuda12.4-<time>"),
            ("1.0.1-nanoserver-1809",                 "#.#.#-nanoserver-1809"),
            ("3.9.5-eclipse-temurin-17-alpine3.20",   "#.#.#-eclipse-temurin-17-alpine#.#"),
            ("1.2.3jdk17",                            "#.#.#jdk17"),
            ("1.2.3-jdk8u222-b10",                    "#.#.#-jdk8u222-b10"),
            ("jdk8u222-b10",                          "jdk#u#-b#"),
            ("1.2.3-pg16beta1",                       "#.#.#-pg16beta1"),
            ("pg16beta1",                             "pg16beta1"),
            ("1.2.3-jdk17-rc1",                       "#.#.#-jdk17-rc#"),
            ("1.2.3-alpine-rc1",                      "#.#.#-alpine-rc#"),
            ("1.2.3-apple-m1",                        "#.#.#-apple-m#"),
            ("main-rc1",                              "main-rc#"),
            ("1.2.3-php8.3-dev",                      "#.#.#-php8.3-dev"),
            ("python3.12-1",                          "python3.12-#"),
            ("python3.12-2024-01-01",                 "python3.12-#-#-#"),
            ("python3.12-slim",                       "python#.#-slim"),
            ("kafka-3.6.1-rc1",                       "kafka-#.#.#-rc#"),
            ("sha-a1b2c3d-php8.3",                    "sha-<hash>-php8.3"),
            ("kafka-3.6.1-a1b2c3d",                   "kafka-#.#.#-<hash>"),
            ("dotnet-sdk-8.0",                        "dotnet-sdk-#.#"),
            ("1.2.3-dotnet-sdk-8.0",                  "#.#.#-dotnet-sdk-8.0"),
            ("1.2-k8s-v1.29",                         "#.#-k8s-v1.29"),
            ("nginx-1.25.3-alpine3.18",               "nginx-#.#.#-alpine#.#"),
            ("2.3.0-cuda12.4-cudnn9-py3.12-4",        "#.#.#-cuda12.4-cudnn9-py3.12-#"),
            ("1.2.3-kafka_2.13-3.6",                  "#.#.#-kafka_2.13-3.6"),
            ("täg-1",                                 "täg-#"),
            ("¡0",                                    "¡#"),
        ];
        for (tag, shape) in rows {
            assert_eq!(Shape::of(tag).to_string(), shape, "{tag}");
        }
    }

    #[test]
    fn distribution_in_front_is_no_version() {
        for (tag, release) in [
            ("ubi8-15.6-0", &["15", "6"][..]),
            ("alpine3.18-v16.7.0", &["16", "7", "0"]),
            ("alpine3.18-v16", &["16"]),
            ("debian-11-1.2.4", &["1", "2", "4"]),
            ("app-ubuntu22.04-1.5.0-rc1", &["1", "5", "0"]),
            ("ubuntu22.04-jdk17-1.5.0", &["1", "5", "0"]),
            ("ubuntu22.04-20240601", &["20240601"]),
            ("alpine-1.25.3-r2", &["1", "25", "3"]),
            ("alpine-3.18-1.2.3", &["1", "2", "3"]),
            ("alpine-1.25-2.3", &["1", "25"]),
            ("ubuntu-1.3.9-arm64v8-2024.11.17", &["1", "3", "9"]),
            ("ubuntu-1.3-2024.11.17", &["1", "3"]),
            ("ubuntu22.04-2024.11.17", &["2024", "11", "17"]),
            ("alpine-1.25-20240101", &["1", "25"]),
            ("ubi8-15", &["8"]),
            ("alpine3.18-r2", &["3", "18"]),
            ("alpine3.18", &["3", "18"]),
            ("alpine3.18-php8.2", &["3", "18"]),
            ("1.2.3-alpine3.18-2.0", &["1", "2", "3"]),
        ] {
            assert_eq!(Shape::of(tag).release(), release, "{tag}");
        }
    }

    #[test]
    fn keeps_architectures_and_their_levels() {
        for (tag, shape) in [
            ("1.0.0-arm64v8", "#.#.#-arm64v8"),
            ("1.0.0-x86-64-v2", "#.#.#-x86-64-v2"),
            ("1.0.0-amd64-v3-2", "#.#.#-amd64-v3-#"),
            ("1.0.0-amd64-2", "#.#.#-amd64-#"),
            ("1.2.3-linux-arm-v6", "#.#.#-linux-arm-v6"),
            ("1.2.3-linux_arm_v6", "#.#.#-linux_arm_v6"),
            ("1.2.3-arm.v6", "#.#.#-arm.v6"),
            ("1.2.3-armv6l", "#.#.#-armv6l"),
            ("1.2.3-arm6", "#.#.#-arm6"),
            ("1.2.3-arm-6", "#.#.#-arm-6"),
            ("1.2.3-64bit", "#.#.#-64bit"),
            ("1.2.3-linux64", "#.#.#-linux64"),
            ("1.2.3-ARMv6", "#.#.#-ARMv6"),
            ("1.2.3-ARM32v6", "#.#.#-ARM32v6"),
            ("1.2.3-X64", "#.#.#-X64"),
            ("1.2.3-x86-32", "#.#.#-x86-32"),
            ("1.2.3-arm64v7", "#.#.#-arm64v7"),
            ("1.2.3-linuxarmv6", "#.#.#-linuxarmv6"),
            ("1.2.3-cpuv1", "#.#.#-cpuv1"),
        ] {
            assert_eq!(Shape::of(tag).to_string(), shape, "{tag}");
        }
    }

    #[test]
    fn release_ends_at_the_last_dot() {
        let release = |tag| Shape::of(tag).release();
        assert_eq!(release("v1.27.3-alpine3.20"), ["1", "27", "3"]);
        assert_eq!(release("1.2-3.4"), ["1", "2"]);
        assert_eq!(release("pg17-0.112.0"), ["0", "112", "0"]);
        assert_eq!(release("prod-564a3ad-20230411113310"), ["20230411113310"]);
        assert_eq!(release("latest"), [""; 0]);
    }

    #[test]
    fn reads_numbers_as_hashes_where_other_tags_show_it() {
        for (tag, shape) in [
            ("4808804", "<hash>"),
            ("main-4808804", "main-<hash>"),
            ("1.2.3-4808804", "#.#.#-<hash>"),
            ("1.2.3-dev.4808804", "#.#.#-dev.<hash>"),
            ("1.2.3-rc.1-4808804", "#.#.#-rc.#-<hash>"),
            ("0.0.0-canary.20240101", "#.#.#-canary.#"),
            ("1.20240101", "#.<time>"),
            ("git4808804", "git<hash>"),
            ("main-commit4808804", "main-commit<hash>"),
            ("48088", "<hash>"),
            ("main-480880", "main-<hash>"),
            ("main-202406", "main-#"),
            ("1.2.3-12345-4808804", "#.#.#-#-<hash>"),
        ] {
            assert_eq!(Shape::of_commit(tag).to_string(), shape, "{tag}");
        }
    }

    #[test]
    fn suffix_keeps_what_its_pieces_are() {
        let shape = Shape::of("3.9.5-eclipse-temurin-17");
        assert_eq!(shape.suffix(5).map(|suffix| suffix.to_string()).as_deref(), Some("-eclipse-temurin-17"));
        assert_eq!(shape.suffix(8), None);
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
