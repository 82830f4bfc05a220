//! References under keys that mean images wherever they stand: what Kubernetes objects, Helm values and all other YAML
//! have in common. One walk over all mappings of a document.

use super::super::document::Document;
use super::super::found::Found;
use super::super::occurrence::NoticeStatus;
use super::super::split_reference::SplitReference;
use super::super::value::{is_full_reference, is_unambiguous_reference, not_literal};
use super::split::{self, is_image_key};
use crate::text::{NodeId, Shape, Style};

/// Texts of which every document has one in which [`walk`] finds a reference: keys as YAML and JSON write them.
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
];

/// Walks the whole document, once.
pub(crate) fn walk(document: &Document<'_>, found: &mut Found<'_>, format: &'static str) {
    let tree = document.tree;
    if std::mem::replace(&mut found.is_walked, true) {
        return;
    }
    for node in tree.nodes() {
        match tree.shape(node) {
            Shape::Mapping => mapping(document, found, format, node),
            Shape::Sequence => sequence(document, found, format, node),
            Shape::Scalar(value, style) if may_embed(document, value, *style) && !found.is_taken(node) => {
                found.embedded.push(node);
            }
            _ => {}
        }
    }
    // Last: an alias may have told what an anchored value is.
    for node in tree.nodes() {
        if let Shape::Scalar(value, _) = tree.shape(node)
            && !tree.is_key(node)
            && is_unambiguous_reference(value)
            && !found.is_taken(node)
            && !found.is_marked(document, node)
        {
            let reason = "it reads like an image, but nothing says that it is one: a comment `# tagboat: POLICY` does";
            found.report_notice(document, format, node, NoticeStatus::Ignored, reason.to_owned());
        }
    }
}

/// Whether a scalar may hold a document of its own: several lines, or JSON.
fn may_embed(document: &Document<'_>, value: &str, style: Style) -> bool {
    style != Style::Plain
        && value.len() > 10
        && (memchr::memchr(b'\n', value.as_bytes()).is_some() || value.starts_with(['{', '[']))
        && document.screen.may_hold(value.as_bytes())
        && !value.starts_with("#!")
}

fn mapping(document: &Document<'_>, found: &mut Found<'_>, format: &'static str, map: NodeId) {
    let tree = document.tree;
    split::find(document, found, format, map);
    let (mut named, mut patched) = (false, false);
    for (key, value) in tree.entries(map) {
        let value = tree.follow(value);
        let (Some(text), Some(_)) = (tree.text_of(key), tree.text_of(value)) else { continue };
        named |= text == "name";
        patched |= text == "path";
        if !found.is_taken(value) {
            single(document, found, format, map, text, value);
        }
    }
    if named {
        pair(document, found, format, map);
    }
    if patched {
        patch(document, found, format, map);
    }
}

/// A value that is a whole reference: `image: nginx:1.27`.
fn single(document: &Document<'_>, found: &mut Found<'_>, format: &'static str, map: NodeId, key: &str, value: NodeId) {
    let tree = document.tree;
    let Some(text) = tree.text_of(value) else { return };
    let is_text = tree.string(value).is_some();
    if key == "kubectl.kubernetes.io/last-applied-configuration" {
        let reason = "kubectl's record of what was applied".to_owned();
        return found.report_notice(document, format, value, NoticeStatus::Ignored, reason);
    }
    if key == "image" {
        if tree.style(value) == Some(Style::Block) && text.trim().contains('\n') {
            return;
        }
        let container = is_container(document, map);
        return if is_text && !text.is_empty() {
            image(document, found, format, value, container);
        } else if container {
            let reason = "the container has no image: the value is empty or no text".to_owned();
            found.report_notice(document, format, value, NoticeStatus::Held, reason);
        } else {
            let reason = "it sets no image: the value is empty or no text".to_owned();
            found.report_notice(document, format, value, NoticeStatus::Ignored, reason);
        };
    }
    let under_image = || tree.key_text(map).is_some_and(is_image_key);
    let kind_says_image = || tree.text_at(map, &["kind"]).is_some_and(|kind| kind == "DockerImage");
    let is_list = |key: &str| key == "images" || key.ends_with("Images");
    let expected = match key {
        "imageName" | "baseImage" | "containerImage" | "imageRef" | "image_name" => true,
        "reference" => under_image(),
        "name" => kind_says_image(),
        _ if tree.key_text(map) == Some("baseImageOverrides") => true,
        "package" => document.group() == "pkg.crossplane.io",
        _ if tree.key_text(map).is_some_and(is_list) => true,
        _ if text.starts_with("oci://") || (is_unambiguous_reference(text) && under_image()) => true,
        _ => is_image_key(key),
    };
    if expected && is_text && flat_split(document, found, format, map, key, value) {
        return;
    }
    if expected && is_text && (is_full_reference(text) || is_unfinished(text)) {
        found.report_reference(document, format, value);
    }
}

/// A variable or template in the place of a reference is worth a notice; a plain word under `*Image` is not.
fn is_unfinished(text: &str) -> bool {
    text.starts_with("ko://") || ["${", "$(", "{{"].iter().any(|mark| text.contains(mark))
}

/// `fooImage: name` beside `fooImageTag: 1.2`.
fn flat_split(
    document: &Document<'_>,
    found: &mut Found<'_>,
    format: &'static str,
    map: NodeId,
    key: &str,
    value: NodeId,
) -> bool {
    let tree = document.tree;
    if tree.text_of(value).is_none_or(|text| is_full_reference(text) || not_literal(text).is_some()) {
        return false;
    }
    // `apiImage` has `apiImageTag` or `apiTag` beside it.
    let ends = |ending: &&str| key.len() > ending.len() && key.ends_with(ending);
    let base = ["Image", "_image", "_IMAGE", "-image"].iter().find(|ending| ends(ending));
    let stem = base.map_or(key, |ending| &key[..key.len() - ending.len()]);
    let beside = |stem: &str, endings: &[&str]| {
        let node = endings.iter().find_map(|ending| tree.get(map, &format!("{stem}{ending}")));
        node.filter(|node| tree.text_of(*node).is_some_and(|text| !text.is_empty()))
    };
    let (tags, registries) = (["Tag", "_tag", "_TAG", "-tag"], ["Registry", "_registry", "_REGISTRY", "-registry"]);
    // `apiVersion` is of anything, `apiImageVersion` of the image.
    let tag = beside(key, &tags).or_else(|| beside(key, &["Version", "_version", "_VERSION", "-version"]));
    let tag = tag.or_else(|| beside(stem, &tags));
    let registry = beside(key, &registries).or_else(|| beside(stem, &registries));
    let Some(tag) = tag else { return false };
    let parts = registry.into_iter().chain([value]).filter_map(|node| tree.text_of(node));
    let name = Some(parts.collect::<Vec<_>>().join("/"));
    found.report_split(
        document,
        format,
        &SplitReference {
            name,
            names: registry.into_iter().chain([value]).collect(),
            tag: Some(tag),
            reported_at: Some(value),
            ..SplitReference::default()
        },
    );
    true
}

/// A value under `image:`: whatever it is, something is said about it.
fn image(document: &Document<'_>, found: &mut Found<'_>, format: &'static str, value: NodeId, container: bool) {
    let text = document.tree.text_of(value).unwrap_or_default();
    let is_picture = [".png", ".svg", ".jpg", ".jpeg", ".gif", ".webp", ".ico", ".iso", ".qcow2", ".raw"]
        .iter()
        .any(|ending| text.ends_with(ending));
    if text == "auto" && container {
        let reason = "the sidecar injector fills it in".to_owned();
        return found.report_notice(document, format, value, NoticeStatus::Ignored, reason);
    }
    if (is_picture || text == ".") && !container {
        let reason = "a file, not a container image".to_owned();
        return found.report_notice(document, format, value, NoticeStatus::Ignored, reason);
    }
    if text.contains(' ') && !container && not_literal(text).is_some_and(|not| not.status == NoticeStatus::Held) {
        let reason = format!("free text, not an image reference: {text:?}");
        return found.report_notice(document, format, value, NoticeStatus::Ignored, reason);
    }
    found.report_reference(document, format, value);
}

/// Whether a map is a container of a pod: it stands in a list of containers.
fn is_container(document: &Document<'_>, map: NodeId) -> bool {
    let list = document.tree.parent(map).and_then(|list| document.tree.key_text(list));
    list.is_some_and(|key| matches!(key, "containers" | "initContainers" | "ephemeralContainers"))
}

/// `name` beside `value` or `default`: environment variables, Tekton and Argo Workflows parameters.
fn pair(document: &Document<'_>, found: &mut Found<'_>, format: &'static str, map: NodeId) {
    let tree = document.tree;
    let says_image = contains_image(tree.text_at(map, &["name"]).unwrap_or_default());
    for key in ["value", "default"] {
        let Some(value) = tree.get(map, key).filter(|value| !found.is_taken(*value)) else { continue };
        let Some(text) = tree.string(value) else { continue };
        if is_unambiguous_reference(text) || (says_image && is_full_reference(text)) {
            found.report_reference(document, format, value);
        } else if says_image && text.contains('\n') {
            lines(document, found, format, value);
        }
    }
}

/// A JSON6902 patch: `{op: replace, path: /spec/template/spec/containers/0/image, value: nginx:1.27}`.
fn patch(document: &Document<'_>, found: &mut Found<'_>, format: &'static str, map: NodeId) {
    let tree = document.tree;
    let Some(path) = tree.text_at(map, &["path"]).filter(|path| path.starts_with('/')) else { return };
    let Some(value) = tree.get(map, "value").filter(|value| !found.is_taken(*value)) else { return };
    let last = path.rsplit('/').next().unwrap_or_default();
    let Some(text) = tree.text_of(value).filter(|text| !text.is_empty()) else { return };
    if is_image_key(last) || last == "imageName" {
        found.report_reference(document, format, value);
    } else if matches!(last, "tag" | "newTag") && contains_image(path) {
        let name = found.marked_image(document, value);
        found.report_split(document, format, &SplitReference { name, tag: Some(value), ..SplitReference::default() });
    } else if is_full_reference(text) && contains_image(path) {
        found.report_reference(document, format, value);
    }
}

/// `3.9.0=quay.io/strimzi/kafka:0.45-kafka-3.9.0`, one on each line.
fn lines(document: &Document<'_>, found: &mut Found<'_>, format: &'static str, node: NodeId) {
    let Some(text) = document.tree.text_of(node).map(str::to_owned) else { return };
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

/// Lists of references, and arguments that hold them.
fn sequence(document: &Document<'_>, found: &mut Found<'_>, format: &'static str, list: NodeId) {
    let tree = document.tree;
    let key = tree.key_text(list).unwrap_or_default();
    let is_list_of_images = key == "images" || key.ends_with("Images") || key.ends_with("_images");
    let mut flag_before = false;
    for item in tree.items(list) {
        let item = tree.follow(item);
        let Some(text) = tree.string(item) else { continue };
        let flag_here = text.starts_with('-');
        if !found.is_taken(item) {
            if (is_list_of_images || flag_before) && is_full_reference(text) {
                found.report_reference(document, format, item);
            } else if let Some(equals) = text.find('=').filter(|equals| flag_here || is_variable(&text[..*equals])) {
                argument(document, found, format, item, equals);
            }
        }
        flag_before = flag_here && !text.contains('=') && contains_image(text);
    }
}

/// `API_IMAGE` of `API_IMAGE=ghcr.io/acme/api:1`.
fn is_variable(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// `--sidecar-image=quay.io/x/y:1`, or a variable of Compose's `environment`. A name that doesn't say image needs a value that can be nothing else.
fn argument(document: &Document<'_>, found: &mut Found<'_>, format: &'static str, item: NodeId, equals: usize) {
    let text = document.tree.text_of(item).unwrap_or_default();
    let (flag, value) = (&text[..equals], &text[equals + 1..]);
    if is_unambiguous_reference(value) || (contains_image(flag) && is_full_reference(value)) {
        found.report_reference_in(document, format, item, equals + 1..text.len());
    }
}

/// Whether a name says image, and not how it is pulled.
fn contains_image(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("image") && !name.contains("pull")
}
