//! Returns the paths of all values of a file, to compare them with one that the configuration names.

use super::find::{parse, without_byte_order_mark};
use super::format_set::FormatSet;
use super::options::FindOptions;
use crate::text::{self, NodeId, NodeKind, Tree};

/// The path of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldPath {
    /// Where the value is used.
    pub path: String,
    /// Where it is written: the place of the anchor, if the value is an alias; else the same path.
    pub written_at: String,
}

/// Returns the paths of the fields of all documents that parse.
pub(super) fn fields(set: &FormatSet<'_>, path: &str, bytes: &[u8]) -> Vec<FieldPath> {
    let Ok(text) = text::utf8(bytes) else { return Vec::new() };
    let options = FindOptions::default();
    let own = set.formats.iter().filter(|format| format.is_named(path)).find_map(|format| format.text_parser());
    if let Some(parse) = own {
        return fields_of(&parse(path, without_byte_order_mark(text).1, &options)).collect();
    }
    let text = text::as_yaml(path, text).text;
    let (_, body) = without_byte_order_mark(&text);
    let mut fields = Vec::new();
    for span in text::documents(body) {
        let part = &body[span.range()];
        for tree in parse(part, text::without_expressions(part).as_deref()).iter().flatten() {
            fields.extend(fields_of(tree));
        }
    }
    fields
}

/// Returns the paths of all values.
fn fields_of(tree: &Tree<'_>) -> impl Iterator<Item = FieldPath> {
    let is_scalar = |node: &NodeId| matches!(tree.kind(tree.follow(*node)), NodeKind::Scalar(..));
    let values = tree.nodes().filter(move |node| is_scalar(node) && !tree.is_key(*node));
    values.map(|node| FieldPath { path: tree.field_path(node), written_at: tree.field_path(tree.follow(node)) })
}
