//! The marker comments of one document, and the values that they apply to.

use super::document::Document;
use super::keys::names::is_version_key;
use super::marker::{MarkedPart, ParsedMarker, parse_comment};
use super::occurrence::{Marker, MarkerKind};
use super::place::File;
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
    fn read(tree: &Tree<'_>, span: Span) -> Option<Self> {
        let text = tree.text();
        let marker = parse_comment(&text[span.range()])?;
        let line_start = text[..span.start].rfind(['\n', '\r']).map_or(0, |at| at + 1);
        let has_own_line = text[line_start..span.start].trim().is_empty();
        Some(Self { span, marker, has_own_line, is_used: false })
    }

    /// Returns whether the comment is beside the value, or behind a flow collection that holds it: `{ name: a, tag: b } # …`.
    fn applies_to(&self, tree: &Tree<'_>, node: NodeId) -> bool {
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
    fn expect_applicable(&self, name: &ImageName) -> Result<(), String> {
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
    fn is_at_key(&self, tree: &Tree<'_>, key: NodeId) -> bool {
        let (text, key) = (tree.text(), tree.span(key));
        let is_behind = || text.get(key.end..self.span.start).is_some_and(|between| between.trim_end() == ":");
        !self.has_own_line && is_behind() || self.is_above(text, key.start)
    }

    /// Returns whether it may be for the values of a list or a mapping: only Tagboat's own markers that name no image.
    fn is_for_collections(&self) -> bool {
        self.marker.kind == MarkerKind::Tagboat && self.marker.image.is_none()
    }

    /// Returns whether it is above the value, where Flux does not read it.
    fn is_unread_above(&self, tree: &Tree<'_>, node: NodeId) -> bool {
        let is_above = || match self.named_entry(tree, node) {
            Some(entry) => version_of(tree, entry) == Some(node),
            None => self.is_above(tree.text(), tree.span(node).start),
        };
        self.marker.kind == MarkerKind::Flux && is_above()
    }

    /// Returns whether it is at the key of a collection, or above an item of a list.
    fn is_at(&self, tree: &Tree<'_>, collection: NodeId) -> bool {
        match tree.key_of(collection) {
            Some(key) => self.is_at_key(tree, key),
            None => tree.parent(collection).is_some() && self.is_above(tree.text(), tree.span(collection).start),
        }
    }

    /// Returns whether it leaves all values alone of a list or a mapping that holds a node.
    fn ignores_around(&self, tree: &Tree<'_>, node: NodeId) -> bool {
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
    fn is_above(&self, text: &str, offset: usize) -> bool {
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

/// The marker comments of one document, in their order.
#[derive(Debug)]
pub(super) struct Markers {
    pub(super) comments: Vec<MarkerComment>,
}

impl Markers {
    pub(super) fn new(tree: &Tree<'_>) -> Self {
        Self {
            comments: tree.comments().iter().filter_map(|comment| MarkerComment::read(tree, comment.span)).collect(),
        }
    }

    /// Returns the comments beside a value.
    fn of_value(&self, tree: &Tree<'_>, node: NodeId) -> impl Iterator<Item = &MarkerComment> {
        self.comments.iter().filter(move |comment| comment.is_beside(tree, node))
    }

    /// Returns whether a marker is beside a value.
    pub(super) fn is_marked(&self, tree: &Tree<'_>, node: NodeId) -> bool {
        self.marker(tree, node).is_some()
    }

    /// Returns the first marker beside a value.
    pub(super) fn marker(&self, tree: &Tree<'_>, node: NodeId) -> Option<&ParsedMarker> {
        self.of_value(tree, node).next().map(|comment| &comment.marker)
    }

    /// Returns the image that a comment names for a value, directly or through the policy of a Flux marker.
    pub(super) fn image(&self, document: &Document<'_>, node: NodeId) -> Option<String> {
        self.of_value(document.tree, node).find_map(|comment| {
            let of_policy = || document.options.policy_images.get(&comment.marker.policy).cloned();
            comment.marker.image.clone().or_else(of_policy)
        })
    }

    /// Returns the Renovate datasource of the first comment on any of the values that names one without images.
    pub(super) fn foreign_datasource(&self, tree: &Tree<'_>, nodes: &[NodeId]) -> Option<&str> {
        let mut comments =
            self.comments.iter().filter(|comment| nodes.iter().any(|node| comment.applies_to(tree, *node)));
        comments.find_map(|comment| comment.marker.foreign_datasource.as_deref())
    }

    /// Marks the comments that apply to a value as used: whatever they ask for, the value has a finding.
    pub(super) fn use_for(&mut self, tree: &Tree<'_>, node: NodeId) {
        for comment in &mut self.comments {
            comment.is_used |= comment.applies_to(tree, node) || comment.ignores_around(tree, node);
        }
    }

    /// Returns the marker that leaves a value alone: beside it, or else at a list or a mapping that holds it.
    fn ignore(&self, tree: &Tree<'_>, node: NodeId) -> Option<(&MarkerComment, IgnoreScope)> {
        let mut ignores = self.comments.iter().filter(|comment| comment.marker.is_ignore());
        let beside = ignores.clone().find(|comment| comment.applies_to(tree, node));
        let around = || {
            ignores.find(|comment| comment.ignores_around(tree, node)).map(|comment| (comment, IgnoreScope::Collection))
        };
        beside.map(|comment| (comment, IgnoreScope::Value)).or_else(around)
    }

    /// Returns whether a marker leaves a value alone.
    pub(super) fn is_ignored(&self, tree: &Tree<'_>, node: NodeId) -> bool {
        self.ignore(tree, node).is_some()
    }

    /// Returns the marker on any of the scalars of a reference, or at the mapping that holds them.
    ///
    /// # Errors
    /// The reason to hold the reference, if its markers contradict each other or the value, or if one is at a list or mapping
    /// further out: it is not clear for which of the values it is.
    pub(super) fn choose(
        &mut self,
        document: &Document<'_>,
        file: &File<'_>,
        name: &ImageName,
        scalars: &[NodeId],
    ) -> Result<Option<Marker>, String> {
        let tree = document.tree;
        let Some(origin) = &document.origin.bytes else { return Ok(None) };
        let ignore = scalars.iter().find_map(|node| self.ignore(tree, *node)).map(|(comment, scope)| {
            let position = file.position(origin.offset(comment.span.start));
            (scope, Marker { kind: comment.marker.kind, policy: comment.marker.policy.clone(), position })
        });
        let chosen = match &ignore {
            Some((IgnoreScope::Value, _)) => Ok(None),
            _ => self.choose_policy(document, file, name, scalars),
        };
        match ignore {
            Some((_, marker)) if !matches!(&chosen, Ok(Some(other)) if other.names_policy()) => {
                scalars.iter().for_each(|node| self.use_for(tree, *node));
                Ok(Some(marker))
            }
            _ => chosen,
        }
    }

    /// Returns the marker that names a policy or an image for a reference.
    fn choose_policy(
        &mut self,
        document: &Document<'_>,
        file: &File<'_>,
        name: &ImageName,
        scalars: &[NodeId],
    ) -> Result<Option<Marker>, String> {
        let tree = document.tree;
        let Some(origin) = &document.origin.bytes else { return Ok(None) };
        // The key of the reference: of its only scalar, or of the mapping that holds its scalars.
        let key = match scalars {
            [first, _, ..] => tree.parent(*first).and_then(|map| tree.key_of(map)),
            [only] => tree.key_of(*only),
            [] => None,
        };
        // The mapping that holds the key, or the list that holds the scalar.
        let holder = key.or(scalars.first().copied()).and_then(|node| tree.parent(node));
        let is_around = |comment: &MarkerComment| {
            key.is_some_and(|key| comment.is_at_key(tree, key))
                || comment.is_for_collections() && holder.is_some_and(|holder| comment.is_at(tree, holder))
        };
        let is_outside = |comment: &MarkerComment| {
            let mut outer = holder.into_iter().flat_map(|holder| tree.ancestors(holder).skip(1));
            comment.is_for_collections() && outer.any(|collection| comment.is_at(tree, collection))
        };
        let is_near = |comment: &MarkerComment, node: NodeId| {
            comment.applies_to(tree, node) || comment.is_unread_above(tree, node)
        };
        let mut choice = MarkerChoice { is_whole: scalars.len() == 1, ..MarkerChoice::default() };
        let mut unread = None;
        for comment in &mut self.comments {
            if is_around(comment) || scalars.iter().any(|node| is_near(comment, *node)) {
                comment.is_used = true;
                comment.expect_applicable(name)?;
                let ParsedMarker { kind, policy, part, .. } = &comment.marker;
                if *kind == MarkerKind::Flux && !scalars.iter().any(|node| comment.is_beside(tree, *node)) {
                    unread = Some(format!(
                        "Flux does not read the marker `{policy}` here; put it behind the value that it applies to"
                    ));
                    continue;
                }
                let position = file.position(origin.offset(comment.span.start));
                choice.add(Marker { kind: *kind, policy: policy.clone(), position }, *part)?;
            }
        }
        if let (Some(reason), None) = (unread, &choice.chosen) {
            return Err(reason);
        }
        if choice.chosen.is_none()
            && let Some(comment) = self.comments.iter_mut().find(|comment| is_outside(comment))
        {
            comment.is_used = true;
            let line = file.position(origin.offset(comment.span.start)).line;
            return Err(format!(
                "the marker at line {line} covers a list or a mapping; put it beside each value that it applies to"
            ));
        }
        choice.finish()
    }
}

/// What a marker that leaves values alone applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IgnoreScope {
    /// The value beside it. No other marker on the value counts.
    Value,
    /// All values of a list or a mapping that have no marker of their own.
    Collection,
}

/// The choice among the markers of one reference.
#[derive(Debug, Default)]
struct MarkerChoice {
    /// Whether one value holds the whole reference.
    is_whole: bool,
    chosen: Option<Marker>,
    /// The policy of a marker on the name alone, which does not manage the tag.
    name_policy: Option<String>,
}

impl MarkerChoice {
    fn add(&mut self, marker: Marker, part: MarkedPart) -> Result<(), String> {
        if part == MarkedPart::Name {
            if self.is_whole {
                return Err(format!(
                    "the Flux marker `{}:name` is on a whole reference, not on a name alone",
                    marker.policy
                ));
            }
            self.name_policy = Some(marker.policy);
            return Ok(());
        }
        let Some(first) = self.chosen.as_ref().filter(|first| first.names_policy()) else {
            self.chosen = Some(marker);
            return Ok(());
        };
        if marker.names_policy() && first.policy != marker.policy {
            return Err(format!(
                "the markers name two policies: `{}` at line {} and `{}` at line {}; keep one of them",
                first.policy, first.position.line, marker.policy, marker.position.line
            ));
        }
        Ok(())
    }

    fn finish(self) -> Result<Option<Marker>, String> {
        match (&self.chosen, &self.name_policy) {
            (Some(marker), Some(name)) if marker.kind == MarkerKind::Flux && marker.policy != *name => {
                Err(format!("the markers of the name and the tag name two policies: `{name}` and `{}`", marker.policy))
            }
            _ => Ok(self.chosen),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Position;

    fn marker(kind: MarkerKind, policy: &str, line: usize) -> Marker {
        Marker { kind, policy: policy.to_owned(), position: Position { line, column: 1 } }
    }

    fn chosen(is_whole: bool, markers: &[(Marker, MarkedPart)]) -> Result<Option<usize>, String> {
        let mut choice = MarkerChoice { is_whole, ..MarkerChoice::default() };
        for (marker, part) in markers {
            choice.add(marker.clone(), *part)?;
        }
        choice.finish().map(|marker| marker.map(|marker| marker.position.line))
    }

    #[test]
    fn chooses_the_marker_that_names_a_policy() {
        let (any, name) = (MarkedPart::Any, MarkedPart::Name);
        let tagboat = |policy, line| (marker(MarkerKind::Tagboat, policy, line), any);
        let renovate = |line| (marker(MarkerKind::Renovate, "versioning=semver", line), any);
        let flux = |policy, part, line| (marker(MarkerKind::Flux, policy, line), part);
        assert_eq!(chosen(true, &[]), Ok(None));
        assert_eq!(chosen(true, &[renovate(1), tagboat("release", 2)]), Ok(Some(2)));
        assert_eq!(chosen(true, &[tagboat("release", 1), renovate(2)]), Ok(Some(1)));
        assert_eq!(chosen(true, &[tagboat("release", 1), tagboat("release", 2)]), Ok(Some(1)));
        assert_eq!(chosen(false, &[flux("a:b", name, 1)]), Ok(None));
        assert_eq!(chosen(false, &[flux("a:b", name, 1), flux("a:b", any, 2)]), Ok(Some(2)));
    }

    #[test]
    fn rejects_markers_that_contradict_each_other() {
        let tagboat = |policy, line| (marker(MarkerKind::Tagboat, policy, line), MarkedPart::Any);
        let flux = |policy, part| (marker(MarkerKind::Flux, policy, 1), part);
        assert!(chosen(true, &[tagboat("release", 1), tagboat("other", 2)]).is_err());
        assert!(chosen(true, &[flux("a:b", MarkedPart::Name)]).is_err());
        assert!(chosen(false, &[flux("a:b", MarkedPart::Name), flux("a:c", MarkedPart::Tag)]).is_err());
    }
}
