//! Durations as people write them: `3d`, `12h`, `1d 12h 30m`.

use std::time::Duration;

use jiff::SpanRelativeTo;
use jiff::fmt::friendly::SpanParser;

use crate::config::error::Problem;
use crate::config::syntax::located::Located;
use crate::text::visible;

/// A text that is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid duration `{}`", visible(.0))]
pub struct DurationError(String);

impl DurationError {
    /// Returns what to write instead.
    pub fn hint(&self) -> &'static str {
        "write a duration such as `3d`, `12h` or `1d 12h 30m`"
    }
}

/// Parses a duration in jiff's friendly format. A day has 24 hours.
///
/// # Errors
/// If the text is not in that format, is negative, or has months or years, which have no fixed length.
pub fn duration(text: &str) -> Result<Duration, DurationError> {
    let parse = || SpanParser::new().parse_span(text.trim())?.to_duration(SpanRelativeTo::days_are_24_hours());
    let parsed = parse().ok().and_then(|duration| Duration::try_from(duration).ok());
    parsed.ok_or_else(|| DurationError(text.to_owned()))
}

/// Parses a duration of the configuration, if one is set.
pub(in crate::config) fn checked_duration(
    written: Option<&Located<String>>,
    problems: &mut Vec<Problem>,
) -> Option<Duration> {
    let written = written?;
    let report =
        |error: DurationError| problems.push(Problem::new(written.place, error.to_string()).hint(error.hint()));
    duration(&written.value).map_err(report).ok()
}

/// Parses the time limit of a key, if one is set.
pub(in crate::config) fn checked_time_limit(
    key: &str,
    written: Option<&Located<String>>,
    problems: &mut Vec<Problem>,
) -> Option<Duration> {
    let limit = checked_duration(written, problems)?;
    if limit.is_zero() {
        let place = written?.place;
        problems.push(
            Problem::new(place, format!("`{key}`: expected a time above zero, found `{}`", visible(&written?.value)))
                .hint(format!("write a longer time, such as `{key}: 30s`, or remove the key")),
        );
    }
    Some(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_durations_with_fixed_length_only() {
        #[rustfmt::skip]
        let rows = [
            ("3d",            Some(259_200)),
            ("12h",           Some(43_200)),
            ("1d 12h 30m",    Some(131_400)),
            ("1d12h",         Some(129_600)),
            (" 2w ",          Some(1_209_600)),
            ("3 days",        Some(259_200)),
            ("1.5h",          Some(5_400)),
            ("0s",            Some(0)),
            ("",              None),
            ("3",             None),
            ("d",             None),
            ("3dd",           None),
            ("1h 1d",         None),
            ("-1d",           None),
            ("1d ago",        None),
            ("1mo",           None),
            ("1y",            None),
            ("1.5d",          None),
            ("3ä",            None),
            ("99999999999999999999d", None),
            ("9999999999999999999d",  None),
        ];
        for (text, seconds) in rows {
            assert_eq!(duration(text).ok().map(|duration| duration.as_secs()), seconds, "{text}");
        }
    }
}
