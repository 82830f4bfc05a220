//! Registries that a chart puts before the name of an image: beside it, or for all images.

use std::ops::Range;

use super::super::document::Document;
use super::super::found::DocumentFindings;
use super::super::occurrence::NoticeStatus;
use super::super::value::{is_full_reference, is_literal};
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

/// Words before `registry` in the key of a registry that may be for all images beside it: `REGISTRY`, `global.imageRegistry`.
const FOR_ALL: [&str; 7] = ["image", "docker", "container", "global", "oci", "private", "default"];

/// Returns why a reference without a registry is held: one of the values beside it is a registry for it, by its key, and what reads the
/// values may put it before the name. `key` is that of the reference.
pub(in crate::manifest) fn may_precede<'e>(
    key: &str,
    text: &str,
    beside: impl IntoIterator<Item = (&'e str, &'e str)>,
) -> Option<String> {
    if !is_full_reference(text) || begins_with_registry(text) {
        return None;
    }
    let mut image = words(key);
    image.truncate(image.iter().rposition(|word| word == "image").unwrap_or(image.len()));
    let is_registry = |(key, value): &(&str, &str)| {
        let mut words = words(key);
        let Some(at) = words.iter().rposition(|word| word == "registry") else { return false };
        let is_end = words[at + 1..].iter().all(|word| matches!(&**word, "url" | "host" | "prefix"));
        words.truncate(at);
        let is_for_all = words.last().is_none_or(|last| FOR_ALL.contains(&&**last));
        let is_own = words.strip_suffix(&["image".to_owned()]).unwrap_or(&words) == image;
        let is_host = is_literal(value) && begins_with_registry(&format!("{}/", host_of(value)));
        is_end && is_host && !is_full_reference(value) && (is_for_all || is_own)
    };
    let (name, registry) = beside.into_iter().find(is_registry)?;
    let name = name.trim_start_matches('-');
    Some(format!(
        "`{name}`, {registry}, may be put before the name; write the registry into the value, or add `# tagboat: POLICY` to it"
    ))
}

/// Splits a key into its words in lower case: `global.imageRegistry`, `IMAGE_REGISTRY`, `--image-registry`.
fn words(key: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut was_lower = false;
    let mut begins = true;
    for c in key.chars() {
        begins |= !c.is_ascii_alphanumeric() || (c.is_ascii_uppercase() && was_lower);
        was_lower = c.is_ascii_lowercase();
        if c.is_ascii_alphanumeric() {
            if std::mem::replace(&mut begins, false) {
                words.push(String::new());
            }
            words.last_mut().into_iter().for_each(|word| word.push(c.to_ascii_lowercase()));
        }
    }
    words
}

/// Reports a part of a value that is a reference, unless a registry beside it may be put before the name.
pub(in crate::manifest) fn report_beside<'e>(
    document: &Document<'_>,
    found: &mut DocumentFindings<'_>,
    format: &'static str,
    (key, node, part): (&str, NodeId, Range<usize>),
    beside: impl IntoIterator<Item = (&'e str, &'e str)>,
) {
    let text = document.tree.text_of(node).unwrap_or_default();
    match may_precede(key, &text[part.clone()], beside) {
        Some(_) if found.is_taken(node) => {}
        Some(reason) if !found.is_marked(document, node) => {
            found.report_notice(document, format, node, NoticeStatus::Held, reason);
        }
        _ => found.report_reference_in(document, format, node, part),
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
    let tree = document.tree;
    let text = tree.text_of(node).unwrap_or_default();
    let may_change =
        |registry: &GlobalRegistry<'_>| is_full_reference(text) && registry.changes(text) && !found.is_taken(node);
    match GlobalRegistry::around(document.tree, node).filter(may_change) {
        Some(registry) => found.report_notice(document, format, node, NoticeStatus::Held, registry.reason()),
        None => {
            let map = if tree.key_of(node).is_some() { tree.parent(node) } else { None };
            let entries = map.into_iter().flat_map(|map| tree.entries(map));
            let beside = entries.filter_map(|(key, value)| Some((tree.text_of(key)?, tree.text_of(value)?)));
            let key = tree.key_text(node).unwrap_or_default();
            report_beside(document, found, format, (key, node, 0..text.len()), beside);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_registry_of_an_image() {
        #[rustfmt::skip]
        let rows = [
            ("API_IMAGE",      "acme/api:1",      "REGISTRY",             "ghcr.io",                    true),
            ("API_IMAGE",      "acme/api:1",      "API_REGISTRY",         "ghcr.io/team",               true),
            ("API_IMAGE",      "acme/api:1",      "WEB_REGISTRY",         "ghcr.io",                    false),
            ("web.image",      "acme/web:1",      "global.imageRegistry", "https://ghcr.io",            true),
            ("web.image",      "acme/web:1",      "web.image.registry",   "ghcr.io",                    true),
            ("--web-image",    "acme/web:1",      "--image-registry",     "localhost:5000",             true),
            ("API_IMAGE",      "ghcr.io/a/b:1",   "REGISTRY",             "ghcr.io",                    false),
            ("API_IMAGE",      "acme/api",        "REGISTRY",             "ghcr.io",                    false),
            ("API_IMAGE",      "acme/api:1",      "REGISTRY_IMAGE",       "ghcr.io/a/registry:2",       false),
            ("API_IMAGE",      "acme/api:1",      "NPM_REGISTRY",         "https://registry.npmjs.org", false),
            ("API_IMAGE",      "acme/api:1",      "SCHEMA_REGISTRY_URL",  "http://schema:8081",         false),
            ("API_IMAGE",      "acme/api:1",      "REGISTRY",             "",                           false),
            ("API_IMAGE",      "acme/api:1",      "REGISTRY",             "${REGISTRY}",                false),
        ];
        for (key, text, name, registry, is_held) in rows {
            assert_eq!(may_precede(key, text, [(name, registry)]).is_some(), is_held, "{key} {name}");
        }
    }
}
