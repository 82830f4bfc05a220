//! From a decision to a change: the edits of one occurrence.

use crate::govern::Selection;
use crate::image::{ImageReference, Tag};
use crate::manifest::{self, EditTarget, Occurrence, RefusedEdit};
use crate::policy::Choice;
use crate::policy::reason::{Acceptance, Reason};

use super::proposal::Change;

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
        digest_of: if target.tag.is_none() { Some(choice.tag.clone()) } else { None },
        to: occurrence.reference.with(target.tag, target.digest),
        policy: selection.name.clone(),
        reason: choice.explanation(),
        is_given: matches!(choice.reason, Reason::Accepted(Acceptance::Given)),
        edits,
        mode: selection.mode,
    })
}

/// Returns the new tag; `None` for a reference with only a digest, which stays without a tag.
fn target_tag(current: &ImageReference, choice: &Choice) -> Option<Tag> {
    let has_only_digest = current.tag().is_none() && current.digest().is_some();
    (!has_only_digest).then(|| choice.tag.clone())
}
