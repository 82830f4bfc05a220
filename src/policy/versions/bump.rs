//! The part of a version that a step changes.

use std::fmt;

use super::calendar::WrittenDate;
use crate::image::{Part, Shape};

/// A part of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bump {
    /// The third number and those after it.
    Patch,
    /// The second number.
    Minor,
    /// The first number.
    Major,
}

/// The longest first number of a version. A longer one is a year or a counter.
const LONGEST_MAJOR: usize = 3;

impl Bump {
    /// Returns the part that changes between two tags. `None` if one of them has no version: dates, counters and commits have no
    /// parts.
    pub fn between(from: &str, to: &str) -> Option<Self> {
        let (from, to) = (Shape::of(from), Shape::of(to));
        let (from, to) = (version(&from)?, version(&to)?);
        let number = |numbers: &[&str], at: usize| numbers.get(at).unwrap_or(&"").trim_start_matches('0').to_owned();
        let at = (0..from.len().max(to.len())).find(|at| number(&from, *at) != number(&to, *at))?;
        Some(match at {
            0 => Self::Major,
            1 => Self::Minor,
            _ => Self::Patch,
        })
    }

    /// Returns the word that configuration and reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }
}

impl fmt::Display for Bump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Returns the numbers of the version in a tag. A number alone is a version at the start or after a `v`; elsewhere it counts builds.
fn version<'t>(shape: &Shape<'t>) -> Option<Vec<&'t str>> {
    let numbers = shape.release();
    let starts = match shape.parts().first()? {
        Part::Number(_) => true,
        Part::Text(text) => text.eq_ignore_ascii_case("v"),
        Part::Distribution(_) | Part::Stamp(_) | Part::Hash(_) | Part::Stage(_) => false,
    };
    let is_version = numbers.first()?.len() <= LONGEST_MAJOR && (starts || numbers.len() > 1);
    (is_version && WrittenDate::leading(shape).is_none()).then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_part_that_changes() {
        #[rustfmt::skip]
        let rows = [
            ("1.4.2",          "2.0.0",          Some(Bump::Major)),
            ("1.4.2",          "1.5.0",          Some(Bump::Minor)),
            ("1.4.2",          "1.4.3",          Some(Bump::Patch)),
            ("1.4",            "1.4.3",          Some(Bump::Patch)),
            ("1.4.2-r1",       "1.4.2-r2",       None),
            ("16",             "17",             Some(Bump::Major)),
            ("v16-alpine",     "v17-alpine",     Some(Bump::Major)),
            ("08",             "8",              None),
            ("release-1.4.2",  "release-2.0.0",  Some(Bump::Major)),
            ("3.9-jdk17",      "4.0-jdk17",      Some(Bump::Major)),
            ("1.4.2",          "v2.0.0",         Some(Bump::Major)),
            ("build-41",       "build-42",       None),
            ("main-a1b2c3d",   "main-9f8e7d6",   None),
            ("a1b2c3d",        "9f8e7d6",        None),
            ("main-a1b2c3d-1", "main-9f8e7d6-2", None),
            ("2023.12.1",      "2024.1.0",       None),
            ("2024-06-01",     "2025-06-01",     None),
            ("20240601",       "20250601",       None),
            ("1809",           "2022",           None),
            ("22.04",          "24.04",          Some(Bump::Major)),
            ("latest",         "1.2.3",          None),
        ];
        for (from, to, expected) in rows {
            assert_eq!(Bump::between(from, to), expected, "{from} {to}");
        }
    }
}
