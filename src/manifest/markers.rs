//! The marker comments of one document, and the values that they apply to.

use std::collections::{BTreeSet, HashMap};

use super::document::Document;
use super::marker::{MarkedPart, ParsedMarker, wrong_part};
use super::marker_comment::MarkerComment;
use super::occurrence::{Marker, MarkerKind};
use super::outer_marker::OuterMarker;
use super::place::File;
use crate::image::ImageReference;
use crate::text::{Comment, NodeId, Tree};

/// The marker comments of one document, in their order.
#[derive(Debug)]
pub(super) struct Markers {
    pub(super) comments: Vec<MarkerComment>,
    /// Those at the end of a mapping or an item, by its node.
    at_end: HashMap<NodeId, Vec<usize>>,
    /// The marker that covers the text that this document is in.
    outer: Option<OuterMarker>,
}

impl Markers {
    /// Reads the comments of a document. `reads_trailing` says whether the reader of the file reads comments behind other text.
    pub(super) fn new(tree: &Tree<'_>, reads_trailing: bool) -> Self {
        let read = |comment: &Comment<'_>| MarkerComment::read(tree, comment, reads_trailing);
        let comments: Vec<_> = tree.comments().iter().filter_map(read).collect();
        let mut at_end = HashMap::<NodeId, Vec<usize>>::new();
        for (index, comment) in comments.iter().enumerate() {
            if let Some(node) = comment.ended() {
                at_end.entry(node).or_default().push(index);
            }
        }
        Self { comments, at_end, outer: None }
    }

    /// Returns the markers of a document within a text that a marker may cover.
    pub(super) fn within(self, outer: Option<OuterMarker>) -> Self {
        Self { outer, ..self }
    }

    /// Returns the marker that covers the documents in a text.
    pub(super) fn outer(&self, document: &Document<'_>, file: &File<'_>, node: NodeId) -> Option<OuterMarker> {
        let tree = document.tree;
        let Some(origin) = &document.origin.bytes else { return self.outer.clone() };
        let position = |comment: &MarkerComment| file.position(origin.offset(comment.span.start));
        let ignore = self.ignore(tree, node).map(|(comment, _)| {
            let ParsedMarker { kind, policy, .. } = &comment.marker;
            OuterMarker::Ignore(Marker { kind: *kind, policy: policy.clone(), position: position(comment) })
        });
        let covers = |comment: &&MarkerComment| {
            comment.marker.kind != MarkerKind::Renovate && comment.covers(tree, node) && !comment.marker.is_ignore()
        };
        let unclear = || {
            let comment = self.near_comments(tree, &[node]).into_iter().find(covers)?;
            Some(OuterMarker::Unclear(position(comment).line))
        };
        ignore.or_else(unclear).or_else(|| self.outer.clone())
    }

    /// Marks the comments that cover the documents in a text as used.
    pub(super) fn use_for_embedded(&mut self, tree: &Tree<'_>, node: NodeId) {
        for index in self.near(tree, &[node]) {
            let comment = &mut self.comments[index];
            comment.is_used |= comment.marker.kind != MarkerKind::Renovate && comment.covers(tree, node);
        }
    }

    /// Returns the numbers of the comments that may apply to a value, or to a list or mapping around one: those directly above and
    /// after them and their keys. A document may have many others.
    fn near(&self, tree: &Tree<'_>, values: &[NodeId]) -> BTreeSet<usize> {
        let mut near = BTreeSet::new();
        if self.comments.is_empty() {
            return near;
        }
        for node in values.iter().flat_map(|value| tree.ancestors(*value)) {
            near.extend(self.at_end.get(&node).into_iter().flatten());
            let first_key = tree.entries(node).next().map(|(key, _)| key);
            for span in [Some(node), tree.key_of(node), first_key].into_iter().flatten().map(|node| tree.span(node)) {
                let before = self.comments.partition_point(|comment| comment.span.start < span.start);
                for index in (0..before).rev() {
                    near.insert(index);
                    if !self.comments[index].is_above(tree.text(), span.start) {
                        break;
                    }
                }
                let behind = self.comments.partition_point(|comment| comment.span.start < span.end);
                near.extend((behind < self.comments.len()).then_some(behind));
            }
        }
        near
    }

    /// Returns the comments that may apply to a value: see [`near`](Self::near).
    fn near_comments<'m>(&'m self, tree: &Tree<'_>, values: &[NodeId]) -> Vec<&'m MarkerComment> {
        self.near(tree, values).into_iter().map(|index| &self.comments[index]).collect()
    }

    /// Returns the comments beside a value.
    fn of_value(&self, tree: &Tree<'_>, node: NodeId) -> impl Iterator<Item = &MarkerComment> {
        self.near_comments(tree, &[node]).into_iter().filter(move |comment| comment.is_beside(tree, node))
    }

    /// Returns whether a marker is beside a value.
    pub(super) fn is_marked(&self, tree: &Tree<'_>, node: NodeId) -> bool {
        self.marker(tree, node).is_some()
    }

    /// Returns whether a marker applies to a value, or is where a person means it to apply.
    pub(super) fn has_marker(&self, tree: &Tree<'_>, node: NodeId) -> bool {
        self.near_comments(tree, &[node]).into_iter().any(|comment| {
            comment.applies_to(tree, node)
                || comment.is_unread_above(tree, node)
                || tree.key_of(node).is_some_and(|key| comment.is_at_key(tree, key))
        })
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
        let mut comments = self
            .near_comments(tree, nodes)
            .into_iter()
            .filter(|comment| nodes.iter().any(|node| comment.applies_to(tree, *node)));
        comments.find_map(|comment| comment.marker.foreign_datasource.as_deref())
    }

    /// Marks the comments that apply to a value as used: whatever they ask for, the value has a finding.
    pub(super) fn use_for(&mut self, tree: &Tree<'_>, node: NodeId) {
        for index in self.near(tree, &[node]) {
            let comment = &mut self.comments[index];
            comment.is_used |= comment.applies_to(tree, node) || comment.ignores_around(tree, node);
        }
    }

    /// Returns the marker that leaves a value alone: beside it, or else at a list or a mapping that holds it.
    fn ignore(&self, tree: &Tree<'_>, node: NodeId) -> Option<(&MarkerComment, IgnoreScope)> {
        let mut ignores = self.near_comments(tree, &[node]).into_iter().filter(|comment| comment.marker.is_ignore());
        let beside = ignores.clone().find(|comment| comment.applies_to(tree, node));
        let around = || {
            ignores.find(|comment| comment.ignores_around(tree, node)).map(|comment| (comment, IgnoreScope::Collection))
        };
        beside.map(|comment| (comment, IgnoreScope::Value)).or_else(around)
    }

    /// Returns whether a marker leaves a value alone.
    pub(super) fn is_ignored(&self, tree: &Tree<'_>, node: NodeId) -> bool {
        self.ignore(tree, node).is_some() || matches!(self.outer, Some(OuterMarker::Ignore(_)))
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
        reference: &ImageReference,
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
            _ => self.choose_policy(document, file, reference, scalars),
        };
        let names_policy = matches!(&chosen, Ok(Some(other)) if other.names_policy());
        match (ignore, &self.outer) {
            (Some((_, marker)), _) if !names_policy => {
                scalars.iter().for_each(|node| self.use_for(tree, *node));
                Ok(Some(marker))
            }
            (None, Some(OuterMarker::Ignore(marker))) if !names_policy => Ok(Some(marker.clone())),
            (None, Some(OuterMarker::Unclear(line))) if !names_policy && chosen.is_ok() => Err(covers_many(*line)),
            _ => chosen,
        }
    }

    /// Returns the marker that names a policy or an image for a reference.
    fn choose_policy(
        &mut self,
        document: &Document<'_>,
        file: &File<'_>,
        reference: &ImageReference,
        scalars: &[NodeId],
    ) -> Result<Option<Marker>, String> {
        let tree = document.tree;
        let Some(origin) = &document.origin.bytes else { return Ok(None) };
        let (key, holder) = around(tree, scalars);
        let is_around = |comment: &MarkerComment| {
            key.is_some_and(|key| comment.is_at_key(tree, key))
                || comment.is_for_collections() && holder.is_some_and(|holder| comment.is_at(tree, holder))
        };
        let is_near = |comment: &MarkerComment, node: NodeId| {
            comment.applies_to(tree, node)
                || comment.is_unread_above(tree, node)
                || comment.is_in_instruction(tree, node)
        };
        let mut choice = MarkerChoice::default();
        let mut unread = None;
        let near = self.near(tree, scalars);
        for index in &near {
            let comment = &mut self.comments[*index];
            if is_around(comment) || scalars.iter().any(|node| is_near(comment, *node)) {
                comment.is_used = true;
                comment.expect_applicable(reference.name())?;
                if comment.is_apart {
                    return Err("a blank line is between the marker and this value; remove it, or put the marker behind the value".to_owned());
                }
                let ParsedMarker { kind, policy, part, .. } = &comment.marker;
                if scalars.iter().any(|node| comment.is_in_instruction(tree, *node)) {
                    return Err("the marker is within an instruction; put it alone on the line above".to_owned());
                }
                if *kind == MarkerKind::Flux && !is_read_by_flux(comment, tree, reference, scalars)? {
                    unread = Some(format!(
                        "Flux does not read the marker `{policy}` here; put it after the value that it applies to"
                    ));
                    continue;
                }
                let position = file.position(origin.offset(comment.span.start));
                choice.add(Marker { kind: *kind, policy: policy.clone(), position }, *part)?;
            }
        }
        if choice.chosen.is_none()
            && let Some(reason) = unread.or_else(|| self.unclear(document, file, scalars, near))
        {
            return Err(reason);
        }
        choice.finish()
    }

    /// Returns why a reference is held for which only a marker further out, or at the end of its mapping, may be.
    fn unclear(
        &mut self,
        document: &Document<'_>,
        file: &File<'_>,
        scalars: &[NodeId],
        near: BTreeSet<usize>,
    ) -> Option<String> {
        let tree = document.tree;
        let (_, holder) = around(tree, scalars);
        let is_outside = |comment: &MarkerComment| {
            let mut outer = holder.into_iter().flat_map(|holder| tree.ancestors(holder).skip(1));
            comment.is_for_collections() && outer.any(|collection| comment.is_at(tree, collection))
        };
        let is_end = |comment: &MarkerComment| {
            let ends = |node: &NodeId| tree.ancestors(*node).any(|at| comment.ended() == Some(at));
            comment.is_unclear_end() && scalars.iter().any(ends)
        };
        let is_unclear = |index: &usize| is_end(&self.comments[*index]) || is_outside(&self.comments[*index]);
        let index = near.into_iter().find(is_unclear)?;
        let comment = &mut self.comments[index];
        comment.is_used = true;
        let line = file.position(document.origin.bytes.as_ref()?.offset(comment.span.start)).line;
        Some(if comment.is_unclear_end() {
            format!("the marker at line {line} is below this value; put it after the value that it applies to")
        } else {
            covers_many(line)
        })
    }
}

/// Returns the reason to hold a value that a marker further out may mean.
fn covers_many(line: usize) -> String {
    format!("the marker at line {line} covers several values; put it beside each value that it applies to")
}

/// Returns the key of a reference: of its only scalar, or of the mapping that holds its scalars. And what holds that key: a mapping, or
/// the list that holds the scalar.
fn around(tree: &Tree<'_>, scalars: &[NodeId]) -> (Option<NodeId>, Option<NodeId>) {
    let key = match scalars {
        [first, _, ..] => tree.parent(*first).and_then(|map| tree.key_of(map)),
        [only] => tree.key_of(*only),
        [] => None,
    };
    (key, key.or(scalars.first().copied()).and_then(|node| tree.parent(node)))
}

/// Returns whether Flux reads a marker where it is.
///
/// # Errors
/// The reason to hold the reference, if the marker names another part of it than the value beside it holds.
fn is_read_by_flux(
    comment: &MarkerComment,
    tree: &Tree<'_>,
    reference: &ImageReference,
    scalars: &[NodeId],
) -> Result<bool, String> {
    let Some(marked) = scalars.iter().find(|node| comment.is_beside(tree, **node)) else { return Ok(false) };
    let ParsedMarker { policy, part, .. } = &comment.marker;
    let held = part_of(tree, reference, scalars, *marked);
    let has_version = reference.tag().is_some() || reference.digest().is_some();
    let is_name_alone = *part == MarkedPart::Name && held == MarkedPart::Any && !has_version;
    if *part == held || is_name_alone { Ok(true) } else { Err(wrong_part(policy, *part, held)) }
}

/// Returns the part of a reference that one of its scalars holds.
fn part_of(tree: &Tree<'_>, reference: &ImageReference, scalars: &[NodeId], node: NodeId) -> MarkedPart {
    let text = tree.text_of(node).unwrap_or_default().trim();
    let is_tag = |tag: &str| text.strip_prefix(tag).is_some_and(|rest| rest.is_empty() || rest.starts_with('@'));
    if reference.tag().is_some_and(|tag| is_tag(tag.as_str())) {
        MarkedPart::Tag
    } else if reference.digest().is_some_and(|digest| text == digest.as_str() || text == digest.hex()) {
        MarkedPart::Digest
    } else if scalars.len() == 1 {
        MarkedPart::Any
    } else {
        MarkedPart::Name
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
    chosen: Option<Marker>,
    /// The policy of a marker on the name alone, which does not manage the tag.
    name_policy: Option<String>,
}

impl MarkerChoice {
    fn add(&mut self, marker: Marker, part: MarkedPart) -> Result<(), String> {
        if part == MarkedPart::Name {
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

    fn chosen(markers: &[(Marker, MarkedPart)]) -> Result<Option<usize>, String> {
        let mut choice = MarkerChoice::default();
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
        assert_eq!(chosen(&[]), Ok(None));
        assert_eq!(chosen(&[renovate(1), tagboat("release", 2)]), Ok(Some(2)));
        assert_eq!(chosen(&[tagboat("release", 1), renovate(2)]), Ok(Some(1)));
        assert_eq!(chosen(&[tagboat("release", 1), tagboat("release", 2)]), Ok(Some(1)));
        assert_eq!(chosen(&[flux("a:b", name, 1)]), Ok(None));
        assert_eq!(chosen(&[flux("a:b", name, 1), flux("a:b", any, 2)]), Ok(Some(2)));
    }

    #[test]
    fn rejects_markers_that_contradict_each_other() {
        let tagboat = |policy, line| (marker(MarkerKind::Tagboat, policy, line), MarkedPart::Any);
        let flux = |policy, part| (marker(MarkerKind::Flux, policy, 1), part);
        assert!(chosen(&[tagboat("release", 1), tagboat("other", 2)]).is_err());
        assert!(chosen(&[flux("a:b", MarkedPart::Name), flux("a:c", MarkedPart::Tag)]).is_err());
    }
}
