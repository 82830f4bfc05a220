//! Groups what stands in the manifests by image, so that each image is asked for once.

use std::collections::BTreeMap;

use crate::image::{ImageName, ImageReference};
use crate::manifest::{Finding, Occurrence};
use crate::plan::{Listed, Status};
use crate::policy::{Candidate, Known};

use super::lookup::{Standing, Subject};

/// Whether a run about `images` is about this occurrence. A run about no image in particular is about all.
pub(super) fn in_scope(occurrence: &Occurrence, images: &[ImageReference]) -> bool {
    images.is_empty() || images.iter().any(|image| image.name() == occurrence.reference.name())
}

/// One subject per image, in the order of their names. What has no order is a subject only where `images` says which tag
/// it is to get, or where `unordered` asks for it.
pub(super) fn subjects(listed: &[Listed], images: &[ImageReference], unordered: bool) -> Vec<Subject> {
    let mut subjects = BTreeMap::<ImageName, Subject>::new();
    for (place, one) in listed.iter().enumerate() {
        let Finding::Occurrence(occurrence) = &one.finding else { continue };
        let (selection, ordered) = match &one.status {
            Status::Governed(selection) => (selection, true),
            Status::Unordered(selection, _) => (selection, false),
            Status::Held(_) | Status::NotOurs(_) => continue,
        };
        let given = given(occurrence.reference.name(), images);
        if !in_scope(occurrence, images) || !(ordered || unordered || given.is_some()) {
            continue;
        }
        let (current, name) = (&occurrence.reference, occurrence.reference.name());
        let subject =
            subjects.entry(name.clone()).or_insert_with(|| Subject { name: name.clone(), standing: Vec::new(), given });
        let same = |known: &&mut Standing| known.current == *current && known.selection.source == selection.source;
        match subject.standing.iter_mut().find(same) {
            Some(known) => known.places.push(place),
            None => {
                let (current, selection) = (current.clone(), selection.clone());
                subject.standing.push(Standing { current, selection, ordered, places: vec![place] });
            }
        }
    }
    subjects.into_values().collect()
}

/// Tags that the command line says were pushed: taken as they are, without listing what else there is.
fn given(name: &ImageName, images: &[ImageReference]) -> Option<Vec<Candidate>> {
    let pushed = images.iter().filter(|image| image.name() == name).filter_map(|image| {
        let facts = image.digest().map_or(Known::Tag, |digest| Known::Digest(digest.clone()));
        Some(Candidate { tag: image.tag()?.clone(), facts })
    });
    let pushed = pushed.collect::<Vec<_>>();
    (!pushed.is_empty()).then_some(pushed)
}
