//! Nodes that are ignored whatever they hold: because of the kind of their object, a status, or their file.

use super::document::Document;
use crate::text::NodeId;

/// Returns the reason why a node is ignored; `None` if it is not.
pub(super) fn reason(document: &Document<'_>, node: NodeId) -> Option<String> {
    if let Some(reason) = document.screen.ignored_kind(document.group(), document.kind) {
        return Some(reason);
    }
    if document.is_object() && is_status(document, node) {
        return Some("status: a controller writes it".to_owned());
    }
    if let Some(reason) = inner_object(document, node) {
        return Some(reason);
    }
    if document.is_object() {
        return None;
    }
    document.screen.ignored_file(document.path).map(|(owner, reason)| format!("{owner}: {reason}"))
}

/// Returns whether a node is below the top-level `status` of an object, or of an object in a `List`.
fn is_status(document: &Document<'_>, node: NodeId) -> bool {
    let tree = document.tree;
    tree.ancestors(node).any(|at| {
        tree.key_text(at) == Some("status")
            && tree.parent(at).is_some_and(|map| {
                map == document.root || (tree.get(map, "apiVersion").is_some() && tree.get(map, "kind").is_some())
            })
    })
}

/// Returns the reason of an ignored object within another one: in a `kind: List`, in a policy that generates objects.
fn inner_object(document: &Document<'_>, node: NodeId) -> Option<String> {
    let tree = document.tree;
    tree.ancestors(node).filter(|at| *at != document.root).find_map(|at| {
        let api_version = tree.text_at(at, &["apiVersion"])?;
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        document.screen.ignored_kind(group, tree.text_at(at, &["kind"])?)
    })
}
