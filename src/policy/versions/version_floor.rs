//! The version that no candidate may lower, whatever the order of the policy: the readings of a tag that people have in common.

use std::cmp::Ordering;

use super::calendar::{WrittenDate, compare_leading_dates};
use super::common_order::{
    alphabetic_words, are_equal, by_day, by_separated_numbers, by_stage, by_value, difference, is_number,
    leading_numbers, leads_with_version, number_at, separated_release, text_before,
};
use super::product_version::compare_products;
use super::year_last::YearLast;
use crate::image::{Part, Shape, is_numeric_hash};

/// Words after a version, with a number, that make it later: `1.2.3.post1`, `1.2.3-r2`. Without them it is the version itself.
const POST_RELEASES: &[&str] = &["post", "p", "patch", "sp", "hotfix", "r", "rev", "ls", "u"];

/// What represents a commit, or a number that may be one, among the words of a tag: any commit is like any other.
const COMMIT: &str = "#";

/// Which readings show that a tag is lower, where the order of the policy does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readings {
    /// All, for a policy that orders by something else than versions.
    All,
    /// Those of tags that are written in another way, for a policy that orders versions: `2024-06-01`, `1-17-3`.
    OtherForms,
    /// Also those of the numbers after a version, for a policy that orders versions and reads such numbers as text: `r9`, `r10`.
    OtherFormsAndCounters,
    /// Only a pre-release of the version of a release, for a policy that orders by something else than tags.
    Stages,
}

/// The current tag, as what it is compared with.
#[derive(Debug)]
pub(crate) struct VersionFloor<'t> {
    shape: Shape<'t>,
    readings: Readings,
    /// Its numbers, if it leads with a version: a cheap look at them decides about most tags.
    leading: Option<Vec<&'t str>>,
    day: Option<WrittenDate>,
}

impl<'t> VersionFloor<'t> {
    /// Reads the current tag. Returns `None` if it has nothing to compare.
    pub(crate) fn of(shape: Shape<'t>, readings: Readings) -> Option<Self> {
        let leading = if leads_with_version(&shape) { release(&shape) } else { None };
        let day = match readings {
            Readings::All => WrittenDate::first(&shape),
            Readings::OtherForms | Readings::OtherFormsAndCounters => WrittenDate::leading(&shape),
            Readings::Stages => None,
        };
        let is_separated = || separated_release(&shape).len() > shape.release().len();
        let has_floor = match readings {
            Readings::OtherForms => day.is_some() || is_separated(),
            Readings::All | Readings::OtherFormsAndCounters => shape.has_order() || has_digit(shape.tag()),
            Readings::Stages => shape.has_order() && shape.stage().is_none(),
        };
        has_floor.then_some(Self { shape, readings, leading, day })
    }

    /// Returns whether a tag is lower. `shape` reads the tag, which takes longer than to look at its numbers: of a hundred thousand
    /// tags, most have greater ones.
    pub(crate) fn is_greater_than<'o>(&self, tag: &'o str, shape: impl FnOnce() -> Shape<'o>) -> bool {
        self.may_be_greater_than(tag) && self.compare(&shape()).is_some_and(Ordering::is_lt)
    }

    fn may_be_greater_than(&self, tag: &str) -> bool {
        let is_earlier = |day: &WrittenDate| WrittenDate::first_in(tag).is_some_and(|other| other.compare(day).is_lt());
        let has_greater_numbers = || {
            let (Some(numbers), Some(leading)) = (leading_numbers(tag), &self.leading) else { return false };
            let mut orders = numbers.zip(leading).map(|(one, other)| by_value(one, other));
            orders.find(|order| order.is_ne()) == Some(Ordering::Greater)
        };
        self.day.as_ref().is_some_and(is_earlier) || !has_greater_numbers()
    }

    /// Compares a tag with the floor.
    fn compare(&self, tag: &Shape<'_>) -> Option<Ordering> {
        if self.readings == Readings::Stages {
            let is_stage = leads_alike(tag, &self.shape) && are_equal(&tag.release(), &self.shape.release());
            return is_stage.then(|| by_stage(tag, &self.shape));
        }
        if let Some(order) = compare_leading_dates(tag, &self.shape) {
            return Some(order);
        }
        if YearLast::leads(tag) && YearLast::leads(&self.shape) {
            return by_like_words(tag, &self.shape);
        }
        if self.readings == Readings::All && is_earlier_month(tag, &self.shape) {
            return Some(Ordering::Less);
        }
        let separated = || by_separated_numbers(tag, &self.shape);
        match self.readings {
            Readings::OtherForms | Readings::Stages => separated(),
            Readings::OtherFormsAndCounters => separated().or_else(|| by_like_words(tag, &self.shape)),
            Readings::All if let Some(order) = compare_products(tag, &self.shape).filter(|order| order.is_ne()) => {
                Some(order)
            }
            Readings::All => by_release(tag, &self.shape)
                // Numbers before the version, as in `python3.12-2`, should not fall either.
                .filter(|order| order.is_lt() || !has_digit(text_before(&self.shape)))
                .or_else(|| by_other_date(tag, &self.shape))
                .or_else(separated)
                .or_else(|| by_like_words(tag, &self.shape))
                .or_else(|| by_day(tag, &self.shape)),
        }
    }
}

/// Returns the release of a tag. A long number alone is none: it may be a commit.
fn release<'t>(shape: &Shape<'t>) -> Option<Vec<&'t str>> {
    let release = shape.release();
    let is_release = !release.is_empty() && !matches!(release[..], [number] if is_numeric_hash(number));
    is_release.then_some(release)
}

/// Returns whether the versions of two tags have the same words before them, or one of them has none: `controller-v1.10.1` and
/// `v1.9.6`. Then both need more than a single number, which may count anything.
fn leads_alike(one: &Shape<'_>, other: &Shape<'_>) -> bool {
    let words = |shape: &Shape<'_>| -> Vec<String> {
        let words = alphabetic_words(text_before(shape)).map(str::to_lowercase);
        words.filter(|word| word != "v").collect()
    };
    match (leads_with_version(one), leads_with_version(other)) {
        (true, true) => true,
        (false, false) => words(one) == words(other),
        (true, false) | (false, true) => one.release().len() > 1 && other.release().len() > 1,
    }
}

/// Compares the versions of two tags: their numbers, their stages, and what follows a release.
fn by_release(one: &Shape<'_>, other: &Shape<'_>) -> Option<Ordering> {
    if !leads_alike(one, other) {
        return None;
    }
    let (release, than) = (release(one)?, release(other)?);
    if let Some(order) = difference(&release, &than) {
        return Some(order);
    }
    let order = match (one.stage(), other.stage()) {
        (None, None) if release.len() > 1 && than.len() > 1 => {
            padded(&release, &than).then_with(|| by_post(one, other))
        }
        _ if are_equal(&release, &than) => by_stage(one, other),
        _ => Ordering::Equal,
    };
    Some(order).filter(|order| order.is_ne())
}

/// Compares two releases of which one may have more numbers: `11.0.16.1` is later than `11.0.16`.
fn padded(release: &[&str], than: &[&str]) -> Ordering {
    let orders = (0..release.len().max(than.len())).map(|at| by_value(number_at(release, at), number_at(than, at)));
    orders.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// Compares what follows the same release.
fn by_post(one: &Shape<'_>, other: &Shape<'_>) -> Ordering {
    match (is_post_release(one), is_post_release(other)) {
        (true, false) if after_release(other).is_empty() => Ordering::Greater,
        (false, true) if after_release(one).is_empty() => Ordering::Less,
        _ => Ordering::Equal,
    }
}

fn is_post_release(shape: &Shape<'_>) -> bool {
    let after = after_release(shape).trim_start_matches(['.', '-', '_', '+']);
    let (word, rest) = after.split_at(after.bytes().position(|b| !b.is_ascii_alphabetic()).unwrap_or(after.len()));
    let number = rest.trim_start_matches(['.', '-', '_']);
    POST_RELEASES.iter().any(|name| name.eq_ignore_ascii_case(word)) && number.starts_with(|c: char| c.is_ascii_digit())
}

/// Returns the text after the release of a tag.
fn after_release<'t>(shape: &Shape<'t>) -> &'t str {
    let rest = &shape.tag()[text_before(shape).len()..];
    let length: usize = shape.release().iter().map(|number| number.len() + 1).sum();
    rest.get(length.saturating_sub(1)..).unwrap_or_default()
}

/// Returns whether a tag is earlier, where one of two dates is a month: `20220827` is a greater number than `202504`.
fn is_earlier_month(one: &Shape<'_>, other: &Shape<'_>) -> bool {
    let dates = WrittenDate::first(one).zip(WrittenDate::first(other));
    dates.is_some_and(|(date, than)| date.is_month_beside_day(&than) && date.compare(&than).is_lt())
}

/// Compares the first dates of two tags where their numbers do not show the order.
fn by_other_date(one: &Shape<'_>, other: &Shape<'_>) -> Option<Ordering> {
    let (date, than) = (WrittenDate::first(one)?, WrittenDate::first(other)?);
    if date.is_written_like(&than) { None } else { by_day(one, other) }
}

/// Compares two tags with the same words by their numbers, from left to right: `1.2.3-r9` and `1.2.3-r10`. If only one has words
/// before its version, these do not count: `main-1.2.3-45` and `1.2.3-44`.
fn by_like_words(one: &Shape<'_>, other: &Shape<'_>) -> Option<Ordering> {
    let has_other_start = leads_with_version(one) != leads_with_version(other);
    if has_other_start && !leads_alike(one, other) {
        return None;
    }
    let (one, other) = (WordsAndNumbers::of(one, has_other_start), WordsAndNumbers::of(other, has_other_start));
    let is_alike = one.numbers.len() == other.numbers.len() && one.has_words_of(&other);
    if is_alike { difference(&one.numbers, &other.numbers) } else { None }
}

/// Returns the numbers of a tag that has the words of another one, and as many numbers.
pub(crate) fn numbers_between_like_words<'t>(tag: &Shape<'t>, other: &Shape<'_>) -> Option<Vec<&'t str>> {
    let (one, other) = (WordsAndNumbers::of(tag, false), WordsAndNumbers::of(other, false));
    (one.numbers.len() == other.numbers.len() && one.has_words_of(&other)).then_some(one.numbers)
}

/// The words and the numbers of a tag, in order. Numbers of other products count: they should not fall either.
struct WordsAndNumbers<'t> {
    words: Vec<&'t str>,
    numbers: Vec<&'t str>,
}

impl<'t> WordsAndNumbers<'t> {
    fn of(shape: &Shape<'t>, from_release: bool) -> Self {
        let mut found = Self { words: Vec::new(), numbers: Vec::new() };
        let parts = shape.parts();
        let mut at = if from_release { parts.iter().take_while(|part| !is_number(part)).count() } else { 0 };
        let mut distributions = Vec::new();
        while at < parts.len() {
            if let Some(date) = YearLast::at(parts, at) {
                found.numbers.extend(date.order.iter().map(|number| parts[at + number * 2].text()));
                at += date.parts();
                continue;
            }
            match &parts[at] {
                Part::Hash(_) => found.words.push(COMMIT),
                Part::Distribution(release) => distributions.extend(release.split('.')),
                Part::Stage(stage) => {
                    found.words.push(stage.word());
                    stage.numbers().for_each(|number| found.read(number));
                }
                part => found.read(part.text()),
            }
            at += 1;
        }
        // The version decides before the distribution in front of it.
        found.numbers.extend(distributions);
        found
    }

    fn read(&mut self, text: &'t str) {
        let kind = |b: &u8| (b.is_ascii_digit(), b.is_ascii_alphabetic());
        let mut at = 0;
        for run in text.as_bytes().chunk_by(|a, b| kind(a) == kind(b)) {
            let run = &text[at..at + run.len()];
            at += run.len();
            if is_numeric_hash(run) {
                self.words.push(COMMIT);
            } else if has_digit(run) {
                self.numbers.push(run);
            } else if run.starts_with(|c: char| c.is_ascii_alphabetic()) && !run.eq_ignore_ascii_case("v") {
                self.words.push(run);
            }
        }
    }

    fn has_words_of(&self, other: &Self) -> bool {
        self.words.len() == other.words.len()
            && self.words.iter().zip(&other.words).all(|(one, other)| one.eq_ignore_ascii_case(other))
    }
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_lower(tag: &str, current: &str, readings: Readings) -> bool {
        let floor = VersionFloor::of(Shape::of(current), readings);
        floor.is_some_and(|floor| floor.is_greater_than(tag, || Shape::of(tag)))
    }

    #[test]
    fn finds_lower_tags_by_every_reading() {
        #[rustfmt::skip]
        let rows = [
            ("app-1.9.0",                "app-1.10.0",                true),
            ("release-v1.9.0",           "release-v1.10.0",           true),
            ("controller-v1.9.6",        "controller-v1.10.1",        true),
            ("v1.9.6",                   "controller-v1.10.1",        true),
            ("nginx-1.9.0-alpine",       "nginx-1.10.0-alpine",       true),
            ("v16.11.0",                 "ubuntu-v17.0.0",            true),
            ("ubuntu-v16.11.0",          "v17.0.0",                   true),
            ("app-1.9.0-7",              "app-1.10.0-3",              true),
            ("helm-v3.13.9",             "helm-v3.14.0",              true),
            ("jdk-11.0.1_13",            "jdk-17.0.1_12",             true),
            ("11.0.16",                  "11.0.16.1_1",               true),
            ("1.2.3",                    "1.2.3.post1",               true),
            ("1.2.3",                    "1.2.3-r2",                  true),
            ("1.2.3",                    "1.2.3-alpine3.20",          false),
            ("1.2.3-r9",                 "1.2.3-r10",                 true),
            ("1.2.3-r11",                "1.2.3-r10",                 false),
            ("1.2.3-debian-12-r9",       "1.2.3-debian-12-r10",       true),
            ("1.2.3-eksbuild.9",         "1.2.3-eksbuild.10",         true),
            ("1.2.3-alpine3.9",          "1.2.3-alpine3.10",          true),
            ("1.2.3-jdk8",               "1.2.3-jdk17",               true),
            ("1.2.3-9",                  "1.2.3-10",                  true),
            ("1.2.3-rc9",                "1.2.3-rc10",                true),
            ("v1.2.3-v9",                "1.2.3-v10",                 true),
            ("1.2.3-44",                 "main-1.2.3-45",             true),
            ("main-1.2.3-46",            "1.2.3-45",                  false),
            ("dev-9",                    "main-10",                   false),
            ("4700",                     "build-4711",                false),
            ("build-4700",               "build-4711",                true),
            ("main-a1b2c3d-9",           "main-3d9b390-10",           true),
            ("main-a1b2c3d-11",          "main-3d9b390-10",           false),
            ("a1b2c3d",                  "3d9b390",                   false),
            ("1284872",                  "4808804",                   false),
            ("nginx-2.8.8-SP9",          "nginx-2.10.8-SP8",          true),
            ("python3.11-3",             "python3.12-2",              true),
            ("python3.12-3",             "python3.12-2",              false),
            ("d01.02.2024",              "d31.12.2023",               false),
            ("x-2-01.02.2024",           "x-2-31.12.2023",            false),
            ("01.2026",                  "12.2025",                   false),
            ("12.2025",                  "01.2026",                   true),
            ("app-01-2026",              "app-12-2025",               false),
            ("app-12-2025",              "app-01-2026",               true),
            ("31.12.2025",               "01.01.2026",                true),
            ("01.01.2026",               "31.12.2025",                false),
            ("2025.12",                  "2026.01",                   true),
            ("2026.01",                  "2025.12",                   false),
            ("12.2025",                  "12.2025.1",                 true),
            ("1.2.3-post1",              "1.2.3",                     false),
            ("latest",                   "1.2.3",                     false),
            ("1.2.3",                    "latest",                    false),
        ];
        for (tag, current, expected) in rows {
            assert_eq!(is_lower(tag, current, Readings::All), expected, "{tag} {current}");
        }
    }

    #[test]
    fn finds_lower_dates_and_versions_of_products() {
        #[rustfmt::skip]
        let rows = [
            ("1.2.3-16.02.2024",         "1.2.3-15.03.2024",          true),
            ("1.2.3-15.03.2024",         "1.2.3-16.02.2024",          false),
            ("16.2.2024",                "15.3.2024",                 true),
            ("4-2023",                   "3-2024",                    true),
            ("Q2-2023",                  "Q1-2024",                   true),
            ("pg15.6.1-r4",              "pg16.2-r3",                 true),
            ("pg16.3-r1",                "pg16.2-r3",                 false),
            ("php8.2-r3",                "php8.3.4-r2",               true),
            ("vault-1.14-10",            "vault-1.15.2-9",            true),
            ("15.6.0",                   "postgres-16.2-debian-12-r3", true),
            ("17.0.0",                   "postgres-16.2-debian-12-r3", false),
            ("3.19.0",                   "jdk4-alpine3.10",           true),
            ("w11-2024",                 "w50-2023",                  false),
            ("2024.05.1",                "2024w23",                   true),
            ("2024w9",                   "2024w10",                   true),
        ];
        for (tag, current, expected) in rows {
            assert_eq!(is_lower(tag, current, Readings::All), expected, "{tag} {current}");
        }
    }

    #[test]
    fn order_of_versions_is_checked_only_where_it_reads_text() {
        assert!(is_lower("1.2.3-r9", "1.2.3-r10", Readings::OtherFormsAndCounters));
        assert!(is_lower("1.2.3-rc9", "1.2.3-rc10", Readings::OtherFormsAndCounters));
        assert!(is_lower("1.16.0", "1-17-3", Readings::OtherFormsAndCounters));
        assert!(!is_lower("1.2.3-beta", "1.2.3-alpine", Readings::OtherFormsAndCounters));
        assert!(!is_lower("1.2.3-r9", "1.2.3-r10", Readings::OtherForms));
    }
}
