//! Releases of the line of a pre-release, in whatever way they are written: `2.0.1` beside `v2.0.0-rc.1`, `1.23.0` beside `1.23rc1`.

use std::cmp::Ordering;

use crate::image::Shape;
use crate::policy::versions::{adds_word, by_value, compare_commonly, leads_alike, number_at};

/// How many numbers a line has in common: major and minor.
const LINE: usize = 2;

/// Returns whether a tag is a release of the line of the current tag, which is a pre-release, and newer.
pub(super) fn is_release_of_line(tag: &Shape<'_>, current: &Shape<'_>) -> bool {
    tag.stage().is_none()
        && tag.has_order()
        && leads_alike(tag, current)
        && has_same_numbers(&tag.release(), &current.release(), LINE)
        && compare_commonly(tag, current) == Some(Ordering::Greater)
        && !adds_word(tag, current)
}

/// Returns whether a tag is a stage of the version of which the current tag is one.
pub(super) fn is_same_version(tag: &Shape<'_>, current: &Shape<'_>) -> bool {
    has_same_numbers(&tag.release(), &current.release(), usize::MAX)
}

/// Compares the first `count` numbers of the current tag.
fn has_same_numbers(one: &[&str], current: &[&str], count: usize) -> bool {
    current.iter().take(count).enumerate().all(|(at, number)| by_value(number_at(one, at), number).is_eq())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_releases_of_a_line() {
        #[rustfmt::skip]
        let rows = [
            ("2.0.0",        "v2.0.0-rc.1", true),
            ("2.0.1",        "v2.0.0-rc.1", true),
            ("2.0",          "v2.0.0-rc.1", true),
            ("2",            "2.0.0-rc.1",  true),
            ("1.23.1",       "1.23rc1",     true),
            ("18.0",         "18beta1",     true),
            ("2.0.0",        "2.0.1-rc.1",  false),
            ("2.1.0",        "v2.0.0-rc.1", false),
            ("2.0.0-rc.2",   "v2.0.0-rc.1", false),
            ("2.0.0-debug",  "v2.0.0-rc.1", false),
            ("app-2.0.0",    "v2.0.0-rc.1", false),
            ("app-v2.0.1",   "app-2.0.0-rc.1", true),
            ("app-2.0.1",    "web-2.0.0-rc.1", false),
            ("8.14.1",       "8.14.0-a1b2c3d4-SNAPSHOT", true),
            ("57",           "v2.0.0-rc.1", false),
            ("latest",       "v2.0.0-rc.1", false),
        ];
        for (tag, current, expected) in rows {
            assert_eq!(is_release_of_line(&Shape::of(tag), &Shape::of(current)), expected, "{tag} {current}");
        }
    }
}
