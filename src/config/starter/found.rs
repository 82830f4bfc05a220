//! The references in a repository, as `init` needs them.

use std::collections::BTreeSet;

use crate::image::{ImageName, Tag};

/// What is in a repository.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Images, in any order. Those that are ignored by default are not among them.
    pub images: Vec<FoundImage>,
    /// Policies that markers name and that do not exist, as written.
    pub undefined: BTreeSet<String>,
    /// What stays held under the file without these entries.
    pub held: Vec<HeldPlace>,
    /// The number of references that `tagboat list` prints: those of the images, and held or ignored values.
    pub references: usize,
    /// The number of files that have one.
    pub files: usize,
}

/// An image and its references.
#[derive(Debug, Clone)]
pub struct FoundImage {
    /// The normalized name.
    pub name: ImageName,
    /// Its references.
    pub references: BTreeSet<FoundTag>,
}

/// A reference to an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FoundTag {
    /// The current tag.
    pub tag: Option<Tag>,
    /// The file, from the root of the repository.
    pub path: String,
    /// Whether a marker, a comment or an object of another tool decides: a rule with the name of the image would conflict.
    pub is_decided: bool,
    /// Whether the reference is to a chart.
    pub is_chart: bool,
}

/// A reference that needs a decision of the maintainer.
#[derive(Debug, Clone)]
pub struct HeldPlace {
    /// The image that a rule can decide about; `None` if the value names none, or something beside it decides.
    pub name: Option<ImageName>,
    /// The current tag.
    pub tag: Option<Tag>,
    /// The file, from the root of the repository.
    pub path: String,
    /// The line in the file, from 1.
    pub line: usize,
    /// Why it is held, as a lower-case fragment.
    pub reason: String,
}
