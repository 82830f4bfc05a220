//! Kustomize: `images` with `name`, `newName`, `newTag` and `digest` in all combinations, and `helmCharts`.
//!
//! Inline patches are read as embedded documents, JSON patches like any YAML.

use super::super::document::Document;
use super::super::format::Format;
use super::super::found::DocumentFindings;
use super::super::occurrence::NoticeStatus;
use super::super::split_reference::SplitReference;
use super::helm_chart::{NEEDLES, http_chart, oci_chart};
use crate::text::NodeId;

/// The format of kustomizations and components.
pub(crate) struct Kustomize;

const NAME: &str = "kustomize";

/// The kinds of files without an apiVersion.
const KINDS: [&str; 3] = ["", "Kustomization", "Component"];

impl Format for Kustomize {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "kustomizations: newTag and digest of images, charts in OCI registries"
    }

    fn files(&self) -> &'static [&'static str] {
        &["*.yaml", "*.yml", "*.json", "*.jsonc", "Kustomization"]
    }

    fn needles(&self) -> &'static [&'static str] {
        NEEDLES
    }

    fn matches(&self, document: &Document<'_>) -> bool {
        let named = matches!(document.file_name, "kustomization.yaml" | "kustomization.yml" | "Kustomization");
        let typed = document.group() == "kustomize.config.k8s.io";
        // Kustomize adds a missing apiVersion, and a missing kind.
        let completed = document.api_version.is_empty() && KINDS.contains(&document.kind);
        typed || (named && document.depth == 0 && completed)
    }

    fn find(&self, document: &Document<'_>, found: &mut DocumentFindings<'_>) {
        // `imageTags` is the name of the list before kustomize 2.
        let lists = ["images", "imageTags"].into_iter().filter_map(|key| document.tree.get(document.root, key));
        for images in lists {
            find_images(document, found, NAME, images);
        }
        let charts = document.tree.get(document.root, "helmCharts");
        for chart in charts.into_iter().flat_map(|charts| document.tree.items(charts)) {
            find_chart(document, found, chart);
        }
    }
}

/// Reports a chart that kustomize inflates: `repo`, `name` and `version`. Its `valuesInline` are read like any Helm values.
fn find_chart(document: &Document<'_>, found: &mut DocumentFindings<'_>, chart: NodeId) {
    let part = |key| document.tree.get(chart, key);
    let (Some(repository), Some(version)) = (part("repo"), part("version")) else { return };
    match document.tree.text_of(repository) {
        Some(text) if text.starts_with("oci://") => {
            oci_chart(document, found, NAME, repository, part("name"), version);
        }
        Some(text) if text.starts_with("http") && !found.is_marked(document, version) => {
            http_chart(document, found, NAME, version);
        }
        _ => {}
    }
}

/// Reports the entries of an `images` list. Flux has the same list in its own objects.
pub(crate) fn find_images(
    document: &Document<'_>,
    found: &mut DocumentFindings<'_>,
    format: &'static str,
    images: NodeId,
) {
    let tree = document.tree;
    for item in tree.items(images) {
        let part = |key| tree.get(item, key).filter(|node| tree.text_of(*node).is_some());
        let text = |node: Option<NodeId>| node.and_then(|n| tree.text_of(n)).filter(|text| !text.is_empty());
        let (name, new_name, tag, digest) = (part("name"), part("newName"), part("newTag"), part("digest"));
        let (Some(name), Some(anchor)) = (name, tag.or(digest).or(new_name).or(name)) else { continue };
        if tag.is_none() && digest.is_none() && new_name.is_none() {
            let reason = "the entry sets neither `newName`, `newTag` nor `digest`".to_owned();
            found.report_notice(document, format, anchor, NoticeStatus::Ignored, reason);
            continue;
        }
        // Kustomize composes name:newTag@digest (api/filters/imagetag); before 5.0 a digest replaced a newTag. So both are
        // edited together, and newTag may hold `tag@digest`.
        let source = text(new_name).or(text(Some(name))).map(str::to_owned);
        let names = std::iter::once(name).chain(new_name).collect();
        let parts = SplitReference {
            name: source,
            names,
            tag,
            digest,
            takes_inline_digest: digest.is_none(),
            ..SplitReference::default()
        };
        found.report_split(document, format, &parts);
    }
}
