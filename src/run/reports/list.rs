//! Rows of `tagboat list`, and the images and held places of a repository for `tagboat init`.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{FoundImage, FoundTag, HeldPlace, Summary};
use crate::govern::{Listed, Status};
use crate::image::{ImageName, ImageReference, Tag};
use crate::manifest::{Finding, NoticeStatus};
use crate::report::ReferenceRow;

/// Returns the images of a repository and the policies that it lacks, for `tagboat init`.
pub(in crate::run) fn summary(listed: &[Listed]) -> Summary {
    let mut images = BTreeMap::<ImageName, FoundImage>::new();
    let files = listed.iter().map(|one| &one.place().path).collect::<BTreeSet<_>>();
    let mut summary = Summary { references: listed.len(), files: files.len(), ..Summary::default() };
    for one in listed {
        let Finding::Occurrence(occurrence) = &one.finding else { continue };
        if matches!(one.status, Status::Ignored(_)) {
            continue;
        }
        if let Status::Held { undefined: Some(policy), .. } = &one.status {
            summary.undefined.insert(policy.clone());
        }
        let name = occurrence.reference.name();
        let found = images
            .entry(name.clone())
            .or_insert_with(|| FoundImage { name: name.clone(), references: BTreeSet::new() });
        found.references.insert(FoundTag {
            tag: occurrence.reference.tag().cloned(),
            path: one.place().path.to_string(),
            is_decided: is_decided(&one.status),
            is_chart: occurrence.reference.is_chart(),
        });
    }
    summary.images = images.into_values().collect();
    summary
}

/// Returns whether something other than the rules of the starter configuration selects the policy, or is why there is none.
fn is_decided(status: &Status) -> bool {
    match status {
        Status::Managed(selection) | Status::Held { selection: Some(selection), .. } => !selection.is_default(),
        Status::Held { selection: None, .. } | Status::Ignored(_) => true,
    }
}

/// Returns the places that are held, for `tagboat init`. The images are those of the repository without a configuration.
pub(in crate::run) fn held(listed: &[Listed], images: &[FoundImage]) -> Vec<HeldPlace> {
    let can_decide = |name: &ImageName, path: &str, tag: Option<&Tag>| {
        let mut found = images.iter().filter(|image| image.name == *name).flat_map(|image| &image.references);
        found.any(|found| !found.is_decided && found.path == path && found.tag.as_ref() == tag)
    };
    let held = listed.iter().filter_map(|one| match &one.status {
        Status::Held { reason, .. } => Some((one, reason)),
        _ => None,
    });
    held.map(|(one, reason)| {
        let reference = match &one.finding {
            Finding::Occurrence(occurrence) => Some(&occurrence.reference),
            Finding::Notice(_) => None,
        };
        let place = one.place();
        let tag = reference.and_then(ImageReference::tag);
        let name = reference.map(ImageReference::name).filter(|name| can_decide(name, &place.path, tag));
        let (name, tag) = (name.cloned(), tag.cloned());
        HeldPlace { name, tag, path: place.path.to_string(), line: place.position.line, reason: reason.clone() }
    })
    .collect()
}

/// Returns one row of `tagboat list`.
pub fn row(listed: &Listed) -> ReferenceRow {
    match &listed.status {
        Status::Managed(selection) => ReferenceRow::managed(&listed.finding, &selection.name, &selection.source),
        Status::Held { reason, .. } => ReferenceRow::unmanaged(&listed.finding, NoticeStatus::Held, reason),
        Status::Ignored(reason) => ReferenceRow::unmanaged(&listed.finding, NoticeStatus::Ignored, reason),
    }
}
