//! Ranges of versions in the dialect of Masterminds/semver v3, which Flux, Helm and Argo CD Image Updater speak.
//!
//! Says whether a version is in a range, and nothing about tags. Differences to npm's dialect are few and all in what
//! npm cannot say: a comma is an *and*, `!=` exists. Numbers may have any length; Masterminds stops at 64 bits.

use std::cmp::Ordering;
use std::fmt;

use super::key::{Key, value};

/// A natural number of any length, in decimal digits without leading zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Number<'t> {
    /// [`u64::MAX`] for what does not fit; then the digits tell.
    value: u64,
    digits: &'t str,
}

impl Number<'_> {
    const ZERO: Number<'static> = Number { value: 0, digits: "" };

    fn is_zero(&self) -> bool {
        self.value == 0
    }
}

impl<'t> Number<'t> {
    fn new(digits: &'t str) -> Self {
        let (value, digits) = value(digits);
        Self { value, digits }
    }
}

impl Ord for Number<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let long = || (self.digits.len(), self.digits).cmp(&(other.digits.len(), other.digits));
        self.value.cmp(&other.value).then_with(|| if self.value == u64::MAX { long() } else { Ordering::Equal })
    }
}

impl PartialOrd for Number<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A version, borrowed from the text it was read from. Leading zeros are allowed in its numbers, as Flux allows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version<'t> {
    numbers: [Number<'t>; 3],
    pre: &'t str,
    parts: u8,
}

impl<'t> Version<'t> {
    /// Reads `[v]1[.2[.3]][-pre.1][+build]`. Build metadata does not count.
    pub fn new(text: &'t str) -> Option<Self> {
        let mut rest = text.strip_prefix('v').unwrap_or(text);
        let mut numbers = [Number::ZERO; 3];
        let mut parts = 0u8;
        loop {
            let length = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (digits, after) = rest.split_at(length);
            *numbers.get_mut(usize::from(parts)).filter(|_| length > 0)? = Number::new(digits);
            parts += 1;
            match after.as_bytes().first() {
                Some(b'.') => rest = &after[1..],
                _ => break rest = after,
            }
        }
        let (pre, build) = match rest.as_bytes().first() {
            None => ("", None),
            Some(b'-') => rest[1..].split_once('+').map_or((&rest[1..], None), |(pre, build)| (pre, Some(build))),
            Some(b'+') => ("", Some(&rest[1..])),
            Some(_) => return None,
        };
        let pre_is_fine = !rest.starts_with('-') || identifiers(pre, true);
        (pre_is_fine && build.is_none_or(|build| identifiers(build, false))).then_some(Self { numbers, pre, parts })
    }

    /// Whether it has a pre-release.
    pub fn is_pre_release(&self) -> bool {
        !self.pre.is_empty()
    }

    /// How many of major, minor and patch are written.
    pub fn parts(&self) -> u8 {
        self.parts
    }

    /// Appends its place in the order of semver 2.0.0, §11.
    pub fn write(&self, key: &mut Key) {
        for number in self.numbers {
            key.number(number.digits);
        }
        if self.pre.is_empty() {
            key.release();
            return;
        }
        for identifier in self.pre.split('.') {
            if is_numeric(identifier) {
                key.numeric_identifier(identifier);
            } else {
                key.word_identifier(identifier);
            }
        }
        key.end();
    }

    fn number(&self, at: usize, other: &Self) -> Ordering {
        self.numbers[at].cmp(&other.numbers[at])
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| compare_pre(self.pre, other.pre))
    }
}

/// Whether a text is a list of identifiers (semver 2.0.0, §9 and §10): numbers in a pre-release have no leading zeros.
fn identifiers(list: &str, pre_release: bool) -> bool {
    let fits = |one: &str| {
        let legal = !one.is_empty() && one.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        legal && !(pre_release && one.len() > 1 && one.starts_with('0') && is_numeric(one))
    };
    list.split('.').all(fits)
}

fn is_numeric(identifier: &str) -> bool {
    identifier.bytes().all(|b| b.is_ascii_digit())
}

fn compare_pre(a: &str, b: &str) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let (mut left, mut right) = (a.split('.'), b.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => match (is_numeric(a), is_numeric(b)) {
                (true, true) => Number::new(a).cmp(&Number::new(b)),
                (true, false) => Ordering::Less,
                (false, true) => Ordering::Greater,
                (false, false) => a.cmp(b),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// A range: alternatives, each a list of comparisons that all have to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    text: Box<str>,
    alternatives: Vec<Alternative>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Alternative {
    comparisons: Vec<Comparison>,
    /// One comparison with a pre-release (the `-0` idiom) opens the whole alternative to pre-releases.
    pre_releases: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Comparison {
    operator: Operator,
    /// Values and digits.
    numbers: [(u64, Box<str>); 3],
    pre: Box<str>,
    /// How many of the three numbers are given; the others are `x` or left out.
    given: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Tilde,
    Caret,
}

/// Longest first, so that `>=` is not read as `>`.
const OPERATORS: &[(&str, Operator)] = &[
    ("!=", Operator::NotEqual),
    (">=", Operator::GreaterOrEqual),
    ("=>", Operator::GreaterOrEqual),
    ("<=", Operator::LessOrEqual),
    ("=<", Operator::LessOrEqual),
    ("~>", Operator::Tilde),
    (">", Operator::Greater),
    ("<", Operator::Less),
    ("=", Operator::Equal),
    ("~", Operator::Tilde),
    ("^", Operator::Caret),
];

/// Why a text is no range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// Nothing there, or nothing on one side of `||`.
    #[error("the range {0:?} has an empty part; `*` is any version")]
    Empty(String),
    /// One piece is no comparison.
    #[error("{0:?} is not a comparison of versions, such as >=1.2.3, ^1.2 or 1.x")]
    Comparison(String),
}

impl Range {
    /// Reads a range: `^1.2`, `>=1.0 <3`, `>=1.0, <3`, `1.2 - 1.4`, `1.x || 3.x`, `!=1.2.3`, `>=1.0-0`.
    pub fn new(text: &str) -> Result<Self, RangeError> {
        let alternatives = text.split("||").map(|part| alternative(text, part)).collect::<Result<_, _>>()?;
        Ok(Self { text: text.into(), alternatives })
    }

    /// Whether it lets pre-releases in by naming one, as `>=1.0.0-0` does.
    pub fn names_pre_releases(&self) -> bool {
        self.alternatives.iter().any(|alternative| alternative.pre_releases)
    }

    /// Whether a version is in the range. Pre-releases are, when `pre_releases` says so or the range names one.
    pub fn holds(&self, version: &Version<'_>, pre_releases: bool) -> bool {
        self.alternatives.iter().any(|alternative| {
            (!version.is_pre_release() || pre_releases || alternative.pre_releases)
                && alternative.comparisons.iter().all(|comparison| comparison.holds(version))
        })
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn alternative(whole: &str, part: &str) -> Result<Alternative, RangeError> {
    let mut comparisons = Vec::new();
    let mut rest = part.trim();
    if rest.is_empty() {
        return Err(RangeError::Empty(whole.to_owned()));
    }
    while !rest.is_empty() {
        let (operator, after) = OPERATORS
            .iter()
            .find_map(|(sign, operator)| rest.strip_prefix(sign).map(|after| (*operator, after.trim_start())))
            .unwrap_or((Operator::Equal, rest));
        let end = after.find(|c: char| c == ',' || c.is_whitespace()).unwrap_or(after.len());
        let (version, tail) = after.split_at(end);
        // `1.2 - 1.4`: the hyphen stands alone.
        let upper = tail.trim_start().strip_prefix('-').filter(|upper| upper.starts_with(char::is_whitespace));
        if let (true, Some(upper)) = (std::ptr::eq(rest, after), upper) {
            let upper = upper.trim_start();
            let end = upper.find(|c: char| c == ',' || c.is_whitespace()).unwrap_or(upper.len());
            comparisons.push(comparison(Operator::GreaterOrEqual, version)?);
            comparisons.push(comparison(Operator::LessOrEqual, &upper[..end])?);
            rest = next(&upper[end..]);
        } else {
            comparisons.push(comparison(operator, version)?);
            rest = next(tail);
        }
    }
    let pre_releases = comparisons.iter().any(|comparison| !comparison.pre.is_empty());
    Ok(Alternative { comparisons, pre_releases })
}

/// Steps over white space with at most one comma in it.
fn next(tail: &str) -> &str {
    let tail = tail.trim_start();
    tail.strip_prefix(',').unwrap_or(tail).trim_start()
}

fn comparison(operator: Operator, text: &str) -> Result<Comparison, RangeError> {
    let bad = || RangeError::Comparison(text.to_owned());
    let body = text.strip_prefix('v').unwrap_or(text);
    let (core, suffix) = body.find(['-', '+']).map_or((body, ""), |at| body.split_at(at));
    let pieces: Vec<&str> = core.split('.').collect();
    let wild = |piece: &str| matches!(piece, "x" | "X" | "*");
    if pieces.len() > 3 || !pieces.iter().all(|piece| wild(piece) || (!piece.is_empty() && is_numeric(piece))) {
        return Err(bad());
    }
    // What follows an `x` does not count: `1.*.3` is `1.x`.
    let given = pieces.iter().take_while(|piece| !wild(piece)).count();
    // The suffix has the grammar of a version's.
    let plain = format!("0{suffix}");
    let parsed = Version::new(&plain).ok_or_else(bad)?;
    let number = |at: usize| {
        let (value, digits) = value(if at < given { pieces[at] } else { "0" });
        (value, digits.into())
    };
    Ok(Comparison {
        operator,
        numbers: [number(0), number(1), number(2)],
        pre: parsed.pre.into(),
        given: u8::try_from(given).unwrap_or(3),
    })
}

impl Comparison {
    fn bound(&self) -> Version<'_> {
        let number = |at: usize| Number { value: self.numbers[at].0, digits: &self.numbers[at].1 };
        Version { numbers: [number(0), number(1), number(2)], pre: &self.pre, parts: 3 }
    }

    /// As Masterminds' constraint functions decide, case by case; the grid of its answers is a test.
    fn holds(&self, version: &Version<'_>) -> bool {
        let bound = self.bound();
        let order = || version.compare(&bound);
        match self.operator {
            Operator::Equal if self.given < 3 => self.holds_tilde(version, &bound),
            Operator::Equal => order().is_eq(),
            Operator::NotEqual => self.differs(version, &bound),
            Operator::Greater => match version.number(0, &bound) {
                Ordering::Equal if self.given == 1 => false,
                Ordering::Equal if self.given == 2 => version.number(1, &bound).is_gt(),
                major if matches!(self.given, 1 | 2) => major.is_gt(),
                _ => order().is_gt(),
            },
            Operator::GreaterOrEqual => order().is_ge(),
            Operator::Less => order().is_lt(),
            Operator::LessOrEqual if self.given == 3 => order().is_le(),
            Operator::LessOrEqual => match version.number(0, &bound) {
                Ordering::Equal if self.given != 1 => version.number(1, &bound).is_le(),
                major => major.is_le(),
            },
            Operator::Tilde => self.holds_tilde(version, &bound),
            Operator::Caret => self.holds_caret(version, &bound),
        }
    }

    fn holds_tilde(&self, version: &Version<'_>, bound: &Version<'_>) -> bool {
        let zero = bound.numbers.iter().all(Number::is_zero);
        // `~0.0.0` and `*` take every version, as in Masterminds.
        (zero && matches!(self.given, 0 | 3))
            || (version.compare(bound).is_ge()
                && version.number(0, bound).is_eq()
                && (self.given == 1 || version.number(1, bound).is_eq()))
    }

    fn holds_caret(&self, version: &Version<'_>, bound: &Version<'_>) -> bool {
        let is_zero = |at: usize| bound.numbers[at].is_zero();
        if version.compare(bound).is_lt() || version.number(0, bound).is_ne() {
            return false;
        }
        if !is_zero(0) || self.given == 1 {
            return true;
        }
        if !is_zero(1) || self.given == 2 {
            return version.number(1, bound).is_eq();
        }
        version.number(1, bound).is_eq() && version.number(2, bound).is_eq()
    }

    fn differs(&self, version: &Version<'_>, bound: &Version<'_>) -> bool {
        if self.given == 3 || version.number(0, bound).is_ne() {
            return version.compare(bound).is_ne();
        }
        match self.given {
            1 => false,
            2 if version.number(1, bound).is_ne() => true,
            2 => compare_pre(version.pre, &self.pre).is_ne(),
            _ => version.compare(bound).is_ne(),
        }
    }
}
