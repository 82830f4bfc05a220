//! Rows of `tagboat list`, and the images and held places of a repository for `tagboat init`.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{FoundImage, HeldPlace, Summary};
use crate::govern::{Listed, Status};
use crate::image::ImageName;
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
        let found =
            images.entry(name.clone()).or_insert_with(|| FoundImage { name: name.clone(), tags: BTreeSet::new() });
        found.tags.extend(occurrence.reference.tag().cloned());
    }
    summary.images = images.into_values().collect();
    summary
}

/// Returns the places that are held, for `tagboat init`.
pub(in crate::run) fn held(listed: &[Listed]) -> Vec<HeldPlace> {
    let held = listed.iter().filter_map(|one| match &one.status {
        Status::Held { reason, .. } => Some((one, reason)),
        _ => None,
    });
    held.map(|(one, reason)| {
        let name = match &one.finding {
            Finding::Occurrence(occurrence) => Some(occurrence.reference.name().clone()),
            Finding::Notice(_) => None,
        };
        let place = one.place();
        HeldPlace { name, path: place.path.to_string(), line: place.position.line, reason: reason.clone() }
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
