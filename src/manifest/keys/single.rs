//! The value of one key: a whole reference (`image: nginx:1.27`), or a name with its tag under a key beside it.

use super::super::document::Document;
use super::super::found::DocumentFindings;
use super::super::occurrence::NoticeStatus;
use super::super::screen::BUILT;
use super::super::split_reference::SplitReference;
use super::super::value::{NotReference, is_full_reference, is_literal, is_unambiguous_reference, not_literal};
use super::jobs::{BITBUCKET, is_image_of_job};
use super::names::{IMAGE, REGISTRY, Suffixes, TAG, VERSION, is_image_key, is_image_list_key};
use super::registry::report_complete;
use crate::text::{NodeId, Style};

/// What the value of a key is expected to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ExpectedValue {
    /// The value of `image`: always reported.
    Image,
    /// A reference, if it parses as one: these keys also hold other things.
    Reference,
    /// A copy of the object, which kubectl wrote.
    AppliedObject,
    /// A task of Bitbucket Pipelines from another repository.
    Pipe,
    Other,
}

impl ExpectedValue {
    fn of(document: &Document<'_>, map: NodeId, key: &str, text: &str) -> Self {
        let tree = document.tree;
        let parent = tree.key_text(map);
        let is_under_image = || parent.is_some_and(is_image_key);
        let is_reference = match key {
            "image" => return Self::Image,
            "kubectl.kubernetes.io/last-applied-configuration" => return Self::AppliedObject,
            "imageName" | "baseImage" | "containerImage" | "imageRef" | "image_name" => true,
            "reference" => is_under_image(),
            "name" | "container" | "pipe" if is_image_of_job(document, map, key, text) => return Self::Image,
            "pipe" if document.job_runner() == Some(BITBUCKET) => return Self::Pipe,
            "name" => tree.text_at(map, &["kind"]) == Some("DockerImage"),
            _ if parent == Some("baseImageOverrides") || text.starts_with("docker-image://") => true,
            "uses" => text.starts_with("docker://"),
            "package" => document.group() == "pkg.crossplane.io",
            // Tasks and pipelines of Tekton in an image.
            "bundle" => document.group() == "tekton.dev",
            _ if parent.is_some_and(is_image_list_key) || is_image_key(key) || text.starts_with("oci://") => true,
            _ => is_unambiguous_reference(text) && is_under_image(),
        };
        if is_reference { Self::Reference } else { Self::Other }
    }
}

/// Reports the value of a key if it is a reference or should be one.
pub(super) fn report(
    document: &Document<'_>,
    found: &mut DocumentFindings<'_>,
    format: &'static str,
    map: NodeId,
    (key, value): (&str, NodeId),
) {
    let tree = document.tree;
    let Some(text) = tree.text_of(value) else { return };
    match ExpectedValue::of(document, map, key, text) {
        ExpectedValue::Image => image(document, found, format, map, value),
        ExpectedValue::Reference => {
            if tree.string(value).is_none() {
                return;
            }
            if let Some(split) = with_tag_beside(document, map, key, value) {
                found.report_split(document, format, &split);
            } else if is_full_reference(text) && found.parameter_uses(tree).is_output_variable(tree, map, key) {
                found.report_notice(document, format, value, NoticeStatus::Ignored, BUILT.to_owned());
            } else if is_full_reference(text) || is_unfinished(text) {
                whole(document, found, format, map, value);
            }
        }
        ExpectedValue::AppliedObject => {
            let reason = "kubectl's record of the last applied configuration".to_owned();
            found.report_notice(document, format, value, NoticeStatus::Ignored, reason);
        }
        ExpectedValue::Pipe => {
            let reason = "a version of a Bitbucket pipe, not an image reference".to_owned();
            found.report_notice(document, format, value, NoticeStatus::Ignored, reason);
        }
        ExpectedValue::Other => {}
    }
}

/// Returns whether a text contains a variable or a template. Such a value is reported; a plain word under `*Image` is
/// not.
pub(super) fn is_unfinished(text: &str) -> bool {
    text.starts_with("ko://") || ["${", "$(", "{{"].iter().any(|mark| text.contains(mark))
}

/// Reports the value of `image`, whatever it is, except for a block of several lines.
fn image(document: &Document<'_>, found: &mut DocumentFindings<'_>, format: &'static str, map: NodeId, value: NodeId) {
    let tree = document.tree;
    let text = tree.text_of(value).unwrap_or_default();
    if tree.style(value) == Some(Style::Block) && text.trim().contains('\n') {
        return;
    }
    let is_set = !text.is_empty() && tree.string(value).is_some();
    match not_image(text, is_set, is_container(document, map)) {
        Some(not) => found.report_notice(document, format, value, not.status, not.reason),
        None => whole(document, found, format, map, value),
    }
}

/// Reports a value that should be a whole reference.
fn whole(document: &Document<'_>, found: &mut DocumentFindings<'_>, format: &'static str, map: NodeId, value: NodeId) {
    if is_container(document, map) {
        found.report_reference(document, format, value);
    } else {
        report_complete(document, found, format, value);
    }
}

/// Returns why the value of `image` is not a reference, as far as that depends on whether it is a container's image.
fn not_image(text: &str, is_set: bool, is_container: bool) -> Option<NotReference> {
    let picture_or_disk = [".png", ".svg", ".jpg", ".jpeg", ".gif", ".webp", ".ico", ".iso", ".qcow2", ".raw"];
    if is_container {
        return match text {
            _ if !is_set => Some(NotReference::held(
                "the container has no image: the value is empty or not a string; write a reference",
            )),
            "auto" => Some(NotReference::ignored("the sidecar injector sets the image")),
            _ => None,
        };
    }
    if !is_set {
        return Some(NotReference::ignored("no image set here: the value is empty or not a string"));
    }
    if matches!(text, "." | "Dockerfile") || picture_or_disk.iter().any(|ending| text.ends_with(ending)) {
        return Some(NotReference::ignored("a file, not a container image"));
    }
    let is_prose = text.contains(' ') && !text.contains("${");
    if is_prose && not_literal("the value", text).is_some_and(|not| not.status == NoticeStatus::Held) {
        return Some(NotReference::ignored("free text, not an image reference"));
    }
    None
}

/// Returns whether a mapping is in a list of containers of a pod.
fn is_container(document: &Document<'_>, map: NodeId) -> bool {
    let list = document.tree.parent(map).and_then(|list| document.tree.key_text(list));
    list.is_some_and(|key| matches!(key, "containers" | "initContainers" | "ephemeralContainers"))
}

/// Returns the reference of a name whose tag is under a key beside it: `apiImage: name` and `apiImageTag: 1.2`.
fn with_tag_beside(document: &Document<'_>, map: NodeId, key: &str, name: NodeId) -> Option<SplitReference> {
    let tree = document.tree;
    let text = tree.text_of(name)?;
    if is_full_reference(text) || !is_literal(text) {
        return None;
    }
    let ending = IMAGE.iter().find(|ending| key.len() > ending.len() && key.ends_with(**ending));
    let stem = ending.map_or(key, |ending| &key[..key.len() - ending.len()]);
    let beside = |stem: &str, suffixes: &Suffixes| {
        let node = suffixes.iter().find_map(|suffix| tree.get(map, &format!("{stem}{suffix}")))?;
        tree.text_of(node).is_some_and(|text| !text.is_empty()).then_some(node)
    };
    // `apiImageVersion` is about the image, `apiVersion` may be about anything.
    let tag = beside(key, &TAG).or_else(|| beside(key, &VERSION)).or_else(|| beside(stem, &TAG))?;
    let registry = beside(key, &REGISTRY).or_else(|| beside(stem, &REGISTRY));
    let names: Vec<NodeId> = registry.into_iter().chain([name]).collect();
    let parts: Vec<&str> = names.iter().filter_map(|node| tree.text_of(*node)).collect();
    Some(SplitReference {
        name: Some(parts.join("/")),
        names,
        tag: Some(tag),
        reported_at: Some(name),
        ..SplitReference::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignores_what_image_means_outside_of_containers() {
        let ignored = |text: &str, is_container| not_image(text, !text.is_empty(), is_container).map(|not| not.status);
        let (held, left) = (Some(NoticeStatus::Held), Some(NoticeStatus::Ignored));
        #[rustfmt::skip]
        let rows = [
            ("nginx:1.27", None, None),
            ("auto",       left, None),
            ("logo.png",   None, left),
            (".",          None, left),
            ("a picture",  None, left),
            ("",           held, left),
        ];
        for (text, in_container, elsewhere) in rows {
            assert_eq!((ignored(text, true), ignored(text, false)), (in_container, elsewhere), "{text}");
        }
    }
}
