//! Timestamps in tags: digits that are a point in time, and not a version.

use std::ops::Range;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

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

fn calendar(digits: &str) -> Option<i64> {
    let field = |range: Range<usize>| digits.get(range).map_or(Some(0), |text| text.parse::<i16>().ok());
    let small = |range| field(range).and_then(|n| i8::try_from(n).ok());
    let year = field(0..4).filter(|year| (1990..2100).contains(year))?;
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
