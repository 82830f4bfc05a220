//! A marker comment, and the values that it applies to.

use super::keys::names::is_version_key;
use super::marker::{ParsedMarker, parse_comment};
use super::occurrence::MarkerKind;
use super::value::is_full_reference;
use crate::image::ImageName;
use crate::text::{NodeId, NodeKind, Span, Style, Tree};

/// A marker comment, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MarkerComment {
    pub(super) span: Span,
    pub(super) marker: ParsedMarker,
    /// Whether only blanks precede it on its line.
    has_own_line: bool,
    /// Whether it applies to a finding that was reported.
    pub(super) is_used: bool,
}

impl MarkerComment {
    pub(super) fn read(tree: &Tree<'_>, span: Span) -> Option<Self> {
        let text = tree.text();
        let marker = parse_comment(&text[span.range()])?;
        let line_start = text[..span.start].rfind(['\n', '\r']).map_or(0, |at| at + 1);
        let has_own_line = text[line_start..span.start].trim().is_empty();
        Some(Self { span, marker, has_own_line, is_used: false })
    }

    /// Returns whether the comment is beside the value, or behind a flow collection that holds it: `{ name: a, tag: b } # …`.
    pub(super) fn applies_to(&self, tree: &Tree<'_>, node: NodeId) -> bool {
        let is_flow = |id: &NodeId| tree.text()[tree.span(*id).range()].starts_with(['{', '[']);
        let is_collection =
            |id: &NodeId| matches!(tree.kind(*id), NodeKind::Mapping | NodeKind::Sequence) && is_flow(id);
        let mut collections = tree.ancestors(node).skip(1).take_while(|id| is_collection(id));
        self.is_beside(tree, node) || !self.has_own_line && collections.any(|id| self.follows(tree, id))
    }

    /// Returns whether the comment is behind the value, or on the line above it if the marker's owner reads that line.
    pub(super) fn is_beside(&self, tree: &Tree<'_>, node: NodeId) -> bool {
        if self.has_own_line { self.applies_from_above(tree, node) } else { self.trails(tree, node) }
    }

    /// Fails with the reason to hold a value with this image if the marker is malformed or names another image.
    pub(super) fn expect_applicable(&self, name: &ImageName) -> Result<(), String> {
        let ParsedMarker { kind, image, .. } = &self.marker;
        if let Some(reason) = self.marker.malformed_reason() {
            return Err(reason.to_owned());
        }
        match image {
            Some(image) if *kind == MarkerKind::Tagboat && ImageName::new(image).ok().as_ref() != Some(name) => {
                Err(format!("the marker names the image {image}, but the image of this value is {}", name.familiar()))
            }
            _ => Ok(()),
        }
    }

    fn trails(&self, tree: &Tree<'_>, node: NodeId) -> bool {
        let (text, value) = (tree.text(), tree.span(node));
        // The comment of a block scalar is on the line of its header.
        if tree.style(node) == Some(Style::Block) {
            let between = text.get(self.span.end..value.start);
            return between.is_some_and(|between| between.trim().is_empty());
        }
        self.follows(tree, node)
    }

    /// Returns whether the comment is behind a key whose value begins on a later line, or above that key if the marker's owner
    /// reads that line.
    pub(super) fn is_at_key(&self, tree: &Tree<'_>, key: NodeId) -> bool {
        let (text, key) = (tree.text(), tree.span(key));
        let is_behind = || text.get(key.end..self.span.start).is_some_and(|between| between.trim_end() == ":");
        !self.has_own_line && is_behind() || self.is_above(text, key.start)
    }

    /// Returns whether it may be for the values of a list or a mapping: only Tagboat's own markers that name no image.
    pub(super) fn is_for_collections(&self) -> bool {
        self.marker.kind == MarkerKind::Tagboat && self.marker.image.is_none()
    }

    /// Returns whether it is above the value, where Flux does not read it.
    pub(super) fn is_unread_above(&self, tree: &Tree<'_>, node: NodeId) -> bool {
        let is_above = || match self.named_entry(tree, node) {
            Some(entry) => version_of(tree, entry) == Some(node),
            None => self.is_above(tree.text(), tree.span(node).start),
        };
        self.marker.kind == MarkerKind::Flux && is_above()
    }

    /// Returns whether it is at the key of a collection, or above an item of a list.
    pub(super) fn is_at(&self, tree: &Tree<'_>, collection: NodeId) -> bool {
        match tree.key_of(collection) {
            Some(key) => self.is_at_key(tree, key),
            None => tree.parent(collection).is_some() && self.is_above(tree.text(), tree.span(collection).start),
        }
    }

    /// Returns whether it leaves all values alone of a list or a mapping that holds a node.
    pub(super) fn ignores_around(&self, tree: &Tree<'_>, node: NodeId) -> bool {
        self.marker.is_ignore() && tree.ancestors(node).any(|at| self.is_at(tree, at))
    }

    /// Returns whether only blanks and commas are between the end of a node and the comment.
    fn follows(&self, tree: &Tree<'_>, node: NodeId) -> bool {
        let between = tree.text().get(tree.span(node).end..self.span.start);
        between.is_some_and(|b| b.len() < 512 && b.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b',')))
    }

    fn applies_from_above(&self, tree: &Tree<'_>, node: NodeId) -> bool {
        if self.marker.kind != MarkerKind::Flux
            && let Some(entry) = self.named_entry(tree, node)
        {
            return version_of(tree, entry) == Some(node);
        }
        let (text, value) = (tree.text(), tree.span(node));
        let is_inside = value.start < self.span.start && self.span.end < value.end;
        if is_inside || !self.is_above(text, value.start) && !self.is_above_instruction(tree, node) {
            return false;
        }
        if self.marker.kind != MarkerKind::Flux {
            return true;
        }
        // Flux reads a comment above only for a list item, and only if no comment follows the item on its line.
        let is_item = tree.key_of(node).is_none();
        let line_end = text[value.end..].find(['\n', '\r']).map_or(text.len(), |at| value.end + at);
        is_item && !text[value.end..line_end].contains('#')
    }

    /// Returns whether the comment is above the first line of the Dockerfile instruction that a value continues.
    fn is_above_instruction(&self, tree: &Tree<'_>, node: NodeId) -> bool {
        let is_below = |key: NodeId| self.is_above(tree.text(), tree.span(key).start);
        tree.is_lines() && tree.key_of(node).is_some_and(is_below)
    }

    /// Returns the mapping that holds a node if the comment is above it and its first key only names it: `- name: api`. Regular
    /// expressions of Renovate's users skip that line.
    fn named_entry(&self, tree: &Tree<'_>, node: NodeId) -> Option<NodeId> {
        let map = tree.parent(node).filter(|map| *tree.kind(*map) == NodeKind::Mapping)?;
        let mut entries = tree.entries(map);
        let (key, name) = entries.next()?;
        let is_name = matches!(tree.text_of(key)?, "name" | "key" | "id")
            && entries.next().is_some()
            && !tree.text_of(name).is_some_and(is_full_reference);
        (is_name && self.is_above(tree.text(), tree.span(key).start)).then_some(map)
    }

    /// Returns whether the line that holds `offset` is directly below the comment, except for other comments.
    pub(super) fn is_above(&self, text: &str, offset: usize) -> bool {
        let line_start = text[..offset].rfind(['\n', '\r']).map_or(0, |at| at + 1);
        self.has_own_line
            && self.span.end < line_start
            && text[self.span.end..line_start].lines().skip(1).all(|line| line.trim_start().starts_with('#'))
    }
}

/// Returns the first value of a mapping whose key may hold a reference or a version of one.
fn version_of(tree: &Tree<'_>, map: NodeId) -> Option<NodeId> {
    let holds_version = |key: NodeId| tree.text_of(key).is_some_and(is_version_key);
    let value = tree.entries(map).find_map(|(key, value)| holds_version(key).then_some(value))?;
    tree.text_of(value).is_some().then_some(value)
}
