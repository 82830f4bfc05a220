//! One question prepared for many candidates: the filter, the policy and the bounds, in this order.

use std::borrow::Cow;
use std::cell::RefCell;
use std::cmp::Ordering;

use regex::CaptureLocations;

use super::bounds::{Bounds, OutOfBounds};
use crate::image::{Shape, Tag, timestamp_millis};
use crate::policy::candidate::{Candidate, Known};
use crate::policy::entry::PolicyEntry;
use crate::policy::filter::FilterError;
use crate::policy::ordered_policy::{TagReadError, TagReader};
use crate::policy::reason::{Acceptance, Reason, Rejection, Unknown};
use crate::policy::versions::OrderKey;

/// Compares candidates with the current tag.
pub(super) struct CandidateFilter<'q> {
    entry: &'q PolicyEntry,
    reader: &'q dyn TagReader,
    current: &'q Tag,
    place: Option<OrderKey>,
    release: Vec<&'q str>,
    bounds: Bounds,
    /// The buffer for the groups that the filter extracts.
    groups: RefCell<Option<CaptureLocations>>,
}

/// Why a candidate is not newer. Small, because a listing may cause a hundred thousand of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotNewer {
    Filtered(FilterError),
    Unreadable(TagReadError),
    OutOfBounds(OutOfBounds),
    Older,
    /// It has the same place as the current tag, which it may be itself.
    SamePlace,
}

impl NotNewer {
    /// Returns how many checks the candidate passed.
    pub(super) fn progress(self) -> u8 {
        match self {
            Self::Filtered(_) => 0,
            Self::Unreadable(TagReadError::Unreadable) => 1,
            Self::Unreadable(_) => 2,
            Self::OutOfBounds(_) | Self::Older | Self::SamePlace => 3,
        }
    }
}

/// Returns the text that the policy reads of the current tag. A tag that the filter rejects is read as it is, so that it can
/// decide what is a downgrade; but if the filter extracts, only extracted text has an order.
pub(super) fn current_text<'q>(entry: &PolicyEntry, tag: &'q str) -> Option<Cow<'q, str>> {
    match entry.filter.text(tag) {
        Ok(text) => Some(text),
        Err(_) if entry.filter.extracts() => None,
        Err(_) => Some(Cow::Borrowed(tag)),
    }
}

impl<'q> CandidateFilter<'q> {
    /// Prepares a question. `text` is [`current_text`], `known` the current tag among the candidates. Fails if the place of the
    /// current tag is unknown.
    pub(super) fn new(
        entry: &'q PolicyEntry,
        reader: &'q dyn TagReader,
        current: &'q Tag,
        text: Option<&'q str>,
        known: Option<&Candidate>,
    ) -> Result<Self, Unknown> {
        let mut key = OrderKey::default();
        let facts = known.and_then(|candidate| candidate.facts.facts());
        let is_placed = match text {
            Some(text) => reader.read_current(text, facts, &mut key)?,
            None => false,
        };
        let release = text.map(|text| Shape::of(text).release()).unwrap_or_default();
        // Between two times, no step is too large.
        let is_time = release.first().is_some_and(|first| timestamp_millis(first).is_some());
        let bounds = Bounds { reject_outliers: entry.bounds.reject_outliers && !is_time, ..entry.bounds };
        let place = is_placed.then_some(key);
        Ok(Self { entry, reader, current, place, release, bounds, groups: RefCell::default() })
    }

    /// Returns whether the current tag has a place in the order.
    pub(super) fn has_place(&self) -> bool {
        self.place.is_some()
    }

    /// Writes the place of a candidate into `key`. Succeeds if the candidate may be selected.
    pub(super) fn check(&self, candidate: &Candidate, key: &mut OrderKey) -> Result<(), NotNewer> {
        let text = self.read(candidate, key)?;
        match self.place.as_ref().map_or(Ordering::Greater, |place| (*key).cmp(place)) {
            Ordering::Greater => {}
            Ordering::Equal if self.bounds.allow_downgrade && candidate.tag == *self.current => {}
            Ordering::Less if self.bounds.allow_downgrade => {}
            Ordering::Equal => return Err(NotNewer::SamePlace),
            Ordering::Less => return Err(NotNewer::Older),
        }
        self.bounds.check(&self.release, &text).map_err(NotNewer::OutOfBounds)
    }

    /// Writes the place of a candidate into `key`, whether newer or not, and returns the text that was read.
    fn read<'t>(&self, candidate: &'t Candidate, key: &mut OrderKey) -> Result<Cow<'t, str>, NotNewer> {
        key.clear();
        let groups = &mut *self.groups.borrow_mut();
        let text = self.entry.filter.text_with(candidate.tag.as_str(), groups).map_err(NotNewer::Filtered)?;
        self.reader.read(&text, candidate.facts.facts(), key).map_err(NotNewer::Unreadable)?;
        Ok(text)
    }

    /// Returns the reason for an error of [`check`](Self::check), where the candidate is not the current tag.
    pub(super) fn rejection(&self, candidate: &Candidate, error: NotNewer) -> Rejection {
        let tag = candidate.tag.as_str();
        match error {
            NotNewer::Filtered(error) => self.entry.filter.rejection(error),
            NotNewer::Unreadable(TagReadError::MissingFact) if let Known::Failed(cause) = &candidate.facts => {
                Rejection::LookupFailed(cause.clone())
            }
            NotNewer::Unreadable(error) => {
                let text = self.entry.filter.text(tag).unwrap_or(Cow::Borrowed(tag));
                let rejection = self.reader.rejection(&text, error);
                if text == tag { rejection } else { Rejection::Extracted(text.into(), Box::new(rejection)) }
            }
            NotNewer::OutOfBounds(error) => self.bounds.rejection(error, self.current),
            NotNewer::Older => Rejection::Older(self.current.clone()),
            NotNewer::SamePlace => Rejection::NotNewer(self.current.clone()),
        }
    }

    /// Returns the reason for an error of [`check`](Self::check).
    pub(super) fn reason(&self, candidate: &Candidate, error: NotNewer) -> Reason {
        if error == NotNewer::SamePlace && candidate.tag == *self.current {
            Acceptance::CurrentTag.into()
        } else {
            self.rejection(candidate, error).into()
        }
    }
}
