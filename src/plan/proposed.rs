//! What open pull requests propose, read from their records.

use std::collections::BTreeMap;

use crate::config::Mode;
use crate::govern::{Listed, Status};
use crate::image::ImageReference;
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
    /// The reference that it replaces, if a person or a script named the new one.
    given_for: Option<String>,
}

impl ProposedReferences {
    /// Reads the records of pull requests. Where two propose something, the first one counts.
    pub fn new(open: &[PullRequest]) -> Self {
        let mut proposed = BTreeMap::new();
        for record in open.iter().filter_map(|pr| Record::find(&pr.body)) {
            for change in &record.changes {
                let to = change.to.clone();
                let given = record.given.iter().find(|given| change.is_at(&given.path, &given.field));
                let given_for = given.map(|given| given.from.clone());
                let key = (change.path.clone(), change.field.clone());
                proposed.entry(key).or_insert(ProposedReference { to, given_for });
            }
        }
        Self(proposed)
    }

    /// Returns what is proposed in place of a reference.
    pub fn at(&self, occurrence: &Occurrence) -> Option<ImageReference> {
        let proposed = self.of(&occurrence.place)?;
        occurrence.reference.parse_alike(&proposed.to).ok()
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
            let to = self.at(occurrence).filter(|to| *to != occurrence.reference)?;
            // The tag of a reference with only a digest is not written.
            let tag = to.tag().cloned();
            let reason = Acceptance::ProposedEarlier.into();
            let choice = Choice { tag: tag?, digest: to.digest().cloned(), reason };
            Some(Change { is_given, ..change(occurrence, selection, &choice).ok()? })
        };
        listed.iter().filter_map(carried_over).collect()
    }
}
