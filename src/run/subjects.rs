//! Groups references by image, so that each image is looked up once.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::Patterns;
use crate::govern::{Listed, Selection, Status};
use crate::image::{ImageName, ImageReference};
use crate::manifest::{Finding, Notice, Occurrence};
use crate::plan::{Change, ProposedReferences};
use crate::policy::Candidate;

/// The references to one image, and the policies that manage them.
#[derive(Debug, Clone)]
pub(super) struct ImageUsages {
    /// The normalized name of the image.
    pub name: ImageName,
    /// The different references to it, each under one policy.
    pub usages: Vec<Usage>,
    /// Where its tags come from.
    pub tags: TagSource,
}

/// Where the tags of an image come from.
#[derive(Debug, Clone)]
pub(super) enum TagSource {
    /// The registry lists them.
    Registry,
    /// These are all of them (`--tags`).
    All(Vec<Candidate>),
    /// These images were just pushed (`--image` with a tag or digest), and nothing else is a candidate.
    Given(Vec<ImageReference>),
}

/// A reference and the policy that manages it, with all places where both are the same.
#[derive(Debug, Clone)]
pub(super) struct Usage {
    /// The reference as it is in the manifests.
    pub current: ImageReference,
    /// The policy that manages it.
    pub selection: Selection,
    /// What an open pull request proposes in its place; only known if the images are given.
    pub proposed: Option<ImageReference>,
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
        self.names(|name| name == occurrence.reference.name()) && self.covers_path(&occurrence.place.path)
    }

    /// Returns whether it covers a value that has no reference. With images, that is one whose text starts with the name of one.
    pub(super) fn covers_notice(&self, notice: &Notice) -> bool {
        self.names(|name| notice.image_name().is_some_and(|other| other == *name))
            && self.covers_path(&notice.place.path)
    }

    /// Returns whether it covers a change.
    pub(super) fn covers_change(&self, change: &Change) -> bool {
        self.names(|name| name == change.from.name()) && self.covers_path(&change.path)
    }

    /// Returns the globs of `paths` that match none of these files.
    pub(super) fn unmatched_paths(&self, files: &[Arc<str>]) -> Vec<String> {
        self.paths.iter().flat_map(|paths| paths.unmatched(files)).collect()
    }

    fn names(&self, is_name: impl Fn(&ImageName) -> bool) -> bool {
        self.images.is_empty() || self.images.iter().any(|image| is_name(image.name()))
    }

    /// Returns whether it covers a file.
    pub(super) fn covers_path(&self, path: &str) -> bool {
        self.paths.as_ref().is_none_or(|paths| paths.match_path(path))
    }
}

impl Default for Scope {
    fn default() -> Self {
        Self::ALL
    }
}

/// Returns one subject per image, in the order of their names. A reference that its policy cannot order is included only
/// if the scope gives its tag, or with `unordered`. `proposed` is what open pull requests propose.
pub(super) fn subjects(
    listed: &[Listed],
    scope: &Scope,
    proposed: &ProposedReferences,
    unordered: bool,
) -> Vec<ImageUsages> {
    let mut subjects = BTreeMap::<ImageName, ImageUsages>::new();
    for one in listed {
        let Finding::Occurrence(occurrence) = &one.finding else { continue };
        let (selection, ordered) = match &one.status {
            Status::Managed(selection) => (selection, true),
            Status::Held { selection: Some(selection), .. } => (selection, false),
            Status::Held { selection: None, .. } | Status::Ignored(_) => continue,
        };
        let (current, name) = (&occurrence.reference, occurrence.reference.name());
        let tags = scope.tags(name);
        let is_given = matches!(tags, TagSource::Given(_));
        if !scope.covers(occurrence) || !(ordered || unordered || is_given) {
            continue;
        }
        let subject = subjects.entry(name.clone()).or_insert_with(|| ImageUsages {
            name: name.clone(),
            usages: Vec::new(),
            tags,
        });
        let proposed = if is_given { proposed.at(occurrence) } else { None };
        let same = |known: &&mut Usage| {
            known.current == *current && known.proposed == proposed && known.selection.is_same(selection)
        };
        match subject.usages.iter_mut().find(same) {
            Some(known) => known.occurrences.push(Arc::clone(occurrence)),
            None => {
                let (current, selection) = (current.clone(), selection.clone());
                let occurrences = vec![Arc::clone(occurrence)];
                subject.usages.push(Usage { current, selection, proposed, occurrences });
            }
        }
    }
    subjects.into_values().collect()
}

impl Scope {
    fn tags(&self, name: &ImageName) -> TagSource {
        let is_given =
            |image: &&ImageReference| image.name() == name && (image.tag().is_some() || image.digest().is_some());
        let given: Vec<ImageReference> = self.images.iter().filter(is_given).cloned().collect();
        if given.is_empty() { TagSource::Registry } else { TagSource::Given(given) }
    }
}
