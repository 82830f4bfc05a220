//! Compose files: `image` of services and of `x-` fragments, and defaults of variables where the configuration enables it.

use std::collections::HashSet;

use super::super::document::Document;
use super::super::format::Format;
use super::super::found::DocumentFindings;
use super::super::keys::expansions::{Operator, expansions};
use super::super::keys::walk;
use super::super::occurrence::NoticeStatus;
use super::super::screen::BUILT;
use super::super::value::{is_full_reference, not_literal};
use crate::text::{NodeId, NodeKind};

/// The format of Compose files.
pub(crate) struct Compose;

const NAME: &str = "compose";

impl Format for Compose {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "Compose files: images of services and fragments; defaults of variables where `variable-defaults` is set"
    }

    fn needles(&self) -> &'static [&'static str] {
        walk::NEEDLES
    }

    fn variables_file(&self) -> Option<&'static str> {
        Some(".env")
    }

    fn matches(&self, document: &Document<'_>) -> bool {
        let by_name = document.file_name.contains("compose");
        let services = document.tree.get(document.root, "services");
        let is_map = services.is_some_and(|node| matches!(document.tree.kind(node), NodeKind::Mapping));
        !document.is_object() && document.depth == 0 && is_map && (by_name || has_service(document, services))
    }

    fn find(&self, document: &Document<'_>, found: &mut DocumentFindings<'_>) {
        built(document, found);
        let tree = document.tree;
        for node in tree.nodes().filter(|node| tree.text_of(*node).is_some_and(|text| text.contains("${"))) {
            let is_image = tree.key_text(node) == Some("image") || is_build_argument(document, node);
            if is_image && !tree.is_key(node) && !found.is_taken(node) {
                with_defaults(document, found, node);
            }
        }
        walk::walk(document, found, NAME);
    }
}

/// Reports the images of services that have a `build`: it writes them.
fn built(document: &Document<'_>, found: &mut DocumentFindings<'_>) {
    let tree = document.tree;
    let services = tree.get(document.root, "services").into_iter().flat_map(|services| tree.entries(services));
    let services: Vec<NodeId> = services.map(|(_, service)| tree.follow(service)).collect();
    let is_built = |service: &NodeId| tree.get(*service, "build").is_some_and(|build| tree.text_of(build) != Some(""));
    let image_of = |service: &NodeId| tree.get(*service, "image").filter(|image| tree.text_of(*image).is_some());
    let written: HashSet<&str> = services
        .iter()
        .filter(|one| is_built(one))
        .filter_map(image_of)
        .filter_map(|image| tree.text_of(image))
        .collect();
    for service in services {
        // Another service runs what the build of one writes.
        let image = image_of(&service).filter(|image| tree.text_of(*image).is_some_and(|text| written.contains(text)));
        let tags = tree.at(service, &["build", "tags"]).into_iter().flat_map(|tags| tree.items(tags));
        let caches = tree.at(service, &["build", "cache_to"]).into_iter().flat_map(|caches| tree.items(caches));
        for node in image.into_iter().chain(tags).chain(caches) {
            // An alias is the same value again.
            if !found.is_taken(node) {
                found.report_notice(document, NAME, node, NoticeStatus::Ignored, BUILT.to_owned());
            }
        }
        read_by_build(document, found, service);
    }
}

/// Reports what the build of a service reads: caches, and images in lists of contexts (`NAME=docker-image://…`).
fn read_by_build(document: &Document<'_>, found: &mut DocumentFindings<'_>, service: NodeId) {
    let tree = document.tree;
    let items = |key| tree.at(service, &["build", key]).into_iter().flat_map(|list| tree.items(list));
    for cache in items("cache_from") {
        let reason = "a cache that a build reads, not what runs".to_owned();
        found.report_notice(document, NAME, cache, NoticeStatus::Ignored, reason);
    }
    for context in items("additional_contexts") {
        let Some(text) = tree.text_of(context) else { continue };
        if let Some(equals) = text.find("=docker-image://") {
            found.report_reference_in(document, NAME, context, equals + 1..text.len());
        }
    }
}

/// Returns whether a service has an image and a key that only services of Compose have.
fn has_service(document: &Document<'_>, services: Option<NodeId>) -> bool {
    let tree = document.tree;
    let marks = ["ports", "volumes", "environment", "depends_on", "restart", "build", "networks"];
    services.is_some_and(|services| {
        tree.entries(services).any(|(_, service)| {
            tree.get(service, "image").is_some() && marks.iter().any(|mark| tree.get(service, mark).is_some())
        })
    })
}

/// Returns whether a node is an argument of a build, in the notation `args: { BASE: … }`.
fn is_build_argument(document: &Document<'_>, node: NodeId) -> bool {
    let tree = document.tree;
    let args = tree.parent(node).filter(|args| tree.key_text(*args) == Some("args"));
    args.and_then(|args| tree.parent(args)).is_some_and(|build| tree.key_text(build) == Some("build"))
}

/// Reports `repo:${TAG:-1.2}`, with the defaults in place of the variables; an edit changes a default.
fn with_defaults(document: &Document<'_>, found: &mut DocumentFindings<'_>, node: NodeId) {
    let Some(text) = document.tree.text_of(node) else { return };
    let variables = expansions(text).unwrap_or_default();
    if variables.is_empty() || variables.iter().any(|variable| variable.operator != Operator::Default) {
        return;
    }
    // The text with its defaults, and the node and offset of each of its bytes.
    let (mut read, mut at) = (String::new(), Vec::new());
    let mut done = 0;
    for variable in variables {
        for part in [done..variable.range.start, variable.word] {
            read.push_str(&text[part.clone()]);
            at.extend(part.map(|byte| Some((node, byte))));
        }
        done = variable.range.end;
    }
    read.push_str(&text[done..]);
    at.extend((done..text.len()).map(|byte| Some((node, byte))));
    if document.options.variable_defaults {
        if document.tree.key_text(node) == Some("image") || is_full_reference(&read) {
            found.report_composed(document, NAME, &read, &at);
        }
    } else if is_full_reference(&read) {
        let status = not_literal("the value", text).map_or(NoticeStatus::Held, |not| not.status);
        let reason = "a variable sets the value; `manifests: { variable-defaults: true }` manages its default";
        found.report_notice(document, NAME, node, status, reason.to_owned());
    }
}
