//! How suspicious the step from the current tag to a candidate is: relics of an old numbering and mislabeled tags have the
//! greatest numbers.

use std::cell::OnceCell;
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

/// What the tags of an image show about the steps from its current tag. The tags are read once, for relics may be many.
pub(super) struct KnownVersions<'k> {
    current: &'k Shape<'k>,
    candidates: &'k [Candidate],
    /// The greater majors of which a tag exists, and the greater minors of the current major, in order.
    releases: [OnceCell<Vec<u128>>; 2],
    /// For each number of a tag, in order, the values in the tags that are like the current one up to this number.
    counters: OnceCell<Vec<Vec<u128>>>,
}

impl Jump {
    /// Judges the step from the current tag to another among all tags of the image.
    pub(super) fn new(to: &Shape<'_>, known: &KnownVersions<'_>) -> Self {
        let from = known.current;
        if has_outlier(from, to) {
            return Self::Outlier;
        }
        let (current, next) = (from.release(), to.release());
        let changed = current.iter().zip(&next).position(|(from, to)| by_value(from, to).is_ne());
        match changed {
            Some(at @ (0 | 1)) if current.len() > 1 && known.lack_release(at, value(current[at]), value(next[at])) => {
                Self::Skip
            }
            Some(0) if current.len() == 1 && known.lack_counter(to) => Self::Skip,
            None if known.lack_counter(to) => Self::Outlier,
            _ => Self::Usual,
        }
    }
}

impl<'k> KnownVersions<'k> {
    /// Reads nothing before the first step that may be suspicious.
    pub(super) fn new(current: &'k Shape<'k>, candidates: &'k [Candidate]) -> Self {
        Self { current, candidates, releases: Default::default(), counters: OnceCell::new() }
    }

    /// Returns whether a major or minor version between two has no tag.
    fn lack_release(&self, at: usize, from: u128, to: u128) -> bool {
        let between = to.saturating_sub(from).saturating_sub(1);
        let releases = || self.releases[at].get_or_init(|| self.greater_releases(at));
        between > 0 && (releases().partition_point(|number| *number < to) as u128) < between
    }

    /// Returns the numbers that are greater than that of the current tag and follow the same numbers.
    fn greater_releases(&self, at: usize) -> Vec<u128> {
        let release = self.current.release();
        let (line, from) = (&release[..at], value(release[at]));
        let mut found = BTreeSet::new();
        for one in self.candidates {
            let tag = one.tag.as_str();
            let is_new = |number: &u128| *number > from && !found.contains(number);
            // The shape takes longer to read than the numbers.
            let is_known =
                leading_numbers(tag).is_some_and(|numbers| number_after(line, numbers).filter(is_new).is_none());
            if !is_known {
                found.extend(number_after(line, Shape::of(tag).release().into_iter()).filter(|number| *number > from));
            }
        }
        found.into_iter().collect()
    }

    /// Returns whether a counter jumps over many numbers of which no tag exists.
    fn lack_counter(&self, to: &Shape<'_>) -> bool {
        let pairs = pairs(self.current, to);
        let Some(at) = pairs.iter().position(|(from, to)| by_value(from.text(), to.text()).is_ne()) else {
            return false;
        };
        let (Part::Number(from), Part::Number(to)) = pairs[at] else { return false };
        let (low, high) = (value(from), value(to));
        let is_gap =
            |last: u128| high.saturating_sub(last) >= COUNTER_GAP && high >= last.max(1).saturating_mul(COUNTER_FACTOR);
        // The greatest counter below it, among the tags that are alike up to the counter.
        let last = || {
            let counters = self.counters.get_or_init(|| self.counters()).get(at)?;
            counters[..counters.partition_point(|number| *number < high)].last().copied()
        };
        is_gap(low) && is_gap(last().unwrap_or(low).max(low))
    }

    fn counters(&self) -> Vec<Vec<u128>> {
        let numbers = |shape: &Shape<'_>| {
            let numbers = shape.parts().iter().filter(|part| matches!(part, Part::Number(_) | Part::Stamp(_)));
            numbers.map(|part| value(part.text())).collect::<Vec<_>>()
        };
        let current = numbers(self.current);
        let mut counters = vec![Vec::new(); current.len()];
        for one in self.candidates {
            let numbers = numbers(&Shape::of(one.tag.as_str()));
            let alike = numbers.iter().zip(&current).take_while(|(one, other)| one == other).count();
            counters.iter_mut().zip(&numbers).take(alike + 1).for_each(|(values, number)| values.push(*number));
        }
        counters.iter_mut().for_each(|values| values.sort_unstable());
        counters
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

/// Returns the number that follows those in `line`.
fn number_after<'t>(line: &[&str], mut numbers: impl Iterator<Item = &'t str>) -> Option<u128> {
    let is_in_line = line.iter().all(|number| numbers.next().is_some_and(|one| by_value(one, number).is_eq()));
    if is_in_line { numbers.next().map(value) } else { None }
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
            let current = Shape::of(from);
            let known = KnownVersions::new(&current, &candidates);
            assert_eq!(Jump::new(&Shape::of(to), &known), expected, "{from} {to} among {others}");
        }
    }
}
