//! Maps nodes of a document to places in the file: line, column and bytes.

use std::cell::{Cell, OnceCell};
use std::sync::Arc;

use super::document::Document;
use super::occurrence::Place;
use crate::text::{LineIndex, NodeId, NodeKind, Position, Span, Style, Tree, has_placeholder};

/// The file that findings are reported from.
pub(super) struct File<'a> {
    pub(super) path: Arc<str>,
    pub(super) bytes: &'a [u8],
    lines: OnceCell<LineIndex>,
    /// The number of the next occurrence.
    next_index: Cell<u32>,
}

impl<'a> File<'a> {
    pub(super) fn new(path: &str, bytes: &'a [u8]) -> Self {
        Self { path: Arc::from(path), bytes, lines: OnceCell::new(), next_index: Cell::new(0) }
    }

    /// Returns a number that no other occurrence in the file has.
    pub(super) fn next_index(&self) -> u32 {
        let index = self.next_index.get();
        self.next_index.set(index + 1);
        index
    }

    /// Returns the text of some bytes.
    fn text(&self, span: Span) -> Option<&str> {
        std::str::from_utf8(self.bytes.get(span.range())?).ok()
    }

    pub(super) fn position(&self, offset: usize) -> Position {
        self.lines.get_or_init(|| LineIndex::new(self.bytes)).position(self.bytes, offset)
    }
}

/// Returns the place of a node in its file.
pub(super) fn place(document: &Document<'_>, file: &File<'_>, node: NodeId) -> Place {
    let tree = document.tree;
    let local = tree.span(node);
    let origin = &document.origin;
    let in_file = |offset| origin.bytes.as_ref().map_or(origin.fallback_offset, |bytes| bytes.offset(offset));
    let start = in_file(local.start);
    let span = match tree.kind(node) {
        NodeKind::Scalar(..) => origin.bytes.as_ref().and_then(|bytes| bytes.span(local)),
        _ => None,
    };
    let value = tree.text_of(node).unwrap_or_default();
    let as_written = || if has_placeholder(value) { file.text(span?) } else { None };
    Place {
        path: file.path.clone(),
        position: file.position(in_file(begins(tree, node))),
        field: document.field_path(node),
        value: as_written().unwrap_or(value).to_owned(),
        span: Some(span.unwrap_or(Span::new(start, start))),
    }
}

/// Returns where a node begins for a reader: a block scalar begins at its header.
pub(super) fn begins(tree: &Tree<'_>, node: NodeId) -> usize {
    let start = tree.span(node).start;
    if tree.style(node) == Some(Style::Block) { block_header(tree.text(), start) } else { start }
}

/// Returns the offset of the `|` or `>` above the content of a block scalar.
fn block_header(text: &str, content: usize) -> usize {
    let above = text[..content].trim_end();
    let line_start = above.rfind(['\n', '\r']).map_or(0, |at| at + 1);
    let header = above[line_start..]
        .match_indices(['|', '>'])
        .find(|(at, _)| above[..line_start + at].ends_with([' ', '\t', '\n', '\r']) || line_start + at == 0);
    header.map_or(content, |(at, _)| line_start + at)
}
