//! One question made ready for many candidates: filter, policy and bounds in the order in which they are asked.

use std::borrow::Cow;
use std::cell::RefCell;
use std::cmp::Ordering;

use regex::CaptureLocations;

use super::bounds::{Bounds, OutOfBounds};
use super::entry::Entry;
use super::filter::LeftOut;
use super::key::Key;
use super::policy::{Candidate, Known, Reader, Reason, Rejection};
use crate::image::version::{Shape, stamp};

/// What stands there, and what all candidates are held against.
pub(super) struct Sieve<'q> {
    entry: &'q Entry,
    reader: &'q dyn Reader,
    current: &'q str,
    place: Option<Key>,
    release: Vec<&'q str>,
    bounds: Bounds,
    /// Room for the groups that the filter extracts.
    groups: RefCell<Option<CaptureLocations>>,
}

/// Why a candidate is not newer: small, as there may be very many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    LeftOut(LeftOut),
    Rejected(Rejection),
    OutOfBounds(OutOfBounds),
    Older,
    /// In the same place as what stands there, which it may be itself.
    Level,
}

impl Cause {
    /// How far the candidate came before this stopped it.
    pub(super) fn progress(self) -> u8 {
        match self {
            Self::LeftOut(_) => 0,
            Self::Rejected(Rejection::Unreadable) => 1,
            Self::Rejected(_) => 2,
            Self::OutOfBounds(_) | Self::Older | Self::Level => 3,
        }
    }
}

/// The text that the policy reads of the current tag. What the filter would leave out is read as it is, so that it can
/// be told what would be a downgrade; but where the filter extracts, only what it extracts has an order.
pub(super) fn current_text<'q>(entry: &Entry, tag: &'q str) -> Option<Cow<'q, str>> {
    match entry.filter.text(tag) {
        Ok(text) => Some(text),
        Err(_) if entry.filter.extracts() => None,
        Err(_) => Some(Cow::Borrowed(tag)),
    }
}

impl<'q> Sieve<'q> {
    /// `text` is [`current_text`], `known` what has been found out about the current tag. `Err` if its place can't be told.
    pub(super) fn new(
        entry: &'q Entry,
        reader: &'q dyn Reader,
        current: &'q str,
        text: Option<&'q str>,
        known: Option<&Candidate>,
    ) -> Result<Self, Reason> {
        let mut key = Key::default();
        let facts = known.and_then(|candidate| candidate.facts.facts());
        let placed = text.map(|text| reader.place(text, facts, &mut key)).transpose()?;
        let place = placed.filter(|placed| *placed).map(|_| key);
        let release = text.map(|text| Shape::of(text).release()).unwrap_or_default();
        // From one time to another no step is too large.
        let refuse_outliers =
            entry.bounds.refuse_outliers && release.first().is_none_or(|first| stamp(first).is_none());
        let bounds = Bounds { refuse_outliers, ..entry.bounds };
        Ok(Self { entry, reader, current, place, release, bounds, groups: RefCell::default() })
    }

    /// Whether the current tag has a place in the policy's order.
    pub(super) fn knows_current(&self) -> bool {
        self.place.is_some()
    }

    /// Reads a candidate into `key`; `Ok` if it may be chosen.
    pub(super) fn sift(&self, candidate: &Candidate, key: &mut Key) -> Result<(), Cause> {
        let text = self.read(candidate, key)?;
        match self.place.as_ref().map_or(Ordering::Greater, |place| (*key).cmp(place)) {
            Ordering::Greater => {}
            Ordering::Equal if self.bounds.allow_downgrade && candidate.tag.as_str() == self.current => {}
            Ordering::Less if self.bounds.allow_downgrade => {}
            Ordering::Equal => return Err(Cause::Level),
            Ordering::Less => return Err(Cause::Older),
        }
        self.bounds.judge(&self.release, &text).map_err(Cause::OutOfBounds)
    }

    /// Reads a candidate into `key`, whether newer or not, and gives the text that was read.
    pub(super) fn read<'t>(&self, candidate: &'t Candidate, key: &mut Key) -> Result<Cow<'t, str>, Cause> {
        key.clear();
        let groups = &mut *self.groups.borrow_mut();
        let text = self.entry.filter.text_with(candidate.tag.as_str(), groups).map_err(Cause::LeftOut)?;
        self.reader.read(&text, candidate.facts.facts(), key).map_err(Cause::Rejected)?;
        Ok(text)
    }

    /// Puts a cause into words.
    pub(super) fn reason(&self, candidate: &Candidate, cause: Cause) -> Reason {
        let tag = candidate.tag.as_str();
        Reason::new(match cause {
            Cause::LeftOut(why) => self.entry.filter.reason(why),
            Cause::Rejected(Rejection::NoFact) if let Known::Failed(why) = &candidate.facts => {
                format!("nothing can be known about it: {why}")
            }
            Cause::Rejected(refusal) => {
                let text = self.entry.filter.text(tag).unwrap_or(Cow::Borrowed(tag));
                let reason = self.reader.reason(&text, refusal);
                if text == tag {
                    return reason;
                }
                format!("its {text:?}: {reason}")
            }
            Cause::OutOfBounds(why) => self.bounds.reason(why, self.current),
            Cause::Older => format!("older than {}, which stands there", self.current),
            Cause::Level if tag == self.current => "stands there now".to_owned(),
            Cause::Level => format!("no newer than {}, which stands there", self.current),
        })
    }
}
