//! One walk over all mappings and lists of a document, for references under keys that hold images in any file.

use super::super::document::Document;
use super::super::found::DocumentFindings;
use super::super::occurrence::NoticeStatus;
use super::super::screen::{BUILT, mentions};
use super::super::split_reference::SplitReference;
use super::super::value::{is_full_reference, is_unambiguous_reference};
use super::command::Command;
use super::jobs::are_services;
use super::names::{
    ALLOWED, assigns_image, contains_image, is_allow_list, is_image_key, is_image_list_key, is_variable,
};
use super::registry::{report_beside, report_complete};
use super::{pair, single, split};
use crate::text::{NodeId, NodeKind, Style};

/// Texts of which every document with a reference for [`walk`] holds one: keys as YAML and JSON write them.
pub(crate) const NEEDLES: &[&str] = &[
    "mage",
    "IMAGE",
    "tag:",
    "Tag:",
    "TAG",
    "tag\"",
    "Tag\"",
    "tag'",
    "_tag",
    "repository:",
    "repository\"",
    "digest:",
    "digest\"",
    "oci://",
    "package:",
    "bundle",
    "docker://",
];

/// The key of a list of `NAME=value` in kustomizations, where names are as free as in a ConfigMap.
const LITERALS: &str = "literals";

/// Reports the references of the whole document. Does nothing if an earlier format has called it.
pub(crate) fn walk(document: &Document<'_>, found: &mut DocumentFindings<'_>, format: &'static str) {
    let tree = document.tree;
    if std::mem::replace(&mut found.is_walked, true) {
        return;
    }
    for node in tree.nodes() {
        match tree.kind(node) {
            NodeKind::Mapping => mapping(document, found, format, node),
            NodeKind::Sequence => sequence(document, found, format, node),
            NodeKind::Scalar(value, style) if may_embed(document, node, value, *style) && !found.is_taken(node) => {
                found.embedded.push(node);
            }
            _ => {}
        }
    }
    named_by_rules(document, found, format);
    // Last: the key of an alias may have shown that an anchored value is an image.
    for node in tree.nodes() {
        if let NodeKind::Scalar(value, _) = tree.kind(node)
            && !tree.is_key(node)
            && is_unambiguous_reference(value)
            && !found.is_taken(node)
            && !found.is_marked(document, node)
        {
            let reason =
                "looks like an image, but its key does not name one; add a comment `# tagboat: POLICY` to manage it";
            found.report_notice(document, format, node, NoticeStatus::Ignored, reason.to_owned());
        }
    }
}

/// Reports the values for which a rule of the configuration names the image, whatever their keys are.
pub(in crate::manifest) fn named_by_rules(
    document: &Document<'_>,
    found: &mut DocumentFindings<'_>,
    format: &'static str,
) {
    let tree = document.tree;
    if document.tag_fields().next().is_none() {
        return;
    }
    for node in tree.nodes().filter(|node| !tree.is_key(*node) && tree.text_of(*node).is_some()) {
        if found.is_taken(node) {
            continue;
        }
        let field = document.field_path(node);
        let Some(rule) = document.tag_fields().find(|rule| rule.field == field) else { continue };
        let problem = match tree.text_of(node) {
            _ if !split::is_filled(tree, node) => "is empty",
            Some(text) if is_full_reference(text) => "is a whole reference",
            _ => {
                let name = Some(rule.image.clone());
                let split = SplitReference { name, tag: Some(node), ..SplitReference::default() };
                found.report_split(document, format, &split);
                continue;
            }
        };
        let reason = format!(
            "`manifests.tags` names the value as a tag of {}, and it {problem}; correct the setting",
            rule.image
        );
        found.report_notice(document, format, node, NoticeStatus::Held, reason);
    }
}

/// Returns whether a scalar may hold a document of its own: several lines, JSON, assignments, or the text of a format that its key
/// names.
fn may_embed(document: &Document<'_>, node: NodeId, value: &str, style: Style) -> bool {
    let tree = document.tree;
    if value.len() <= 10 || tree.is_key(node) || value.starts_with("#!") {
        return false;
    }
    let is_of_text_key =
        value.contains([' ', '=', '\n']) && tree.key_text(node).is_some_and(|key| document.screen.is_text_key(key));
    let is_document = style != Style::Plain
        && (memchr::memchr(b'\n', value.as_bytes()).is_some() || value.starts_with(['{', '[']))
        && document.screen.may_hold(value.as_bytes());
    // Argo CD Image Updater's `image-list` is written as assignments, too.
    let is_annotation = || tree.parent(node).and_then(|map| tree.key_text(map)) == Some("annotations");
    is_of_text_key || is_document || (may_assign_reference(value) && !is_annotation())
}

/// Returns whether a text may hold `NAME=registry/image:tag`, which has none of the words that formats declare.
fn may_assign_reference(value: &str) -> bool {
    value.split_once('=').is_some_and(|(name, rest)| !name.starts_with('-') && mentions(rest).next().is_some())
}

fn mapping(document: &Document<'_>, found: &mut DocumentFindings<'_>, format: &'static str, map: NodeId) {
    let tree = document.tree;
    split::find(document, found, format, map);
    let (mut has_name, mut has_path) = (false, false);
    for (key, value) in tree.entries(map) {
        let value = tree.follow(value);
        let (Some(text), Some(_)) = (tree.text_of(key), tree.text_of(value)) else { continue };
        has_name |= text == "name";
        has_path |= text == "path";
        if !found.is_taken(value) {
            single::report(document, found, format, map, (text, value));
        }
    }
    if has_name {
        pair::named_value(document, found, format, map);
    }
    if has_path {
        pair::json_patch(document, found, format, map);
    }
}

/// Reports the items of lists of images, and the references in command-line arguments and environment variables.
fn sequence(document: &Document<'_>, found: &mut DocumentFindings<'_>, format: &'static str, list: NodeId) {
    let tree = document.tree;
    let key = tree.key_text(list).unwrap_or_default();
    let is_image_list = is_image_list_key(key) || is_image_key(key) || key.ends_with("_images") || key == "container";
    let are_services = are_services(document, key);
    let mut command = Command::default();
    let mut follows_image_flag = false;
    let mut last_flag = "";
    for item in tree.items(list) {
        let item = tree.follow(item);
        let Some(text) = tree.string(item) else { continue };
        let (is_flag, equals) = (text.starts_with('-'), text.find('='));
        let is_output = command.next_is_output(text);
        if found.is_taken(item) {
            // Reported under another key.
        } else if is_output && names_output(&text[equals.map_or(0, |equals| equals + 1)..]) {
            found.report_notice(document, format, item, NoticeStatus::Ignored, BUILT.to_owned());
        } else if is_image_list && is_allow_list(key) && is_full_reference(text) {
            found.report_notice(document, format, item, NoticeStatus::Ignored, ALLOWED.to_owned());
        } else if is_image_list && is_full_reference(text) && !are_services {
            report_complete(document, found, format, item);
        } else if are_services || follows_image_flag && is_full_reference(text) {
            let beside = flags(document, list);
            report_beside(document, found, format, (last_flag, item, 0..text.len()), beside);
        } else if let Some(equals) = equals
            && (is_flag || is_variable(&text[..equals]) || key == LITERALS)
            && assigns_image(&text[..equals], &text[equals + 1..])
        {
            let beside = flags(document, list);
            report_beside(document, found, format, (&text[..equals], item, equals + 1..text.len()), beside);
        }
        last_flag = text;
        follows_image_flag = is_flag && equals.is_none() && contains_image(text);
    }
}

/// Returns the flags and the variables of a list with their values: `--registry=ghcr.io`, or `--registry` and `ghcr.io`.
fn flags<'t>(document: &Document<'t>, list: NodeId) -> impl Iterator<Item = (&'t str, &'t str)> {
    let tree = document.tree;
    let words: Vec<&str> = tree.items(list).filter_map(|item| tree.string(tree.follow(item))).collect();
    let pairs: Vec<_> =
        words.windows(2).map(|pair| (pair[0], pair[1])).filter(|(flag, _)| flag.starts_with('-')).collect();
    words.into_iter().filter_map(|word| word.split_once('=')).chain(pairs)
}

/// Returns whether a word that names what a command writes has a reference: `repo:1`, or `type=image,name=registry/repo:1`.
fn names_output(text: &str) -> bool {
    is_full_reference(text) || mentions(text).next().is_some()
}
