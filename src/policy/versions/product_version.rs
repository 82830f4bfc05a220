//! The version of a product that a tag begins with, where the numbers after it only count: `16.2` in `postgres-16.2-debian-12-r3`.

use std::cmp::Ordering;

use super::calendar::compare_leading_dates;
use super::common_order::{
    alphabetic_words, by_separated_numbers, by_value, compare, compare_of_one_shape, leads_with_version, number_at,
    separated_release, text_before,
};
use crate::image::Shape;

/// Words that name no version of a product, whatever follows them: `lts-jdk17` is the newest image with some Java.
const FLOATING_WORDS: &[&str] =
    &["latest", "stable", "lts", "main", "master", "edge", "nightly", "dev", "current", "rolling"];

/// The words and the version that a tag begins with.
struct LeadingVersion<'t> {
    words: Vec<String>,
    numbers: Vec<&'t str>,
    is_product: bool,
}

impl<'t> LeadingVersion<'t> {
    fn of(shape: &Shape<'t>) -> Option<Self> {
        let words = |text: &str| -> Vec<String> {
            let words = alphabetic_words(text).map(str::to_lowercase);
            words.filter(|word| word != "v").collect()
        };
        let release = shape.release();
        if let Some((before, version)) = shape.leading_product() {
            let words = words(before);
            let is_floating = words.iter().any(|word| FLOATING_WORDS.contains(&word.as_str()));
            let numbers = version.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty()).collect();
            return (!is_floating).then_some(Self { words, numbers, is_product: true });
        }
        let words = if leads_with_version(shape) { Vec::new() } else { words(text_before(shape)) };
        (!release.is_empty()).then_some(Self { words, numbers: release, is_product: false })
    }
}

/// Compares two tags of which at least one begins with the version of a product. The numbers after it do not count, so that it
/// returns `None` if they decide.
pub(crate) fn compare_products(one: &Shape<'_>, current: &Shape<'_>) -> Option<Ordering> {
    if one.leading_product().is_none() && current.leading_product().is_none() {
        return None;
    }
    let (one, current) = (LeadingVersion::of(one)?, LeadingVersion::of(current)?);
    let is_alike = if one.words == current.words {
        one.is_product || current.is_product
    } else {
        // A single number after other words may count anything.
        let is_version = current.is_product || one.numbers.len().min(current.numbers.len()) > 1;
        is_version && one.is_product != current.is_product && (one.words.is_empty() || current.words.is_empty())
    };
    if !is_alike {
        return None;
    }
    let order = by_padded_numbers(&one.numbers, &current.numbers);
    if one.is_product && current.is_product { order } else { Some(order.unwrap_or(Ordering::Equal)) }
}

/// Compares numbers, of which missing ones are zeros. Returns `None` if all are equal.
fn by_padded_numbers(one: &[&str], other: &[&str]) -> Option<Ordering> {
    let length = one.len().max(other.len());
    (0..length).map(|at| by_value(number_at(one, at), number_at(other, at))).find(|order| order.is_ne())
}

/// Compares two tags as [`compare`] does, and reads missing numbers as zeros: `1.2.3` is lower than `1.2.3.4`. Returns `None` if
/// `16-3` is greater than `16.2` only where its hyphen is read as a dot.
pub(crate) fn compare_padded(one: &Shape<'_>, other: &Shape<'_>) -> Option<Ordering> {
    if compare_leading_dates(one, other).is_some() {
        return compare(one, other);
    }
    if let Some(order) = compare_products(one, other) {
        return Some(order);
    }
    let padded = |release: &[&str], than: &[&str]| {
        if release.is_empty() || than.is_empty() { None } else { by_padded_numbers(release, than) }
    };
    let order = compare(one, other).or_else(|| padded(&separated_release(one), &separated_release(other)));
    let is_doubtful = |order: &Ordering| {
        order.is_gt()
            && by_separated_numbers(one, other).is_some()
            && compare_of_one_shape(one, other).is_none()
            && padded(&one.release(), &other.release()) == Some(Ordering::Less)
    };
    order.filter(|order| !is_doubtful(order))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_versions_in_front_of_counters() {
        use Ordering::{Equal, Greater, Less};
        #[rustfmt::skip]
        let rows = [
            ("15.6.0",          "postgres-16.2-debian-12-r3",    Some(Less)),
            ("17.0.0",          "postgres-16.2-debian-12-r3",    Some(Greater)),
            ("16.2.0",          "pg16.2-r3",                     Some(Equal)),
            ("3.11.9",          "python3.12-2",                  Some(Less)),
            ("15.6.0",          "pg16",                          Some(Less)),
            ("15",              "pg16",                          Some(Less)),
            ("pg15.6.1-r4",     "pg16.2-r3",                     Some(Less)),
            ("pg16.2-r4",       "pg16.2-r3",                     None),
            ("vault-1.14-10",   "vault-1.15.2-9",                Some(Less)),
            ("nginx-1.24-r9",   "1.25.3",                        Some(Less)),
            ("node18-alpine3.20", "node20.11.0-alpine3.19",      Some(Less)),
            ("python3.12-2",    "pg16.2-r3",                     None),
            ("pg16-13",         "20",                            None),
            ("0.113.0",         "pg17-0.112.0",                  None),
            ("2.440.3",         "lts-jdk17",                     None),
            ("1.2.3-pg14",      "1.2.3-pg16",                    None),
            ("1.2.3",           "pr-1216",                       None),
            ("3.19.0",          "jdk4-alpine3.10",               Some(Less)),
            ("11.0.1",          "17.0.2_8-jre",                  None),
        ];
        for (tag, current, order) in rows {
            assert_eq!(compare_products(&Shape::of(tag), &Shape::of(current)), order, "{tag} {current}");
        }
    }
}
