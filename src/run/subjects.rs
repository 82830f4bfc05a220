//! Groups references by image, so that each image is looked up once.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::Patterns;
use crate::govern::{Listed, Selection, Status};
use crate::image::{ImageName, ImageReference};
use crate::manifest::{Finding, Occurrence};
use crate::policy::{Candidate, Known};

/// The references to one image, and the policies that manage them.
#[derive(Debug, Clone)]
pub(super) struct ImageUsages {
    /// The image.
    pub name: ImageName,
    /// The different references to it, each under one policy.
    pub usages: Vec<Usage>,
    /// The only candidates (`--image`, `--tags`), which are known to exist; `None` to list the tags.
    pub given: Option<Vec<Candidate>>,
}

/// A reference and the policy that manages it, with all places where both are the same.
#[derive(Debug, Clone)]
pub(super) struct Usage {
    /// The reference.
    pub current: ImageReference,
    /// The policy.
    pub selection: Selection,
    /// Whether the policy can order the current tag.
    pub ordered: bool,
    /// The occurrences; empty if no manifest was read.
    pub occurrences: Vec<Arc<Occurrence>>,
}

/// The images and files that a command covers. Everything else stays unchanged, including its pull requests.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The images; empty for all. A tag or digest means that it was just pushed, so it is the only candidate.
    pub images: Vec<ImageReference>,
    /// The files; `None` for all.
    pub paths: Option<Patterns>,
}

impl Scope {
    /// All images and files.
    pub const ALL: Self = Self { images: Vec::new(), paths: None };

    /// Returns whether it covers everything.
    pub(super) fn is_all(&self) -> bool {
        self.images.is_empty() && self.paths.is_none()
    }

    /// Returns whether it covers an occurrence.
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

/// Returns one subject per image, in the order of their names. A reference that its policy cannot order is included only
/// if the scope gives its tag, or with `unordered`.
pub(super) fn subjects(listed: &[Listed], scope: &Scope, unordered: bool) -> Vec<ImageUsages> {
    let mut subjects = BTreeMap::<ImageName, ImageUsages>::new();
    for one in listed {
        let Finding::Occurrence(occurrence) = &one.finding else { continue };
        let (selection, ordered) = match &one.status {
            Status::Managed(selection) => (selection, true),
            Status::Held { selection: Some(selection), .. } => (selection, false),
            Status::Held { selection: None, .. } | Status::Ignored(_) => continue,
        };
        let given = given(occurrence.reference.name(), &scope.images);
        if !scope.covers(occurrence) || !(ordered || unordered || given.is_some()) {
            continue;
        }
        let (current, name) = (&occurrence.reference, occurrence.reference.name());
        let subject = subjects.entry(name.clone()).or_insert_with(|| ImageUsages {
            name: name.clone(),
            usages: Vec::new(),
            given,
        });
        let same = |known: &&mut Usage| known.current == *current && known.selection.is_same(selection);
        match subject.usages.iter_mut().find(same) {
            Some(known) => known.occurrences.push(Arc::clone(occurrence)),
            None => {
                let (current, selection) = (current.clone(), selection.clone());
                let occurrences = vec![Arc::clone(occurrence)];
                subject.usages.push(Usage { current, selection, ordered, occurrences });
            }
        }
    }
    subjects.into_values().collect()
}

/// Returns the tags that the command line gives for an image. They are the only candidates.
fn given(name: &ImageName, images: &[ImageReference]) -> Option<Vec<Candidate>> {
    let pushed = images.iter().filter(|image| image.name() == name).filter_map(|image| {
        let facts = image.digest().map_or(Known::Tag, |digest| Known::Digest(digest.clone()));
        Some(Candidate { tag: image.tag()?.clone(), facts })
    });
    let pushed = pushed.collect::<Vec<_>>();
    (!pushed.is_empty()).then_some(pushed)
}
