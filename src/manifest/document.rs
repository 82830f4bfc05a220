//! The documents that formats read: a parsed tree, and where it is in the file.

use super::options::{FindOptions, ValuesImage};
use super::outer_marker::OuterMarker;
use super::screen::Screen;
use crate::image::TagField;
use crate::text::{NodeId, NodeKind, Origin, Tree, without_template_ending};

/// One document of a file, or one embedded in a block scalar of another document.
pub struct Document<'a> {
    /// The path of the file, relative to the root of the repository.
    pub path: &'a str,
    /// The last component of the path, without the ending of a template.
    pub file_name: &'a str,
    /// The parsed nodes.
    pub tree: &'a Tree<'a>,
    /// The outermost node.
    pub root: NodeId,
    /// The top-level `apiVersion`, or an empty text.
    pub api_version: &'a str,
    /// The top-level `kind`, or an empty text.
    pub kind: &'a str,
    /// The number of block scalars that it is embedded in.
    pub depth: usize,
    /// What the configuration opts into.
    pub options: &'a FindOptions,
    pub(super) screen: &'a Screen,
    pub(super) origin: &'a DocumentOrigin,
}

/// Where a document is in its file, and what read it.
pub(super) struct DocumentOrigin {
    /// Where its bytes are; `None` if they differ from the bytes of the file.
    pub(super) bytes: Option<Origin>,
    /// The byte of the file to report instead if `bytes` is `None`.
    pub(super) fallback_offset: usize,
    /// The field path of the scalar that it is embedded in, followed by `|`; empty for a document of the file itself.
    pub(super) field_prefix: String,
    /// Images that the enclosing document composes of values in this one.
    pub(super) images: Vec<ValuesImage>,
    /// The name of the format whose parser read it; `None` for YAML.
    pub(super) text_format: Option<&'static str>,
    /// The marker of the enclosing document that covers it.
    pub(super) outer_marker: Option<OuterMarker>,
}

impl DocumentOrigin {
    /// Returns the origin of a YAML document that begins at a byte of its file.
    pub(super) fn at(start: usize) -> Self {
        Self {
            bytes: Some(Origin::at(start)),
            fallback_offset: 0,
            field_prefix: String::new(),
            images: Vec::new(),
            text_format: None,
            outer_marker: None,
        }
    }

    /// Returns the origin of the text from `start` on.
    pub(super) fn skip(&self, start: usize) -> Self {
        Self {
            bytes: self.bytes.as_ref().map(|bytes| bytes.skip(start)),
            field_prefix: self.field_prefix.clone(),
            images: self.images.clone(),
            outer_marker: self.outer_marker.clone(),
            ..*self
        }
    }
}

impl<'a> Document<'a> {
    pub(super) fn new(
        path: &'a str,
        tree: &'a Tree<'a>,
        depth: usize,
        options: &'a FindOptions,
        screen: &'a Screen,
        origin: &'a DocumentOrigin,
    ) -> Option<Self> {
        let root = tree.root()?;
        let text = |key| tree.text_at(root, &[key]).unwrap_or_default();
        let file_name = without_template_ending(path.rsplit('/').next().unwrap_or(path));
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

    /// Returns the API group: `argoproj.io` of `argoproj.io/v1alpha1`; empty for the core group.
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// Returns the name of the format whose parser read the text; `None` for YAML.
    pub fn text_format(&self) -> Option<&'static str> {
        self.origin.text_format
    }

    /// Returns whether the document is a Kubernetes object.
    pub fn is_object(&self) -> bool {
        !self.api_version.is_empty() && !self.kind.is_empty()
    }

    /// Returns the tool whose file this is and why it is ignored, if it is not a Kubernetes object: a CI system that runs its jobs.
    pub(super) fn file_of_tool(&self) -> Option<(&'static str, &'static str)> {
        if self.is_object() {
            return None;
        }
        // An embedded document has another root.
        self.screen.ignored_file(self.path, |key| self.depth > 0 || self.tree.get(self.root, key).is_some())
    }

    /// Returns the CI system that runs jobs by this file.
    pub(super) fn job_runner(&self) -> Option<&'static str> {
        self.file_of_tool().map(|(owner, _)| owner)
    }

    /// Returns whether the document holds the values of a chart, judged by its path.
    pub fn holds_chart_values(&self) -> bool {
        let is_named = self.file_name.contains("values") || self.options.layout.is_beside_chart(self.path);
        !self.is_object() && self.text_format().is_none() && is_named
    }

    /// Returns the Kubernetes objects in the document with API group and kind: itself, items of a list, nested objects.
    pub fn objects(&self) -> impl Iterator<Item = (NodeId, &str, &str)> {
        let maps = self.tree.nodes().filter(|node| matches!(self.tree.kind(*node), NodeKind::Mapping));
        maps.filter_map(|map| {
            let (version, kind) = (self.tree.text_at(map, &["apiVersion"])?, self.tree.text_at(map, &["kind"])?);
            Some((map, version.split_once('/').map_or("", |(group, _)| group), kind))
        })
    }

    /// Returns the images that an Argo CD application composes of values in this document.
    pub(super) fn values_images(&self) -> impl Iterator<Item = &ValuesImage> {
        let of_file = if self.depth == 0 { self.options.values_images.get(self.path) } else { None };
        self.origin.images.iter().chain(of_file.into_iter().flatten())
    }

    /// Returns the rules of the configuration that name the image of a value in this file.
    pub(super) fn tag_fields(&self) -> impl Iterator<Item = &TagField> {
        self.options.tag_fields.iter().filter(|rule| rule.paths.is_match(self.path))
    }

    /// Returns the field path of a node from the root of the file.
    pub fn field_path(&self, node: NodeId) -> String {
        format!("{}{}", self.origin.field_prefix, self.tree.field_path(node))
    }
}
