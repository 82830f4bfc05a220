//! Parses YAML into trees: a thin layer over `granit-parser`.

use std::borrow::Cow;
use std::sync::OnceLock;

use granit_parser::{Event, Parser, ScalarStyle, StructureStyle};

use super::scalar::Style;
use super::span::Span;
use super::tree::{Comment, NodeId, NodeKind, Tree, TreeNode};

/// Why a document cannot be parsed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct YamlError {
    /// Byte offset in the text.
    pub offset: usize,
    /// The message of the parser.
    pub message: String,
}

/// Parses a text with one document, or with several that end with `...`. Keeps comments if `comments` is set.
///
/// Stops at the first error, which is the last element.
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

/// A collection that is not closed yet.
struct Open {
    node: u32,
    /// The number of its children so far.
    children: u32,
    /// Whether the next node in it is a key.
    next_is_key: bool,
}

struct Builder<'a> {
    tree: Tree<'a>,
    /// The collections that contain the next node.
    open: Vec<Open>,
    /// The numbers that granit assigns to anchors, and their nodes.
    anchors: Vec<(usize, NodeId)>,
}

impl<'a> Builder<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            tree: Tree { text, nodes: Vec::new(), comments: Vec::new(), is_lines: false, index: OnceLock::new() },
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
                self.push(NodeKind::Scalar(value, style_of(style)), span, anchor);
            }
            Event::MappingStart(style, anchor, _) => self.open(NodeKind::Mapping, style, span, anchor),
            Event::SequenceStart(style, anchor, _) => self.open(NodeKind::Sequence, style, span, anchor),
            Event::MappingEnd | Event::SequenceEnd => {
                if let Some(open) = self.open.pop() {
                    let end = self.tree.nodes.len() as u32;
                    let node = &mut self.tree.nodes[open.node as usize];
                    node.end = end;
                    node.span.end = node.span.end.max(span.end);
                }
            }
            Event::Alias(id) => {
                // The parser numbers anchors in document order.
                let target = self.anchors.binary_search_by_key(&id, |(anchor, _)| *anchor).ok();
                self.push(NodeKind::Alias(target.map(|at| self.anchors[at].1)), span, 0);
            }
            Event::UnresolvedAlias(_) => {
                self.push(NodeKind::Alias(None), span, 0);
            }
            Event::Comment(..) => {
                let text = Cow::Borrowed(&self.tree.text[span.range()]);
                self.tree.comments.push(Comment { span, text });
            }
            _ => {}
        }
    }

    fn open(&mut self, kind: NodeKind<'a>, _: StructureStyle, span: Span, anchor: usize) {
        let holds_keys = kind == NodeKind::Mapping;
        let id = self.push(kind, span, anchor);
        self.open.push(Open { node: id.0, next_is_key: holds_keys, children: 0 });
    }

    fn push(&mut self, kind: NodeKind<'a>, span: Span, anchor: usize) -> NodeId {
        let id = NodeId(self.tree.nodes.len() as u32);
        let (mut parent, mut place, mut is_key) = (id.0, 0, false);
        if let Some(open) = self.open.last_mut() {
            (parent, place, is_key) = (open.node, open.children, open.next_is_key);
            open.children += 1;
            open.next_is_key = self.tree.nodes[parent as usize].kind == NodeKind::Mapping && !is_key;
        }
        self.tree.nodes.push(TreeNode { kind, span, parent, place, end: id.0 + 1, is_key });
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

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Tree<'_> {
        parse(text, true).pop().unwrap().unwrap()
    }

    #[test]
    fn keeps_exact_bytes_of_nodes() {
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
        assert_eq!(tree.field_path(m), "i.l[0]");
    }

    #[test]
    fn resolves_redefined_anchors_merge_keys_and_duplicate_keys() {
        let tree = one("a: &x {k: 1}\nb: {<<: *x, j: 2}\nc: &x {k: 3}\nd: {<<: [*x, {z: 9}]}\nd2: *nope\ne: 1\ne: 2\n");
        let root = tree.root().unwrap();
        let rows = [(&["b", "k"][..], "1"), (&["d", "k"], "3"), (&["d", "z"], "9"), (&["e"], "2")];
        for (path, value) in rows {
            assert_eq!(tree.text_at(root, path), Some(value), "{path:?}");
        }
        assert_eq!(tree.text_at(root, &["d2"]), None);
    }

    #[test]
    fn lookup_ends_in_a_cycle_of_aliases() {
        let tree = one("a: &a\n  <<: *a\n  b: 1\n");
        assert_eq!(tree.text_at(tree.root().unwrap(), &["a", "nope"]), None);
    }
}
