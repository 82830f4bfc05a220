//! What open pull requests propose, read from their records.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::Mode;
use crate::govern::{Listed, Status};
use crate::image::{ImageReference, Tag};
use crate::manifest::{Finding, Occurrence, Place};
use crate::policy::Choice;
use crate::policy::reason::Acceptance;
use crate::refname::BranchName;

use super::change::change;
use super::proposal::{Change, Draft};
use super::pull_request::PullRequest;
use super::record::Record;

/// The references that open pull requests propose.
#[derive(Debug, Clone, Default)]
pub struct ProposedReferences {
    by_place: BTreeMap<PlaceKey, ProposedReference>,
    /// What each pull request changes, whose branch is that of its group.
    places: Vec<(BranchName, BTreeSet<PlaceKey>)>,
}

/// Path and field of a place.
type PlaceKey = (String, String);

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
        let (mut proposed, mut places) = (BTreeMap::new(), Vec::new());
        for (pr, record) in open.iter().filter_map(|pr| Some((pr, Record::find(&pr.body)?))) {
            let changed = record.changes.iter().map(|change| (change.path.clone(), change.field.clone()));
            places.push((pr.branch.clone(), changed.collect()));
            for change in &record.changes {
                let (to, digest_of) = (change.to.clone(), change.digest_of.clone());
                let given = record.given.iter().find(|given| change.is_at(&given.path, &given.field));
                let given_for = given.map(|given| given.from.clone());
                let key = (change.path.clone(), change.field.clone());
                proposed.entry(key).or_insert(ProposedReference { to, digest_of, given_for });
            }
        }
        Self { by_place: proposed, places }
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
        self.by_place.get(&(place.path.to_string(), place.field.clone()))
    }

    /// Returns the drafts with a change in the scope of a run, and those that share an open pull request with one of them: since the
    /// setting `group` changed, that pull request is superseded or loses changes, which another draft has to keep.
    pub fn drafts_in_scope(&self, drafts: Vec<Draft>, is_in_scope: impl Fn(&Change) -> bool) -> Vec<Draft> {
        let has_any = |draft: &Draft, places: &BTreeSet<PlaceKey>| {
            draft.changes.iter().any(|change| places.contains(&(change.path.to_string(), change.field.clone())))
        };
        let (mut kept, mut rest): (Vec<_>, Vec<_>) =
            drafts.into_iter().partition(|draft| draft.changes.iter().any(&is_in_scope));
        let mut at = 0;
        while let Some(draft) = kept.get(at) {
            let is_regrouped = |(branch, places): &&(BranchName, BTreeSet<PlaceKey>)| {
                draft.branch != *branch && has_any(draft, places)
            };
            let regrouped = self.places.iter().filter(is_regrouped).collect::<Vec<_>>();
            let shares = |draft: &mut Draft| {
                regrouped.iter().any(|(branch, places)| draft.branch == *branch || has_any(draft, places))
            };
            kept.extend(rest.extract_if(.., shares).collect::<Vec<_>>());
            at += 1;
        }
        kept.sort_by(|a, b| a.group.cmp(&b.group));
        kept
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
