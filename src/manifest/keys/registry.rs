//! Registries that a chart puts before the name of an image: beside it, or for all images.

use super::super::document::Document;
use super::super::found::DocumentFindings;
use super::super::occurrence::NoticeStatus;
use super::super::value::is_full_reference;
use crate::image::{ImageReference, begins_with_registry};
use crate::text::{NodeId, Tree};

/// Where charts take the registry of all images in a mapping from, and whether it wins over that of an image.
const GLOBAL: &[(&[&str], bool)] = &[
    (&["global", "imageRegistry"], true),
    (&["global", "image", "registry"], true),
    (&["global", "registry"], false),
    (&["global", "dockerRegistry"], false),
    (&["global", "containerRegistry"], false),
    (&["imageRegistry"], false),
    (&["image_registry"], false),
    (&["registry"], false),
    (&["dockerRegistry"], false),
    (&["containerRegistry"], false),
    (&["registryHost"], false),
    (&["registryUrl"], false),
];

/// Keys of a name that takes the registry beside it.
const REPOSITORIES: [&str; 3] = ["imageRepository", "image_repository", "repository"];

/// The registry that a chart may put before the names of all images.
#[derive(Debug, Clone, Copy)]
pub(in crate::manifest) struct GlobalRegistry<'t> {
    path: &'static [&'static str],
    /// The registry, with or without a path below it.
    pub(super) text: &'t str,
    /// Whether it wins over the registry of an image.
    pub(super) wins: bool,
}

impl<'t> GlobalRegistry<'t> {
    /// Returns the registry for all images that is set in a mapping around a node, the nearest first.
    pub(super) fn around(tree: &'t Tree<'_>, node: NodeId) -> Option<Self> {
        // `imageRegistry` beside `imageRepository` is the registry of that name alone.
        let is_of_name = |map: NodeId| REPOSITORIES.iter().any(|key| tree.text_at(map, &[key]).is_some());
        let set_in = |map: NodeId| {
            let is_for_others = |path: &[&str]| path.len() > 1 || !is_of_name(map);
            Self::of(|path| if is_for_others(path) { tree.text_at(map, path) } else { None })
        };
        tree.ancestors(node).skip(1).find_map(set_in)
    }

    /// Returns the registry for all images that `value` has under one of the paths of keys.
    pub(in crate::manifest) fn of(value: impl Fn(&[&str]) -> Option<&'t str>) -> Option<Self> {
        let set = |path: &[&str]| value(path).filter(|text| !text.is_empty());
        GLOBAL.iter().find_map(|(path, wins)| set(path).map(|text| Self { path, text, wins: *wins }))
    }

    /// Returns whether a reference or a name is of another image with this registry before it.
    pub(in crate::manifest) fn changes(self, text: &str) -> bool {
        let name = |text: &str| ImageReference::new(text).ok().map(|reference| reference.name().clone());
        !begins_with_registry(text) && name(&format!("{}/{text}", host_of(self.text))) != name(text)
    }

    /// Returns why an image without a registry is held.
    pub(in crate::manifest) fn reason(self) -> String {
        let path = self.path.join(".");
        format!("the chart may put `{path}`, {}, before the name; write the registry beside the image", self.text)
    }
}

/// Returns a registry as it is written in a name: without a scheme and a slash at the end.
pub(super) fn host_of(registry: &str) -> &str {
    let host = registry.split_once("://").map_or(registry, |(_, host)| host);
    host.trim_end_matches('/')
}

/// Reports a complete reference with the registry beside it: `registry: ghcr.io` and `image: acme/api:1.2`. Reports nothing if they
/// are not to be joined.
pub(super) fn join_complete(
    document: &Document<'_>,
    found: &mut DocumentFindings<'_>,
    format: &'static str,
    registry: NodeId,
    image: NodeId,
) {
    let tree = document.tree;
    let [Some(host), Some(text)] = [tree.text_of(registry).map(host_of), tree.text_of(image)] else { return };
    if found.is_taken(image) || !is_full_reference(text) || text.starts_with(&format!("{host}/")) {
        return;
    }
    if begins_with_registry(text) {
        let reason = format!(
            "the image and `{}` beside it name two registries; remove one of them",
            tree.key_text(registry).unwrap_or_default()
        );
        return found.report_notice(document, format, image, NoticeStatus::Held, reason);
    }
    let joined = format!("{host}/{text}");
    let prefix = joined.len() - text.len();
    let at: Vec<_> = (0..joined.len()).map(|byte| byte.checked_sub(prefix).map(|byte| (image, byte))).collect();
    found.report_composed(document, format, &joined, &at);
}

/// Reports a value that should be a complete reference. It is held if the chart may put a registry before it.
pub(super) fn report_complete(
    document: &Document<'_>,
    found: &mut DocumentFindings<'_>,
    format: &'static str,
    node: NodeId,
) {
    let text = document.tree.text_of(node).unwrap_or_default();
    let may_change =
        |registry: &GlobalRegistry<'_>| is_full_reference(text) && registry.changes(text) && !found.is_taken(node);
    match GlobalRegistry::around(document.tree, node).filter(may_change) {
        Some(registry) => found.report_notice(document, format, node, NoticeStatus::Held, registry.reason()),
        None => found.report_reference(document, format, node),
    }
}
