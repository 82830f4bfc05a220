//! A marker comment, and the values that it applies to.

use super::keys::names::is_version_key;
use super::marker::{ParsedMarker, parse_comment, parse_line};
use super::occurrence::MarkerKind;
use super::value::is_full_reference;
use crate::image::ImageName;
use crate::text::{Comment, NodeId, NodeKind, Span, Style, Tree};

/// A marker comment, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MarkerComment {
    pub(super) span: Span,
    text: String,
    pub(super) marker: ParsedMarker,
    place: CommentPlace,
    /// Whether nothing follows it on its line. Something may follow a comment of JSON.
    ends_line: bool,
    /// Whether it is alone on its line, and a blank line follows it and other comments.
    pub(super) is_apart: bool,
    /// Whether it applies to a finding that was reported.
    pub(super) is_used: bool,
}

/// Where a comment is, and by that for which values it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CommentPlace {
    /// After other text on its line.
    Trailing,
    /// Alone on its line, or after nothing but the dash of an item that begins below, whose column it holds.
    Above(Option<usize>),
    /// Alone on its line, and more indented than the next one: at the end of a mapping or an item, not above what follows.
    AtEnd { of: NodeId, is_certain: bool },
    /// Within an instruction, which is a part of it for the reader of the file, or between its lines.
    InInstruction { has_own_line: bool },
}

impl MarkerComment {
    /// Reads a comment of a document. `reads_trailing` says whether the reader of the file reads comments behind other text.
    pub(super) fn read(tree: &Tree<'_>, comment: &Comment<'_>, reads_trailing: bool) -> Option<Self> {
        let (text, span) = (tree.text(), comment.span);
        let line_start = start_of_line(text, span.start);
        let before = &text[line_start..span.start];
        let parse = if before.trim().is_empty() { parse_line } else { parse_comment };
        let marker = parse(&comment.text)?;
        let place = if !before.trim().is_empty() {
            let is_dash = !tree.is_lines() && before.bytes().all(|byte| matches!(byte, b'-' | b' '));
            match before.rfind('-') {
                Some(dash) if is_dash => CommentPlace::Above(Some(dash)),
                _ if is_before_value(text, span) => CommentPlace::Above(None),
                _ if reads_trailing => CommentPlace::Trailing,
                _ => CommentPlace::InInstruction { has_own_line: false },
            }
        } else if tree.is_lines() {
            if is_continued(&text[..line_start]) {
                CommentPlace::InInstruction { has_own_line: true }
            } else {
                CommentPlace::Above(None)
            }
        } else {
            // Renovate reads lines, whatever their indentation.
            let is_renovate = marker.kind == MarkerKind::Renovate;
            let end = if is_renovate { None } else { at_end(tree, span, before.len()) };
            end.unwrap_or(CommentPlace::Above(None))
        };
        let mut lines = text[span.end..].lines();
        let ends_line = lines.next().is_none_or(|rest| rest.trim().is_empty());
        let is_above = matches!(place, CommentPlace::Above(_)) && ends_line;
        let is_apart = is_above && lines.find(|line| !is_comment(line)).is_some_and(|line| line.trim().is_empty());
        Some(Self { span, text: comment.text.to_string(), marker, place, ends_line, is_apart, is_used: false })
    }

    /// Returns the comment itself.
    pub(super) fn comment(&self) -> Comment<'static> {
        Comment { span: self.span, text: self.text.clone().into() }
    }

    /// Returns the mapping or the item at whose end the comment is.
    pub(super) fn ended(&self) -> Option<NodeId> {
        match self.place {
            CommentPlace::AtEnd { of, .. } => Some(of),
            _ => None,
        }
    }

    fn has_own_line(&self) -> bool {
        !matches!(self.place, CommentPlace::Trailing | CommentPlace::InInstruction { has_own_line: false })
    }

    /// Returns whether it is within the instruction of a value and not above that value: where it is no comment for the reader of the file.
    pub(super) fn is_in_instruction(&self, tree: &Tree<'_>, node: NodeId) -> bool {
        matches!(self.place, CommentPlace::InInstruction { .. })
            && self.shares_entry(tree, node)
            && !self.is_above(tree.text(), tree.span(node).start)
    }

    /// Returns whether it is on the line of an entry of a text that is not YAML, or on one that continues it.
    fn shares_entry(&self, tree: &Tree<'_>, node: NodeId) -> bool {
        let start = tree.key_of(node).map_or(self.span.end, |key| tree.span(key).start);
        let between = tree.text().get(start..self.span.start);
        between.is_some_and(|between| between.match_indices('\n').all(|(at, _)| is_continued(&between[..=at])))
    }

    /// Returns whether it is at the end of a mapping or an item, and not clear for which of the values there it is: a marker that
    /// leaves them all alone is.
    pub(super) fn is_unclear_end(&self) -> bool {
        matches!(self.place, CommentPlace::AtEnd { is_certain, .. } if !is_certain || !self.marker.is_ignore())
    }

    /// Returns whether the comment is beside the value, or after a flow collection that holds it: `{ name: a, tag: b } # …`.
    pub(super) fn applies_to(&self, tree: &Tree<'_>, node: NodeId) -> bool {
        let mut collections = tree.ancestors(node).skip(1).take_while(|id| is_flow(tree, *id));
        self.is_beside(tree, node) || !self.has_own_line() && collections.any(|id| self.follows(tree, id))
    }

    /// Returns whether the comment is behind the value, or on the line above it if the marker's owner reads that line. One behind the
    /// name of an entry is for its first value: `- name: api # …`.
    pub(super) fn is_beside(&self, tree: &Tree<'_>, node: NodeId) -> bool {
        if self.has_own_line() {
            return self.applies_from_above(tree, node);
        }
        match self.entry_behind_name(tree, node).and_then(|entry| version_of(tree, entry)) {
            Some(value) if self.marker.kind != MarkerKind::Flux => value == node,
            _ => self.trails(tree, node),
        }
    }

    /// Returns the mapping that holds a node if the comment is behind a value that only names it: `- name: api # …`.
    fn entry_behind_name(&self, tree: &Tree<'_>, node: NodeId) -> Option<NodeId> {
        tree.parent(node).filter(|map| self.is_behind_name(tree, *map))
    }

    fn is_behind_name(&self, tree: &Tree<'_>, map: NodeId) -> bool {
        let mut names = tree.entries(map).filter(|(key, name)| is_name(tree, *key, *name));
        !self.has_own_line() && names.any(|(_, name)| self.follows(tree, name)) && tree.entries(map).nth(1).is_some()
    }

    /// Fails with the reason to hold a value with this image if the marker is malformed or names another image.
    pub(super) fn expect_applicable(&self, name: &ImageName) -> Result<(), String> {
        let ParsedMarker { kind, image, .. } = &self.marker;
        if let Some(problem) = &self.marker.problem {
            return Err(problem.clone());
        }
        if let Some(datasource) = &self.marker.foreign_datasource {
            return Err(format!(
                "the Renovate comment names the datasource `{datasource}`, which has no images; write `datasource=docker`, or remove it"
            ));
        }
        let Some(image) = image.as_ref().filter(|image| ImageName::new(image).ok().as_ref() != Some(name)) else {
            return Ok(());
        };
        let marker = if *kind == MarkerKind::Renovate { "the Renovate comment" } else { "the marker" };
        Err(format!(
            "{marker} names the image {image}, but the image of this value is {}; write that name into the comment, or remove it",
            name.familiar()
        ))
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

    /// Returns whether the comment is after a key whose value begins on a later line, or above that key if the marker's owner
    /// reads that line.
    pub(super) fn is_at_key(&self, tree: &Tree<'_>, key: NodeId) -> bool {
        let (text, key) = (tree.text(), tree.span(key));
        let is_behind = |between: &str| between.trim_end_matches([' ', '\t']) == ":";
        text.get(key.end..self.span.start).is_some_and(is_behind) || self.is_above(text, key.start)
    }

    /// Returns whether it may be for the values of a list or a mapping: only Tagboat's own markers that name no image.
    pub(super) fn is_for_collections(&self) -> bool {
        self.marker.kind == MarkerKind::Tagboat && self.marker.image.is_none()
    }

    /// Returns whether it is above the value, where Flux does not read it.
    pub(super) fn is_unread_above(&self, tree: &Tree<'_>, node: NodeId) -> bool {
        let entry = || self.named_entry(tree, node).or_else(|| self.entry_behind_name(tree, node));
        let is_above = || match entry() {
            Some(entry) => version_of(tree, entry) == Some(node),
            None => self.is_above(tree.text(), tree.span(node).start),
        };
        self.marker.kind == MarkerKind::Flux && is_above()
    }

    /// Returns whether it is at the key of a collection, above an item of a list, or behind its name.
    pub(super) fn is_at(&self, tree: &Tree<'_>, collection: NodeId) -> bool {
        if self.is_behind_name(tree, collection) {
            return true;
        }
        match tree.key_of(collection) {
            Some(key) => self.is_at_key(tree, key),
            None => tree.parent(collection).is_some() && self.is_above(tree.text(), tree.span(collection).start),
        }
    }

    /// Returns whether it is at a text that holds documents, or at a list or a mapping around it.
    pub(super) fn covers(&self, tree: &Tree<'_>, text: NodeId) -> bool {
        self.applies_to(tree, text) || tree.ancestors(text).any(|at| self.is_at(tree, at) || self.ended() == Some(at))
    }

    /// Returns whether it leaves all values alone of a list or a mapping that holds a node.
    pub(super) fn ignores_around(&self, tree: &Tree<'_>, node: NodeId) -> bool {
        let is_end = |at| !self.is_unclear_end() && self.ended() == Some(at);
        self.marker.is_ignore() && tree.ancestors(node).any(|at| self.is_at(tree, at) || is_end(at))
    }

    /// Returns whether only blanks and commas are between the end of a node and the comment.
    fn follows(&self, tree: &Tree<'_>, node: NodeId) -> bool {
        if tree.is_lines() {
            return self.place == CommentPlace::Trailing && self.shares_entry(tree, node);
        }
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
        is_item && self.place == CommentPlace::Above(None) && !text[value.end..line_end].contains('#')
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
        let is_name = is_name(tree, key, name) && entries.next().is_some();
        (is_name && self.is_above(tree.text(), tree.span(key).start)).then_some(map)
    }

    /// Returns whether a line is blank, and the comment may be for what is below it all the same.
    fn may_be_apart(&self, line: &str) -> bool {
        line.trim().is_empty() && self.marker.foreign_datasource.is_none()
    }

    /// Returns whether the line that holds `offset` is below the comment, with nothing but blank lines and other comments between.
    pub(super) fn is_above(&self, text: &str, offset: usize) -> bool {
        let line_start = start_of_line(text, offset);
        let is_below_dash = || match self.place {
            CommentPlace::Above(Some(dash)) => indentation(&text[line_start..]) > dash,
            _ => true,
        };
        if !self.ends_line {
            let between = text.get(self.span.end..offset);
            return self.has_own_line() && between.is_some_and(is_blank);
        }
        self.has_own_line()
            && self.ended().is_none()
            && self.span.end < line_start
            && text[self.span.end..line_start].lines().skip(1).all(|line| is_comment(line) || self.may_be_apart(line))
            && is_below_dash()
    }
}

/// Returns the place of a comment that is more indented than the next line: at the end of the mapping whose keys are in its column,
/// else of what is nearest above it. `None` if it is above what follows.
fn at_end(tree: &Tree<'_>, comment: Span, column: usize) -> Option<CommentPlace> {
    let text = tree.text();
    let is_content = |line: &&str| !matches!(line.trim_start().bytes().next(), None | Some(b'#'));
    let next = text[comment.end..].lines().skip(1).find(is_content).map_or(0, indentation);
    if column <= next {
        return None;
    }
    let last = tree.last_before(comment.start).filter(|last| !tree.is_key(*last))?;
    // Between brackets, indentation has no meaning.
    if tree.ancestors(last).any(|node| is_flow(tree, node) && tree.span(node).end > comment.start) {
        return None;
    }
    let is_dash = |byte: u8| matches!(byte, b'-' | b' ');
    let column_of = |node: NodeId| {
        let start = tree.span(node).start;
        // A list begins at the dash of its first item.
        let first = tree.items(node).next().map_or(start, |item| tree.span(item).start);
        let line = start_of_line(text, first);
        let before = &text[line..first];
        match before.find('-') {
            Some(dash) if *tree.kind(node) == NodeKind::Sequence && before.bytes().all(is_dash) => dash,
            _ => start - start_of_line(text, start),
        }
    };
    let is_list = |node: NodeId| *tree.kind(node) == NodeKind::Sequence && column_of(node) == column;
    let ended = tree.ancestors(last).take_while(|node| column_of(*node) >= column && !is_list(*node)).last();
    let of = ended.or_else(|| tree.parent(last))?;
    let is_certain = *tree.kind(of) == NodeKind::Mapping && column_of(of) == column;
    Some(CommentPlace::AtEnd { of, is_certain })
}

/// Returns whether a node is a collection between brackets or braces.
fn is_flow(tree: &Tree<'_>, node: NodeId) -> bool {
    let is_collection = matches!(tree.kind(node), NodeKind::Mapping | NodeKind::Sequence);
    is_collection && tree.text()[tree.span(node).range()].starts_with(['{', '['])
}

/// Returns whether a comment of JSON precedes a key or a value on its line: `{ /* … */ "image": …`.
fn is_before_value(text: &str, comment: Span) -> bool {
    let rest = text[comment.end..].split(['\n', '\r']).next().unwrap_or_default().trim_start();
    let is_opened = text[..comment.start].trim_end().ends_with(['{', '[', ',', ':']);
    is_opened && !rest.is_empty() && !rest.starts_with(['}', ']', ','])
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' ' | b'\t'))
}

/// Returns whether a value only names the mapping that holds it.
fn is_name(tree: &Tree<'_>, key: NodeId, name: NodeId) -> bool {
    let is_key = |key| matches!(key, "name" | "key" | "id");
    tree.text_of(key).is_some_and(is_key) && tree.text_of(name).is_some_and(|text| !is_full_reference(text))
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with(['#', '!'])
}

/// Returns whether the last line of a text that is neither empty nor a comment goes on at the next one.
fn is_continued(text: &str) -> bool {
    let mut lines = text.lines().rev().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.next().is_some_and(|line| line.ends_with(['\\', '`']))
}

fn start_of_line(text: &str, offset: usize) -> usize {
    text[..offset].rfind(['\n', '\r']).map_or(0, |at| at + 1)
}

fn indentation(line: &str) -> usize {
    line.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// Returns the first value of a mapping whose key may hold a reference or a version of one.
fn version_of(tree: &Tree<'_>, map: NodeId) -> Option<NodeId> {
    let holds_version = |key: NodeId| tree.text_of(key).is_some_and(is_version_key);
    let value = tree.entries(map).find_map(|(key, value)| holds_version(key).then_some(value))?;
    tree.text_of(value).is_some().then_some(value)
}
