//! Maps that hold a reference in parts: `image: {registry, repository, tag, digest}` and its relatives.

use super::super::document::Document;
use super::super::found::Found;
use super::super::occurrence::NoticeStatus;
use super::super::split_reference::SplitReference;
use super::super::value::{is_full_reference, not_literal};
use crate::text::{NodeId, Shape, Style};

/// What a key says about its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Registry,
    Repository,
    Image,
    Tag,
    Version,
    Digest,
}

/// The keys of the charts in use, measured on real repositories.
const ROLES: [(&str, Role); 22] = [
    ("registry", Role::Registry),
    ("imageRegistry", Role::Registry),
    ("image_registry", Role::Registry),
    ("hub", Role::Registry),
    ("repository", Role::Repository),
    ("repo", Role::Repository),
    ("imageRepository", Role::Repository),
    ("image_repository", Role::Repository),
    ("image", Role::Image),
    ("imageName", Role::Image),
    ("baseImage", Role::Image),
    ("image_name", Role::Image),
    ("tag", Role::Tag),
    ("imageTag", Role::Tag),
    ("image_tag", Role::Tag),
    ("version", Role::Version),
    ("imageVersion", Role::Version),
    ("image_version", Role::Version),
    ("digest", Role::Digest),
    ("sha", Role::Digest),
    ("sha256", Role::Digest),
    ("imageDigest", Role::Digest),
];

/// The scalars of a map that may be parts of one reference.
#[derive(Debug, Default)]
struct Keys {
    registry: Option<NodeId>,
    repository: Option<NodeId>,
    image: Option<NodeId>,
    tag: Option<NodeId>,
    version: Option<NodeId>,
    digest: Option<NodeId>,
    /// A key that stands twice.
    doubled: Option<NodeId>,
    /// Some of them stand in a map that is merged into this one.
    merged: bool,
}

impl Keys {
    fn of(document: &Document<'_>, map: NodeId) -> Self {
        let tree = document.tree;
        let mut keys = Self::default();
        for (key, value) in tree.entries(map) {
            let role = tree.text_of(key).and_then(|text| ROLES.iter().find(|(name, _)| *name == text));
            let value = tree.follow(value);
            if let Some((_, role)) = role
                && tree.text_of(value).is_some()
            {
                keys.add(*role, value);
            }
        }
        let merges = tree.entries(map).any(|(key, _)| tree.text_of(key) == Some("<<"));
        if merges {
            for (name, role) in ROLES {
                let value = tree.get(map, name).filter(|node| tree.text_of(*node).is_some());
                if let (Some(value), None) = (value, keys.slot(role)) {
                    *keys.slot(role) = Some(value);
                    keys.merged = true;
                }
            }
        }
        keys
    }

    fn slot(&mut self, role: Role) -> &mut Option<NodeId> {
        match role {
            Role::Registry => &mut self.registry,
            Role::Repository => &mut self.repository,
            Role::Image => &mut self.image,
            Role::Tag => &mut self.tag,
            Role::Version => &mut self.version,
            Role::Digest => &mut self.digest,
        }
    }

    fn add(&mut self, role: Role, node: NodeId) {
        if self.slot(role).replace(node).is_some() {
            self.doubled = Some(node);
        }
    }
}

/// Reports the reference that a map holds in parts, if it does.
pub(crate) fn find(document: &Document<'_>, found: &mut Found<'_>, format: &'static str, map: NodeId) {
    let keys = Keys::of(document, map);
    let is_image_map = is_image_map(document, map);
    let value = |node: Option<NodeId>| node.filter(|n| is_filled(document, *n));
    let tag = keys.tag.or(keys.version);
    if tag.is_none() && keys.digest.is_none() && !is_image_map {
        return;
    }
    let image = value(keys.image);
    if image.is_some_and(|node| is_whole(document, node)) {
        return beside_whole(document, found, format, &keys);
    }
    let Some(names) = names(document, map, &keys, is_image_map) else { return };
    let (tag, digest) = (value(tag), value(keys.digest));
    // What is merged in is a part of the reference it stands in, too; a tag is of one alone.
    let own = if keys.merged { Vec::new() } else { [keys.registry, keys.repository].into_iter().flatten().collect() };
    let shared = if keys.merged { &[][..] } else { &names[..] };
    if own.iter().chain(shared).chain(&tag).chain(&digest).any(|node| found.is_taken(*node)) {
        return;
    }
    if let Some(doubled) = keys.doubled {
        return found.report_notice(
            document,
            format,
            doubled,
            NoticeStatus::Held,
            "a key stands twice in the map".to_owned(),
        );
    }
    if tag.is_none() && digest.is_none() {
        return tagless(document, found, format, map, &keys, &names);
    }
    if let Some((key, told)) = further_part(document, map).filter(|_| is_image_map) {
        let reason = format!("`{key}` may be a part of the name: where it belongs is for the chart to say");
        return found.report_notice(document, format, tag.or(digest).unwrap_or(told), NoticeStatus::Held, reason);
    }
    let by_map = |field: &str| field == document.route(map);
    let elsewhere = || found.configured_or_marked_image(document, tag.or(digest)?, by_map);
    // An empty `repository` beside a name: the chart puts its own there.
    let is_partial = [keys.registry, keys.repository].into_iter().all(|node| value(node).is_none());
    let is_partial = is_partial && keys.repository.is_some();
    let name = assembled(document, keys.registry, &names).filter(|_| !is_partial).or_else(elsewhere);
    // A map that names its image under `image:` is known by that line.
    let place = image.filter(|_| name.is_some());
    let digest = digest.or(keys.digest.filter(|node| document.tree.text_of(*node) == Some("")));
    found.report_split(
        document,
        format,
        &SplitReference { name, names, tag, digest, reported_at: place, takes_inline_digest: false },
    );
}

/// A word between registry and name that only the chart's template puts in its place.
fn further_part<'d>(document: &'d Document<'_>, map: NodeId) -> Option<(&'d str, NodeId)> {
    let parts = ["org", "organization", "organisation", "namespace", "project", "account", "owner"];
    let named = |key: &&'static str| Some((*key, document.tree.get(map, key)?));
    parts.iter().find_map(named).filter(|(_, node)| is_filled(document, *node))
}

/// The scalars that make up the name, the registry aside; `None` if the map is not about an image.
fn names(document: &Document<'_>, map: NodeId, keys: &Keys, is_image_map: bool) -> Option<Vec<NodeId>> {
    let tree = document.tree;
    // `name` beside anything else is the name of something else.
    let name = is_image_map.then(|| tree.get(map, "name")).flatten().filter(|n| tree.text_of(*n).is_some());
    let names: Vec<NodeId> = [keys.repository, keys.image.or(name)].into_iter().flatten().collect();
    let repository = keys.repository.and_then(|node| tree.text_of(node)).unwrap_or_default();
    let is_elsewhere = repository.contains("://") || repository.ends_with(".git") || repository.starts_with("git@");
    let has_host = repository.split_once('/').is_some_and(|(host, _)| host.contains(['.', ':']));
    let is_told = keys.registry.is_some() || keys.image.is_some() || has_host;
    let fits = match (keys.repository, keys.tag) {
        _ if is_elsewhere => false,
        _ if is_image_map => true,
        (Some(_), Some(_)) => !repository.is_empty(),
        (Some(_), None) => is_told,
        // A version alone, beside a registry, is of anything.
        (None, None) => keys.image.is_some(),
        (None, Some(tag)) => keys.registry.is_some() || keys.image.is_some() || tree.key_text(tag) != Some("tag"),
    };
    fits.then_some(names)
}

/// Registry, repository and image name with slashes between; `None` if only a registry is told.
fn assembled(document: &Document<'_>, registry: Option<NodeId>, names: &[NodeId]) -> Option<String> {
    let tree = document.tree;
    let text = |node: NodeId| tree.text_of(node).filter(|_| is_filled(document, node));
    let path: Vec<&str> = names.iter().filter_map(|node| text(*node)).collect();
    let path = (!path.is_empty()).then(|| path.join("/"))?;
    // The charts of one large family let a global registry win over that of each image.
    let global = registry.and_then(|_| tree.text_at(document.root, &["global", "imageRegistry"]));
    let registry = global.filter(|text| !text.is_empty()).or(registry.and_then(text));
    Some(match registry.map(|registry| registry.trim_end_matches('/')) {
        Some(registry) if !path.starts_with(&format!("{registry}/")) => format!("{registry}/{path}"),
        _ => path,
    })
}

/// A map without tag and digest: nothing to change, but not passed over in silence.
fn tagless(
    document: &Document<'_>,
    found: &mut Found<'_>,
    format: &'static str,
    map: NodeId,
    keys: &Keys,
    names: &[NodeId],
) {
    let filled = |node: &NodeId| is_filled(document, *node);
    let is_reference = |node: &&NodeId| document.tree.text_of(**node).is_some_and(is_full_reference);
    let whole = names.iter().find(is_reference);
    if let Some(whole) = whole.filter(|_| keys.tag.or(keys.digest).is_none()) {
        return found.report_reference(document, format, *whole);
    }
    if let Some(whole) = whole {
        let reason = "the name holds a tag too, beside an empty field for it".to_owned();
        return found.report_notice(document, format, *whole, NoticeStatus::Held, reason);
    }
    let null = [keys.digest, keys.tag].into_iter().flatten().find(|node| document.tree.text_of(*node) != Some(""));
    let at = null.unwrap_or(map);
    let parts = [keys.registry, keys.repository, keys.tag, keys.digest];
    if at == map && parts.iter().all(Option::is_none) && names.is_empty() {
        return;
    }
    let reason = if names.iter().any(filled) {
        "no tag is written: the chart's own version decides"
    } else {
        "it sets no image: the chart does"
    };
    found.report_notice(document, format, at, NoticeStatus::Ignored, reason.to_owned());
    // `image: pilot` in such a map stays a name of its own.
    let own = keys.image.into_iter().collect::<Vec<_>>();
    found.take(parts.into_iter().flatten().filter(|node| !own.contains(node)));
}

/// `version` and `tag` beside a whole reference: they are not its tag, but say the same to other readers.
fn beside_whole(document: &Document<'_>, found: &mut Found<'_>, format: &'static str, keys: &Keys) {
    let tree = document.tree;
    for node in [keys.tag, keys.version].into_iter().flatten().filter(|node| is_filled(document, *node)) {
        if found.is_taken(node) {
            continue;
        }
        let text = tree.text_of(node).unwrap_or_default().trim_start_matches('v');
        let image = keys.image.and_then(|image| tree.text_of(image)).unwrap_or_default();
        let repeats = image.split(['@', ':']).any(|part| part.trim_start_matches('v') == text);
        let (status, reason) = if repeats {
            (NoticeStatus::Held, "it repeats the tag of the image beside it, and is not changed with it")
        } else {
            (NoticeStatus::Ignored, "the image beside it is whole: this is no part of it")
        };
        found.report_notice(document, format, node, status, reason.to_owned());
    }
}

/// Whether an `image:` needs no other part: it has a tag, a digest, or is no literal text at all.
fn is_whole(document: &Document<'_>, node: NodeId) -> bool {
    document.tree.text_of(node).is_some_and(|text| is_full_reference(text) || not_literal(text).is_some())
}

/// Whether a scalar says anything: it is neither empty nor null.
fn is_filled(document: &Document<'_>, node: NodeId) -> bool {
    match document.tree.shape(node) {
        Shape::Scalar(text, Style::Plain) => !matches!(&**text, "" | "~" | "null" | "Null" | "NULL"),
        Shape::Scalar(text, _) => !text.is_empty(),
        _ => false,
    }
}

/// Whether a map stands under a key that says image, or in a list of images.
fn is_image_map(document: &Document<'_>, map: NodeId) -> bool {
    let tree = document.tree;
    let is_list = |key: &str| key == "images" || key.ends_with("Images");
    match tree.key_text(map) {
        Some(key) => is_image_key(key),
        None => tree.parent(map).and_then(|list| tree.key_text(list)).is_some_and(is_list),
    }
}

/// `image`, `sidecarImage`, `init_image`, `*_IMAGE`.
pub(crate) fn is_image_key(key: &str) -> bool {
    matches!(key, "image" | "Image" | "IMAGE")
        || ["Image", "_image", "_IMAGE", "-image"].iter().any(|ending| key.ends_with(ending))
}
