//! Pre-release stages in tags: `-rc.1`, `b1`, `.Beta2`.

use super::commit_hash::{SHORTEST_NUMBER, commit_hash_at, may_be_hash};
use super::scan::{digits, letters};
use super::timestamp::{day_fields, year_last_order};

/// The stage of a pre-release, such as `-rc.1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreReleaseStage<'t> {
    /// Its text, with the separator before it.
    pub text: &'t str,
    /// How close it is to the release: `dev` is 0, `rc` is 4.
    pub rank: u8,
}

impl<'t> PreReleaseStage<'t> {
    /// Returns its numbers, in order. A date counts from the year on, however it is written: `-nightly-05-2024`, `-rc1.20240601`.
    pub fn numbers(&self) -> impl Iterator<Item = &'t str> + use<'t> {
        let (written, mut numbers, mut at) = (self.written_numbers(), Vec::new(), 0);
        while let Some((_, number)) = written.get(at) {
            if let Some(fields) = day_fields(number) {
                numbers.extend(fields.into_iter().filter(|field| !field.is_empty()));
                at += 1;
            } else if let Some(order) = year_last(&written[at..]) {
                numbers.extend(order.iter().map(|field| written[at + field].1));
                at += order.len();
            } else {
                numbers.push(*number);
                at += 1;
            }
        }
        numbers.into_iter()
    }

    /// Returns its numbers as they are written.
    pub fn digits(&self) -> impl Iterator<Item = &'t str> + use<'t> {
        self.written_numbers().into_iter().map(|(_, number)| number)
    }

    /// Returns its numbers as they are written, each with the separator before it.
    fn written_numbers(&self) -> Vec<(&'t str, &'t str)> {
        let (mut numbers, mut rest) =
            (Vec::new(), self.word_and_numbers().trim_start_matches(|c: char| c.is_ascii_alphabetic()));
        while !rest.is_empty() {
            let separator = &rest[..usize::from(!rest.starts_with(|c: char| c.is_ascii_digit()))];
            let number = digits(&rest[separator.len()..]);
            numbers.push((separator, number));
            rest = &rest[separator.len() + number.len()..];
        }
        numbers
    }

    fn word_and_numbers(&self) -> &'t str {
        &self.text[usize::from(self.is_separated())..]
    }

    /// Returns the word that names it.
    pub fn word(&self) -> &'t str {
        letters(self.word_and_numbers())
    }

    /// Returns whether a word names it, and not a letter.
    pub(super) fn has_word(&self) -> bool {
        self.text.bytes().filter(u8::is_ascii_alphabetic).count() > 1
    }

    /// Returns whether a separator precedes it.
    pub(super) fn is_separated(&self) -> bool {
        self.text.starts_with(['.', '-', '_'])
    }

    /// Returns its text with `#` for every number: `-rc.#`.
    pub fn shape(&self) -> String {
        let mut shape = String::new();
        for c in self.text.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }) {
            if c != '#' || !shape.ends_with('#') {
                shape.push(c);
            }
        }
        shape
    }

    /// Returns whether Maven writes it, also after a commit: `1.2.3-a1b2c3d-SNAPSHOT`.
    pub(super) fn is_snapshot(&self) -> bool {
        self.text[1..].eq_ignore_ascii_case("snapshot")
    }

    /// Parses a stage at the start of `text`, which follows a digit of a version.
    pub fn at(text: &'t str) -> Option<Self> {
        Self::read(text, usize::MAX)
    }

    /// Parses a stage where a number may be a commit, and so is none of its numbers: `-dev` in `-dev.4808804`.
    pub fn before_commit(text: &'t str) -> Option<Self> {
        Self::read(text, SHORTEST_NUMBER)
    }

    /// Does the same where a number of so many digits may be a commit.
    pub(super) fn read(text: &'t str, shortest_hash: usize) -> Option<Self> {
        let separated = text.starts_with(['.', '-', '_']);
        let word_at = usize::from(separated);
        let word = letters(&text[word_at..]);
        let after = &text[word_at + word.len()..];
        let numbered = after.starts_with(|c: char| c.is_ascii_digit());
        // `ea`, `ec`, `a` and `b` may be the start of a commit, as in `1.2.3-ea1371ca`.
        if numbered
            && commit_hash_at(&text[word_at..], separated)
                .is_some_and(|hash| hash.len() > word.len() + digits(after).len())
        {
            return None;
        }
        let rank = match word {
            // A single letter is a stage only in `3.7.0b1` (PEP 440) and `2.0.0.M1` (Maven); `-b10450` counts builds.
            "a" if numbered && !separated => 1,
            "b" if numbered && !separated => 2,
            "M" | "m" if numbered => 3,
            _ => STAGES.iter().find(|(name, _)| name.eq_ignore_ascii_case(word))?.1,
        };
        let mut end = word_at + word.len();
        loop {
            let rest = &text[end..];
            let skip = usize::from(rest.starts_with(['.', '-', '_']));
            match digits(&rest[skip..]) {
                "" => break,
                number if skip == 1 && may_be_hash(number, shortest_hash) => break,
                // The commit in `16.dev.8c55d85` starts with a digit, too.
                number if commit_hash_at(&rest[skip..], skip == 1).is_some_and(|hash| hash.len() > number.len()) => {
                    break;
                }
                number => end += skip + number.len(),
            }
        }
        Some(Self { text: &text[..end], rank })
    }
}

/// Returns the order of the numbers of a date whose year is last. A number at the word is that of the stage, as in `rc1-2024`, and
/// numbers with dots count, as in `rc.1.2024`.
fn year_last(written: &[(&str, &str)]) -> Option<&'static [usize]> {
    let [(before, first), (between, _), ..] = *written else { return None };
    let alike = written[1..].iter().take(2).take_while(|(separator, _)| *separator == between).count();
    let numbers: Vec<&str> = written[..=alike].iter().map(|(_, number)| *number).collect();
    let is_month = before == between && (between != "." || first.starts_with('0'));
    let of_day = || if numbers.len() == 3 { year_last_order(&numbers, between) } else { None };
    let of_month = || if is_month { year_last_order(&numbers[..2], between) } else { None };
    if before.is_empty() { None } else { of_day().or_else(of_month) }
}

/// Words that mark a pre-release after a number, with their ranks.
#[rustfmt::skip]
const STAGES: &[(&str, u8)] = &[
    ("dev", 0), ("snapshot", 0), ("nightly", 0), ("canary", 0), ("unstable", 0), ("next", 0), ("experimental", 0), ("insiders", 0),
    ("alpha", 1), ("ea", 1), ("ec", 1),
    ("beta", 2),
    ("pre", 3), ("preview", 3), ("prerelease", 3), ("milestone", 3),
    ("rc", 4), ("cr", 4),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commit_that_starts_like_a_stage_is_none() {
        #[rustfmt::skip]
        let rows = [
            ("-ea1371ca",                      None),
            (".ea97ae5d8d29",                  None),
            ("-ea63211caeaea",                 None),
            ("-ea.1",                          Some("-ea.1")),
            ("-ea16",                          Some("-ea16")),
            ("-ea16-alpine",                   Some("-ea16")),
            ("b1",                             Some("b1")),
            ("-beta2",                         Some("-beta2")),
            ("-rc1-1234567",                   Some("-rc1-1234567")),
        ];
        for (text, expected) in rows {
            assert_eq!(PreReleaseStage::at(text).map(|stage| stage.text), expected, "{text}");
        }
    }

    #[test]
    fn numbers_of_a_date_count_from_the_year_on() {
        #[rustfmt::skip]
        let rows: [(&str, &[&str]); 13] = [
            ("-rc.1",                  &["1"]),
            ("-SNAPSHOT-15.01.2024",   &["2024", "01", "15"]),
            ("-nightly-05-2024",       &["2024", "05"]),
            ("-nightly-01-15-2024-2",  &["2024", "01", "15", "2"]),
            ("-dev.05.2024",           &["2024", "05"]),
            ("-rc.1.2024",             &["1", "2024"]),
            ("-rc1-2024",              &["1", "2024"]),
            ("-beta.1-2024",           &["1", "2024"]),
            ("-rc1.2024-06-01",        &["1", "2024", "06", "01"]),
            ("-rc1.20240601",          &["1", "2024", "06", "01"]),
            ("-dev20240601123000",     &["2024", "06", "01", "123000"]),
            ("b1",                     &["1"]),
            ("-dev",                   &[]),
        ];
        for (text, numbers) in rows {
            let stage = PreReleaseStage::at(text).unwrap();
            assert_eq!((stage.text, &stage.numbers().collect::<Vec<_>>()[..]), (text, numbers));
        }
    }
}
