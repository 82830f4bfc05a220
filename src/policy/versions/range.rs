//! Ranges of versions in the dialect of Masterminds/semver v3, which Flux, Helm and Argo CD Image Updater use.
//!
//! `semver::VersionReq` has Cargo's dialect only, so the syntax and its rules are own code. The differences to npm's dialect
//! are few: a comma is an *and*, and `!=` exists. Numbers may have any length; Masterminds stops at 64 bits.

use std::cmp::Ordering;
use std::fmt;

use super::version::Version;

/// A range: alternatives, each a list of comparisons that all have to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    text: Box<str>,
    alternatives: Vec<Alternative>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Alternative {
    comparisons: Vec<Comparison>,
    /// Whether one comparison has a pre-release (the `-0` idiom), which admits pre-releases in the whole alternative.
    pre_releases: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Comparison {
    operator: RangeOperator,
    /// What is not given is zero.
    bound: Version,
    /// How many of the three numbers are given; the others are `x` or left out.
    given: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RangeOperator {
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
const OPERATORS: &[(&str, RangeOperator)] = &[
    ("!=", RangeOperator::NotEqual),
    (">=", RangeOperator::GreaterOrEqual),
    ("=>", RangeOperator::GreaterOrEqual),
    ("<=", RangeOperator::LessOrEqual),
    ("=<", RangeOperator::LessOrEqual),
    ("~>", RangeOperator::Tilde),
    (">", RangeOperator::Greater),
    ("<", RangeOperator::Less),
    ("=", RangeOperator::Equal),
    ("~", RangeOperator::Tilde),
    ("^", RangeOperator::Caret),
];

/// Why a text is not a range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// The text, or one side of `||`, is empty.
    #[error("invalid range `{}`: a part is empty", .0.escape_debug())]
    Empty(String),
    /// One piece is not a comparison.
    #[error("invalid comparison of versions `{}`", .0.escape_debug())]
    Comparison(String),
}

impl Range {
    /// Parses a range: `^1.2`, `>=1.0 <3`, `>=1.0, <3`, `1.2 - 1.4`, `1.x || 3.x`, `!=1.2.3`, `>=1.0-0`.
    pub fn new(text: &str) -> Result<Self, RangeError> {
        let alternatives = text.split("||").map(|part| alternative(text, part)).collect::<Result<_, _>>()?;
        Ok(Self { text: text.into(), alternatives })
    }

    /// Returns whether a version is in the range: a pre-release only if `pre_releases` is set or the range names one.
    pub fn contains(&self, version: &Version, pre_releases: bool) -> bool {
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
            .unwrap_or((RangeOperator::Equal, rest));
        let end = after.find(|c: char| c == ',' || c.is_whitespace()).unwrap_or(after.len());
        let (version, tail) = after.split_at(end);
        // `1.2 - 1.4`: a hyphen between spaces.
        let upper = tail.trim_start().strip_prefix('-').filter(|upper| upper.starts_with(char::is_whitespace));
        if let (true, Some(upper)) = (std::ptr::eq(rest, after), upper) {
            let upper = upper.trim_start();
            let end = upper.find(|c: char| c == ',' || c.is_whitespace()).unwrap_or(upper.len());
            comparisons.push(comparison(RangeOperator::GreaterOrEqual, version)?);
            comparisons.push(comparison(RangeOperator::LessOrEqual, &upper[..end])?);
            rest = next(&upper[end..]);
        } else {
            comparisons.push(comparison(operator, version)?);
            rest = next(tail);
        }
    }
    let pre_releases = comparisons.iter().any(|comparison| comparison.bound.is_pre_release());
    Ok(Alternative { comparisons, pre_releases })
}

/// Skips white space with at most one comma in it.
fn next(tail: &str) -> &str {
    let tail = tail.trim_start();
    tail.strip_prefix(',').unwrap_or(tail).trim_start()
}

fn comparison(operator: RangeOperator, text: &str) -> Result<Comparison, RangeError> {
    let bad = || RangeError::Comparison(text.to_owned());
    let body = text.strip_prefix('v').unwrap_or(text);
    let (core, suffix) = body.find(['-', '+']).map_or((body, ""), |at| body.split_at(at));
    let pieces: Vec<&str> = core.split('.').collect();
    let wild = |piece: &str| matches!(piece, "x" | "X" | "*");
    if pieces.len() > 3 || !pieces.iter().all(|piece| wild(piece) || is_numeric(piece)) {
        return Err(bad());
    }
    // What follows an `x` does not count: `1.*.3` is `1.x`.
    let given = pieces.iter().take_while(|piece| !wild(piece)).count();
    let number = |at: usize| if at < given { pieces[at] } else { "0" };
    // The suffix has the grammar of a version's.
    let bound = Version::new(&format!("{}.{}.{}{suffix}", number(0), number(1), number(2))).ok_or_else(bad)?;
    Ok(Comparison { operator, bound, given })
}

fn is_numeric(piece: &str) -> bool {
    !piece.is_empty() && piece.bytes().all(|b| b.is_ascii_digit())
}

impl Comparison {
    /// Decides as Masterminds' constraint functions do, case by case; the grid of its answers is a test.
    fn holds(&self, version: &Version) -> bool {
        let bound = &self.bound;
        let order = || version.compare(bound);
        match self.operator {
            RangeOperator::Equal if self.given < 3 => self.holds_tilde(version, bound),
            RangeOperator::Equal => order().is_eq(),
            RangeOperator::NotEqual => self.differs(version, bound),
            RangeOperator::Greater => match version.compare_number(0, bound) {
                Ordering::Equal if self.given == 1 => false,
                Ordering::Equal if self.given == 2 => version.compare_number(1, bound).is_gt(),
                major if matches!(self.given, 1 | 2) => major.is_gt(),
                _ => order().is_gt(),
            },
            RangeOperator::GreaterOrEqual => order().is_ge(),
            RangeOperator::Less => order().is_lt(),
            RangeOperator::LessOrEqual if self.given == 3 => order().is_le(),
            RangeOperator::LessOrEqual => match version.compare_number(0, bound) {
                Ordering::Equal if self.given != 1 => version.compare_number(1, bound).is_le(),
                major => major.is_le(),
            },
            RangeOperator::Tilde => self.holds_tilde(version, bound),
            RangeOperator::Caret => self.holds_caret(version, bound),
        }
    }

    fn holds_tilde(&self, version: &Version, bound: &Version) -> bool {
        let zero = (0..3).all(|at| bound.is_zero(at));
        // `~0.0.0` and `*` take every version, as in Masterminds.
        (zero && matches!(self.given, 0 | 3))
            || (version.compare(bound).is_ge()
                && version.compare_number(0, bound).is_eq()
                && (self.given == 1 || version.compare_number(1, bound).is_eq()))
    }

    fn holds_caret(&self, version: &Version, bound: &Version) -> bool {
        if version.compare(bound).is_lt() || version.compare_number(0, bound).is_ne() {
            return false;
        }
        if !bound.is_zero(0) || self.given == 1 {
            return true;
        }
        if !bound.is_zero(1) || self.given == 2 {
            return version.compare_number(1, bound).is_eq();
        }
        version.compare_number(1, bound).is_eq() && version.compare_number(2, bound).is_eq()
    }

    fn differs(&self, version: &Version, bound: &Version) -> bool {
        if self.given == 3 || version.compare_number(0, bound).is_ne() {
            return version.compare(bound).is_ne();
        }
        match self.given {
            1 => false,
            2 if version.compare_number(1, bound).is_ne() => true,
            2 => version.compare_pre_release(bound).is_ne(),
            _ => version.compare(bound).is_ne(),
        }
    }
}
