//! A YAML document as a flat tree of nodes with the exact bytes of every scalar, and its comments.
//!
//! A thin layer over `granit-parser`: it never renders, and it knows nothing about images.

use std::borrow::Cow;

use granit_parser::{Event, Parser, ScalarStyle, StructureStyle};

use super::scalar::{Style, is_plain_string};
use super::span::Span;

/// One document, parsed. Nodes stand in document order; a mapping's children are key, value, key, value.
#[derive(Debug)]
pub struct Tree<'a> {
    text: &'a str,
    nodes: Vec<Node<'a>>,
    comments: Vec<Comment>,
    is_lines: bool,
}

/// Which node of a [`Tree`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

/// A value, a key, or a collection of them.
#[derive(Debug)]
struct Node<'a> {
    shape: Shape<'a>,
    span: Span,
    parent: u32,
    /// One past the last node within it.
    end: u32,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape<'a> {
    /// Text, as YAML reads it. A plain empty scalar is a null.
    Scalar(Cow<'a, str>, Style),
    /// Keys and values.
    Mapping,
    /// Items.
    Sequence,
    /// A reference to an anchored node before it; `None` if there is none of that name.
    Alias(Option<NodeId>),
}

/// A comment with its `#`, without the end of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comment {
    /// Its bytes.
    pub span: Span,
}

/// Why a document could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct YamlError {
    /// Byte offset in the text.
    pub offset: usize,
    /// What the parser says.
    pub message: String,
}

/// Reads a text that holds one document, or several that end with `...`. Comments are kept if asked for.
///
/// After an error the rest of the text is not read.
pub fn parse(text: &str, comments: bool) -> Vec<Result<Tree<'_>, YamlError>> {
    let mut options = granit_parser::options! {
        max_buffered_comment_events: 1_000_000,
        simple_key_max_lookahead: 65_536,
        emit_unresolved_aliases: true,
        flow_nesting_limit: 512,
        block_nesting_limit: 512,
    };
    options.set_emit_comments(comments);
    let mut trees = Vec::new();
    let mut builder = Builder::new(text);
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((Event::DocumentEnd, _)) => {
                trees.push(Ok(std::mem::replace(&mut builder, Builder::new(text)).tree));
            }
            Ok((event, span)) => builder.take(event, span),
            Err(error) => {
                let offset = error.marker().byte_offset().unwrap_or_default().min(text.len());
                trees.push(Err(YamlError { offset, message: error.info() }));
                return trees;
            }
        }
    }
    if let (Some(Ok(last)), false) = (trees.last_mut(), builder.tree.comments.is_empty()) {
        last.comments.append(&mut builder.tree.comments);
    } else if trees.is_empty() && !builder.tree.comments.is_empty() {
        trees.push(Ok(builder.tree));
    }
    trees
}

struct Builder<'a> {
    tree: Tree<'a>,
    open: Vec<u32>,
    /// Granit's anchor numbers and the nodes that carry them.
    anchors: Vec<(usize, NodeId)>,
}

impl<'a> Builder<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            tree: Tree { text, nodes: Vec::new(), comments: Vec::new(), is_lines: false },
            open: Vec::new(),
            anchors: Vec::new(),
        }
    }

    fn take(&mut self, event: Event<'a>, span: granit_parser::Span) {
        let start = span.start.byte_offset().unwrap_or_default();
        let end = span.end.byte_offset().unwrap_or(start).max(start);
        let span = Span::new(start, end);
        match event {
            Event::Scalar(value, style, anchor, _) => {
                let null = span.is_empty() && style == ScalarStyle::Plain;
                let value = if null { Cow::Borrowed("") } else { value };
                self.push(Shape::Scalar(value, style_of(style)), span, anchor);
            }
            Event::MappingStart(style, anchor, _) => self.open(Shape::Mapping, style, span, anchor),
            Event::SequenceStart(style, anchor, _) => self.open(Shape::Sequence, style, span, anchor),
            Event::MappingEnd | Event::SequenceEnd => {
                if let Some(index) = self.open.pop() {
                    let end = self.tree.nodes.len() as u32;
                    let node = &mut self.tree.nodes[index as usize];
                    node.end = end;
                    node.span.end = node.span.end.max(span.end);
                }
            }
            Event::Alias(id) => {
                let target = self.anchors.iter().rev().find(|(anchor, _)| *anchor == id).map(|(_, node)| *node);
                self.push(Shape::Alias(target), span, 0);
            }
            Event::UnresolvedAlias(_) => {
                self.push(Shape::Alias(None), span, 0);
            }
            Event::Comment(..) => self.tree.comments.push(Comment { span }),
            _ => {}
        }
    }

    fn open(&mut self, shape: Shape<'a>, _: StructureStyle, span: Span, anchor: usize) {
        let id = self.push(shape, span, anchor);
        self.open.push(id.0);
    }

    fn push(&mut self, shape: Shape<'a>, span: Span, anchor: usize) -> NodeId {
        let id = NodeId(self.tree.nodes.len() as u32);
        let parent = self.open.last().copied().unwrap_or(id.0);
        self.tree.nodes.push(Node { shape, span, parent, end: id.0 + 1 });
        if anchor != 0 {
            self.anchors.push((anchor, id));
        }
        id
    }
}

fn style_of(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::Single,
        ScalarStyle::DoubleQuoted => Style::Double,
        ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
    }
}

/// A key and its value in a text that is no YAML: the key, the value, and the bytes of the value.
pub type Entry<'a> = (&'a str, Cow<'a, str>, Span);

impl<'a> Tree<'a> {
    /// A tree of what was read from a text by other means than YAML: a list of maps. Lines that begin with `#` are comments.
    pub fn of_lines(text: &'a str, maps: Vec<Vec<Entry<'a>>>) -> Self {
        let mut builder = Builder::new(text);
        let start = granit_parser::Span::default();
        builder.take(Event::SequenceStart(StructureStyle::Block, 0, None), start);
        for map in maps {
            builder.take(Event::MappingStart(StructureStyle::Block, 0, None), start);
            for (key, value, span) in map {
                let key_at = Span::new(span.start, span.start);
                builder.push(Shape::Scalar(Cow::Borrowed(key), Style::Text), key_at, 0);
                builder.push(Shape::Scalar(value, Style::Text), span, 0);
            }
            builder.take(Event::MappingEnd, start);
        }
        builder.take(Event::SequenceEnd, start);
        let mut tree = builder.tree;
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let indent = line.len() - line.trim_start().len();
            if line[indent..].starts_with('#') {
                tree.comments.push(Comment { span: Span::new(at + indent, at + line.trim_end().len()) });
            }
            at += line.len();
        }
        tree.is_lines = true;
        tree
    }

    /// Whether the text is no YAML: see [`of_lines`](Self::of_lines).
    pub fn is_lines(&self) -> bool {
        self.is_lines
    }

    /// The text that it was read from; spans are its bytes.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The outermost node; `None` in an empty document.
    pub fn root(&self) -> Option<NodeId> {
        (!self.nodes.is_empty()).then_some(NodeId(0))
    }

    /// All nodes in document order.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether the document is empty.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Comments in document order.
    pub fn comments(&self) -> &[Comment] {
        &self.comments
    }

    /// What a node is.
    pub fn shape(&self, id: NodeId) -> &Shape<'a> {
        &self.nodes[id.index()].shape
    }

    /// The bytes of a node: quotes included; anchors and YAML tags are not, nor is the header of a block scalar.
    pub fn span(&self, id: NodeId) -> Span {
        self.nodes[id.index()].span
    }

    /// The collection that a node stands in.
    pub fn parent(&self, id: NodeId) -> Option<NodeId> {
        let parent = self.nodes[id.index()].parent;
        (parent != id.0).then_some(NodeId(parent))
    }

    /// The direct children: items, or keys and values in turn.
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

    /// Keys and values of a mapping; nothing for anything else.
    pub fn entries(&self, id: NodeId) -> impl Iterator<Item = (NodeId, NodeId)> + '_ {
        let is_mapping = matches!(self.shape(id), Shape::Mapping);
        let mut children = self.children(id);
        std::iter::from_fn(move || if is_mapping { children.next().zip(children.next()) } else { None })
    }

    /// Items of a sequence; nothing for anything else.
    pub fn items(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let is_sequence = matches!(self.shape(id), Shape::Sequence);
        self.children(id).take_while(move |_| is_sequence)
    }

    /// The value of a key, aliases followed. The last one counts where a key stands twice, as most readers have it.
    /// Merge keys (`<<`) are looked into.
    pub fn get(&self, id: NodeId, key: &str) -> Option<NodeId> {
        self.get_within(id, key, 8)
    }

    fn get_within(&self, id: NodeId, key: &str, depth: usize) -> Option<NodeId> {
        let id = self.follow(id);
        let (mut found, mut merge) = (None, None);
        for (name, value) in self.entries(id) {
            match self.text_of(name) {
                Some(text) if text == key => found = Some(value),
                Some("<<") => merge = Some(value),
                _ => {}
            }
        }
        if let Some(found) = found {
            return Some(self.follow(found));
        }
        let merge = self.follow(merge?);
        let depth = depth.checked_sub(1)?;
        match self.shape(merge) {
            Shape::Sequence => self.items(merge).find_map(|item| self.get_within(item, key, depth)),
            _ => self.get_within(merge, key, depth),
        }
    }

    /// The value at the end of a path of keys.
    pub fn at(&self, id: NodeId, path: &[&str]) -> Option<NodeId> {
        path.iter().try_fold(id, |node, key| self.get(node, key))
    }

    /// The anchored node that an alias means; any other node is itself.
    pub fn follow(&self, id: NodeId) -> NodeId {
        match self.shape(id) {
            Shape::Alias(Some(target)) => *target,
            _ => id,
        }
    }

    /// The value of a scalar, without following aliases.
    pub fn text_of(&self, id: NodeId) -> Option<&str> {
        match self.shape(id) {
            Shape::Scalar(value, _) => Some(value),
            _ => None,
        }
    }

    /// The value of a scalar that is text to every reader: quoted, or plain and no number, boolean or null.
    pub fn string(&self, id: NodeId) -> Option<&str> {
        match self.shape(id) {
            Shape::Scalar(value, Style::Plain) if !is_plain_string(value) => None,
            Shape::Scalar(value, _) => Some(value),
            _ => None,
        }
    }

    /// The value of the scalar at a path of keys.
    pub fn text_at(&self, id: NodeId, path: &[&str]) -> Option<&str> {
        self.text_of(self.at(id, path)?)
    }

    /// How a scalar is written.
    pub fn style(&self, id: NodeId) -> Option<Style> {
        match self.shape(id) {
            Shape::Scalar(_, style) => Some(*style),
            _ => None,
        }
    }

    /// Whether a node is the key of a mapping.
    pub fn is_key(&self, id: NodeId) -> bool {
        self.parent(id).is_some_and(|parent| self.entries(parent).any(|(key, _)| key == id))
    }

    /// The key of a value; `None` for items, keys and the root.
    pub fn key_of(&self, id: NodeId) -> Option<NodeId> {
        let parent = self.parent(id)?;
        self.entries(parent).find(|(_, value)| *value == id).map(|(key, _)| key)
    }

    /// The text of the key of a value.
    pub fn key_text(&self, id: NodeId) -> Option<&str> {
        self.text_of(self.key_of(id)?)
    }

    /// A node and the collections around it, from the inside out.
    pub fn ancestors(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(Some(id), |node| self.parent(*node))
    }

    /// The way from the root: `spec.template.spec.containers[0].image`. Keys that are no plain names stand in `["…"]`.
    pub fn route(&self, id: NodeId) -> String {
        if self.is_lines {
            return self.key_text(id).unwrap_or_default().to_owned();
        }
        let mut steps = Vec::new();
        for node in self.ancestors(id) {
            let Some(parent) = self.parent(node) else { break };
            match self.shape(parent) {
                Shape::Mapping => steps.push(route_step(self.key_text(node).unwrap_or("?"))),
                _ => steps.push(format!("[{}]", self.items(parent).position(|item| item == node).unwrap_or_default())),
            }
        }
        let route: String = steps.into_iter().rev().collect();
        route.strip_prefix('.').map_or(route.clone(), str::to_owned)
    }
}

fn route_step(key: &str) -> String {
    let plain =
        !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'$' | b'/'));
    if plain { format!(".{key}") } else { format!("[{key:?}]") }
}

impl NodeId {
    /// As an index into tables with one row per node.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Tree<'_> {
        parse(text, true).pop().unwrap().unwrap()
    }

    #[test]
    fn spans_are_the_exact_bytes() {
        let text = "ä: &x !t 'a''b' # c\nb: \"c\\u0041\"\nd: |\n  e\n  f\ng: *x\nh:\ni: {j: k, l: [m]}\n";
        let tree = one(text);
        let of = |path: &[&str]| {
            let node = tree.at(tree.root().unwrap(), path).unwrap();
            (tree.text_of(node).unwrap().to_owned(), &text[tree.span(node).range()])
        };
        assert_eq!(of(&["ä"]), ("a'b".to_owned(), "'a''b'"));
        assert_eq!(of(&["b"]), ("cA".to_owned(), "\"c\\u0041\""));
        assert_eq!(of(&["d"]).0, "e\nf\n");
        assert_eq!(of(&["g"]), of(&["ä"]));
        assert_eq!(of(&["h"]), (String::new(), ""));
        assert_eq!(of(&["i", "j"]).1, "k");
        assert_eq!(tree.comments().iter().map(|c| &text[c.span.range()]).collect::<Vec<_>>(), ["# c"]);
        let m = tree.nodes().find(|n| tree.text_of(*n) == Some("m")).unwrap();
        assert_eq!(tree.route(m), "i.l[0]");
    }

    #[test]
    fn redefined_anchors_merges_and_doubled_keys() {
        let tree = one("a: &x {k: 1}\nb: {<<: *x, j: 2}\nc: &x {k: 3}\nd: {<<: [*x, {z: 9}]}\nd2: *nope\ne: 1\ne: 2\n");
        let root = tree.root().unwrap();
        let rows = [(&["b", "k"][..], "1"), (&["d", "k"], "3"), (&["d", "z"], "9"), (&["e"], "2")];
        for (path, value) in rows {
            assert_eq!(tree.text_at(root, path), Some(value), "{path:?}");
        }
        assert_eq!(tree.text_at(root, &["d2"]), None);
    }

    #[test]
    fn a_loop_of_aliases_ends() {
        let tree = one("a: &a\n  <<: *a\n  b: 1\n");
        assert_eq!(tree.text_at(tree.root().unwrap(), &["a", "nope"]), None);
    }
}
