//! References under keys that mean images wherever they stand: what Kubernetes objects, Helm values and all other YAML
//! have in common. One walk over all mappings of a document.

use super::document::Document;
use super::found::{Found, Parts};
use super::occurrence::Standing;
use super::reading::{is_surely_reference, no_literal};
use crate::text::{NodeId, Shape, Style};

/// Walks the whole document.
pub(super) fn walk(document: &Document<'_>, found: &mut Found<'_>, format: &'static str) {
    let tree = document.tree;
    for node in tree.nodes() {
        match tree.shape(node) {
            Shape::Mapping => mapping(document, found, format, node),
            Shape::Sequence => sequence(document, found, format, node),
            Shape::Scalar(value, style) if may_embed(value, *style) && !found.is_taken(node) => {
                found.embedded.push(node);
            }
            _ => {}
        }
    }
}

/// Whether a scalar may hold a document of its own.
fn may_embed(value: &str, style: Style) -> bool {
    style != Style::Plain
        && value.len() > 10
        && memchr::memchr(b'\n', value.as_bytes()).is_some()
        && super::screen::may_hold(value.as_bytes())
        && !value.starts_with("#!")
}

fn mapping(document: &Document<'_>, found: &mut Found<'_>, format: &'static str, map: NodeId) {
    let tree = document.tree;
    let mut keys = Keys::default();
    let mut named = false;
    for (key, value) in tree.entries(map) {
        let Some(text) = tree.text_of(key) else { continue };
        match role(text) {
            None => {}
            Some(Role::Named) => named = true,
            Some(role) if tree.text_of(tree.follow(value)).is_some() => keys.add(role, tree.follow(value)),
            Some(_) => {}
        }
    }
    if keys.any() {
        split(document, found, format, map, &keys);
    }
    for (key, value) in tree.entries(map) {
        let value = tree.follow(value);
        let (Some(text), Some(_)) = (tree.text_of(key), tree.text_of(value)) else { continue };
        if !found.is_taken(value) {
            single(document, found, format, map, text, value);
        }
    }
    if named {
        pair(document, found, format, map);
    }
}

/// What a key says about its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Registry,
    Repository,
    Image,
    Tag,
    Version,
    Digest,
    /// `name` beside `value` or `default`: see [`pair`].
    Named,
}

fn role(key: &str) -> Option<Role> {
    Some(match key {
        "registry" | "hub" => Role::Registry,
        "repository" | "repo" | "imageRepository" | "image_repository" => Role::Repository,
        "image" | "imageName" | "image_name" => Role::Image,
        "name" => Role::Named,
        "tag" | "imageTag" | "image_tag" => Role::Tag,
        "version" => Role::Version,
        "digest" | "sha" | "sha256" | "imageDigest" => Role::Digest,
        _ => return None,
    })
}

/// The scalars of a map that may be parts of one reference; of doubled keys the last counts.
#[derive(Debug, Default)]
struct Keys {
    registry: Option<NodeId>,
    repository: Option<NodeId>,
    image: Option<NodeId>,
    tag: Option<NodeId>,
    version: Option<NodeId>,
    digest: Option<NodeId>,
    doubled: bool,
}

impl Keys {
    fn add(&mut self, role: Role, node: NodeId) {
        let slot = match role {
            Role::Registry => &mut self.registry,
            Role::Repository => &mut self.repository,
            Role::Image => &mut self.image,
            Role::Tag => &mut self.tag,
            Role::Version => &mut self.version,
            Role::Digest => &mut self.digest,
            Role::Named => return,
        };
        self.doubled |= slot.is_some();
        *slot = Some(node);
    }

    fn any(&self) -> bool {
        [self.registry, self.repository, self.image, self.tag, self.version, self.digest].iter().any(Option::is_some)
    }
}

/// A map that holds a reference in parts: `image: {registry, repository, tag, digest}` and its relatives.
fn split(document: &Document<'_>, found: &mut Found<'_>, format: &'static str, map: NodeId, keys: &Keys) {
    let tree = document.tree;
    let text = |node: Option<NodeId>| node.and_then(|n| tree.text_of(n)).filter(|t| !t.is_empty());
    let around = tree.key_text(map).unwrap_or_default();
    let is_image_map = is_image_key(around) || matches!(around, "images") || is_image_item(document, map);
    let name = is_image_map.then(|| tree.get(map, "name")).flatten().filter(|n| tree.text_of(*n).is_some());
    let tag = keys.tag.or(keys.version.filter(|_| keys.tag.is_none()));
    let only_version = keys.tag.is_none() && keys.version.is_some();

    // A whole reference in `image:` leaves its neighbours alone: `version:` beside it is for people and operators.
    let image_is_whole =
        text(keys.image).is_some_and(|image| is_surely_reference(image) || no_literal(image).is_some());
    if image_is_whole {
        return;
    }
    let repository = keys.repository.or(if keys.image.is_some() { None } else { name });
    let last = match (keys.repository.is_some() || keys.registry.is_some(), keys.image, name) {
        (_, Some(image), _) => Some(image),
        (true, None, name) if keys.repository.is_some() => name,
        _ => None,
    };
    let names: Vec<NodeId> = [keys.registry, repository, last].into_iter().flatten().collect();
    let named: Vec<NodeId> = names.iter().copied().filter(|n| Some(*n) != keys.registry).collect();
    if named.is_empty() && !(is_image_map || (keys.registry.is_some() && keys.tag.is_some())) {
        return;
    }
    if tag.is_none() && keys.digest.is_none() && !is_image_map {
        return;
    }
    if only_version && !is_image_map && keys.image.is_none() && !looks_like_image_repository(document, keys) {
        return;
    }
    if keys.repository.is_some() && !is_image_map && !looks_like_image_repository(document, keys) {
        return;
    }
    let parts = Parts { name: assembled(document, keys.registry, &named), names, tag, digest: keys.digest };
    report(document, found, format, map, keys, &parts);
}

fn report(
    document: &Document<'_>,
    found: &mut Found<'_>,
    format: &'static str,
    map: NodeId,
    keys: &Keys,
    parts: &Parts,
) {
    let tree = document.tree;
    let Some(first) = parts.tag.or(parts.digest).or(parts.names.first().copied()) else { return };
    if found.is_taken(first) {
        return;
    }
    if keys.doubled {
        let reason = "a key stands twice in the map".to_owned();
        return found.remark(document, format, first, Standing::Held, reason);
    }
    let holds_value = |node: &NodeId| tree.text_of(*node).is_some_and(|t| !t.is_empty() && t != "null" && t != "~");
    if parts.name.is_none() && !parts.tag.iter().chain(&parts.digest).any(holds_value) {
        let reason = "it sets no image: the rest is the chart's".to_owned();
        return found.remark(document, format, first, Standing::NotOurs, reason);
    }
    if parts.name.is_none()
        && let Some(image) = named_by_rule(document, map, first).or_else(|| found.named_by_comment(document, first))
    {
        return found.parts(document, format, &Parts { name: Some(image), ..parts.clone() });
    }
    found.parts(document, format, parts);
}

/// The image that a rule of the configuration names for a map or its tag.
fn named_by_rule(document: &Document<'_>, map: NodeId, tag: NodeId) -> Option<String> {
    let mut rules = document.options.named.iter().filter(|rule| rule.paths.is_match(document.path)).peekable();
    rules.peek()?;
    let (map, tag) = (document.route(map), document.route(tag));
    rules.find(|rule| rule.field == map || rule.field == tag).map(|rule| rule.image.clone())
}

/// Registry, repository and image name with slashes between; `None` if only a registry is told.
fn assembled(document: &Document<'_>, registry: Option<NodeId>, named: &[NodeId]) -> Option<String> {
    let tree = document.tree;
    let text = |node: NodeId| tree.text_of(node).filter(|t| !t.is_empty() && *t != "null" && *t != "~");
    let path: Vec<&str> = named.iter().filter_map(|node| text(*node)).collect();
    let path = (!path.is_empty()).then(|| path.join("/"))?;
    // Charts of one large family let a global registry win over that of each image.
    let global =
        registry.and_then(|_| tree.text_at(document.root, &["global", "imageRegistry"])).filter(|t| !t.is_empty());
    let registry = global.or(registry.and_then(text)).map(|registry| registry.trim_end_matches('/'));
    Some(match registry {
        Some(registry) if !path.starts_with(&format!("{registry}/")) => format!("{registry}/{path}"),
        _ => path,
    })
}

/// Whether a `repository` beside a tag names an image rather than a git repository or a chart repository.
fn looks_like_image_repository(document: &Document<'_>, keys: &Keys) -> bool {
    let text = keys.repository.and_then(|node| document.tree.text_of(node)).unwrap_or_default();
    let elsewhere = text.contains("://") || text.ends_with(".git") || text.starts_with("git@");
    let host = text.split_once('/').is_some_and(|(host, _)| host.contains(['.', ':']));
    !elsewhere && !text.is_empty() && (keys.registry.is_some() || keys.image.is_some() || keys.tag.is_some() || host)
}

/// Whether a map is an item of a list of images.
fn is_image_item(document: &Document<'_>, map: NodeId) -> bool {
    let list = document.tree.parent(map).filter(|list| matches!(document.tree.shape(*list), Shape::Sequence));
    list.and_then(|list| document.tree.key_text(list)).is_some_and(|key| key == "images" || key.ends_with("Images"))
}

/// `image`, `sidecarImage`, `init_image`, `*_IMAGE`.
fn is_image_key(key: &str) -> bool {
    key == "image"
        || key.ends_with("Image")
        || key.ends_with("_image")
        || key.ends_with("_IMAGE")
        || key.ends_with("-image")
}

/// A value that is a whole reference: `image: nginx:1.27`.
fn single(document: &Document<'_>, found: &mut Found<'_>, format: &'static str, map: NodeId, key: &str, value: NodeId) {
    let tree = document.tree;
    let Some(text) = tree.text_of(value) else { return };
    let is_text = tree.string(value).is_some();
    if key == "image" {
        if tree.style(value) == Some(Style::Block) && text.trim().contains('\n') {
            return;
        }
        return match (is_text, is_container(document, map)) {
            (true, container) => image(document, found, format, value, container),
            (false, true) => {
                let reason = "the container has no image: the value is empty or no text".to_owned();
                found.remark(document, format, value, Standing::Held, reason);
            }
            (false, false) => {}
        };
    }
    let under_image = || tree.key_text(map).is_some_and(is_image_key);
    let kind_says_image = || tree.text_at(map, &["kind"]).is_some_and(|kind| kind == "DockerImage");
    let expected = match key {
        "imageName" | "baseImage" | "containerImage" | "imageRef" | "image_name" => true,
        "reference" => under_image(),
        "name" => kind_says_image(),
        "package" => document.group() == "pkg.crossplane.io",
        _ => is_image_key(key),
    };
    if expected && is_text && flat_split(document, found, format, map, key, value) {
        return;
    }
    if expected && is_text && (is_surely_reference(text) || is_unfinished(text)) {
        found.reference(document, format, value);
    }
}

/// A variable or template in the place of a reference is worth a remark; a plain word under `*Image` is not.
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
    if tree.text_of(value).is_none_or(|text| is_surely_reference(text) || no_literal(text).is_some()) {
        return false;
    }
    let tag = ["Tag", "_tag", "_TAG", "Version", "_version", "_VERSION", "-tag", "-version"]
        .iter()
        .find_map(|suffix| tree.get(map, &format!("{key}{suffix}")))
        .filter(|node| tree.text_of(*node).is_some_and(|text| !text.is_empty()));
    let Some(tag) = tag else { return false };
    let name = tree.text_of(value).map(str::to_owned);
    found.parts(document, format, &Parts { name, names: vec![value], tag: Some(tag), digest: None });
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
        return found.remark(document, format, value, Standing::NotOurs, reason);
    }
    if (is_picture || text == ".") && !container {
        let reason = "a file, not a container image".to_owned();
        return found.remark(document, format, value, Standing::NotOurs, reason);
    }
    if text.contains(' ') && !container && no_literal(text).is_some_and(|(standing, _)| standing == Standing::Held) {
        let reason = format!("free text, not an image reference: {text:?}");
        return found.remark(document, format, value, Standing::NotOurs, reason);
    }
    found.reference(document, format, value);
}

/// Whether a map is a container of a pod: it stands in a list of containers.
fn is_container(document: &Document<'_>, map: NodeId) -> bool {
    let list = document.tree.parent(map).and_then(|list| document.tree.key_text(list));
    list.is_some_and(|key| matches!(key, "containers" | "initContainers" | "ephemeralContainers"))
}

/// `name` beside `value` or `default`: environment variables, Tekton and Argo Workflows parameters.
fn pair(document: &Document<'_>, found: &mut Found<'_>, format: &'static str, map: NodeId) {
    let tree = document.tree;
    let name = tree.text_at(map, &["name"]).unwrap_or_default();
    if !contains_image(name) {
        return;
    }
    for key in ["value", "default"] {
        let Some(value) = tree.get(map, key).filter(|value| !found.is_taken(*value)) else { continue };
        let Some(text) = tree.string(value) else { continue };
        if is_surely_reference(text) {
            found.reference(document, format, value);
        } else if text.contains('\n') {
            lines(document, found, format, value);
        }
    }
}

/// `3.9.0=quay.io/strimzi/kafka:0.45-kafka-3.9.0`, one on each line.
fn lines(document: &Document<'_>, found: &mut Found<'_>, format: &'static str, node: NodeId) {
    let Some(text) = document.tree.text_of(node).map(str::to_owned) else { return };
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end();
        if let Some(equals) = content.find('=')
            && is_surely_reference(&content[equals + 1..])
        {
            found.reference_in(document, format, node, at + equals + 1..at + content.len());
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
            if (is_list_of_images || flag_before) && is_surely_reference(text) {
                found.reference(document, format, item);
            } else if let Some(equals) = text.find('=').filter(|_| flag_here) {
                argument(document, found, format, item, equals);
            }
        }
        flag_before = flag_here && !text.contains('=') && contains_image(text);
    }
}

/// `--sidecar-image=quay.io/x/y:1`. A flag that doesn't say image needs a value that can be nothing else.
fn argument(document: &Document<'_>, found: &mut Found<'_>, format: &'static str, item: NodeId, equals: usize) {
    let text = document.tree.text_of(item).unwrap_or_default();
    let (flag, value) = (&text[..equals], &text[equals + 1..]);
    let host_and_path = value.split_once('/').is_some_and(|(host, _)| host.contains('.') && !host.contains(':'));
    let tag_is_port = value.rsplit_once(':').is_some_and(|(_, tag)| tag.bytes().all(|b| b.is_ascii_digit()));
    if is_surely_reference(value) && (contains_image(flag) || (host_and_path && !tag_is_port)) {
        found.reference_in(document, format, item, equals + 1..text.len());
    }
}

/// Whether a name says image, and not how it is pulled.
fn contains_image(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("image") && !name.contains("pull")
}
