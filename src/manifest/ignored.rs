//! Nodes that are ignored whatever they hold, and files whose references are ignored by default.

use super::document::Document;
use super::options::PATTERN;
use crate::text::{NodeId, NodeKind};

/// Returns the reason why a node is ignored; `None` if it is not.
pub(super) fn reason(document: &Document<'_>, node: NodeId) -> Option<String> {
    if let Some(reason) = document.screen.ignored_kind(document.group(), document.kind) {
        return Some(reason);
    }
    if is_status(document, node) {
        return Some("status: a controller writes it".to_owned());
    }
    by_field(document, node)
}

/// Returns the reason to ignore a reference in a file of another tool, unless a person names a policy for it. What a pattern of
/// the configuration matches is named, and so is a tag whose field and image it names.
pub(super) fn by_default(document: &Document<'_>, format: &str, node: NodeId) -> Option<String> {
    if format == PATTERN || names_tag(document, node) {
        return None;
    }
    let ignored = if document.is_object() {
        document.screen.ignored_objects(document.path, document.group())
    } else {
        document.file_of_tool()
    };
    let (owner, reason) = ignored?;
    Some(format!("{owner}: {reason}"))
}

fn names_tag(document: &Document<'_>, node: NodeId) -> bool {
    let mut rules = document.tag_fields().peekable();
    let field = rules.peek().map(|_| document.field_path(node));
    field.is_some_and(|field| rules.any(|rule| rule.field == field))
}

/// Returns whether a node is below the top-level `status` of a document, or of an object in a `List`. In the values of a chart,
/// that key is about a component.
fn is_status(document: &Document<'_>, node: NodeId) -> bool {
    let tree = document.tree;
    tree.ancestors(node).any(|at| {
        tree.key_text(at) == Some("status")
            && *tree.kind(at) == NodeKind::Mapping
            && tree.parent(at).is_some_and(|map| {
                (map == document.root && !document.holds_chart_values())
                    || (tree.get(map, "apiVersion").is_some() && tree.get(map, "kind").is_some())
            })
    })
}

/// Returns the reason of an ignored object around a node, or of an ignored field of it or of the file. The object may be within
/// another one: in a `kind: List`, in a policy that generates objects.
fn by_field(document: &Document<'_>, node: NodeId) -> Option<String> {
    let tree = document.tree;
    let mut keys = Vec::new();
    for at in tree.ancestors(node) {
        if let (Some(api_version), Some(kind)) = (tree.text_at(at, &["apiVersion"]), tree.text_at(at, &["kind"])) {
            let group = api_version.split_once('/').map_or("", |(group, _)| group);
            let from_object: Vec<&str> = keys.iter().rev().copied().collect();
            let screen = document.screen;
            let reason = screen.ignored_kind(group, kind).or_else(|| screen.ignored_field(group, kind, &from_object));
            if reason.is_some() {
                return reason;
            }
        }
        keys.extend(tree.key_text(at));
    }
    let from_root: Vec<&str> = keys.into_iter().rev().collect();
    let is_of_file = document.depth == 0 && !document.is_object();
    if is_of_file { document.screen.ignored_field_of_file(document.file_name, &from_root) } else { None }
}
