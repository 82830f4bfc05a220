//! Dates in tags, however they are written: `20240601`, `2024-06-01`, `2024.6.1`, `01.06.2024`, `06.2024`, or seconds since 1970.

use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::civil::{ISOWeekDate, Weekday};
use jiff::tz::TimeZone;

use crate::image::{
    Part, Shape, commit_hash_at, is_date, is_day, is_version_with_year, month, small, timestamp_millis, year,
};

/// A date in a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WrittenDate {
    /// Year, month and day.
    fields: [i16; 3],
    /// How many of them are written.
    known: usize,
    form: DateForm,
}

/// How a date is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DateForm {
    /// `2024.6.1`: its numbers compare as those of a version.
    Dotted,
    /// `20240601`, `20240601123000`, `202406`: compares as a number with one of as many digits.
    Digits(usize),
    /// `2024w23`: compares with others of this form by its numbers.
    Week,
    /// `2024-06-01`, `01.06.2024`: its numbers are no release, or in another order.
    Other,
}

/// How many digits a month without separators has: a counter of builds may look the same.
const MONTH_DIGITS: usize = 6;

impl WrittenDate {
    /// Reads the date that begins with the first number of a tag, whatever the words before it are.
    pub(crate) fn leading(shape: &Shape<'_>) -> Option<Self> {
        numbers(shape).next().and_then(|start| Self::at(shape.tag(), start))
    }

    /// Reads the first date of a tag.
    pub(crate) fn first(shape: &Shape<'_>) -> Option<Self> {
        numbers(shape).find_map(|start| Self::at(shape.tag(), start))
    }

    /// Reads the first date of a text, which may be a part of a commit hash. A shape takes longer to read.
    pub(crate) fn first_in(text: &str) -> Option<Self> {
        let is_digit = |at: usize| text.as_bytes()[at].is_ascii_digit();
        let mut starts = (0..text.len()).filter(|at| is_digit(*at) && (*at == 0 || !is_digit(*at - 1)));
        starts.find_map(|start| Self::at(text, start))
    }

    /// Reads the date that starts at this byte of a text.
    fn at(text: &str, start: usize) -> Option<Self> {
        let (before, (number, rest)) = (&text[..start], number_at(&text[start..]));
        match number.len() {
            // In `1.2.3-2024.05` the 3 is the patch of a version.
            1 | 2 if ends_in_version(before) => None,
            1 | 2 if is_version(before, number, rest) => None,
            1 | 2 => Self::day_first(number, rest).or_else(|| Self::month_first(number, rest)),
            4 => Self::year_first(number, rest).or_else(|| Self::of_week(number, rest)),
            _ => Self::compact(number),
        }
    }

    /// Reads digits: a day with or without a time, a month, or a time since 1970.
    fn compact(number: &str) -> Option<Self> {
        let form = DateForm::Digits(number.len());
        if number.len() == MONTH_DIGITS {
            let (year, month) = (year(&number[..4])?, month(&number[4..])?);
            return Some(Self { fields: [year, month, 0], known: 2, form });
        }
        let has_day = match number.len() {
            8 | 10 => is_day(&number[..8]),
            12 | 14 | 17 => timestamp_millis(number).is_some(),
            _ => false,
        };
        let fields = if has_day {
            [number[..4].parse().ok()?, number[4..6].parse().ok()?, number[6..8].parse().ok()?]
        } else {
            let instant = Timestamp::from_millisecond(timestamp_millis(number)?).ok()?;
            let date = instant.to_zoned(TimeZone::UTC).date();
            [date.year(), date.month().into(), date.day().into()]
        };
        Some(Self { fields, known: 3, form })
    }

    /// Reads `2024-06-01`, `2024.6.1` or `2024.6` after the year.
    fn year_first(number: &str, rest: &str) -> Option<Self> {
        let (separator, rest) = separated(rest)?;
        let (digits, rest) = number_at(rest);
        let (year, month) = (year(number)?, month(digits)?);
        let form = if separator == '.' { DateForm::Dotted } else { DateForm::Other };
        let day = || {
            let (_, rest) = separated(rest).filter(|(next, _)| *next == separator)?;
            let day = small(number_at(rest).0)?;
            (is_date(year, month, day) && commit_hash_at(rest, true).is_none()).then_some(day)
        };
        Some(match day() {
            Some(day) => Self { fields: [year, month, day], known: 3, form },
            None => Self { fields: [year, month, 0], known: 2, form },
        })
    }

    /// Reads `2024w23`, `2024-W23` after the year: the month of most of its days.
    fn of_week(number: &str, rest: &str) -> Option<Self> {
        let rest = separated(rest).map_or(rest, |(_, rest)| rest);
        let (digits, _) = number_at(rest.strip_prefix(['w', 'W'])?);
        let week = i8::try_from(small(digits)?).ok()?;
        let day = ISOWeekDate::new(year(number)?, week, Weekday::Thursday).ok()?.date();
        Some(Self { fields: [day.year(), day.month().into(), 0], known: 2, form: DateForm::Week })
    }

    /// Reads `31.1.2024` or `01-31-2024` with any separator. If either number may be the month, the day is first where dots are the
    /// separators; elsewhere only the year is certain.
    fn day_first(number: &str, rest: &str) -> Option<Self> {
        let (separator, rest) = separated(rest)?;
        let (middle, rest) = number_at(rest);
        let (_, rest) = separated(rest).filter(|(next, _)| *next == separator)?;
        let (first, second, year) = (small(number)?, small(middle)?, year(number_at(rest).0)?);
        let form = DateForm::Other;
        match (is_date(year, second, first), is_date(year, first, second)) {
            (true, true) if first != second && separator != '.' => Some(Self { fields: [year, 0, 0], known: 1, form }),
            (true, _) => Some(Self { fields: [year, second, first], known: 3, form }),
            (false, true) => Some(Self { fields: [year, first, second], known: 3, form }),
            (false, false) => None,
        }
    }

    /// Reads `06.2024` with any separator, where no further number belongs to it: `10.2024.1` is a version.
    fn month_first(number: &str, rest: &str) -> Option<Self> {
        let (separator, rest) = separated(rest)?;
        let (digits, rest) = number_at(rest);
        let is_last = !rest.starts_with(separator) || !rest[1..].starts_with(|c: char| c.is_ascii_digit());
        let (month, year) = (month(number)?, year(digits)?);
        is_last.then_some(Self { fields: [year, month, 0], known: 2, form: DateForm::Other })
    }

    /// Compares the fields that both have.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let known = self.known.min(other.known);
        self.fields[..known].cmp(&other.fields[..known])
    }

    /// Returns whether the numbers of two tags say as much about their order as the dates do, or more.
    pub(crate) fn is_written_like(&self, other: &Self) -> bool {
        match (self.form, other.form) {
            (DateForm::Other, _) | (_, DateForm::Other) => false,
            (DateForm::Digits(one), DateForm::Digits(than)) => one == than || [one, than].contains(&MONTH_DIGITS),
            (one, other) => one == other,
        }
    }

    /// Returns whether one is a month without separators, which may be a counter, and the other one is a longer date.
    pub(crate) fn is_month_beside_day(&self, other: &Self) -> bool {
        match (self.form, other.form) {
            (DateForm::Digits(one), DateForm::Digits(than)) => one != than && [one, than].contains(&MONTH_DIGITS),
            _ => false,
        }
    }

    /// Returns year, month and day, as far as they are written.
    pub(crate) fn fields(&self) -> &[i16] {
        &self.fields[..self.known]
    }
}

/// Compares the dates that two tags begin with, where only these show the order: `2024-06-01` and `2024.5.1`. Returns `None` if the
/// numbers do, as in `2024.6.1` and `2024.5.1`.
pub(crate) fn compare_leading_dates(one: &Shape<'_>, other: &Shape<'_>) -> Option<Ordering> {
    let (one, other) = (WrittenDate::leading(one)?, WrittenDate::leading(other)?);
    (!one.is_written_like(&other)).then(|| one.compare(&other))
}

/// Returns whether one tag begins with a date whose year has four digits, and the current one with a month whose year has two:
/// `2024.07` beside `24.06`.
pub(crate) fn has_longer_year(tag: &Shape<'_>, current: &Shape<'_>) -> bool {
    let has_short_year = match current.release()[..] {
        [year, second, ..] => year.len() == 2 && second.len() == 2 && month(second).is_some(),
        _ => false,
    };
    has_short_year && WrittenDate::leading(tag).is_some_and(|date| date.form == DateForm::Dotted)
}

/// Returns where the numbers of a tag start. A number of a hash or of another product is none.
fn numbers(shape: &Shape<'_>) -> impl Iterator<Item = usize> {
    let mut at = 0;
    shape.parts().iter().filter_map(move |part| {
        let start = at;
        at += part.text().len();
        matches!(part, Part::Number(_) | Part::Stamp(_)).then_some(start)
    })
}

/// Returns whether a text ends with a number and a dot, so that the next number belongs to the same version.
fn ends_in_version(text: &str) -> bool {
    text.strip_suffix('.').is_some_and(|text| text.ends_with(|c: char| c.is_ascii_digit()))
}

/// Returns whether numbers with dots between are a version although one of them could be a year.
fn is_version(before: &str, first: &str, rest: &str) -> bool {
    if !rest.starts_with('.') {
        return false;
    }
    let (mut numbers, mut rest) = (vec![first], rest);
    while let Some((number, after)) = rest.strip_prefix('.').map(number_at).filter(|(number, _)| !number.is_empty()) {
        numbers.push(number);
        rest = after;
    }
    let word = before.rsplit(|c: char| !c.is_ascii_alphabetic()).next();
    let dates = &numbers[..numbers.len().min(3)];
    numbers.len() > 2
        && is_version_with_year(dates, word.is_some_and(|word| word.eq_ignore_ascii_case("v")), numbers.len() > 3)
}

fn number_at(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len()))
}

fn separated(text: &str) -> Option<(char, &str)> {
    let separator = text.chars().next().filter(|c| matches!(c, '-' | '.' | '_'))?;
    Some((separator, &text[1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_dates_in_every_form() {
        #[rustfmt::skip]
        let rows: [(&str, Option<&[i16]>); 47] = [
            ("20240601",               Some(&[2024, 6, 1])),
            ("2024-06-01",             Some(&[2024, 6, 1])),
            ("2024.6.1",               Some(&[2024, 6, 1])),
            ("main-2024_06_01",        Some(&[2024, 6, 1])),
            ("2024-06-01T10-00",       Some(&[2024, 6, 1])),
            ("v20240601123000",        Some(&[2024, 6, 1])),
            ("2024060112",             Some(&[2024, 6, 1])),
            ("main-1717236000",        Some(&[2024, 6, 1])),
            ("2024.06",                Some(&[2024, 6])),
            ("2024.06.123",            Some(&[2024, 6])),
            ("2024.06-1",              Some(&[2024, 6])),
            ("2024-06-1a2b3c4",        Some(&[2024, 6])),
            ("2024.02.30",             Some(&[2024, 2])),
            ("202406",                 Some(&[2024, 6])),
            ("31.01.2024",             Some(&[2024, 1, 31])),
            ("01-31-2024",             Some(&[2024, 1, 31])),
            ("02.02.2024",             Some(&[2024, 2, 2])),
            ("01.02.2024",             Some(&[2024, 2, 1])),
            ("01-02-2024",             Some(&[2024])),
            ("15.3.2024",              Some(&[2024, 3, 15])),
            ("15-3-2024",              Some(&[2024, 3, 15])),
            ("3-2024",                 Some(&[2024, 3])),
            ("Q1-2024",                Some(&[2024, 1])),
            ("2024w23",                Some(&[2024, 6])),
            ("2024-W09-alpine",        Some(&[2024, 2])),
            ("12.2025",                Some(&[2025, 12])),
            ("v01-2026-alpine",        Some(&[2026, 1])),
            ("main_06_2024",           Some(&[2024, 6])),
            ("13.2025",                None),
            ("1.2025",                 Some(&[2025, 1])),
            ("10.2024.1",              None),
            ("10.2100",                None),
            ("prod-564a3ad-20240601",  Some(&[2024, 6, 1])),
            ("2024",                   None),
            ("2024.13.1",              None),
            ("202413",                 None),
            ("1.2.2024",               Some(&[2024, 2, 1])),
            ("31.02.2024",             None),
            ("1.2.3",                  None),
            ("1.2.3-20240601",         None),
            ("24.06.01",               None),
            ("3.11.2024.04.17.17",     None),
            ("2.1.2024.06.09",         None),
            ("v2.3.2024",              None),
            ("v3.2024",                Some(&[2024, 3])),
            ("v01.03.2024",            Some(&[2024, 3, 1])),
            ("01.03.2024.2",           Some(&[2024, 3, 1])),
        ];
        for (tag, fields) in rows {
            let date = WrittenDate::leading(&Shape::of(tag));
            assert_eq!(date.as_ref().map(WrittenDate::fields), fields, "{tag}");
        }
    }

    #[test]
    fn reads_the_first_date_after_a_version() {
        let first = WrittenDate::first(&Shape::of("1.2.3-20240601"));
        assert_eq!(first.as_ref().map(WrittenDate::fields), Some(&[2024, 6, 1][..]));
        assert_eq!(first, WrittenDate::first_in("1.2.3-20240601"));
        for (tag, fields) in [
            ("1.2.3-2025.08", &[2025, 8][..]),
            ("1.2-2025w03", &[2025, 1]),
            ("1.2.3-03-2024", &[2024, 3]),
            ("3.11.2024.04.17.17", &[2024, 4, 17]),
        ] {
            let first = WrittenDate::first(&Shape::of(tag));
            assert_eq!(first.as_ref().map(WrittenDate::fields), Some(fields), "{tag}");
            assert_eq!(first, WrittenDate::first_in(tag), "{tag}");
        }
    }

    #[test]
    fn compares_dates_only_where_the_numbers_do_not() {
        #[rustfmt::skip]
        let rows = [
            ("2024.5.1",        "2024-06-01",  Some(Ordering::Less)),
            ("2024.7.1",        "20240601",    Some(Ordering::Greater)),
            ("2024.06",         "2024-06-01",  Some(Ordering::Equal)),
            ("1700000000",      "2024-06-01",  Some(Ordering::Less)),
            ("2024.5.1",        "v2024.6.1",   None),
            ("20240501",        "v20240601",   None),
            ("202406",          "20240501",    None),
            ("202405",          "2024-06-01",  Some(Ordering::Less)),
            ("30.01.2024",      "31.12.2023",  Some(Ordering::Greater)),
            ("01.2026",         "12.2025",     Some(Ordering::Greater)),
            ("12-2025",         "01.2026",     Some(Ordering::Less)),
            ("12.2025",         "2025.12.24",  Some(Ordering::Equal)),
            ("12.2025",         "12.4",        None),
            ("2024w23",            "2024.05.1",   Some(Ordering::Greater)),
            ("2024w23",            "2024w24",     None),
            ("15.3.2024",          "16.2.2024",   Some(Ordering::Greater)),
            ("1.2.3",           "20240601",    None),
        ];
        for (one, other, order) in rows {
            assert_eq!(compare_leading_dates(&Shape::of(one), &Shape::of(other)), order, "{one} {other}");
        }
    }
}
