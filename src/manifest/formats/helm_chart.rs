//! Helm charts: `Chart.yaml`, and charts that are artifacts in OCI registries, whoever points at them.
//!
//! The image list in `annotations` of a `Chart.yaml` is found as an embedded document.

use super::super::document::Document;
use super::super::format::Format;
use super::super::found::{Found, Parts};
use super::super::occurrence::NoticeStatus;
use crate::text::NodeId;

/// `Chart.yaml`: dependencies in OCI registries; `appVersion` where the configuration says which image it is.
pub(crate) struct Chart;

const NAME: &str = "helm-chart";

/// Texts of which every document has one that names a chart in an OCI registry, or holds the tag of its image.
pub(crate) const NEEDLES: &[&str] = &["oci://", "chart", "appVersion", "mage"];

impl Format for Chart {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "Chart.yaml: dependencies in OCI registries, images in annotations, and appVersion where a rule names its image"
    }

    fn needles(&self) -> &'static [&'static str] {
        NEEDLES
    }

    fn matches(&self, document: &Document<'_>) -> bool {
        document.depth == 0 && matches!(document.file_name, "Chart.yaml" | "Chart.lock" | "requirements.yaml")
    }

    fn find(&self, document: &Document<'_>, found: &mut Found<'_>) {
        let tree = document.tree;
        if document.file_name != "Chart.lock"
            && let Some(dependencies) = tree.get(document.root, "dependencies")
        {
            for item in tree.items(dependencies) {
                let part = |key| tree.get(item, key);
                let (Some(url), Some(version)) = (part("repository"), part("version")) else { continue };
                match tree.text_of(url) {
                    Some(text) if text.starts_with("oci://") => {
                        oci_chart(document, found, NAME, url, part("name"), version)
                    }
                    Some(text) if text.starts_with("http") => http_chart(document, found, NAME, version),
                    _ => {}
                }
            }
        }
        let rule = document.options.app_versions.iter().find(|rule| rule.paths.is_match(document.path));
        if let (Some(rule), Some(version)) = (rule, tree.get(document.root, "appVersion")) {
            let parts = Parts { name: Some(rule.image.clone()), tag: Some(version), ..Parts::default() };
            found.parts(document, NAME, &parts);
        }
    }
}

/// A chart that no registry holds.
pub(crate) fn http_chart(document: &Document<'_>, found: &mut Found<'_>, format: &'static str, version: NodeId) {
    if !found.is_taken(version) {
        let reason = "a chart of a repository that is no container registry".to_owned();
        found.notice(document, format, version, NoticeStatus::Ignored, reason);
    }
}

/// A chart in an OCI registry: its address, its name below it, its version as a tag.
pub(crate) fn oci_chart(
    document: &Document<'_>,
    found: &mut Found<'_>,
    format: &'static str,
    url: NodeId,
    chart: Option<NodeId>,
    version: NodeId,
) {
    let tree = document.tree;
    let (Some(url_text), Some(version_text)) = (tree.text_of(url), tree.text_of(version)) else { return };
    let base = url_text.strip_prefix("oci://").unwrap_or(url_text).trim_end_matches('/');
    let name = match chart.and_then(|chart| tree.text_of(chart)) {
        Some(chart) => format!("{base}/{chart}"),
        None => base.to_owned(),
    };
    chart_version(document, found, format, name, std::iter::once(url).chain(chart).collect(), version, version_text);
}

/// The version of a chart whose name is known; a range is the business of whoever resolves it.
pub(crate) fn chart_version(
    document: &Document<'_>,
    found: &mut Found<'_>,
    format: &'static str,
    name: String,
    names: Vec<NodeId>,
    version: NodeId,
    text: &str,
) {
    if found.is_taken(version) {
        return;
    }
    let is_range = text.is_empty()
        || text.contains(['*', '^', '~', '>', '<', '=', ' ', ',', '|'])
        || text.split('.').any(|p| p == "x" || p == "X");
    if is_range {
        let reason = format!("a range of versions of the chart {name}, resolved by whoever installs it");
        return found.notice(document, format, version, NoticeStatus::Ignored, reason);
    }
    if text.contains('+') {
        let reason = "the chart's version has build metadata (+), which no tag can hold".to_owned();
        return found.notice(document, format, version, NoticeStatus::Held, reason);
    }
    found.parts(document, format, &Parts { name: Some(name), names, tag: Some(version), ..Parts::default() });
}
