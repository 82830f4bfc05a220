//! How suspicious the step from the current tag to a candidate is: relics of an old numbering and mislabeled tags have the
//! greatest numbers.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use crate::image::{Part, Shape};
use crate::policy::candidate::Candidate;
use crate::policy::filter::Filter;
use crate::policy::versions::{by_value, compare_leading_dates, leading_numbers, leads_with_version, number_at};

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

/// How many digits a major has at most. A longer number counts something else.
const LONGEST_MAJOR: usize = 3;

/// Majors that are years: their minors are months or weeks.
const YEARS: Range<u128> = 1990..2100;

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
    /// The filter whose text of each tag counts, and not the tag.
    extract: Option<&'k Filter>,
    /// Whether the candidates are all tags, so that a tag that is not among them does not exist.
    is_complete: bool,
    releases: OnceCell<Releases>,
    /// For each number of a tag, in order, the values in the tags that are like the current one up to this number.
    counters: OnceCell<Vec<Counter>>,
    /// The values of the number after each start of a tag, which is all numbers before it.
    following: OnceCell<HashMap<Vec<u128>, Vec<u128>>>,
}

impl Jump {
    /// Judges the step from the current tag to another among all tags of the image.
    pub(super) fn new(to: &Shape<'_>, known: &KnownVersions<'_>) -> Self {
        let from = known.current;
        if compare_leading_dates(from, to).is_some() {
            return Self::Usual;
        }
        if has_outlier(from, to) {
            return Self::Outlier;
        }
        let (current, next) = (from.release(), to.release());
        let changed = current.iter().zip(&next).position(|(from, to)| by_value(from, to).is_ne());
        match changed {
            Some(0 | 1) if current.len() > 1 && known.lack_release(&current, &next) => Self::Skip,
            Some(0) if is_major(from, &current) && known.lack_release(&current, &next) => Self::Skip,
            Some(0) if current.len() == 1 && known.lack_counter(to) => Self::Skip,
            None if known.lack_counter(to) && known.is_complete => Self::Outlier,
            None if known.lack_counter(to) => Self::Skip,
            Some(_) if known.lack_counter_of_version(to) => Self::Outlier,
            _ => Self::Usual,
        }
    }
}

impl<'k> KnownVersions<'k> {
    /// Reads nothing before the first step that may be suspicious.
    pub(super) fn new(
        current: &'k Shape<'k>,
        candidates: &'k [Candidate],
        extract: Option<&'k Filter>,
        is_complete: bool,
    ) -> Self {
        let (releases, counters, following) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { current, candidates, extract, is_complete, releases, counters, following }
    }

    /// Returns the tags, or the texts that the policy reads of them.
    fn texts(&self) -> impl Iterator<Item = Cow<'k, str>> {
        let extract = self.extract;
        self.candidates.iter().filter_map(move |one| match extract {
            Some(filter) => filter.read(one.tag.as_str()),
            None => Some(one.tag.as_str().into()),
        })
    }

    /// Returns whether a release skips a major or minor version of which no tag exists. The first minor of a new major is 0.
    fn lack_release(&self, from: &[&str], to: &[&str]) -> bool {
        let (major, from_minor) = version_line(from);
        let (next, minor) = version_line(to);
        let releases = self.releases.get_or_init(|| self.releases(major));
        if major == next {
            return releases.lack_minor(major, from_minor + 1..minor);
        }
        releases.lack_major(major + 1..next) || (has_first_minor(to) && releases.lack_minor(next, 0..minor))
    }

    /// Reads the tags whose major is that of the current one, or greater.
    fn releases(&self, from: u128) -> Releases {
        let mut found: BTreeMap<u128, BTreeSet<u128>> = BTreeMap::new();
        let mut dated = BTreeSet::new();
        for tag in self.texts() {
            // The shape takes longer to read than the numbers.
            let is_known = leading_numbers(&tag).is_some_and(|numbers| {
                let (major, minor) = version_line(&numbers.take(2).collect::<Vec<_>>());
                major < from || found.get(&major).is_some_and(|minors| minors.contains(&minor))
            });
            let release = if is_known { Vec::new() } else { Shape::of(&tag).release() };
            let (major, minor) = version_line(&release);
            if !release.is_empty() && major >= from {
                found.entry(major).or_default().insert(minor);
                if !has_first_minor(&release) {
                    dated.insert(major);
                }
            }
        }
        // A major whose first release has no tag may be a relic itself.
        let is_release = |(major, minors): (&u128, &BTreeSet<u128>)| {
            (minors.contains(&0) || dated.contains(major)).then_some(*major)
        };
        let majors = found.iter().filter_map(is_release).collect();
        let minors = found.into_iter().map(|(major, minors)| (major, minors.into_iter().collect())).collect();
        Releases { majors, minors }
    }

    /// Returns whether a counter jumps over many numbers of which no tag exists.
    fn lack_counter(&self, to: &Shape<'_>) -> bool {
        let pairs = pairs(self.current, to);
        let Some(at) = pairs.iter().position(|(from, to)| by_value(from.text(), to.text()).is_ne()) else {
            return false;
        };
        let (Part::Number(from), Part::Number(to)) = pairs[at] else { return false };
        let (low, high) = (value(from), value(to));
        let has_gap = |counter: &Counter| {
            counter.after_gap.is_some_and(|after| after <= high) || is_gap(counter.last(low, high), high)
        };
        is_gap(low, high) && self.counters.get_or_init(|| self.counters()).get(at).is_none_or(has_gap)
    }

    /// Returns whether a number after another version jumps over many numbers of which this version has no tag, although it has tags
    /// with lower ones: `1.4.6-ls900` beside `1.4.6-ls11`, from `1.4.5-ls10`.
    fn lack_counter_of_version(&self, to: &Shape<'_>) -> bool {
        let (pairs, next, start) = (pairs(self.current, to), numbers(to), to.release().len());
        let is_jump = |(at, (from, to)): (usize, &(Part<'_>, Part<'_>))| {
            let (Part::Number(from), Part::Number(to)) = (from, to) else { return false };
            let (low, high) = (value(from), value(to));
            is_gap(low, high)
                && self.following(&next[..at]).is_some_and(|values| {
                    let counter = Counter::new(values.clone(), low);
                    values.iter().any(|value| *value < high) && counter.after_gap.is_some_and(|after| after <= high)
                })
        };
        pairs.iter().enumerate().skip(start).any(is_jump)
    }

    /// Returns the values of the number after a start of a tag.
    fn following(&self, start: &[u128]) -> Option<&Vec<u128>> {
        let read = || {
            let (mut found, count): (HashMap<Vec<u128>, Vec<u128>>, _) = (HashMap::new(), numbers(self.current).len());
            let tags = self.texts().map(|text| numbers(&Shape::of(&text)));
            for numbers in tags.filter(|numbers| numbers.len() == count) {
                for at in self.current.release().len()..count {
                    found.entry(numbers[..at].to_vec()).or_default().push(numbers[at]);
                }
            }
            found
        };
        self.following.get_or_init(read).get(start)
    }

    fn counters(&self) -> Vec<Counter> {
        let current = numbers(self.current);
        let mut counters = vec![Vec::new(); current.len()];
        for text in self.texts() {
            let numbers = numbers(&Shape::of(&text));
            let alike = numbers.iter().zip(&current).take_while(|(one, other)| one == other).count();
            counters.iter_mut().zip(&numbers).take(alike + 1).for_each(|(values, number)| values.push(*number));
        }
        counters.into_iter().zip(current).map(|(values, current)| Counter::new(values, current)).collect()
    }
}

/// The releases of which tags exist.
struct Releases {
    /// The majors, in order.
    majors: Vec<u128>,
    /// The minors of each major, in order.
    minors: BTreeMap<u128, Vec<u128>>,
}

impl Releases {
    fn lack_major(&self, between: Range<u128>) -> bool {
        lack_any(&self.majors, between)
    }

    fn lack_minor(&self, major: u128, between: Range<u128>) -> bool {
        lack_any(self.minors.get(&major).map_or(&[], Vec::as_slice), between)
    }
}

/// Returns whether a version is a single number, which is a major: `v4`, `12`. Elsewhere it counts builds.
fn is_major(from: &Shape<'_>, release: &[&str]) -> bool {
    release.len() == 1 && leads_with_version(from) && release[0].len() <= LONGEST_MAJOR
}

/// Returns whether some number of a range is not in a list, which has no number twice and is in order.
fn lack_any(numbers: &[u128], range: Range<u128>) -> bool {
    let below = |end: u128| numbers.partition_point(|number| *number < end) as u128;
    !range.is_empty() && below(range.end) - below(range.start) < range.end - range.start
}

/// Returns the major and the minor of a release.
fn version_line(release: &[&str]) -> (u128, u128) {
    let number = |at: usize| value(number_at(release, at));
    (number(0), number(1))
}

/// Returns whether a major has a minor 0: `2024.3` and `24.04` are months.
fn has_first_minor(release: &[&str]) -> bool {
    let is_padded = release.get(1).is_some_and(|minor| minor.len() > 1 && minor.starts_with('0'));
    !is_padded && !(YEARS.contains(&value(number_at(release, 0))))
}

/// The values of a number in the tags that are alike up to it.
#[derive(Clone)]
struct Counter {
    /// In order.
    values: Vec<u128>,
    /// The first value above the current one that follows a gap: all from there on may be relics.
    after_gap: Option<u128>,
}

impl Counter {
    fn new(mut values: Vec<u128>, current: u128) -> Self {
        values.sort_unstable();
        values.dedup();
        let first = values.partition_point(|value| *value <= current);
        let after_gap = std::iter::once(&current).chain(&values[first..]).zip(&values[first..]);
        let after_gap = after_gap.filter(|(last, next)| is_gap(**last, **next)).map(|(_, next)| *next).next();
        Self { values, after_gap }
    }

    /// Returns the greatest value between two.
    fn last(&self, low: u128, high: u128) -> u128 {
        let last = self.values[..self.values.partition_point(|number| *number < high)].last();
        last.copied().unwrap_or(low).max(low)
    }
}

/// Returns whether a counter grows out of proportion.
fn is_gap(last: u128, next: u128) -> bool {
    next.saturating_sub(last) >= COUNTER_GAP && next >= last.max(1).saturating_mul(COUNTER_FACTOR)
}

/// Returns the numbers and timestamps of a tag. The numbers of a pre-release count as well, and those of a time of day do not.
fn number_parts<'t>(shape: &Shape<'t>) -> Vec<Part<'t>> {
    let (mut numbers, mut is_time) = (Vec::new(), false);
    for (at, part) in shape.parts().iter().enumerate() {
        match part {
            Part::Number(_) | Part::Stamp(_) if is_time => {}
            Part::Number(_) | Part::Stamp(_) => numbers.push(*part),
            Part::Stage(stage) => numbers.extend(stage.digits().map(Part::Number)),
            Part::Text("-") => {}
            Part::Text(word) => {
                let follows_number = at > 0 && matches!(shape.parts()[at - 1], Part::Number(_) | Part::Stamp(_));
                is_time = follows_number && word.eq_ignore_ascii_case("t");
            }
            Part::Distribution(_) | Part::Hash(_) => {}
        }
    }
    numbers
}

fn numbers(shape: &Shape<'_>) -> Vec<u128> {
    number_parts(shape).iter().map(|part| value(part.text())).collect()
}

/// Returns the numbers and timestamps of two tags in pairs: all of them if the tags have as many, else those of the release.
fn pairs<'t>(from: &Shape<'t>, to: &Shape<'t>) -> Vec<(Part<'t>, Part<'t>)> {
    let (mut one, other) = (number_parts(from), number_parts(to));
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
            ("0.6.23",             "5.0.2",               "1.0.0 2.0.0 3.0.9 4.0.0",  Jump::Usual),
            ("0.6.23",             "5.0.2",               "1.0.0 2.0.0 3.1.0 4.0.0",  Jump::Skip),
            ("0.6.23",             "5.2.0",               "1.0.0 2 3.0 4.0.0 5.0.0 5.1.0", Jump::Usual),
            ("0.6.23",             "5.33.2",              "1.0.0 2.0.0 3.0.0 4.0.0 5.0.0", Jump::Skip),
            ("v4.60.0",            "v5.99.9",             "v4.61.0",                  Jump::Skip),
            ("v4.60.0",            "v5.2.9",              "v5.0.0 v5.1.0",            Jump::Usual),
            ("1.4.5",              "2.9.0",               "1.4.6",                    Jump::Skip),
            ("1.4.5",              "3.0.0",               "2.9.0",                    Jump::Skip),
            ("1.4.5",              "2.0.0",               "",                         Jump::Usual),
            ("1.4.5",              "2.0.9",               "",                         Jump::Usual),
            ("1.4",                "2.1",                 "2.0",                      Jump::Usual),
            ("app-1.4.5",          "app-2.2.0",           "app-2.0.0 app-2.1.7",      Jump::Usual),
            ("v4.60.0",            "v9.99.9",             "v5.0.0",                   Jump::Skip),
            ("1.4.0",              "1.6.0",               "1.4.1",                    Jump::Skip),
            ("1.4.0",              "1.6.0",               "1.5.3",                    Jump::Usual),
            ("1.4.0",              "2.6.0",               "",                         Jump::Skip),
            ("1.4.0",              "1.4.9",               "",                         Jump::Usual),
            ("v1.0.20200827-ls2",  "v1.0.20200827-ls43",  "v1.0.20200827-ls3",        Jump::Outlier),
            ("v1.0.20200827-ls2",  "v1.0.20200827-ls43",  "v1.0.20200827-ls40",       Jump::Outlier),
            ("v1.0.20200827-ls2",  "v1.0.20200827-ls43",  "v1.0.20200827-ls19 v1.0.20200827-ls40", Jump::Usual),
            ("v1.0-ls2",           "v1.0-ls43",           "v1.0-ls3 v1.0-ls42",       Jump::Outlier),
            ("v1.0-ls2",           "v1.0-ls3",            "v1.0-ls42 v1.0-ls43",      Jump::Usual),
            ("v1.0.20200827-ls2",  "v1.0.20210827-ls43",  "",                         Jump::Usual),
            ("build-2",            "build-43",            "",                         Jump::Skip),
            ("v4",                 "v39",                 "v5",                       Jump::Skip),
            ("12",                 "100",                 "13",                       Jump::Skip),
            ("12",                 "14",                  "13",                       Jump::Usual),
            ("12",                 "13",                  "",                         Jump::Usual),
            ("build-812",          "build-830",           "",                         Jump::Usual),
            ("20230101",           "20240101",            "",                         Jump::Usual),
            ("2023.11.2",          "2024.3.1",            "",                         Jump::Usual),
            ("23.10",              "24.04",               "",                         Jump::Usual),
            ("2022.4.1",           "2024.3.1",            "2023.7.1",                 Jump::Usual),
            ("17.0.1_12-jre",      "17.0.2_8-jre",        "",                         Jump::Usual),
            ("1.0.0-beta.4",       "1.0.0-beta.900",      "1.0.0-beta.5",             Jump::Outlier),
            ("1.0.0-beta.4",       "1.0.0-beta.5",        "1.0.0-beta.900",           Jump::Usual),
            ("1.0.0-beta.4",       "1.0.0-beta.60",       "1.0.0-beta.5",             Jump::Outlier),
            ("1.0.0-rc4",          "1.0.0-rc20240101",    "",                         Jump::Outlier),
            ("1.4.5-ls10",         "1.4.6-ls900",         "1.4.6-ls11",               Jump::Outlier),
            ("1.4.5-ls10",         "1.4.6-ls901",         "1.4.6-ls11 1.4.6-ls900",   Jump::Outlier),
            ("1.4.5-ls10",         "1.4.6-ls11",          "1.4.6-ls900",              Jump::Usual),
            ("1.4.5-ls10",         "1.4.6-ls900",         "",                         Jump::Usual),
            ("1.4.5-ls247",        "1.4.6-ls248",         "1.4.6-ls5",                Jump::Usual),
            ("1.4.5-ls41",         "1.4.6-ls200",         "1.4.6-ls42",               Jump::Usual),
            ("20240101T000500Z",   "20240101T093000Z",    "",                         Jump::Usual),
            ("1.4.5-debian-12-r1", "1.4.6-debian-12-r90", "1.4.6-debian-12-r2",       Jump::Outlier),
        ];
        for (from, to, others, expected) in rows {
            let candidates: Vec<Candidate> =
                others.split_whitespace().chain([from, to]).map(|tag| Candidate::new(Tag::new(tag).unwrap())).collect();
            let current = Shape::of(from);
            let known = KnownVersions::new(&current, &candidates, None, true);
            assert_eq!(Jump::new(&Shape::of(to), &known), expected, "{from} {to} among {others}");
        }
    }
}
