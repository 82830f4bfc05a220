//! The document that formats read: a parsed tree, and where it stands.

use super::options::{Options, ValuesImage};
use super::screen::Screen;
use crate::text::{NodeId, Origin, Shape, Tree};

/// One document of a file, or one that stands in a block scalar of another document.
pub struct Document<'a> {
    /// Of the file, relative to the repository's root.
    pub path: &'a str,
    /// The last component of the path.
    pub file_name: &'a str,
    /// What was parsed.
    pub tree: &'a Tree<'a>,
    /// The outermost node.
    pub root: NodeId,
    /// Top-level `apiVersion`, or nothing.
    pub api_version: &'a str,
    /// Top-level `kind`, or nothing.
    pub kind: &'a str,
    /// How many block scalars are around it.
    pub depth: usize,
    /// What the configuration opts into.
    pub options: &'a Options,
    pub(super) screen: &'a Screen,
    pub(super) origin: &'a DocumentOrigin,
}

/// Where a document stands in its file.
pub(super) struct DocumentOrigin {
    /// Where its bytes are; `None` if they do not stand in the file one to one.
    pub(super) bytes: Option<Origin>,
    /// The byte of the file to point at where `bytes` can't tell.
    pub(super) around: usize,
    /// The route of the scalar that holds it, with a `|` behind; empty at the top.
    pub(super) prefix: String,
    /// Images that the document around it says are put together from values in this one.
    pub(super) images: Vec<ValuesImage>,
}

impl DocumentOrigin {
    /// Of a document that begins at a byte of its file.
    pub(super) fn at(start: usize) -> Self {
        Self { bytes: Some(Origin::at(start)), around: 0, prefix: String::new(), images: Vec::new() }
    }
}

impl<'a> Document<'a> {
    pub(super) fn new(
        path: &'a str,
        tree: &'a Tree<'a>,
        depth: usize,
        options: &'a Options,
        screen: &'a Screen,
        origin: &'a DocumentOrigin,
    ) -> Option<Self> {
        let root = tree.root()?;
        let text = |key| tree.text_at(root, &[key]).unwrap_or_default();
        let file_name = path.rsplit('/').next().unwrap_or(path);
        Some(Self {
            path,
            file_name,
            tree,
            root,
            api_version: text("apiVersion"),
            kind: text("kind"),
            depth,
            options,
            screen,
            origin,
        })
    }

    /// The API group: `argoproj.io` of `argoproj.io/v1alpha1`; empty for the core group.
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// Whether the document says what Kubernetes object it is.
    pub fn is_object(&self) -> bool {
        !self.api_version.is_empty() && !self.kind.is_empty()
    }

    /// The Kubernetes objects in the document: itself, items of a list, objects within others; with API group and kind.
    pub fn objects(&self) -> impl Iterator<Item = (NodeId, &str, &str)> {
        let maps = self.tree.nodes().filter(|node| matches!(self.tree.shape(*node), Shape::Mapping));
        maps.filter_map(|map| {
            let (version, kind) = (self.tree.text_at(map, &["apiVersion"])?, self.tree.text_at(map, &["kind"])?);
            Some((map, version.split_once('/').map_or("", |(group, _)| group), kind))
        })
    }

    /// Images that are put together from values in it, as an application elsewhere or around it tells.
    pub(super) fn values_images(&self) -> impl Iterator<Item = &ValuesImage> {
        let of_file = self.options.values_images.get(self.path).filter(|_| self.depth == 0);
        self.origin.images.iter().chain(of_file.into_iter().flatten())
    }

    /// The route of a node, from the root of the file.
    pub fn route(&self, node: NodeId) -> String {
        format!("{}{}", self.origin.prefix, self.tree.route(node))
    }
}
