//! What open pull requests propose, read from their records.

use std::collections::BTreeMap;

use crate::config::Mode;
use crate::govern::{Listed, Status};
use crate::image::{ImageReference, Tag};
use crate::manifest::{Finding, Occurrence, Place};
use crate::policy::Choice;
use crate::policy::reason::Acceptance;

use super::change::change;
use super::proposal::Change;
use super::pull_request::PullRequest;
use super::record::Record;

/// The references that open pull requests propose, by path and field.
#[derive(Debug, Clone, Default)]
pub struct ProposedReferences(BTreeMap<(String, String), ProposedReference>);

/// A reference that an open pull request proposes.
#[derive(Debug, Clone)]
struct ProposedReference {
    /// As written, since only the manifest shows whether it is a chart.
    to: String,
    /// The tag of its digest, where it has only a digest.
    digest_of: Option<String>,
    /// The reference that it replaces, if a person or a script named the new one.
    given_for: Option<String>,
}

impl ProposedReferences {
    /// Reads the records of pull requests. Where two propose something, the first one counts.
    pub fn new(open: &[PullRequest]) -> Self {
        let mut proposed = BTreeMap::new();
        for record in open.iter().filter_map(|pr| Record::find(&pr.body)) {
            for change in &record.changes {
                let (to, digest_of) = (change.to.clone(), change.digest_of.clone());
                let given = record.given.iter().find(|given| change.is_at(&given.path, &given.field));
                let given_for = given.map(|given| given.from.clone());
                let key = (change.path.clone(), change.field.clone());
                proposed.entry(key).or_insert(ProposedReference { to, digest_of, given_for });
            }
        }
        Self(proposed)
    }

    /// Returns what is proposed in place of a reference. Where only a digest is written, it has the tag of this digest as well.
    pub fn at(&self, occurrence: &Occurrence) -> Option<ImageReference> {
        let proposed = self.of(&occurrence.place)?;
        let to = occurrence.reference.parse_alike(&proposed.to).ok()?;
        let Some(tag) = proposed.digest_of.as_deref() else { return Some(to) };
        let tag = if to.is_chart() { Tag::of_chart(tag) } else { Tag::new(tag) };
        Some(to.with(Some(tag.ok()?), to.digest().cloned()))
    }

    /// Returns whether a person or a script named what is proposed in place of the current reference.
    pub fn is_given(&self, occurrence: &Occurrence) -> bool {
        let given_for = self.of(&occurrence.place).and_then(|proposed| proposed.given_for.as_deref());
        given_for == Some(occurrence.reference.as_str())
    }

    fn of(&self, place: &Place) -> Option<&ProposedReference> {
        self.0.get(&(place.path.to_string(), place.field.clone()))
    }

    /// Returns the changes that stay proposed although this run does not decide on them: a pull request is rewritten as a whole.
    /// `keeps` returns whether that is so for an occurrence. Where no policy can order the current tag, only what a person or a script
    /// named stays.
    pub fn carry_over(&self, listed: &[Listed], keeps: impl Fn(&Occurrence) -> bool) -> Vec<Change> {
        let carried_over = |one: &Listed| {
            let Finding::Occurrence(occurrence) = &one.finding else { return None };
            let is_given = self.is_given(occurrence);
            let selection = match &one.status {
                Status::Managed(selection) => selection,
                Status::Held { selection: Some(selection), .. } if is_given => selection,
                Status::Held { .. } | Status::Ignored(_) => return None,
            };
            if selection.mode != Mode::PullRequest || !keeps(occurrence) {
                return None;
            }
            let to = self.at(occurrence)?;
            let choice = Choice::of_tag(to.tag()?.clone(), Acceptance::ProposedEarlier);
            let choice = Choice { digest: to.digest().cloned(), ..choice };
            let change = change(occurrence, selection, &choice).ok()?;
            if change.to == occurrence.reference { None } else { Some(Change { is_given, ..change }) }
        };
        listed.iter().filter_map(carried_over).collect()
    }
}
