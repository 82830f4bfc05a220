//! The default: only tags of the same shape as the current one, with greater numbers. Needs no configuration.

use std::sync::Arc;

use super::key::Key;
use super::policy::{Policy, Reader, Reason, Refusal, Ties};
use super::settings::{OptionDoc, PolicyError, Settings};
use crate::image::ImageFacts;
use crate::image::version::{self, Part, Shape as Read, Stage};

/// `shape`: literal text stays, numbers grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape;

/// Keys of this policy beside the common ones.
pub(super) const OPTIONS: &[OptionDoc] = &[];

/// Reads `{ shape: same }`.
pub(super) fn build(settings: &Settings) -> Result<Arc<dyn Policy>, PolicyError> {
    settings.word("shape", &[("same", ())])?;
    Ok(Arc::new(Shape))
}

impl Policy for Shape {
    fn describe(&self) -> String {
        "shape".to_owned()
    }

    fn reads_versions(&self) -> bool {
        true
    }

    fn reader<'a>(&'a self, current: Option<&'a str>) -> Result<Box<dyn Reader + 'a>, Reason> {
        let Some(current) = current else {
            return Err(Reason::new("the filter leaves no text of the current tag, which the shape policy goes by"));
        };
        let shape = Read::of(current);
        if !shape.has_order() {
            return Err(Reason::new(format!(
                "the tag {current} has nothing to order by and needs a policy, such as newest-build or digest"
            )));
        }
        Ok(Box::new(Mould::new(current, shape)))
    }
}

/// The current tag as a form that candidates have to fit.
struct Mould<'c> {
    current: &'c str,
    shape: Read<'c>,
    pieces: Vec<Piece<'c>>,
}

/// One part of the form.
enum Piece<'c> {
    Text(&'c str),
    Number(Digits),
    Stamp,
    Day,
    Hash { prefix: &'c str, jenkins: bool },
    Stage { least: u8 },
}

/// How the digits of a number are written: `07` stays padded, `7` stays unpadded, `12` could be either.
struct Digits {
    least: usize,
    padded: Option<bool>,
}

impl<'c> Mould<'c> {
    fn new(current: &'c str, shape: Read<'c>) -> Self {
        let pieces = shape.parts().iter().map(|part| match *part {
            Part::Text(text) => Piece::Text(text),
            Part::Number(digits) => Piece::Number(Digits::of(digits)),
            Part::Stamp(digits) if version::is_day(digits) => Piece::Day,
            Part::Stamp(_) => Piece::Stamp,
            Part::Hash(hash) => {
                Piece::Hash { prefix: &hash[..usize::from(hash.starts_with('g'))], jenkins: hash.contains('_') }
            }
            Part::Stage(stage) => Piece::Stage { least: stage.rank },
        });
        Self { current, pieces: pieces.collect(), shape }
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

    fn fit(&self, digits: &str) -> bool {
        let padded = digits.len() > 1 && digits.starts_with('0');
        digits.len() >= self.least && !(padded && self.padded == Some(false))
    }
}

impl Reader for Mould<'_> {
    fn read(&self, text: &str, _facts: Option<&ImageFacts>, key: &mut Key) -> Result<(), Refusal> {
        let mut rest = text;
        for (at, piece) in self.pieces.iter().enumerate() {
            rest = piece.fit(rest, key).or_else(|| self.fit_release(at, rest, key)).ok_or(Refusal::Unreadable)?;
        }
        if rest.is_empty() { Ok(()) } else { Err(Refusal::Unreadable) }
    }

    fn ties(&self) -> Ties {
        if self.shape.has_hash() { Ties::Unknown } else { Ties::Spelling }
    }

    fn reason(&self, text: &str, _refusal: Refusal) -> Reason {
        let shape = Read::of(text);
        let (theirs, ours) = (shape.to_string(), self.shape.to_string());
        if let (Some(stage), None) = (shape.stage(), self.shape.stage())
            && theirs.replacen(&stage.shape(), "", 1) == ours
        {
            return Reason::new(format!("a pre-release, and {} is not one", self.current));
        }
        if let (Some(stage), Some(current)) = (shape.stage(), self.shape.stage())
            && stage.rank < current.rank
        {
            return Reason::new(format!("an earlier kind of pre-release than {}", self.current));
        }
        if theirs == ours {
            return Reason::new(format!("numbers are written in another way than in {}", self.current));
        }
        Reason::new(format!("has the shape {theirs}, not {ours}"))
    }
}

impl Mould<'_> {
    /// From a pre-release, the release is always within reach: `1.2.3-rc.1 → 1.2.3`, `5.0.0.CR1 → 5.0.0.Final`.
    fn fit_release<'t>(&self, at: usize, rest: &'t str, key: &mut Key) -> Option<&'t str> {
        if !matches!(self.pieces[at], Piece::Stage { .. }) {
            return None;
        }
        key.release();
        let word = rest.trim_start_matches(['.', '-']);
        let named = ["final", "ga", "release"].iter().any(|name| word.eq_ignore_ascii_case(name));
        Some(if named { "" } else { rest })
    }
}

impl Piece<'_> {
    /// Reads this piece at the start of a text and gives what follows it.
    fn fit<'t>(&self, text: &'t str, key: &mut Key) -> Option<&'t str> {
        let digits = || text.split_at(text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len()));
        match self {
            Self::Text(literal) => text.strip_prefix(literal),
            Self::Number(form) => {
                let (number, rest) = digits();
                (!number.is_empty() && form.fit(number)).then(|| key.number(number)).map(|()| rest)
            }
            Self::Stamp => {
                let (number, rest) = digits();
                version::stamp(number).map(|millis| key.instant(millis.into())).map(|()| rest)
            }
            Self::Day => {
                let (number, rest) = digits();
                version::is_day(number).then(|| key.number(number)).map(|()| rest)
            }
            Self::Hash { jenkins: true, .. } => version::hash_at(text, true).map(|hash| &text[hash.len()..]),
            Self::Hash { prefix, .. } => {
                let word = text.strip_prefix(prefix)?;
                let length = word.bytes().take_while(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')).count();
                let ends = !word[length..].starts_with(|c: char| c.is_ascii_alphanumeric());
                (ends && (5..=64).contains(&length)).then(|| &word[length..])
            }
            Self::Stage { least } => {
                let stage = Stage::at(text).filter(|stage| stage.rank >= *least)?;
                key.rank(stage.rank);
                stage.numbers().for_each(|number| key.numeric_identifier(number));
                key.end();
                Some(&text[stage.text.len()..])
            }
        }
    }
}
