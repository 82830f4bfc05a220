//! Argo CD: overrides in an Application or ApplicationSet, in `.argocd-source*.yaml`, and charts in OCI registries.
//!
//! `helm.values` is read as an embedded document, `helm.valuesObject` like any Helm values.

use super::super::document::Document;
use super::super::format::Format;
use super::super::found::DocumentFindings;
use super::super::keys::names::contains_image;
use super::super::keys::{FlatKeys, GlobalRegistry, is_tag};
use super::super::occurrence::NoticeStatus;
use super::super::screen::{Ignored, IgnoredScope};
use super::super::split_reference::SplitReference;
use super::super::value::is_full_reference;
use super::helm_chart::{NEEDLES, http_chart, is_range, oci_chart};
use crate::text::{NodeId, NodeKind};

/// The format of Applications, ApplicationSets and `.argocd-source*.yaml` files.
pub(crate) struct ArgoCd;

const NAME: &str = "argo-cd";

const IGNORED: &[Ignored] = &[Ignored {
    scope: IgnoredScope::Kind("argocd-image-updater.argoproj.io", "*"),
    reason: "configures Argo CD Image Updater",
}];

impl Format for ArgoCd {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "Argo CD applications and .argocd-source files: kustomize images, Helm parameters, charts in OCI registries"
    }

    fn needles(&self) -> &'static [&'static str] {
        NEEDLES
    }

    fn ignored(&self) -> &'static [Ignored] {
        IGNORED
    }

    fn matches(&self, document: &Document<'_>) -> bool {
        let is_application = |(_, group, kind): (NodeId, &str, &str)| {
            group == "argoproj.io" && matches!(kind, "Application" | "ApplicationSet")
        };
        (document.is_object() && document.objects().any(is_application))
            || (document.file_name.starts_with(".argocd-source") && document.depth == 0)
    }

    fn find(&self, document: &Document<'_>, found: &mut DocumentFindings<'_>) {
        let tree = document.tree;
        for node in tree.nodes().filter(|node| matches!(tree.kind(*node), NodeKind::Mapping)) {
            if let Some(images) = tree.at(node, &["kustomize", "images"]) {
                kustomize_images(document, found, images);
            }
            if let Some(parameters) = tree.at(node, &["helm", "parameters"]) {
                helm_parameters(document, found, parameters);
            }
            for (list, value) in [("env", "value"), ("parameters", "string")] {
                if let Some(variables) = tree.at(node, &["plugin", list]) {
                    plugin_variables(document, found, variables, value);
                }
            }
            source(document, found, node);
        }
    }
}

/// Reports `name=image:tag` and `image:tag`, as `argocd app set --kustomize-image` writes them.
fn kustomize_images(document: &Document<'_>, found: &mut DocumentFindings<'_>, images: NodeId) {
    for item in document.tree.items(images) {
        let item = document.tree.follow(item);
        let Some(text) = document.tree.text_of(item) else { continue };
        if found.is_taken(item) {
            continue;
        }
        let start = text.find('=').map_or(0, |equals| equals + 1);
        // `nginx=` and `nginx` set neither a tag nor a digest.
        if is_full_reference(&text[start..]) || text[start..].contains('$') || text[start..].contains("{{") {
            let end = text.len();
            found.report_reference_in(document, NAME, item, start..end);
        }
    }
}

/// Reports `- {name: image.tag, value: v1}` next to `image.repository`. Often only the chart has the name.
fn helm_parameters(document: &Document<'_>, found: &mut DocumentFindings<'_>, parameters: NodeId) {
    let tree = document.tree;
    let named = |item| Some((tree.text_at(item, &["name"])?, tree.get(item, "value")?));
    let keys = FlatKeys::new(tree, tree.items(parameters).filter_map(named).collect());
    for (name, value) in tree.items(parameters).filter_map(named) {
        let text = tree.text_of(value).unwrap_or_default();
        if found.is_taken(value) {
            continue;
        }
        if is_tag(name) {
            let mut split = keys.beside(name, value);
            split.name =
                split.name.or_else(|| found.configured_or_marked_image(document, value, |field| field == name));
            let global = GlobalRegistry::of(|path| tree.text_of(keys.get(&path.join("."))?));
            if keys.registry_beside(name).is_none()
                && let (Some(global), Some(name)) = (global, &split.name)
                && global.changes(name)
            {
                found.report_notice(document, NAME, value, NoticeStatus::Held, global.reason());
                continue;
            }
            found.report_split(document, NAME, &split);
        } else if contains_image(name) && is_full_reference(text) {
            keys.report_whole(document, found, NAME, name, value);
        }
    }
}

/// Reports the variables and parameters of a config management plugin: whole references in each notation of a value, and
/// `- {name: IMAGE_TAG, value: v1}` where settings or a marker name the image.
fn plugin_variables(document: &Document<'_>, found: &mut DocumentFindings<'_>, variables: NodeId, key: &str) {
    let tree = document.tree;
    for item in tree.items(variables) {
        let name = tree.text_at(item, &["name"]).unwrap_or_default();
        if let Some(map) = tree.get(item, "map") {
            FlatKeys::of(tree, map).report(document, found, NAME, name);
        }
        if contains_image(name)
            && let Some(array) = tree.get(item, "array")
        {
            kustomize_images(document, found, array);
        }
        let Some(value) = tree.get(item, key).filter(|value| !found.is_taken(*value)) else { continue };
        let image = found.configured_or_marked_image(document, value, |field| field == name);
        if image.is_some() {
            let parts = SplitReference { name: image, tag: Some(value), ..SplitReference::default() };
            found.report_split(document, NAME, &parts);
        } else if contains_image(name) && tree.text_of(value).is_some_and(is_full_reference) {
            found.report_reference(document, NAME, value);
        }
    }
}

/// Reports a chart or manifests in an OCI registry: `repoURL` and `targetRevision`.
fn source(document: &Document<'_>, found: &mut DocumentFindings<'_>, source: NodeId) {
    let tree = document.tree;
    let (Some(url), Some(revision)) = (tree.get(source, "repoURL"), tree.get(source, "targetRevision")) else { return };
    let chart = tree.get(source, "chart");
    let text = tree.text_of(url).unwrap_or_default();
    // Argo CD takes an address without a scheme for an OCI registry if there is a chart. Addresses of git have `://` or `@`.
    let is_registry = text.starts_with("oci://") || (!text.contains("://") && !text.contains('@') && chart.is_some());
    if is_registry && chart.is_some() {
        oci_chart(document, found, NAME, url, chart, revision);
    } else if is_registry {
        artifact(document, found, url, revision);
    } else if chart.is_some() && text.starts_with("http") && !found.is_marked(document, revision) {
        http_chart(document, found, NAME, revision);
    }
}

/// Reports an artifact with manifests: without a chart, Argo CD takes the revision as the tag itself.
fn artifact(document: &Document<'_>, found: &mut DocumentFindings<'_>, url: NodeId, revision: NodeId) {
    let tree = document.tree;
    let (Some(address), Some(text)) = (tree.text_of(url), tree.text_of(revision)) else { return };
    let name = address.strip_prefix("oci://").unwrap_or(address).trim_end_matches('/').to_owned();
    if found.is_taken(revision) {
        return;
    }
    if is_range(text) {
        let reason = format!("a version range of {name}, resolved when it is installed");
        return found.report_notice(document, NAME, revision, NoticeStatus::Ignored, reason);
    }
    let parts = SplitReference { name: Some(name), names: vec![url], tag: Some(revision), ..SplitReference::default() };
    found.report_split(document, NAME, &parts);
}
