//! `calver`: calendar versions in a layout as calver.org writes it, such as `YYYY.0M.MICRO`.

use crate::image::{ImageFacts, PreReleaseStage, Shape};
use crate::policy::external_facts::ExternalFacts;
use crate::policy::ordered_policy::{OrderedPolicy, TagReadError, TagReader, Ties};
use crate::policy::policy::Policy;
use crate::policy::reason::{Rejection, Unknown};
use crate::policy::settings::{OptionDoc, PolicyError, Settings};
use crate::policy::versions::OrderKey;
use crate::text::code_list;

/// Versions in one layout.
#[derive(Debug)]
pub(crate) struct CalVer {
    layout: Box<str>,
    pieces: Vec<LayoutPiece>,
    /// The indexes of the fields, most significant first.
    order: Vec<usize>,
}

#[derive(Debug, Clone)]
enum LayoutPiece {
    Text(Box<str>),
    Field(&'static Field),
    Modifier,
}

/// One field of a layout.
#[derive(Debug, PartialEq, Eq)]
struct Field {
    name: &'static str,
    /// Whether it may start with a zero.
    padded: bool,
    /// How many digits it has.
    length: (usize, usize),
    /// What it may be.
    values: (u16, u16),
    /// Its significance within a date, or `None` if it is not part of one.
    rank: Option<u8>,
}

/// calver.org, "Scheme". Longest names first, as `0M` must not be read from the middle of something else.
#[rustfmt::skip]
const FIELDS: &[Field] = &[
    Field { name: "MAJOR", padded: true,  length: (1, usize::MAX), values: (0, u16::MAX),    rank: None },
    Field { name: "MINOR", padded: true,  length: (1, usize::MAX), values: (0, u16::MAX),    rank: None },
    Field { name: "MICRO", padded: true,  length: (1, usize::MAX), values: (0, u16::MAX),    rank: None },
    Field { name: "YYYY",  padded: false, length: (4, 4),          values: (1970, 9999),     rank: Some(0) },
    Field { name: "YY",    padded: false, length: (1, 3),          values: (0, 999),         rank: Some(0) },
    Field { name: "0Y",    padded: true,  length: (2, 3),          values: (0, 999),         rank: Some(0) },
    Field { name: "MM",    padded: false, length: (1, 2),          values: (1, 12),          rank: Some(1) },
    Field { name: "0M",    padded: true,  length: (2, 2),          values: (1, 12),          rank: Some(1) },
    Field { name: "WW",    padded: false, length: (1, 2),          values: (1, 53),          rank: Some(1) },
    Field { name: "0W",    padded: true,  length: (2, 2),          values: (1, 53),          rank: Some(1) },
    Field { name: "DD",    padded: false, length: (1, 2),          values: (1, 31),          rank: Some(2) },
    Field { name: "0D",    padded: true,  length: (2, 2),          values: (1, 31),          rank: Some(2) },
];

/// Keys of this policy besides those of all policies.
pub(crate) const OPTIONS: &[OptionDoc] = &[];

/// Reads `{ calver: YYYY.0M.MICRO }`.
pub(crate) fn build(settings: &Settings) -> Result<Policy, PolicyError> {
    let layout = settings.text("calver")?.unwrap_or_default();
    let pieces = pieces(layout)?;
    let fields: Vec<&Field> = pieces
        .iter()
        .filter_map(|piece| if let LayoutPiece::Field(field) = piece { Some(*field) } else { None })
        .collect();
    if !fields.iter().any(|field| field.rank == Some(0)) {
        return Err(wrong(layout, "has no year"));
    }
    let alike = |one: &Field, other: &Field| one.name == other.name || (one.rank.is_some() && one.rank == other.rank);
    for (at, field) in fields.iter().enumerate() {
        if let Some(before) = fields[..at].iter().find(|before| alike(before, field)) {
            let both = if before == field {
                "twice".to_owned()
            } else {
                format!("and `{}`, which are the same part of a version", field.name)
            };
            return Err(wrong(layout, &format!("has `{}` {both}", before.name)));
        }
    }
    Ok(Policy::ordered(CalVer { layout: layout.into(), order: significance(&fields), pieces }))
}

fn wrong(layout: &str, what: &str) -> PolicyError {
    let names: Vec<&str> = FIELDS.iter().map(|field| field.name).collect();
    PolicyError::at("calver", format!("invalid layout `{layout}`: it {what}")).with_hint(format!(
        "write a layout such as `YYYY.0M.MICRO`, with the fields {} and `MODIFIER`",
        code_list(names)
    ))
}

fn pieces(layout: &str) -> Result<Vec<LayoutPiece>, PolicyError> {
    let mut pieces = Vec::new();
    let mut rest = layout;
    while let Some(first) = rest.chars().next() {
        if let Some(field) = FIELDS.iter().find(|field| rest.starts_with(field.name)) {
            let touches =
                matches!(pieces.last(), Some(LayoutPiece::Field(before)) if before.length.0 != before.length.1);
            if touches {
                return Err(wrong(layout, "has two adjacent fields, and the first has no fixed length"));
            }
            pieces.push(LayoutPiece::Field(field));
            rest = &rest[field.name.len()..];
        } else if let Some(after) = rest.strip_prefix("MODIFIER") {
            if !after.is_empty() {
                return Err(wrong(layout, "continues after MODIFIER"));
            }
            // The separator belongs to the modifier: it is missing without it.
            if matches!(pieces.last(), Some(LayoutPiece::Text(text)) if matches!(&**text, "-" | "." | "_")) {
                pieces.pop();
            }
            pieces.push(LayoutPiece::Modifier);
            rest = after;
        } else if first.is_ascii_uppercase() {
            return Err(wrong(layout, &format!("has `{first}` instead of a field or a separator")));
        } else {
            pieces.push(LayoutPiece::Text(first.to_string().into()));
            rest = &rest[first.len_utf8()..];
        }
    }
    Ok(pieces)
}

/// Returns the fields by significance: from left to right, but those of a date by their own: `0D.0M.YYYY` by year first.
fn significance(fields: &[&Field]) -> Vec<usize> {
    let mut dates: Vec<usize> = (0..fields.len()).filter(|at| fields[*at].rank.is_some()).collect();
    let first = dates.first().copied().unwrap_or_default();
    dates.sort_by_key(|at| fields[*at].rank);
    let others = |range: std::ops::Range<usize>| range.filter(|at| fields[*at].rank.is_none());
    others(0..first).chain(dates).chain(others(first..fields.len())).collect()
}

impl OrderedPolicy for CalVer {
    fn reads_versions(&self) -> bool {
        true
    }

    fn prefers_releases(&self) -> bool {
        true
    }

    fn reader<'a>(
        &'a self,
        current: Option<&'a Shape<'a>>,
        _external: &'a ExternalFacts,
    ) -> Result<Box<dyn TagReader + 'a>, Unknown> {
        let stage = current.and_then(|current| self.parse(current.tag())).and_then(|read| read.stage);
        Ok(Box::new(InLayout { policy: self, least: stage.map(|stage| stage.rank) }))
    }
}

struct Parsed<'t> {
    numbers: Vec<&'t str>,
    stage: Option<PreReleaseStage<'t>>,
}

impl CalVer {
    fn parse<'t>(&self, text: &'t str) -> Option<Parsed<'t>> {
        let mut read = Parsed { numbers: Vec::with_capacity(self.order.len()), stage: None };
        let mut rest = text;
        for piece in &self.pieces {
            rest = match piece {
                LayoutPiece::Text(literal) => rest.strip_prefix(&**literal)?,
                LayoutPiece::Field(field) => {
                    let digits = rest.bytes().take_while(u8::is_ascii_digit).take(field.length.1).count();
                    let (number, after) = rest.split_at(digits);
                    field.fits(number).then(|| read.numbers.push(number))?;
                    after
                }
                LayoutPiece::Modifier if rest.is_empty() => rest,
                LayoutPiece::Modifier => {
                    let stage = PreReleaseStage::at(rest)?;
                    read.stage = Some(stage);
                    &rest[stage.text.len()..]
                }
            };
        }
        rest.is_empty().then_some(read)
    }

    fn write(&self, read: &Parsed<'_>, key: &mut OrderKey) {
        self.order.iter().for_each(|at| key.number(read.numbers[*at]));
        match read.stage {
            None => key.release(),
            Some(stage) => {
                key.rank(stage.rank);
                stage.numbers().for_each(|number| key.numeric_identifier(number));
                key.end();
            }
        }
    }
}

impl Field {
    fn fits(&self, digits: &str) -> bool {
        let in_bounds = (self.length.0..=self.length.1).contains(&digits.len());
        let zero_first = digits.len() > 1 && digits.starts_with('0');
        if !in_bounds || (zero_first && !self.padded) {
            return false;
        }
        self.rank.is_none() || digits.parse().is_ok_and(|value| (self.values.0..=self.values.1).contains(&value))
    }
}

struct InLayout<'p> {
    policy: &'p CalVer,
    /// The pre-release stage of the current tag: earlier ones are rejected. `None` rejects all.
    least: Option<u8>,
}

impl TagReader for InLayout<'_> {
    fn read(&self, text: &str, _facts: Option<&ImageFacts>, key: &mut OrderKey) -> Result<(), TagReadError> {
        let read = self.policy.parse(text).ok_or(TagReadError::Unreadable)?;
        if read.stage.is_some_and(|stage| self.least.is_none_or(|least| stage.rank < least)) {
            return Err(TagReadError::PreRelease);
        }
        self.policy.write(&read, key);
        Ok(())
    }

    fn ties(&self) -> Ties {
        Ties::Last
    }

    fn rejection(&self, _text: &str, error: TagReadError) -> Rejection {
        match (error, self.least) {
            (TagReadError::PreRelease, None) => Rejection::PreRelease,
            (TagReadError::PreRelease, Some(_)) => Rejection::EarlierStage,
            _ => Rejection::OtherLayout(self.policy.layout.clone()),
        }
    }
}
