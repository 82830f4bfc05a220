//! How suspicious the step from the current tag to a candidate is: relics of an old numbering and mislabeled tags have the
//! greatest numbers.

use std::collections::BTreeSet;

use crate::image::{Part, Shape};
use crate::policy::candidate::Candidate;
use crate::policy::versions::{by_value, leading_numbers};

/// How a candidate follows the current tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Jump {
    /// As a release follows another one.
    Usual,
    /// It skips a major or minor version of which no tag exists.
    Skip,
    /// One of its numbers is out of proportion.
    Outlier,
}

/// A larger step than this, to a number two digits longer, is an outlier. Renovate has the same limit for numbers of one length,
/// where it hides every other month of a date.
const OUTLIER_STEP: u128 = 500;

/// A step of a counter over at least this many numbers without a tag, to a number ten times as great, is an outlier.
const COUNTER_GAP: u128 = 30;
const COUNTER_FACTOR: u128 = 10;

/// Returns whether a step between two numbers is out of proportion.
pub(super) fn is_outlier(from: &str, to: &str) -> bool {
    digits(to) >= digits(from) + 2 && value(to).saturating_sub(value(from)) > OUTLIER_STEP
}

/// Returns how many digits a number has without leading zeros; at least one.
pub(super) fn digits(number: &str) -> usize {
    number.trim_start_matches('0').len().max(1)
}

fn value(number: &str) -> u128 {
    number.parse().unwrap_or(u128::MAX)
}

impl Jump {
    /// Judges the step from one tag to another among all tags of the image.
    pub(super) fn new(from: &Shape<'_>, to: &Shape<'_>, candidates: &[Candidate]) -> Self {
        if has_outlier(from, to) {
            return Self::Outlier;
        }
        let (current, next) = (from.release(), to.release());
        let changed = current.iter().zip(&next).position(|(from, to)| by_value(from, to).is_ne());
        match changed {
            Some(at @ (0 | 1)) if current.len() > 1 => skips(&next[..at], current[at], next[at], candidates),
            Some(0) if is_counter_gap(from, to, candidates) => Self::Skip,
            None if is_counter_gap(from, to, candidates) => Self::Outlier,
            _ => Self::Usual,
        }
    }
}

/// Returns the numbers and timestamps of two tags in pairs: all of them if the tags have the same pieces, else those of the
/// release.
fn pairs<'t>(from: &Shape<'t>, to: &Shape<'t>) -> Vec<(Part<'t>, Part<'t>)> {
    let is_number = |part: &&Part<'_>| matches!(part, Part::Number(_) | Part::Stamp(_));
    let parts = |shape: &Shape<'t>| shape.parts().iter().filter(is_number).copied().collect::<Vec<_>>();
    let (mut one, other) = (parts(from), parts(to));
    if one.len() != other.len() {
        one.truncate(from.release().len().min(to.release().len()));
    }
    one.into_iter().zip(other).collect()
}

/// Returns whether a number is out of proportion. Between two times, no step is too large.
fn has_outlier(from: &Shape<'_>, to: &Shape<'_>) -> bool {
    pairs(from, to).iter().any(|pair| match pair {
        (Part::Stamp(_), Part::Stamp(_)) => false,
        (from, to) => is_outlier(from.text(), to.text()),
    })
}

/// Judges a step of the number after the numbers in `line`: whether a number between has no tag.
fn skips(line: &[&str], from: &str, to: &str, candidates: &[Candidate]) -> Jump {
    let (low, high) = (value(from), value(to));
    let between = high.saturating_sub(low).saturating_sub(1);
    if between == 0 {
        return Jump::Usual;
    }
    let is_between = |number: &u128| (low + 1..high).contains(number);
    let mut found = BTreeSet::new();
    for one in candidates {
        let tag = one.tag.as_str();
        let may_be_new = |number: &u128| !found.contains(number);
        // The shape takes longer to read than the numbers.
        let is_known = leading_numbers(tag)
            .is_some_and(|numbers| number_after(line, numbers).filter(is_between).filter(may_be_new).is_none());
        if !is_known {
            found.extend(number_after(line, Shape::of(tag).release().into_iter()).filter(is_between));
        }
        if found.len() as u128 == between {
            return Jump::Usual;
        }
    }
    Jump::Skip
}

/// Returns the number that follows those in `line`.
fn number_after<'t>(line: &[&str], mut numbers: impl Iterator<Item = &'t str>) -> Option<u128> {
    let is_in_line = line.iter().all(|number| numbers.next().is_some_and(|one| by_value(one, number).is_eq()));
    if is_in_line { numbers.next().map(value) } else { None }
}

/// Returns whether a counter jumps over many numbers of which no tag exists.
fn is_counter_gap(from: &Shape<'_>, to: &Shape<'_>, candidates: &[Candidate]) -> bool {
    let pairs = pairs(from, to);
    let Some(at) = pairs.iter().position(|(from, to)| by_value(from.text(), to.text()).is_ne()) else { return false };
    let (Part::Number(from), Part::Number(to)) = pairs[at] else { return false };
    let (low, high) = (value(from), value(to));
    let is_gap =
        |last: u128| high.saturating_sub(last) >= COUNTER_GAP && high >= last.max(1).saturating_mul(COUNTER_FACTOR);
    if !is_gap(low) {
        return false;
    }
    // The counter of the greatest tag below it that is alike up to the counter.
    let numbers = |shape: &Shape<'_>| {
        let numbers = shape.parts().iter().filter(|part| matches!(part, Part::Number(_) | Part::Stamp(_)));
        numbers.map(|part| value(part.text())).collect::<Vec<_>>()
    };
    let before: Vec<u128> = pairs[..at].iter().map(|(_, to)| value(to.text())).collect();
    let alike = candidates.iter().filter_map(|one| {
        let numbers = numbers(&Shape::of(one.tag.as_str()));
        numbers.get(at).copied().filter(|_| numbers.starts_with(&before))
    });
    is_gap(alike.filter(|number| *number < high).max().unwrap_or(low).max(low))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Tag;

    #[test]
    fn finds_suspicious_jumps() {
        #[rustfmt::skip]
        let rows = [
            ("1.4.5",              "1.20231001.3",        "1.4.10",                   Jump::Outlier),
            ("1.3.2",              "1.8.1259",            "1.4.0",                    Jump::Outlier),
            ("1.2.3-r2",           "1.2.4-r20240101",     "",                         Jump::Outlier),
            ("0.6.23",             "5.33.2",              "0.7.0",                    Jump::Skip),
            ("0.6.23",             "5.33.2",              "1.0.0 2.0.0 3.1.0 4.0.0",  Jump::Usual),
            ("v4.60.0",            "v9.99.9",             "v5.0.0",                   Jump::Skip),
            ("1.4.0",              "1.6.0",               "1.4.1",                    Jump::Skip),
            ("1.4.0",              "1.6.0",               "1.5.3",                    Jump::Usual),
            ("1.4.0",              "2.6.0",               "",                         Jump::Usual),
            ("1.4.0",              "1.4.9",               "",                         Jump::Usual),
            ("v1.0.20200827-ls2",  "v1.0.20200827-ls43",  "v1.0.20200827-ls3",        Jump::Outlier),
            ("v1.0.20200827-ls2",  "v1.0.20200827-ls43",  "v1.0.20200827-ls40",       Jump::Usual),
            ("v1.0.20200827-ls2",  "v1.0.20210827-ls43",  "",                         Jump::Usual),
            ("build-2",            "build-43",            "",                         Jump::Skip),
            ("build-812",          "build-830",           "",                         Jump::Usual),
            ("20230101",           "20240101",            "",                         Jump::Usual),
            ("2023.11.2",          "2024.3.1",            "",                         Jump::Usual),
            ("17.0.1_12-jre",      "17.0.2_8-jre",        "",                         Jump::Usual),
        ];
        for (from, to, others, expected) in rows {
            let candidates: Vec<Candidate> =
                others.split_whitespace().chain([from, to]).map(|tag| Candidate::new(Tag::new(tag).unwrap())).collect();
            assert_eq!(
                Jump::new(&Shape::of(from), &Shape::of(to), &candidates),
                expected,
                "{from} {to} among {others}"
            );
        }
    }
}
