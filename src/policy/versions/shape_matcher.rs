//! Matches tags against the shape of another tag, piece by piece, and writes their numbers into a key.

use super::key::OrderKey;
use super::year_last::YearLast;
use crate::image::{Part, PreReleaseStage, Shape, commit_hash_at, is_day, timestamp_millis};

/// Matches tags of one shape.
pub(crate) struct ShapeMatcher<'c> {
    pieces: Vec<ShapePiece<'c>>,
}

/// One part of the shape.
enum ShapePiece<'c> {
    Text(&'c str),
    /// The most common text: a dot or a dash.
    Byte(u8),
    Number(Digits),
    /// The release of a distribution in front, whose numbers count last.
    Distribution(Vec<Digits>),
    Stamp,
    Day,
    Hash {
        prefix: &'c str,
        jenkins: bool,
    },
    Stage {
        least: u8,
        /// Whether a commit follows, which may have only digits.
        before_hash: bool,
    },
    /// A date whose year is last.
    Date {
        order: YearLast,
        numbers: Vec<Digits>,
        separator: &'c str,
    },
}

/// How the digits of a number are written: `07` is padded, `7` is not, `12` may be either.
struct Digits {
    least: usize,
    padded: Option<bool>,
}

impl<'c> ShapeMatcher<'c> {
    /// Prepares a shape for matching.
    pub(crate) fn new(shape: &Shape<'c>) -> Self {
        let parts = shape.parts();
        let (mut pieces, mut start, mut at) = (Vec::with_capacity(parts.len()), 0, 0);
        while start < parts.len() {
            let date = YearLast::at(parts, start);
            // Texts that follow each other are one.
            let texts = parts[start..].iter().take_while(|part| matches!(part, Part::Text(_))).count();
            let run = &parts[start..start + date.map_or(texts.max(1), YearLast::parts)];
            let length: usize = run.iter().map(|part| part.text().len()).sum();
            let text = &shape.tag()[at..at + length];
            at += length;
            start += run.len();
            pieces.push(match run[0] {
                Part::Text(_) => match *text.as_bytes() {
                    [byte] => ShapePiece::Byte(byte),
                    _ => ShapePiece::Text(text),
                },
                Part::Number(_) if let Some(order) = date => ShapePiece::Date {
                    order,
                    numbers: run.iter().step_by(2).map(|part| Digits::of(part.text())).collect(),
                    separator: run[1].text(),
                },
                Part::Number(digits) => ShapePiece::Number(Digits::of(digits)),
                Part::Distribution(release) => ShapePiece::Distribution(release.split('.').map(Digits::of).collect()),
                Part::Stamp(digits) if is_day(digits) => ShapePiece::Day,
                Part::Stamp(_) => ShapePiece::Stamp,
                Part::Hash(hash) => ShapePiece::Hash {
                    prefix: &hash[..usize::from(hash.starts_with('g'))],
                    jenkins: hash.contains('_'),
                },
                Part::Stage(stage) => ShapePiece::Stage { least: stage.rank, before_hash: shape.has_hash() },
            });
        }
        Self { pieces }
    }

    /// Returns whether a text has the shape from end to end, and appends its numbers to `key`.
    pub(crate) fn matches(&self, text: &str, key: &mut OrderKey) -> bool {
        let mut distributions = Vec::new();
        let rest = self.pieces.iter().enumerate().try_fold(text, |rest, (at, piece)| match piece {
            ShapePiece::Distribution(forms) => {
                let after = skip_release(forms, rest)?;
                distributions.push(&rest[..rest.len() - after.len()]);
                Some(after)
            }
            piece => piece.read(rest, key).or_else(|| self.match_release(at, rest, key)),
        });
        distributions.iter().flat_map(|release| release.split('.')).for_each(|number| key.number(number));
        rest.is_some_and(str::is_empty)
    }
}

impl Digits {
    fn of(digits: &str) -> Self {
        match (digits.starts_with('0'), digits.len()) {
            (false | true, 1) => Self { least: 1, padded: Some(false) },
            (true, length) => Self { least: length, padded: Some(true) },
            (false, _) => Self { least: 1, padded: None },
        }
    }

    fn matches(&self, digits: &str) -> bool {
        let padded = digits.len() > 1 && digits.starts_with('0');
        digits.len() >= self.least && !(padded && self.padded == Some(false))
    }
}

impl ShapeMatcher<'_> {
    /// A release matches the shape of its pre-release: `1.2.3-rc.1 → 1.2.3`, `5.0.0.CR1 → 5.0.0.Final`.
    fn match_release<'t>(&self, at: usize, rest: &'t str, key: &mut OrderKey) -> Option<&'t str> {
        if !matches!(self.pieces[at], ShapePiece::Stage { .. }) {
            return None;
        }
        key.release();
        let word = rest.trim_start_matches(['.', '-']);
        let named = ["final", "ga", "release"].iter().any(|name| word.eq_ignore_ascii_case(name));
        Some(if named { "" } else { rest })
    }
}

impl ShapePiece<'_> {
    /// Reads this piece at the start of a text and returns the rest.
    fn read<'t>(&self, text: &'t str, key: &mut OrderKey) -> Option<&'t str> {
        let digits = || text.split_at(text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len()));
        match self {
            Self::Byte(byte) => (text.as_bytes().first() == Some(byte)).then(|| &text[1..]),
            Self::Text(literal) => text.strip_prefix(literal),
            Self::Number(form) => {
                let (number, rest) = digits();
                (!number.is_empty() && form.matches(number)).then(|| key.number(number)).map(|()| rest)
            }
            Self::Stamp => {
                let (number, rest) = digits();
                timestamp_millis(number).map(|millis| key.instant(millis.into())).map(|()| rest)
            }
            Self::Day => {
                let (number, rest) = digits();
                is_day(number).then(|| key.number(number)).map(|()| rest)
            }
            Self::Hash { jenkins: true, .. } => commit_hash_at(text, true).map(|hash| &text[hash.len()..]),
            Self::Hash { prefix, .. } => {
                let word = text.strip_prefix(prefix)?;
                let length = word.bytes().take_while(u8::is_ascii_hexdigit).count();
                let ends = !word[length..].starts_with(|c: char| c.is_ascii_alphanumeric());
                (ends && (5..=64).contains(&length)).then(|| &word[length..])
            }
            // `ShapeMatcher::matches` reads it.
            Self::Distribution(_) => None,
            Self::Date { order, numbers, separator } => read_date(*order, numbers, separator, text, key),
            Self::Stage { least, before_hash } => {
                let read = if *before_hash { PreReleaseStage::before_commit } else { PreReleaseStage::at };
                let stage = read(text).filter(|stage| stage.rank >= *least)?;
                key.rank(stage.rank);
                stage.numbers().for_each(|number| key.numeric_identifier(number));
                key.end();
                Some(&text[stage.text.len()..])
            }
        }
    }
}

/// Returns what follows the release of a distribution.
fn skip_release<'t>(forms: &[Digits], text: &'t str) -> Option<&'t str> {
    forms.iter().enumerate().try_fold(text, |rest, (at, form)| {
        let rest = if at > 0 { rest.strip_prefix('.')? } else { rest };
        let (number, after) = rest.split_at(rest.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(rest.len()));
        (!number.is_empty() && form.matches(number)).then_some(after)
    })
}

/// Reads a date at the start of a text and returns the rest. Its numbers count from the year on.
fn read_date<'t>(
    order: YearLast,
    forms: &[Digits],
    separator: &str,
    text: &'t str,
    key: &mut OrderKey,
) -> Option<&'t str> {
    let (mut numbers, mut rest) = ([""; 3], text);
    for (at, form) in forms.iter().enumerate() {
        if at > 0 {
            rest = rest.strip_prefix(separator)?;
        }
        let (number, after) = rest.split_at(rest.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(rest.len()));
        if number.is_empty() || !form.matches(number) {
            return None;
        }
        (numbers[at], rest) = (number, after);
    }
    order.order.iter().for_each(|at| key.number(numbers[*at]));
    Some(rest)
}
