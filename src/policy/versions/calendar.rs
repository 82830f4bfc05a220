//! Dates in tags, however they are written: `20240601`, `2024-06-01`, `2024.6.1`, `01.06.2024`, `06.2024`, or seconds since 1970.

use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::civil::{Date, ISOWeekDate, Weekday};
use jiff::tz::TimeZone;

use crate::image::{Part, Shape, commit_hash_at, is_day, timestamp_millis};

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

const YEARS: std::ops::Range<i16> = 1990..2100;

impl WrittenDate {
    /// Reads the date that begins with the first number of a tag, whatever the words before it are.
    pub(crate) fn leading(shape: &Shape<'_>) -> Option<Self> {
        numbers(shape).next().and_then(Self::at)
    }

    /// Reads the first date of a tag.
    pub(crate) fn first(shape: &Shape<'_>) -> Option<Self> {
        numbers(shape).find_map(Self::at)
    }

    /// Reads the first date of a text, which may be a part of a commit hash. A shape takes longer to read.
    pub(crate) fn first_in(text: &str) -> Option<Self> {
        let is_digit = |at: usize| text.as_bytes()[at].is_ascii_digit();
        let mut starts = (0..text.len()).filter(|at| is_digit(*at) && (*at == 0 || !is_digit(*at - 1)));
        starts.find_map(|at| Self::at(&text[at..]))
    }

    /// Reads the date at the start of a text.
    fn at(text: &str) -> Option<Self> {
        let (number, rest) = number_at(text);
        match number.len() {
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

    /// Reads `2024-06-01`, `2024.6.1` or `2024.6` behind the year.
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

    /// Reads `2024w23`, `2024-W23` behind the year: the month of most of its days.
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

/// Returns the rest of a tag from each of its numbers on. A number of a hash or of another product is none.
fn numbers<'t>(shape: &Shape<'t>) -> impl Iterator<Item = &'t str> {
    let (tag, mut at) = (shape.tag(), 0);
    shape.parts().iter().filter_map(move |part| {
        let start = at;
        at += part.text().len();
        matches!(part, Part::Number(_) | Part::Stamp(_)).then(|| &tag[start..])
    })
}

fn number_at(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len()))
}

fn separated(text: &str) -> Option<(char, &str)> {
    let separator = text.chars().next().filter(|c| matches!(c, '-' | '.' | '_'))?;
    Some((separator, &text[1..]))
}

pub(super) fn year(digits: &str) -> Option<i16> {
    digits.parse().ok().filter(|year| digits.len() == 4 && YEARS.contains(year))
}

pub(super) fn month(digits: &str) -> Option<i16> {
    small(digits).filter(|month| (1..=12).contains(month))
}

/// Returns the value of one or two digits.
pub(super) fn small(digits: &str) -> Option<i16> {
    if digits.len() <= 2 { digits.parse().ok() } else { None }
}

pub(super) fn is_date(year: i16, month: i16, day: i16) -> bool {
    let small = |number: i16| i8::try_from(number).unwrap_or_default();
    Date::new(year, small(month), small(day)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_dates_in_every_form() {
        #[rustfmt::skip]
        let rows: [(&str, Option<&[i16]>); 41] = [
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
        ];
        for (tag, fields) in rows {
            let date = WrittenDate::leading(&Shape::of(tag));
            assert_eq!(date.as_ref().map(WrittenDate::fields), fields, "{tag}");
        }
        let first = WrittenDate::first(&Shape::of("1.2.3-20240601"));
        assert_eq!(first.as_ref().map(WrittenDate::fields), Some(&[2024, 6, 1][..]));
        assert_eq!(first, WrittenDate::first_in("1.2.3-20240601"));
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
