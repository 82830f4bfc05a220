//! Argo CD: overrides in an Application or ApplicationSet, in `.argocd-source*.yaml`, and charts in OCI registries.
//!
//! `helm.values` is read as an embedded document, `helm.valuesObject` like any Helm values.

use super::super::document::Document;
use super::super::format::Format;
use super::super::found::DocumentFindings;
use super::super::keys::GlobalRegistry;
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
    let named = |wanted: &str| {
        let item = tree.items(parameters).find(|item| tree.text_at(*item, &["name"]) == Some(wanted))?;
        tree.get(item, "value").filter(|value| tree.text_of(*value).is_some())
    };
    for item in tree.items(parameters) {
        let name = tree.text_at(item, &["name"]).unwrap_or_default();
        let Some(value) = tree.get(item, "value").filter(|value| !found.is_taken(*value)) else { continue };
        let (prefix, last) = name.rsplit_once('.').map_or(("", name), |(prefix, last)| (&name[..=prefix.len()], last));
        let text = tree.text_of(value).unwrap_or_default();
        let is_tag =
            matches!(last, "tag" | "imageTag") && (prefix.to_ascii_lowercase().contains("image") || last == "imageTag");
        if is_tag {
            let part = |keys: &[&str]| keys.iter().find_map(|key| named(&format!("{prefix}{key}")));
            let registry = part(&["registry", "hub"]);
            let repository = part(&["repository", "repo", "name", "imageRepository", "imageName"]);
            let words: Vec<&str> =
                [registry, repository].into_iter().flatten().filter_map(|n| tree.text_of(n)).collect();
            let name = repository.map(|_| words.join("/"));
            let parameter = tree.text_at(item, &["name"]).unwrap_or_default();
            let name = name.or_else(|| found.configured_or_marked_image(document, value, |field| field == parameter));
            let global = GlobalRegistry::of(|path| tree.text_of(named(&path.join("."))?));
            if registry.is_none()
                && let (Some(global), Some(name)) = (global, &name)
                && global.changes(name)
            {
                found.report_notice(document, NAME, value, NoticeStatus::Held, global.reason());
                continue;
            }
            let digest = part(&["digest", "sha"]);
            let names = [registry, repository].into_iter().flatten().collect();
            found.report_split(
                document,
                NAME,
                &SplitReference { name, names, tag: Some(value), digest, ..SplitReference::default() },
            );
        } else if name.to_ascii_lowercase().contains("image") && is_full_reference(text) {
            found.report_reference(document, NAME, value);
        }
    }
}

/// Reports `- {name: IMAGE_TAG, value: v1}` of a config management plugin, where settings or a marker name the image.
fn plugin_variables(document: &Document<'_>, found: &mut DocumentFindings<'_>, variables: NodeId, key: &str) {
    let tree = document.tree;
    for item in tree.items(variables) {
        let name = tree.text_at(item, &["name"]).unwrap_or_default();
        let Some(value) = tree.get(item, key).filter(|value| !found.is_taken(*value)) else { continue };
        let image = found.configured_or_marked_image(document, value, |field| field == name);
        if image.is_some() {
            let parts = SplitReference { name: image, tag: Some(value), ..SplitReference::default() };
            found.report_split(document, NAME, &parts);
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
