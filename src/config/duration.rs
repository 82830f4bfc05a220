//! Lengths of time as people write them: `3d`, `12h`, `1d 12h 30m`.

use std::time::Duration;

use super::error::Problem;
use super::located::Located;

/// Units, from the longest to the shortest, with their seconds.
const UNITS: [(char, u64); 5] = [('w', 7 * 86_400), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Why a text is not a length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a length of time")]
pub struct DurationError(String);

impl DurationError {
    /// What to write instead.
    pub fn hint(&self) -> &'static str {
        "write it like 3d, 12h or 1d 12h 30m (w, d, h, m, s)"
    }
}

/// Reads numbers with units, the longest unit first, each at most once.
pub fn duration(text: &str) -> Result<Duration, DurationError> {
    let bad = || DurationError(text.to_owned());
    let mut units = UNITS.iter();
    let mut seconds = 0_u64;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(bad());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?;
        let number: u64 = rest[..digits].parse().map_err(|_| bad())?;
        let unit = rest[digits..].chars().next().ok_or_else(bad)?;
        let (_, length) = units.by_ref().find(|(name, _)| *name == unit).ok_or_else(bad)?;
        seconds = number.checked_mul(*length).and_then(|part| seconds.checked_add(part)).ok_or_else(bad)?;
        rest = rest[digits + 1..].trim_start();
    }
    Ok(Duration::from_secs(seconds))
}

/// A length of time that is written somewhere, if it is one.
pub(super) fn checked_duration(written: Option<&Located<String>>, problems: &mut Vec<Problem>) -> Option<Duration> {
    let written = written?;
    let note =
        |error: DurationError| problems.push(Problem::new(written.position, error.to_string()).hint(error.hint()));
    duration(&written.value).map_err(note).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time() {
        #[rustfmt::skip]
        let rows = [
            ("3d",            Some(259_200)),
            ("12h",           Some(43_200)),
            ("1d 12h 30m",    Some(131_400)),
            ("1d12h",         Some(129_600)),
            (" 2w ",          Some(1_209_600)),
            ("0s",            Some(0)),
            ("",              None),
            ("3",             None),
            ("d",             None),
            ("3 days",        None),
            ("3dd",           None),
            ("1h 1d",         None),
            ("-1d",           None),
            ("1.5d",          None),
            ("3ä",            None),
            ("99999999999999999999d", None),
            ("9999999999999999999d",  None),
        ];
        for (text, seconds) in rows {
            assert_eq!(duration(text).ok().map(|read| read.as_secs()), seconds, "{text}");
        }
    }
}
