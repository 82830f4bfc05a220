//! References in maps that name what their value is: environment variables, parameters, JSON patches.

use super::super::document::Document;
use super::super::found::DocumentFindings;
use super::super::occurrence::NoticeStatus;
use super::super::screen::BUILT;
use super::super::split_reference::SplitReference;
use super::super::value::{is_full_reference, is_unambiguous_reference};
use super::names::{contains_image, flag_of_image, is_image_key};
use super::registry::report_beside;
use crate::text::NodeId;

/// Reports `value` or `default` beside a `name`: environment variables, parameters of Tekton and Argo Workflows.
pub(super) fn named_value(
    document: &Document<'_>,
    found: &mut DocumentFindings<'_>,
    format: &'static str,
    map: NodeId,
) {
    let tree = document.tree;
    let name = tree.text_at(map, &["name"]).unwrap_or_default();
    let is_bundle = document.group() == "tekton.dev" && name == "bundle";
    let names_image = contains_image(name) || is_bundle;
    for key in ["value", "default"] {
        let Some(value) = tree.get(map, key).filter(|value| !found.is_taken(*value)) else { continue };
        let Some(text) = tree.string(value) else { continue };
        let is_reference = is_unambiguous_reference(text) || (names_image && is_full_reference(text));
        if is_full_reference(text) && found.parameter_uses(tree).is_output(tree, map, name) {
            found.report_notice(document, format, value, NoticeStatus::Ignored, BUILT.to_owned());
        } else if is_reference {
            let list = tree.parent(map);
            let entries = list.into_iter().flat_map(|list| tree.items(list));
            let beside = entries.filter_map(|one| Some((tree.text_at(one, &["name"])?, tree.text_at(one, &[key])?)));
            report_beside(document, found, format, (name, value, 0..text.len()), beside);
        } else if names_image && text.contains('\n') {
            assignments(document, found, format, value, text);
        }
    }
}

/// Reports the references in lines such as `3.9.0=quay.io/strimzi/kafka:0.45-kafka-3.9.0`.
fn assignments(
    document: &Document<'_>,
    found: &mut DocumentFindings<'_>,
    format: &'static str,
    node: NodeId,
    text: &str,
) {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end();
        if let Some(equals) = content.find('=')
            && is_full_reference(&content[equals + 1..])
        {
            found.report_reference_in(document, format, node, at + equals + 1..at + content.len());
        }
        at += line.len();
    }
}

/// Reports the value of a JSON patch (RFC 6902): `{op: replace, path: /spec/containers/0/image, value: nginx:1.27}`.
pub(super) fn json_patch(document: &Document<'_>, found: &mut DocumentFindings<'_>, format: &'static str, map: NodeId) {
    let tree = document.tree;
    let Some(path) = tree.text_at(map, &["path"]).filter(|path| path.starts_with('/')) else { return };
    let Some(value) = tree.get(map, "value").filter(|value| !found.is_taken(*value)) else { return };
    let Some(text) = tree.text_of(value).filter(|text| !text.is_empty()) else { return };
    let key = path.rsplit('/').next().unwrap_or_default();
    if is_image_key(key) || key == "imageName" {
        found.report_reference(document, format, value);
    } else if matches!(key, "tag" | "newTag") && contains_image(path) {
        let name = found.marked_image(document, value);
        found.report_split(document, format, &SplitReference { name, tag: Some(value), ..SplitReference::default() });
    } else if is_full_reference(text) && contains_image(path) {
        found.report_reference(document, format, value);
    } else if let Some(equals) = flag_of_image(text) {
        found.report_reference_in(document, format, value, equals + 1..text.len());
    }
}
