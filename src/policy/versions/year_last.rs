//! Dates in a tag whose year is the last of their numbers: `31.01.2024`, `3-2024`, `Q1-2024`. Their numbers compare from the year on.

use crate::image::{Part, Shape, is_version_with_year, small, year, year_last_order};

/// Words before the number of a quarter or a week.
const PERIODS: &[&str] = &["q", "w", "kw", "wk", "week"];

/// The last week of a long year.
const LAST_WEEK: i16 = 53;

/// How the numbers of a date count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct YearLast {
    /// The indexes of its numbers, most significant first.
    pub(super) order: &'static [usize],
}

impl YearLast {
    /// Returns how many parts it has: its numbers, with separators between them.
    pub(super) fn parts(self) -> usize {
        self.order.len() * 2 - 1
    }

    /// Returns whether the first numbers of a tag are such a date.
    pub(super) fn leads(shape: &Shape<'_>) -> bool {
        let start = shape.parts().iter().take_while(|part| !matches!(part, Part::Number(_) | Part::Stamp(_))).count();
        Self::at(shape.parts(), start).is_some()
    }

    /// Finds the date that begins with one of these parts.
    pub(super) fn at(parts: &[Part<'_>], start: usize) -> Option<Self> {
        let number = |at: usize| match parts.get(start + at) {
            Some(Part::Number(number)) => Some(*number),
            _ => None,
        };
        let separator = |at: usize| match parts.get(start + at) {
            Some(Part::Text(text @ ("." | "-" | "_"))) => Some(*text),
            _ => None,
        };
        let (first, between) = (number(0)?, separator(1)?);
        // In `1.2.3-03-2024` the month follows a version, whose patch is no day.
        let follows_number = start > 1 && matches!(parts[start - 2], Part::Number(_) | Part::Stamp(_));
        if follows_number && parts[start - 1].text() == "." {
            return None;
        }
        let word_before =
            |words: &[&str]| start > 0 && words.iter().any(|word| word.eq_ignore_ascii_case(parts[start - 1].text()));
        let has_next = |at: usize| separator(at) == Some(between) && number(at + 1).is_some();
        let second = number(2)?;
        if year(second).is_some() {
            let is_week = word_before(PERIODS) && small(first).is_some_and(|week| week <= LAST_WEEK);
            let order = year_last_order(&[first, second], between).or(is_week.then_some(&[1, 0]))?;
            return if has_next(3) { None } else { Some(Self { order }) };
        }
        if !has_next(3) {
            return None;
        }
        let numbers = [first, second, number(4)?];
        let is_version = between == "." && is_version_with_year(&numbers, word_before(&["v"]), has_next(5));
        let order = year_last_order(&numbers, between)?;
        if is_version { None } else { Some(Self { order }) }
    }
}
