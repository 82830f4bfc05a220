//! A document as a flat, read-only tree of nodes with the exact bytes of every scalar, and its comments.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

use super::scalar::{Style, is_plain_string};
use super::span::Span;

/// One document, parsed. Nodes are in document order; the children of a mapping are key, value, key, value.
#[derive(Debug)]
pub struct Tree<'a> {
    pub(super) text: &'a str,
    pub(super) nodes: Vec<TreeNode<'a>>,
    pub(super) comments: Vec<Comment<'a>>,
    pub(super) is_lines: bool,
    pub(super) index: OnceLock<KeyIndex>,
}

/// The value of each key of each large mapping. Images look for keys in all mappings around them, so searching the entries would
/// take the square of the size of a document.
pub(super) type KeyIndex = HashMap<NodeId, HashMap<Box<str>, NodeId>>;

/// The number of nodes in a mapping from which its keys are indexed.
const LARGE: u32 = 128;

/// Identifies a node of a [`Tree`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(super) u32);

/// A value, a key, or a collection of them.
#[derive(Debug)]
pub(super) struct TreeNode<'a> {
    pub(super) kind: NodeKind<'a>,
    pub(super) span: Span,
    pub(super) parent: u32,
    /// Its index among the children of its parent.
    pub(super) place: u32,
    /// One past the last node within it.
    pub(super) end: u32,
    /// Whether it is the key of a mapping.
    pub(super) is_key: bool,
}

/// The kind of a node, with its content.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeKind<'a> {
    /// Text, as YAML reads it. A plain empty scalar is a null.
    Scalar(Cow<'a, str>, Style),
    /// Keys and values.
    Mapping,
    /// A list of nodes.
    Sequence,
    /// A reference to an earlier node with an anchor; `None` if no node has that anchor.
    Alias(Option<NodeId>),
}

/// A comment with its `#`, without the end of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment<'a> {
    /// Its bytes in the file.
    pub span: Span,
    /// Its text, with the mark of YAML also where it is a comment of JSON.
    pub text: Cow<'a, str>,
}

impl Comment<'_> {
    /// Returns the comment with its bytes in a part of the text; `None` if it is not in that part.
    pub fn within(&self, part: Span) -> Option<Self> {
        let is_inside = part.start <= self.span.start && self.span.end <= part.end;
        let span = || Span::new(self.span.start - part.start, self.span.end - part.start);
        is_inside.then(|| Self { span: span(), text: self.text.clone() })
    }
}

/// A key and its value in a text that is not YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextEntry<'a> {
    /// The name of the value.
    pub key: Cow<'a, str>,
    /// The value.
    pub value: Cow<'a, str>,
    /// The byte at which the entry begins: its line or its instruction. A comment above that line is for the value.
    pub start: usize,
    /// The bytes of the value.
    pub span: Span,
}

impl<'a> Tree<'a> {
    /// Returns a tree for a text that is not YAML: a list of maps. What follows `#` at the start of a line, or behind a blank or a
    /// quote outside of values, is a comment, and so is a line that begins with `!`, as in properties.
    pub fn of_lines(text: &'a str, maps: Vec<Vec<TextEntry<'a>>>) -> Self {
        let collection =
            |kind, place| TreeNode { kind, span: Span::new(0, 0), parent: 0, place, end: 1, is_key: false };
        let mut nodes = vec![collection(NodeKind::Sequence, 0)];
        for (place, entries) in maps.into_iter().enumerate() {
            let map = nodes.len();
            nodes.push(collection(NodeKind::Mapping, place as u32));
            for TextEntry { key, value, start, span } in entries {
                for (text, span, is_key) in [(key, Span::new(start, start), true), (value, span, false)] {
                    let (end, place) = (nodes.len() as u32 + 1, (nodes.len() - map) as u32 - 1);
                    let kind = NodeKind::Scalar(text, Style::Text);
                    nodes.push(TreeNode { kind, span, parent: map as u32, place, end, is_key });
                }
            }
            nodes[map].end = nodes.len() as u32;
        }
        nodes[0].end = nodes.len() as u32;
        let mut values: Vec<Span> = nodes.iter().map(|node| node.span).collect();
        values.sort_by_key(|span| span.start);
        let is_value = |at: usize| {
            let begun = values.partition_point(|span| span.start <= at);
            begun.checked_sub(1).is_some_and(|last| at < values[last].end)
        };
        let mut comments = Vec::new();
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let indent = line.len() - line.trim_start().len();
            let may_begin = |(hash, _): &(usize, &str)| {
                *hash == indent || line[..*hash].ends_with([' ', '\t', '"', '\'']) && !is_value(at + hash)
            };
            let marks = line.match_indices(['#', '!']).filter(|(mark, text)| *text == "#" || *mark == indent);
            if let Some((hash, _)) = marks.into_iter().find(may_begin) {
                let (span, text) = (Span::new(at + hash, at + line.trim_end().len()), &line.trim_end()[hash..]);
                comments.push(Comment { span, text: Cow::Borrowed(text) });
            }
            at += line.len();
        }
        Self { text, nodes, comments, is_lines: true, index: OnceLock::new() }
    }

    /// Returns whether the text is not YAML: see [`of_lines`](Self::of_lines).
    pub fn is_lines(&self) -> bool {
        self.is_lines
    }

    /// Returns the parsed text, to whose bytes all spans refer.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Returns the outermost node; `None` in an empty document.
    pub fn root(&self) -> Option<NodeId> {
        (!self.nodes.is_empty()).then_some(NodeId(0))
    }

    /// Returns all nodes in document order.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    /// Returns the nodes within a node, in document order.
    pub fn descendants(&self, id: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        (id.0 + 1..self.nodes[id.index()].end).map(NodeId)
    }

    /// Returns the number of nodes.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Returns whether the document is empty.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Returns the last node that begins before a byte.
    pub fn last_before(&self, offset: usize) -> Option<NodeId> {
        let count = self.nodes.partition_point(|node| node.span.start < offset);
        count.checked_sub(1).map(|last| NodeId(last as u32))
    }

    /// Returns the comments in document order.
    pub fn comments(&self) -> &[Comment<'a>] {
        &self.comments
    }

    /// Adds comments that the text has blanks for.
    pub fn add_comments(&mut self, comments: impl IntoIterator<Item = Comment<'a>>) {
        self.comments.extend(comments);
        self.comments.sort_by_key(|comment| comment.span.start);
    }

    /// The kind of a node, with its content.
    pub fn kind(&self, id: NodeId) -> &NodeKind<'a> {
        &self.nodes[id.index()].kind
    }

    /// Returns the bytes of a node, with its quotes, and without its anchor, YAML tag and block scalar header.
    pub fn span(&self, id: NodeId) -> Span {
        self.nodes[id.index()].span
    }

    /// Returns the collection that contains a node.
    pub fn parent(&self, id: NodeId) -> Option<NodeId> {
        let parent = self.nodes[id.index()].parent;
        (parent != id.0).then_some(NodeId(parent))
    }

    /// Returns the direct children: items, or alternating keys and values.
    pub fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let end = self.nodes[id.index()].end;
        let mut next = id.0 + 1;
        std::iter::from_fn(move || {
            let here = NodeId(next);
            (next < end).then(|| {
                next = self.nodes[here.index()].end;
                here
            })
        })
    }

    /// Returns the keys and values of a mapping; nothing for other nodes.
    pub fn entries(&self, id: NodeId) -> impl Iterator<Item = (NodeId, NodeId)> + '_ {
        let is_mapping = matches!(self.kind(id), NodeKind::Mapping);
        let mut children = self.children(id);
        std::iter::from_fn(move || if is_mapping { children.next().zip(children.next()) } else { None })
    }

    /// Returns the items of a sequence; nothing for other nodes.
    pub fn items(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let is_sequence = matches!(self.kind(id), NodeKind::Sequence);
        self.children(id).take_while(move |_| is_sequence)
    }

    /// Returns the value of a key of a mapping or of its merge key (`<<`), and follows aliases. Of duplicate keys, the last one
    /// applies, as in most readers.
    pub fn get(&self, id: NodeId, key: &str) -> Option<NodeId> {
        // Nested merge keys could cause an exponential number of lookups.
        self.get_within(id, key, &mut 256)
    }

    fn get_within(&self, id: NodeId, key: &str, budget: &mut usize) -> Option<NodeId> {
        *budget = budget.checked_sub(1)?;
        let id = self.follow(id);
        if let Some(found) = self.own_value(id, key) {
            return Some(self.follow(found));
        }
        let merge = self.follow(self.own_value(id, "<<")?);
        match self.kind(merge) {
            NodeKind::Sequence => self.items(merge).find_map(|item| self.get_within(item, key, budget)),
            _ => self.get_within(merge, key, budget),
        }
    }

    /// Returns the value of a key that a mapping itself has.
    fn own_value(&self, id: NodeId, key: &str) -> Option<NodeId> {
        let size = |id: NodeId| self.nodes[id.index()].end - id.0;
        if size(id) < LARGE {
            return self
                .entries(id)
                .filter(|(name, _)| self.text_of(*name) == Some(key))
                .last()
                .map(|(_, value)| value);
        }
        let index = self.index.get_or_init(|| {
            let keys = |id: NodeId| {
                let named = self.entries(id).filter_map(|(name, value)| Some((self.text_of(name)?.into(), value)));
                (id, named.collect())
            };
            self.nodes().filter(|id| size(*id) >= LARGE).map(keys).collect()
        });
        index.get(&id)?.get(key).copied()
    }

    /// Returns the value at a path of keys.
    pub fn at(&self, id: NodeId, path: &[&str]) -> Option<NodeId> {
        path.iter().try_fold(id, |node, key| self.get(node, key))
    }

    /// Returns the node that an alias refers to; any other node itself.
    pub fn follow(&self, id: NodeId) -> NodeId {
        match self.kind(id) {
            NodeKind::Alias(Some(target)) => *target,
            _ => id,
        }
    }

    /// Returns the value of a scalar. Does not follow aliases.
    pub fn text_of(&self, id: NodeId) -> Option<&str> {
        match self.kind(id) {
            NodeKind::Scalar(value, _) => Some(value),
            _ => None,
        }
    }

    /// Returns the value of a scalar that every reader takes for a string: quoted, or plain and not a number, boolean or null.
    pub fn string(&self, id: NodeId) -> Option<&str> {
        match self.kind(id) {
            NodeKind::Scalar(value, Style::Plain) if !is_plain_string(value) => None,
            NodeKind::Scalar(value, _) => Some(value),
            _ => None,
        }
    }

    /// Returns the value of the scalar at a path of keys.
    pub fn text_at(&self, id: NodeId, path: &[&str]) -> Option<&str> {
        self.text_of(self.at(id, path)?)
    }

    /// Returns the notation of a scalar.
    pub fn style(&self, id: NodeId) -> Option<Style> {
        match self.kind(id) {
            NodeKind::Scalar(_, style) => Some(*style),
            _ => None,
        }
    }

    /// Returns whether a node is the key of a mapping.
    pub fn is_key(&self, id: NodeId) -> bool {
        self.nodes[id.index()].is_key
    }

    /// Returns the key of a value; `None` for items, keys and the root.
    pub fn key_of(&self, id: NodeId) -> Option<NodeId> {
        let parent = self.parent(id)?;
        if self.is_key(id) || *self.kind(parent) != NodeKind::Mapping {
            return None;
        }
        // The node of a scalar key directly precedes its value.
        let before = NodeId(id.0 - 1);
        if self.is_key(before) && self.parent(before) == Some(parent) {
            return Some(before);
        }
        self.entries(parent).find(|(_, value)| *value == id).map(|(key, _)| key)
    }

    /// Returns the text of the key of a value.
    pub fn key_text(&self, id: NodeId) -> Option<&str> {
        self.text_of(self.key_of(id)?)
    }

    /// Returns a node and the collections that contain it, the innermost first.
    pub fn ancestors(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(Some(id), |node| self.parent(*node))
    }

    /// Returns the field path of a node from the root: `spec.template.spec.containers[0].image`. A key that is not a plain name
    /// is written as `["…"]`.
    pub fn field_path(&self, id: NodeId) -> String {
        if self.is_lines {
            return self.key_text(id).unwrap_or_default().to_owned();
        }
        let mut steps = Vec::new();
        for node in self.ancestors(id) {
            let Some(parent) = self.parent(node) else { break };
            match self.kind(parent) {
                NodeKind::Mapping => steps.push(path_step(self.key_text(node).unwrap_or("?"))),
                _ => steps.push(format!("[{}]", self.nodes[node.index()].place)),
            }
        }
        let path: String = steps.into_iter().rev().collect();
        path.strip_prefix('.').map_or(path.clone(), str::to_owned)
    }
}

fn path_step(key: &str) -> String {
    let plain =
        !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'$' | b'/'));
    if plain { format!(".{key}") } else { format!("[{key:?}]") }
}

impl NodeId {
    /// Returns the index of the node in tables with one row per node.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}
