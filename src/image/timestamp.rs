//! Timestamps in tags: digits that are a point in time, and not a version.

use std::ops::Range;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// The years of a date.
const YEARS: Range<i16> = 1990..2100;

/// Returns the milliseconds since 1970 of digits that are a point in time: seconds or milliseconds since 1970, from 2001 to
/// 2100, or a date with hour and minute (12 digits), seconds (14) or milliseconds (17). Times are in UTC.
pub fn timestamp_millis(digits: &str) -> Option<i64> {
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let epoch = 1_000_000_000..4_102_444_800;
    match digits.len() {
        10 => digits.parse().ok().filter(|seconds| epoch.contains(seconds)).map(|seconds: i64| seconds * 1000),
        13 => digits.parse().ok().filter(|millis: &i64| epoch.contains(&(millis / 1000))),
        12 | 14 | 17 => calendar(digits),
        _ => None,
    }
}

/// Returns whether eight digits are a day between 1990 and 2099, year first.
pub fn is_day(digits: &str) -> bool {
    digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_digit()) && calendar(digits).is_some()
}

/// Returns the value of four digits that are a year of a date.
pub fn year(digits: &str) -> Option<i16> {
    digits.parse().ok().filter(|year| digits.len() == 4 && YEARS.contains(year))
}

/// Returns the value of one or two digits that are a month.
pub fn month(digits: &str) -> Option<i16> {
    small(digits).filter(|month| (1..=12).contains(month))
}

/// Returns the value of one or two digits.
pub fn small(digits: &str) -> Option<i16> {
    if digits.len() <= 2 { digits.parse().ok() } else { None }
}

/// Returns whether a day exists.
pub fn is_date(year: i16, month: i16, day: i16) -> bool {
    let small = |number: i16| i8::try_from(number).unwrap_or_default();
    Date::new(year, small(month), small(day)).is_ok()
}

/// Returns the indexes of the numbers of a date whose year is last, most significant first: of `31.01.2024` or `01-2024`.
pub fn year_last_order(numbers: &[&str], separator: &str) -> Option<&'static [usize]> {
    if let [first, last] = *numbers {
        return (month(first).is_some() && year(last).is_some()).then_some(&[1, 0]);
    }
    let [one, two, last] = *numbers else { return None };
    let (one, two, year) = (small(one)?, small(two)?, year(last)?);
    match (is_date(year, two, one), is_date(year, one, two)) {
        // With dots, the day is first.
        (true, true) if separator == "." => Some(&[2, 1, 0]),
        (true, false) => Some(&[2, 1, 0]),
        (_, true) => Some(&[2, 0, 1]),
        (false, false) => None,
    }
}

/// Returns whether numbers with dots between that could be a day, a month and a year are those of a version: `v2.3.2024`, or more
/// numbers follow, as in `3.11.2024.04.17`. No version has padded numbers.
pub fn is_version_with_year(numbers: &[&str], follows_v: bool, is_longer: bool) -> bool {
    (follows_v || is_longer) && !numbers.iter().any(|number| number.len() > 1 && number.starts_with('0'))
}

/// Splits digits that are a day, or a time with a day, into year, month, day, and the rest.
pub(super) fn day_fields(digits: &str) -> Option<[&str; 4]> {
    let has_day = is_day(digits) || (matches!(digits.len(), 12 | 14 | 17) && timestamp_millis(digits).is_some());
    has_day.then(|| [&digits[..4], &digits[4..6], &digits[6..8], &digits[8..]])
}

fn calendar(digits: &str) -> Option<i64> {
    let field = |range: Range<usize>| digits.get(range).map_or(Some(0), |text| text.parse::<i16>().ok());
    let small = |range| field(range).and_then(|n| i8::try_from(n).ok());
    let year = field(0..4).filter(|year| YEARS.contains(year))?;
    let millis = i32::from(field(14..17)?);
    let at = DateTime::new(
        year,
        small(4..6)?,
        small(6..8)?,
        small(8..10)?,
        small(10..12)?,
        small(12..14)?,
        millis * 1_000_000,
    );
    at.ok()?.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_timestamps_and_days() {
        assert_eq!(timestamp_millis("20230411113310"), timestamp_millis("1681212790"));
        assert_eq!(timestamp_millis("20230411113310123"), timestamp_millis("1681212790123"));
        for no in ["20231301000000", "0123456789", "9414716697", "20231101", "1756914802x", "202399991111"] {
            assert_eq!(timestamp_millis(no), None, "{no}");
        }
        assert!(is_day("20231101") && !is_day("20231131") && !is_day("16842752"));
    }
}
