//! Groups what stands in the manifests by image, so that each image is asked for once.

use std::collections::BTreeMap;

use crate::config::Patterns;
use crate::govern::{Listed, Status};
use crate::image::{ImageName, ImageReference};
use crate::manifest::{Finding, Occurrence};
use crate::policy::{Candidate, Known};

use super::lookup::{Standing, Subject};

/// What a run is about. What is outside of it is left as it is, its pull requests included.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The images; none for all. One with a tag or a digest is what was just pushed.
    pub images: Vec<ImageReference>,
    /// The files; `None` for all.
    pub paths: Option<Patterns>,
}

impl Scope {
    /// Everything.
    pub const ALL: Self = Self { images: Vec::new(), paths: None };

    /// Whether nothing is outside of it.
    pub(super) fn is_all(&self) -> bool {
        self.images.is_empty() && self.paths.is_none()
    }

    /// Whether a run is about this occurrence.
    pub(super) fn covers(&self, occurrence: &Occurrence) -> bool {
        let named = |image: &ImageReference| image.name() == occurrence.reference.name();
        (self.images.is_empty() || self.images.iter().any(named))
            && self.paths.as_ref().is_none_or(|paths| paths.match_path(&occurrence.place.path))
    }
}

impl Default for Scope {
    fn default() -> Self {
        Self::ALL
    }
}

/// One subject per image, in the order of their names. What has no order is a subject only where the scope says which
/// tag it is to get, or where `unordered` asks for it.
pub(super) fn subjects(listed: &[Listed], scope: &Scope, unordered: bool) -> Vec<Subject> {
    let mut subjects = BTreeMap::<ImageName, Subject>::new();
    for (place, one) in listed.iter().enumerate() {
        let Finding::Occurrence(occurrence) = &one.finding else { continue };
        let (selection, ordered) = match &one.status {
            Status::Governed(selection) => (selection, true),
            Status::Unordered(selection, _) => (selection, false),
            Status::Held(_) | Status::NotOurs(_) => continue,
        };
        let given = given(occurrence.reference.name(), &scope.images);
        if !scope.covers(occurrence) || !(ordered || unordered || given.is_some()) {
            continue;
        }
        let (current, name) = (&occurrence.reference, occurrence.reference.name());
        let subject =
            subjects.entry(name.clone()).or_insert_with(|| Subject { name: name.clone(), standing: Vec::new(), given });
        let same = |known: &&mut Standing| known.current == *current && known.selection.is_same(selection);
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
