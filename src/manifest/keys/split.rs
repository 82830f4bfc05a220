//! Mappings that hold a reference in parts: `image: {registry, repository, tag, digest}` and its variants.

use super::super::document::Document;
use super::super::found::DocumentFindings;
use super::super::occurrence::NoticeStatus;
use super::super::split_reference::SplitReference;
use super::super::value::{is_bare_digest, is_full_reference, is_literal};
use super::names::{is_image_key, is_image_list_key};
use super::registry::{self, GlobalRegistry};
use crate::image::{Digest, begins_with_registry};
use crate::text::{NodeId, NodeKind, Style, Tree};

/// The part of a reference that the value of a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeyRole {
    Registry,
    Repository,
    Image,
    Tag,
    Version,
    Digest,
}

/// The keys that charts use, counted in real repositories.
const ROLES: [(&str, KeyRole); 24] = [
    ("registry", KeyRole::Registry),
    ("imageRegistry", KeyRole::Registry),
    ("image_registry", KeyRole::Registry),
    ("hub", KeyRole::Registry),
    ("repository", KeyRole::Repository),
    ("repo", KeyRole::Repository),
    ("imageRepository", KeyRole::Repository),
    ("image_repository", KeyRole::Repository),
    ("imageRepo", KeyRole::Repository),
    ("image_repo", KeyRole::Repository),
    ("image", KeyRole::Image),
    ("imageName", KeyRole::Image),
    ("baseImage", KeyRole::Image),
    ("image_name", KeyRole::Image),
    ("tag", KeyRole::Tag),
    ("imageTag", KeyRole::Tag),
    ("image_tag", KeyRole::Tag),
    ("version", KeyRole::Version),
    ("imageVersion", KeyRole::Version),
    ("image_version", KeyRole::Version),
    ("digest", KeyRole::Digest),
    ("sha", KeyRole::Digest),
    ("sha256", KeyRole::Digest),
    ("imageDigest", KeyRole::Digest),
];

/// The scalars of a mapping that may be parts of one reference.
#[derive(Debug, Default)]
struct Keys {
    registry: Option<NodeId>,
    repository: Option<NodeId>,
    image: Option<NodeId>,
    tag: Option<NodeId>,
    version: Option<NodeId>,
    digest: Option<NodeId>,
    /// The values of two keys for the same part.
    duplicate: Option<[NodeId; 2]>,
    /// Whether some of them are in a mapping that is merged into this one.
    is_merged: bool,
}

impl Keys {
    fn of(tree: &Tree<'_>, map: NodeId) -> Self {
        let mut keys = Self::default();
        let mut has_merge_key = false;
        for (key, value) in tree.entries(map) {
            let Some(key) = tree.text_of(key) else { continue };
            has_merge_key |= key == "<<";
            let value = tree.follow(value);
            if let Some((_, role)) = ROLES.iter().find(|(name, _)| *name == key)
                && tree.text_of(value).is_some()
                && let Some(first) = keys.slot(*role).replace(value)
            {
                keys.duplicate = Some([first, value]);
            }
        }
        if has_merge_key {
            keys.merge(tree, map);
        }
        keys
    }

    /// Adds what the mapping itself lacks and a merged one holds.
    fn merge(&mut self, tree: &Tree<'_>, map: NodeId) {
        for (name, role) in ROLES {
            if self.slot(role).is_none()
                && let Some(value) = tree.get(map, name)
                && tree.text_of(value).is_some()
            {
                *self.slot(role) = Some(value);
                self.is_merged = true;
            }
        }
    }

    fn slot(&mut self, role: KeyRole) -> &mut Option<NodeId> {
        match role {
            KeyRole::Registry => &mut self.registry,
            KeyRole::Repository => &mut self.repository,
            KeyRole::Image => &mut self.image,
            KeyRole::Tag => &mut self.tag,
            KeyRole::Version => &mut self.version,
            KeyRole::Digest => &mut self.digest,
        }
    }
}

/// Reports the reference that a mapping holds in parts, if it does.
pub(super) fn find(document: &Document<'_>, found: &mut DocumentFindings<'_>, format: &'static str, map: NodeId) {
    let tree = document.tree;
    let keys = Keys::of(tree, map);
    let is_image_map = is_image_map(tree, map);
    let tag = keys.tag.or(keys.version);
    if let Some(image) = keys.image.filter(|node| is_filled(tree, *node) && is_complete(tree, *node)) {
        if let Some(registry) = filled(tree, keys.registry) {
            registry::join_complete(document, found, format, registry, image);
        }
        hold_with_digest_beside(document, found, format, &keys, image);
        return beside_complete(document, found, format, &keys);
    }
    if tag.is_none() && keys.digest.is_none() && !is_image_map {
        if let [Some(registry), Some(repository)] = [keys.registry, keys.repository].map(|node| filled(tree, node)) {
            registry::join_complete(document, found, format, registry, repository);
        }
        return;
    }
    let Some(names) = names(tree, map, &keys, is_image_map) else { return };
    let [tag, digest] = [tag, keys.digest].map(|node| filled(tree, node));
    // Several mappings may merge a name, but a tag belongs to one alone.
    let own = if keys.is_merged { [None; 2] } else { [keys.registry, keys.repository] };
    let own_names = if keys.is_merged { &[][..] } else { &names[..] };
    if own.iter().flatten().chain(own_names).chain(&tag).chain(&digest).any(|node| found.is_taken(*node)) {
        return;
    }
    if let Some(values) = keys.duplicate {
        return duplicate(document, found, format, values);
    }
    let Some(version) = tag.or(digest) else { return without_version(document, found, format, map, &keys, &names) };
    let further = if is_image_map { further_part(tree, map) } else { None };
    let joined = if further.is_none() { joined_name(tree, map, &keys, &names) } else { None };
    let global = if keys.registry.is_none() { GlobalRegistry::around(tree, version) } else { None };
    let global = global.filter(|global| joined.as_ref().is_some_and(|name| global.changes(name)));
    let joined = if global.is_some() { None } else { joined };
    let name = joined.or_else(|| {
        let is_alias = |field: &str| field == document.field_path(map);
        found.configured_or_marked_image(document, version, is_alias)
    });
    if let (Some(key), None) = (further, &name) {
        let reason = format!(
            "`{key}` may be part of the name, as the chart defines; add `# tagboat: image=NAME` beside the tag"
        );
        return found.report_notice(document, format, version, NoticeStatus::Held, reason);
    }
    if let (Some(registry), None) = (global, &name) {
        return found.report_notice(document, format, version, NoticeStatus::Held, registry.reason());
    }
    // A mapping with its image under `image` is reported at that line.
    let reported_at = if name.is_some() { filled(tree, keys.image) } else { None };
    let digest = digest.or(keys.digest.filter(|node| tree.text_of(*node) == Some("")));
    let split = SplitReference { name, names, tag, digest, reported_at, takes_inline_digest: false, is_chart: false };
    found.report_split(document, format, &split);
}

/// Holds the values of two keys for the same part, or of one key that is there twice.
fn duplicate(document: &Document<'_>, found: &mut DocumentFindings<'_>, format: &'static str, values: [NodeId; 2]) {
    let [first, second] = values.map(|value| document.tree.key_text(value).unwrap_or_default());
    if first == second {
        let reason = "duplicate key in the mapping; remove one of them".to_owned();
        return found.report_notice(document, format, values[1], NoticeStatus::Held, reason);
    }
    for value in values {
        let reason = format!("`{first}` and `{second}` are the same part of an image; remove one of them");
        found.report_notice(document, format, value, NoticeStatus::Held, reason);
    }
}

/// Returns the key of a word between registry and name, whose place only the chart's template defines.
fn further_part(tree: &Tree<'_>, map: NodeId) -> Option<&'static str> {
    let keys = ["org", "organization", "organisation", "namespace", "project", "account", "owner"];
    let is_set = |key: &&str| tree.get(map, key).is_some_and(|node| is_filled(tree, node));
    keys.into_iter().find(|key| tree.get(map, key).is_some()).filter(is_set)
}

/// Returns the scalars of the name, without the registry; `None` if the mapping is not about an image.
fn names(tree: &Tree<'_>, map: NodeId, keys: &Keys, is_image_map: bool) -> Option<Vec<NodeId>> {
    let repository = keys.repository.and_then(|node| tree.text_of(node)).unwrap_or_default();
    let is_git_or_url = repository.contains("://") || repository.ends_with(".git") || repository.starts_with("git@");
    let has_host = begins_with_registry(repository);
    let has_registry_or_image = keys.registry.is_some() || keys.image.is_some();
    let is_about_image = match (keys.repository, keys.tag) {
        _ if is_git_or_url => false,
        _ if is_image_map => true,
        (Some(_), Some(_)) => !repository.is_empty(),
        (Some(_), None) => has_registry_or_image || has_host,
        // A version beside a registry may be about anything.
        (None, None) => keys.image.is_some(),
        (None, Some(tag)) => has_registry_or_image || tree.key_text(tag) != Some("tag"),
    };
    if !is_about_image {
        return None;
    }
    // Elsewhere, `name` is the name of something else.
    let name = || if is_image_map { tree.get(map, "name").filter(|node| tree.text_of(*node).is_some()) } else { None };
    Some(keys.repository.into_iter().chain(keys.image.or_else(name)).collect())
}

/// Returns registry, repository and image name joined with slashes; `None` if a part is left to the chart.
fn joined_name(tree: &Tree<'_>, map: NodeId, keys: &Keys, names: &[NodeId]) -> Option<String> {
    let text = |node: NodeId| tree.text_of(filled(tree, Some(node))?);
    let registry = keys.registry.and_then(text);
    // The chart puts its own repository in the place of an empty one.
    let has_empty_repository = keys.repository.is_some_and(|node| !is_filled(tree, node));
    if has_empty_repository && registry.is_none() {
        return None;
    }
    let path: Vec<&str> = names.iter().filter_map(|node| text(*node)).collect();
    if path.is_empty() {
        return None;
    }
    let path = path.join("/");
    let global = keys.registry.and_then(|_| GlobalRegistry::around(tree, map));
    let global = global.filter(|global| global.wins || registry.is_none()).map(|global| global.text);
    Some(match global.or(registry).map(registry::host_of) {
        Some(registry) if !path.starts_with(&format!("{registry}/")) => format!("{registry}/{path}"),
        _ => path,
    })
}

/// Reports a mapping without tag and digest. There is nothing to change, but nothing is skipped silently.
fn without_version(
    document: &Document<'_>,
    found: &mut DocumentFindings<'_>,
    format: &'static str,
    map: NodeId,
    keys: &Keys,
    names: &[NodeId],
) {
    let tree = document.tree;
    if let Some(full) = names.iter().find(|node| tree.text_of(**node).is_some_and(is_full_reference)) {
        if keys.tag.or(keys.digest).is_none() {
            if let Some(registry) = filled(tree, keys.registry) {
                registry::join_complete(document, found, format, registry, *full);
            }
            return registry::report_complete(document, found, format, *full);
        }
        let reason = "the name contains a tag, and the field for the tag is empty; move it there".to_owned();
        return found.report_notice(document, format, *full, NoticeStatus::Held, reason);
    }
    let null = [keys.digest, keys.tag].into_iter().flatten().find(|node| tree.text_of(*node) != Some(""));
    let parts = [keys.registry, keys.repository, keys.tag, keys.digest];
    if null.is_none() && parts.iter().all(Option::is_none) && names.is_empty() {
        return;
    }
    let reason = if names.iter().any(|node| is_filled(tree, *node)) {
        "no tag set here; the chart's default applies"
    } else {
        "no image set here; the chart's default applies"
    };
    let name = joined_name(tree, map, keys, names);
    found.report_unset(document, format, null.unwrap_or(map), name, reason.to_owned());
    // `image: pilot` in such a mapping stays a name of its own.
    found.take(parts.into_iter().flatten().filter(|node| keys.image != Some(*node)));
}

/// Holds a complete reference with a digest in a field of its own: an update of the tag alone would leave the digest of another image.
fn hold_with_digest_beside(
    document: &Document<'_>,
    found: &mut DocumentFindings<'_>,
    format: &'static str,
    keys: &Keys,
    image: NodeId,
) {
    let tree = document.tree;
    let is_digest = |node: &NodeId| {
        let text = tree.text_of(*node).unwrap_or_default();
        Digest::new(text).is_ok() || is_bare_digest(text)
    };
    let Some(digest) = keys.digest.filter(|digest| is_digest(digest) && !found.is_taken(image)) else { return };
    let key = tree.key_text(digest).unwrap_or_default();
    let reason =
        format!("its digest is in `{key}`; write both into one value, as NAME:TAG@sha256:…, and remove `{key}`");
    found.take([digest]);
    found.report_notice(document, format, image, NoticeStatus::Held, reason);
}

/// Reports `version` and `tag` beside a complete reference: they are not its tag, but other readers may use them. A marker or a setting
/// names the image of such a tag.
fn beside_complete(document: &Document<'_>, found: &mut DocumentFindings<'_>, format: &'static str, keys: &Keys) {
    let tree = document.tree;
    let image = keys.image.and_then(|image| tree.text_of(image)).unwrap_or_default();
    let [tag, version] = [keys.tag, keys.version];
    let tags = keys.duplicate.filter(|[_, last]| tag == Some(*last) || version == Some(*last)).into_iter().flatten();
    for node in [tag, version].into_iter().flatten().chain(tags) {
        if !is_filled(tree, node) || found.is_taken(node) {
            continue;
        }
        let name = found.configured_or_marked_image(document, node, |_| false);
        if name.is_some() || found.is_marked(document, node) {
            found.report_split(
                document,
                format,
                &SplitReference { name, tag: Some(node), ..SplitReference::default() },
            );
            continue;
        }
        let text = tree.text_of(node).unwrap_or_default().trim_start_matches('v');
        let repeats_tag = image.split(['@', ':']).any(|part| part.trim_start_matches('v') == text);
        let (status, reason) = if repeats_tag {
            (
                NoticeStatus::Held,
                "repeats the tag of the image beside it, and an update would change only that; remove one of the two, or add \
                 `# tagboat: ignore` to this one",
            )
        } else {
            (
                NoticeStatus::Ignored,
                "not part of the image beside it, which is a complete reference; if it is the tag of another image, add \
                 `# tagboat: image=NAME`",
            )
        };
        found.report_notice(document, format, node, status, reason.to_owned());
    }
}

/// Returns whether an image needs no other part: it has a tag, a digest, or is not a literal text.
fn is_complete(tree: &Tree<'_>, node: NodeId) -> bool {
    tree.text_of(node).is_some_and(|text| is_full_reference(text) || !is_literal(text))
}

/// Returns whether a scalar is neither empty nor null.
pub(super) fn is_filled(tree: &Tree<'_>, node: NodeId) -> bool {
    match tree.kind(node) {
        NodeKind::Scalar(text, Style::Plain) => !matches!(&**text, "" | "~" | "null" | "Null" | "NULL"),
        NodeKind::Scalar(text, _) => !text.is_empty(),
        _ => false,
    }
}

fn filled(tree: &Tree<'_>, node: Option<NodeId>) -> Option<NodeId> {
    node.filter(|node| is_filled(tree, *node))
}

/// Returns whether a mapping is under a key that holds an image, or in a list of images.
fn is_image_map(tree: &Tree<'_>, map: NodeId) -> bool {
    match tree.key_text(map) {
        Some(key) => is_image_key(key),
        None => tree.parent(map).and_then(|list| tree.key_text(list)).is_some_and(is_image_list_key),
    }
}
