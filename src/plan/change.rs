//! From a decision to a change: the edits of one occurrence.

use crate::config::Mode;
use crate::govern::{Listed, Selection, Status};
use crate::image::{ImageReference, Tag};
use crate::manifest::{self, EditTarget, Finding, Occurrence, RefusedEdit};
use crate::policy::Choice;
use crate::policy::reason::Acceptance;

use super::proposal::Change;
use super::pull_request::PullRequest;
use super::record::Record;

/// Returns the change of one occurrence to a choice. Tag and digest change together: the choice has a digest if the current
/// reference has one.
pub fn change(occurrence: &Occurrence, selection: &Selection, choice: &Choice) -> Result<Change, RefusedEdit> {
    let tag = target_tag(&occurrence.reference, choice);
    let target =
        EditTarget { tag, digest: choice.digest.clone(), comments: selection.comments, ..EditTarget::default() };
    let edits = manifest::edits(occurrence, &target)?;
    Ok(Change {
        occurrence: occurrence.id(),
        path: occurrence.place.path.clone(),
        position: occurrence.place.position,
        field: occurrence.place.field.clone(),
        from: occurrence.reference.clone(),
        to: occurrence.reference.with(target.tag, target.digest),
        policy: selection.name.clone(),
        reason: choice.reason.to_string(),
        edits,
        mode: selection.mode,
    })
}

/// Returns the new tag; `None` for a reference without a tag, which stays without one.
fn target_tag(current: &ImageReference, choice: &Choice) -> Option<Tag> {
    current.tag().map(|_| choice.tag.clone())
}

/// Returns the changes that open pull requests propose outside the scope of the run (`tagboat run --image …`). They stay
/// proposed because a pull request is rewritten as a whole. `covers` returns whether an occurrence is in the scope.
pub fn carry_over(listed: &[Listed], open: &[PullRequest], covers: impl Fn(&Occurrence) -> bool) -> Vec<Change> {
    let recorded =
        open.iter().filter_map(|pr| Record::find(&pr.body)).flat_map(|record| record.changes).collect::<Vec<_>>();
    let carried_over = |one: &Listed| {
        let (Finding::Occurrence(occurrence), Status::Managed(selection)) = (&one.finding, &one.status) else {
            return None;
        };
        let place = &occurrence.place;
        let earlier = recorded.iter().find(|change| change.is_at(&place.path, &place.field))?;
        let to = ImageReference::new(&earlier.to).ok().filter(|to| *to != occurrence.reference)?;
        let reason = Acceptance::ProposedEarlier.into();
        let choice = Choice { tag: to.tag()?.clone(), digest: to.digest().cloned(), reason };
        (selection.mode == Mode::PullRequest && !covers(occurrence))
            .then(|| change(occurrence, selection, &choice).ok())
            .flatten()
    };
    listed.iter().filter_map(carried_over).collect()
}
