//! Rows of `tagboat list`, and the summary of a repository for `tagboat init`.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{FoundImage, Summary};
use crate::govern::{Listed, Status};
use crate::image::ImageName;
use crate::manifest::{Finding, Marker, MarkerKind, NoticeStatus};
use crate::report::ReferenceRow;

/// Returns the images of a repository, for `tagboat init`.
pub fn summary(listed: &[Listed]) -> Summary {
    let mut images = BTreeMap::<ImageName, FoundImage>::new();
    let files = listed.iter().map(|one| &one.place().path).collect::<BTreeSet<_>>();
    let mut summary = Summary { references: listed.len(), files: files.len(), ..Summary::default() };
    for one in listed {
        let Finding::Occurrence(occurrence) = &one.finding else { continue };
        let names_policy = |marker: &&Marker| marker.kind != MarkerKind::Renovate && !marker.policy.is_empty();
        summary.markers.extend(occurrence.marker.iter().find(names_policy).map(|marker| marker.policy.clone()));
        let name = occurrence.reference.name();
        let found =
            images.entry(name.clone()).or_insert_with(|| FoundImage { name: name.clone(), tags: BTreeSet::new() });
        found.tags.extend(occurrence.reference.tag().cloned());
    }
    summary.images = images.into_values().collect();
    summary
}

/// Returns one row of `tagboat list`.
pub fn row(listed: &Listed) -> ReferenceRow {
    match &listed.status {
        Status::Managed(selection) => ReferenceRow::managed(&listed.finding, &selection.name, &selection.source),
        Status::Held { reason, .. } => ReferenceRow::unmanaged(&listed.finding, NoticeStatus::Held, reason),
        Status::Ignored(reason) => ReferenceRow::unmanaged(&listed.finding, NoticeStatus::Ignored, reason),
    }
}
