//! Flux: image overrides of Kustomizations and HelmReleases, OCI artifacts, and charts in OCI registries.
//!
//! `values` of a HelmRelease are read like any Helm values, patches as embedded documents.

use super::super::document::Document;
use super::super::format::Format;
use super::super::found::DocumentFindings;
use super::super::occurrence::NoticeStatus;
use super::super::screen::{Ignored, IgnoredScope};
use super::super::split_reference::SplitReference;
use super::helm_chart::{NEEDLES, chart_version, http_chart};
use super::kustomize::find_images;
use crate::text::NodeId;

/// The format of objects in Flux's API groups.
pub(crate) struct Flux;

const NAME: &str = "flux";

const IGNORED: &[Ignored] = &[Ignored {
    scope: IgnoredScope::Kind("image.toolkit.fluxcd.io", "*"),
    reason: "configures Flux's own image automation",
}];

impl Format for Flux {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "Flux objects: images of Kustomizations and post-renderers, OCIRepository objects, charts in OCI registries"
    }

    fn needles(&self) -> &'static [&'static str] {
        NEEDLES
    }

    fn ignored(&self) -> &'static [Ignored] {
        IGNORED
    }

    fn matches(&self, document: &Document<'_>) -> bool {
        document.is_object()
    }

    fn find(&self, document: &Document<'_>, found: &mut DocumentFindings<'_>) {
        let is_flux = |(_, group, _): &(NodeId, &str, &str)| group.ends_with(".toolkit.fluxcd.io");
        for (object, _, kind) in document.objects().filter(is_flux) {
            let Some(spec) = document.tree.get(object, "spec") else { continue };
            match kind {
                "Kustomization" => images(document, found, spec),
                "HelmRelease" => release(document, found, spec),
                "HelmChart" => chart_of_repository(document, found, spec),
                "OCIRepository" => artifact(document, found, spec),
                _ => {}
            }
        }
    }
}

/// Reports the `images` of a Kustomization or a post-renderer.
fn images(document: &Document<'_>, found: &mut DocumentFindings<'_>, holder: NodeId) {
    if let Some(images) = document.tree.get(holder, "images") {
        find_images(document, found, NAME, images);
    }
}

/// Reports the chart of a HelmRelease and the images of its post-renderers.
fn release(document: &Document<'_>, found: &mut DocumentFindings<'_>, spec: NodeId) {
    let tree = document.tree;
    if let Some(renderers) = tree.get(spec, "postRenderers") {
        for renderer in tree.items(renderers).filter_map(|item| tree.get(item, "kustomize")) {
            images(document, found, renderer);
        }
    }
    if let Some(chart) = tree.at(spec, &["chart", "spec"]) {
        chart_of_repository(document, found, chart);
    }
}

/// Reports the artifact of an OCIRepository: `url`, `ref.tag` and `ref.digest`.
fn artifact(document: &Document<'_>, found: &mut DocumentFindings<'_>, spec: NodeId) {
    let tree = document.tree;
    let (Some(url), Some(reference)) = (tree.get(spec, "url"), tree.get(spec, "ref")) else { return };
    let part = |key| tree.get(reference, key).filter(|node| tree.text_of(*node).is_some_and(|text| !text.is_empty()));
    if let Some(range) = part("semver") {
        let reason = "a version range that Flux resolves in the cluster".to_owned();
        return found.report_notice(document, NAME, range, NoticeStatus::Ignored, reason);
    }
    let name = tree.text_of(url).map(|text| text.trim_start_matches("oci://").trim_end_matches('/').to_owned());
    let (tag, digest) = (part("tag"), part("digest"));
    if tag.is_some() || digest.is_some() {
        found.report_split(
            document,
            NAME,
            &SplitReference { name, names: vec![url], tag, digest, ..SplitReference::default() },
        );
    }
}

/// Reports a `chart` and its `version` where the address of its HelmRepository is an OCI registry.
fn chart_of_repository(document: &Document<'_>, found: &mut DocumentFindings<'_>, spec: NodeId) {
    let tree = document.tree;
    let (Some(chart), Some(version)) = (tree.get(spec, "chart"), tree.get(spec, "version")) else { return };
    if tree.text_at(spec, &["sourceRef", "kind"]) != Some("HelmRepository") {
        return;
    }
    let repository = tree.text_at(spec, &["sourceRef", "name"]).unwrap_or_default();
    let Some(url) = document.options.helm_repositories.get(repository) else {
        // The `marker` format reads a version with a marker.
        if !found.is_marked(document, version) {
            http_chart(document, found, NAME, version);
        }
        return;
    };
    let (Some(chart_text), Some(text)) = (tree.text_of(chart), tree.text_of(version)) else { return };
    let name = format!("{}/{chart_text}", url.trim_start_matches("oci://").trim_end_matches('/'));
    chart_version(document, found, NAME, name, vec![chart], version, text);
}
