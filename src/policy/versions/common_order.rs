//! Compares two tags by what every common reading of versions agrees on: leading dotted numbers, pre-release stages and dates.
//!
//! It is no order of a policy. It prevents that a policy that cannot read the current tag selects a lower version.

use std::cmp::Ordering;

use super::calendar::{WrittenDate, compare_leading_dates};
use super::key::OrderKey;
use super::shape_matcher::ShapeMatcher;
use super::year_last::YearLast;
use crate::image::{Part, Shape};

/// Words before a version that are no part of it.
const VERSION_WORDS: &[&str] = &["", "v", "version-", "version", "release-", "release", "rel-", "ver-", "r"];

/// Returns whether a tag begins with a version or a date, aside from a word such as `v`.
pub(crate) fn leads_with_version(shape: &Shape<'_>) -> bool {
    let start = text_before(shape);
    start.len() < shape.tag().len() && VERSION_WORDS.iter().any(|word| word.eq_ignore_ascii_case(start))
}

/// Returns the text before the first number of a tag.
pub(crate) fn text_before<'t>(shape: &Shape<'t>) -> &'t str {
    let start = shape.parts().iter().take_while(|part| !is_number(part)).map(|part| part.text().len()).sum();
    &shape.tag()[..start]
}

/// Compares the versions of two tags. Returns `None` if no common reading can compare them.
pub(crate) fn compare(one: &Shape<'_>, other: &Shape<'_>) -> Option<Ordering> {
    let by_date = compare_leading_dates(one, other);
    if let Some(order) = by_date.filter(|order| order.is_ne()).or_else(|| compare_of_one_shape(one, other)) {
        return Some(order);
    }
    let (release, than) = (one.release(), other.release());
    // A day and a time of it do not compare.
    if by_date.is_some() && !are_equal(&release, &than) {
        return None;
    }
    if let Some(order) = difference(&release, &than).or_else(|| by_separated_numbers(one, other)) {
        return Some(order);
    }
    if release.len() == than.len() && !release.is_empty() {
        let order = by_stage(one, other);
        return if order.is_ne() { Some(order) } else { by_day(one, other).or(Some(Ordering::Equal)) };
    }
    by_longer_release(one, other)
        .or_else(|| by_longer_release(other, one).map(Ordering::reverse))
        .or_else(|| by_day(one, other))
}

/// Returns the first difference between numbers in the same place.
pub(super) fn difference(release: &[&str], than: &[&str]) -> Option<Ordering> {
    release.iter().zip(than).map(|(one, other)| by_value(one, other)).find(|order| order.is_ne())
}

pub(super) fn are_equal(release: &[&str], than: &[&str]) -> bool {
    release.len() == than.len() && difference(release, than).is_none()
}

/// Returns the release of a tag, which may have another separator than dots: `1_17_3`, `1-17-3`.
pub(crate) fn separated_release<'t>(shape: &Shape<'t>) -> Vec<&'t str> {
    let mut release = shape.release();
    if release.len() != 1 || YearLast::leads(shape) {
        return release;
    }
    let mut parts = shape.parts().iter().skip_while(|part| !is_number(part)).skip(1);
    let mut separator = None;
    while let (Some(Part::Text(text @ ("-" | "_"))), Some(Part::Number(number))) = (parts.next(), parts.next()) {
        if *separator.get_or_insert(*text) != *text {
            break;
        }
        release.push(*number);
    }
    release
}

/// Compares two tags of which at least one has other separators than dots between the numbers of its version.
pub(super) fn by_separated_numbers(one: &Shape<'_>, other: &Shape<'_>) -> Option<Ordering> {
    let (release, than) = (separated_release(one), separated_release(other));
    let has_others = release.len() > one.release().len() || than.len() > other.release().len();
    if has_others { difference(&release, &than) } else { None }
}

/// Compares two tags of which the release of the first begins with that of the second: `1.23.0` and `1.23.1` are newer than
/// `1.23rc1`, and `2.0` is newer than `2.0.0-rc.1`.
fn by_longer_release(longer: &Shape<'_>, shorter: &Shape<'_>) -> Option<Ordering> {
    let (release, start) = (longer.release(), shorter.release().len());
    if start == 0 {
        return None;
    }
    let rest = release.get(start..)?;
    match (longer.stage(), shorter.stage()) {
        (None, Some(_)) => Some(Ordering::Greater),
        (Some(_), None) if rest.iter().all(|number| by_value(number, "0").is_eq()) => Some(Ordering::Less),
        _ => None,
    }
}

/// Returns the dotted numbers that a tag begins with, aside from a word such as `v`; `None` if it begins with something else.
/// The release of its shape is the first of them, or none: what is no number of a version shows only in the shape, which takes
/// longer to read.
pub(crate) fn leading_numbers(tag: &str) -> Option<impl Iterator<Item = &str>> {
    let start = tag.bytes().position(|b| b.is_ascii_digit())?;
    let is_version = VERSION_WORDS.iter().any(|word| word.eq_ignore_ascii_case(&tag[..start]));
    let rest = &tag[start..];
    let end = rest.bytes().position(|b| !b.is_ascii_digit() && b != b'.').unwrap_or(rest.len());
    is_version.then(|| rest[..end].split('.').take_while(|number| !number.is_empty()))
}

/// Returns whether every word of `current` is in a tag, and no other word: `-jre` stays. A `v` is no word.
pub(crate) fn has_same_words(tag: &Shape<'_>, current: &Shape<'_>) -> bool {
    !adds_word(tag, current) && !adds_word(current, tag)
}

/// Returns whether a tag has a word that the current tag lacks. A pre-release stage and a hash are such words; a `v` is not.
pub(crate) fn adds_word(tag: &Shape<'_>, current: &Shape<'_>) -> bool {
    let is_more = |part: &Part<'_>| match part {
        Part::Stage(_) => current.stage().is_none(),
        Part::Hash(_) => !current.has_hash(),
        Part::Text(text) => is_new_word(text, current),
        Part::Number(_) | Part::Distribution(_) | Part::Stamp(_) => false,
    };
    tag.parts().iter().any(is_more)
}

/// Returns whether a tag has a word of a variant that the current tag lacks: `-debug`, and no commit or pre-release stage.
pub(crate) fn adds_variant(tag: &Shape<'_>, current: &Shape<'_>) -> bool {
    tag.parts().iter().any(|part| matches!(part, Part::Text(text) if is_new_word(text, current)))
}

fn is_new_word(text: &str, current: &Shape<'_>) -> bool {
    let is_word = text.starts_with(char::is_alphabetic) && !text.eq_ignore_ascii_case("v");
    let is_same = |word: &str| word.eq_ignore_ascii_case(text);
    let mut parts = current.parts().iter().map(Part::text);
    is_word && !alphabetic_words(current.tag()).any(is_same) && !parts.any(is_same)
}

/// Returns whether both tags have the same words before their version: `app-v1.2.4` beside `app-1.2.3`, `pg16-` beside `pg14-`.
pub(crate) fn leads_alike(shape: &Shape<'_>, current: &Shape<'_>) -> bool {
    let words = |shape: &Shape<'_>| {
        let words = alphabetic_words(text_before(shape)).map(str::to_lowercase).filter(|word| word != "v");
        words.collect::<Vec<_>>()
    };
    (leads_with_version(shape) && leads_with_version(current)) || words(shape) == words(current)
}

pub(super) fn alphabetic_words(tag: &str) -> impl Iterator<Item = &str> {
    tag.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty())
}

pub(super) fn is_number(part: &Part<'_>) -> bool {
    matches!(part, Part::Number(_) | Part::Stamp(_))
}

/// Compares two tags of one shape.
pub(crate) fn compare_of_one_shape(one: &Shape<'_>, other: &Shape<'_>) -> Option<Ordering> {
    let (mut place, mut than) = (OrderKey::default(), OrderKey::default());
    let matcher = ShapeMatcher::new(other);
    let are_alike =
        other.has_order() && matcher.matches(other.tag(), &mut than) && matcher.matches(one.tag(), &mut place);
    are_alike.then(|| place.cmp(&than))
}

/// Returns the place of a tag by its first numbers with dots, or by its date; the first place for one without a number.
pub(crate) fn numbers_key(tag: &Shape<'_>) -> OrderKey {
    let mut key = OrderKey::default();
    match WrittenDate::leading(tag) {
        Some(date) => date.fields().iter().for_each(|field| key.integer(field.unsigned_abs().into())),
        None => tag.release().into_iter().for_each(|number| key.number(number)),
    }
    key
}

/// Returns a number of a release. A version that is written with fewer numbers ends with zeros.
pub(crate) fn number_at<'t>(release: &[&'t str], at: usize) -> &'t str {
    release.get(at).copied().unwrap_or("0")
}

/// Compares natural numbers of any length.
pub(crate) fn by_value(one: &str, other: &str) -> Ordering {
    let (one, other) = (one.trim_start_matches('0'), other.trim_start_matches('0'));
    (one.len(), one).cmp(&(other.len(), other))
}

pub(super) fn by_stage(one: &Shape<'_>, other: &Shape<'_>) -> Ordering {
    match (one.stage(), other.stage()) {
        (None, None) => Ordering::Equal,
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (Some(one), Some(other)) => one.rank.cmp(&other.rank).then_with(|| {
            let mut numbers = one.numbers().zip(other.numbers()).map(|(one, other)| by_value(one, other));
            numbers.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        }),
    }
}

/// Compares the first dates in two tags.
pub(super) fn by_day(one: &Shape<'_>, other: &Shape<'_>) -> Option<Ordering> {
    Some(WrittenDate::first(one)?.compare(&WrittenDate::first(other)?)).filter(|order| order.is_ne())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn order(one: &str, other: &str) -> Option<Ordering> {
        compare(&Shape::of(one), &Shape::of(other))
    }

    #[test]
    fn compares_what_every_reading_agrees_on() {
        use Ordering::{Equal, Greater, Less};
        #[rustfmt::skip]
        let rows = [
            ("11.0.1",               "17.0.2_8-jre",           Some(Less)),
            ("v18",                  "17.0.2_8-jre",           Some(Greater)),
            ("17.0.2",               "17.0.2_8-jre",           Some(Equal)),
            ("17.0.2_7-jre",         "17.0.2_8-jre",           Some(Less)),
            ("1.10",                 "1.9.3",                  Some(Greater)),
            ("17",                   "17.0.2",                 None),
            ("1.23.0",               "1.23rc1",                Some(Greater)),
            ("1.23.1",               "v1.23-rc.1",             Some(Greater)),
            ("18beta1",              "18.0",                   Some(Less)),
            ("2.0",                  "v2.0.0-rc.1",            Some(Greater)),
            ("2",                    "2.0.0-rc.1",             Some(Greater)),
            ("2.0",                  "2.0.1-rc.1",             None),
            ("1.23rc2",              "1.23.0-rc.1",            None),
            ("rc1",                  "1.23.0",                 None),
            ("1.2.3-rc.1",           "v1.2.3",                 Some(Less)),
            ("v1.2.3",               "1.2.3-rc.1",             Some(Greater)),
            ("1.2.3-rc.2",           "v1.2.3-rc.10",           Some(Less)),
            ("main-20240102",        "20240101-dev",           Some(Greater)),
            ("build-20231231235959", "20240101",               Some(Less)),
            ("2024-01-31-a",         "2024-02-01",             Some(Less)),
            ("1.4.2",                "20240101",               Some(Less)),
            ("2024.5.1",             "2024-06-01",             Some(Less)),
            ("2024_05_31",           "2024-06-01T10-00",       Some(Less)),
            ("2024.7.1",             "20240601",               Some(Greater)),
            ("2024.6.1",             "20240601",               None),
            ("2024.6",               "2024-06-01",             None),
            ("20240501",             "main-2024.06.01",        Some(Less)),
            ("d-20240501",           "v2024.06.01",            Some(Less)),
            ("1700000000",           "2024-06-01",             Some(Less)),
            ("31.01.2024",           "01.02.2024-a",           Some(Less)),
            ("30.01.2024",           "31.12.2023",             Some(Greater)),
            ("2023.11.30",           "31.12.2023",             Some(Less)),
            ("1.2.3-2024-05-01",     "v1.2.3-20240601",        Some(Less)),
            ("1.16.0",               "v1_17_3",                Some(Less)),
            ("1.18.0",               "1-17-3",                 Some(Greater)),
            ("v1-16-0",              "1_17_3",                 Some(Less)),
            ("1-17-3",               "1.17",                   None),
            ("latest",               "1.2.3",                  None),
            ("1.2.3",                "latest",                 None),
            ("3d9b390",              "a1b2c3d",                None),
            ("02.1",                 "v2.1",                   Some(Equal)),
            ("18446744073709551617", "v18446744073709551616",  Some(Greater)),
        ];
        for (one, other, expected) in rows {
            assert_eq!(order(one, other), expected, "{one} {other}");
        }
    }

    #[test]
    fn finds_tags_that_lead_with_a_version() {
        for tag in ["1.2.3", "v1", "release-1.5", "20240101-a", "17.0.2_8-jre"] {
            assert!(leads_with_version(&Shape::of(tag)), "{tag}");
        }
        for tag in ["alpine3.20", "main-3", "latest", "pg16", "a1b2c3d", "pr-12"] {
            assert!(!leads_with_version(&Shape::of(tag)), "{tag}");
        }
    }

    proptest! {
        #[test]
        fn release_is_the_first_of_the_leading_numbers(tag in "(v|release-|pg)?[0-9]{1,9}([.][0-9]{1,3}){0,3}([-_.]?([a-f0-9]{5,9}|alpine[0-9]|[0-9]{8}|rc[0-9]|386|h))?") {
            let shape = Shape::of(&tag);
            match leading_numbers(&tag) {
                Some(numbers) if leads_with_version(&shape) => {
                    prop_assert!(numbers.collect::<Vec<_>>().starts_with(&shape.release()), "{}", shape);
                }
                Some(_) => {}
                None => prop_assert!(!leads_with_version(&shape), "{}", shape),
            }
        }

        #[test]
        fn is_antisymmetric(one in "v?[0-3](\\.[0-9]{1,2}){0,2}(-(rc\\.?[0-9]|alpine|2024010[1-9]))?", other in "v?[0-3](\\.[0-9]{1,2}){0,2}(-(rc\\.?[0-9]|alpine|2024010[1-9]))?") {
            prop_assert_eq!(order(&one, &other), order(&other, &one).map(Ordering::reverse));
        }
    }
}
