//! Helm charts: `Chart.yaml`, and charts in OCI registries that objects of other formats refer to.
//!
//! The image list in `annotations` of a `Chart.yaml` is read as an embedded document.

use super::super::document::Document;
use super::super::format::Format;
use super::super::found::DocumentFindings;
use super::super::occurrence::NoticeStatus;
use super::super::split_reference::SplitReference;
use crate::text::NodeId;

/// The format of `Chart.yaml`: dependencies in OCI registries, and `appVersion` where the configuration names its image.
pub(crate) struct Chart;

const NAME: &str = "helm-chart";

/// Texts of which every document has one that refers to a chart in an OCI registry or has its `appVersion`.
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

    fn find(&self, document: &Document<'_>, found: &mut DocumentFindings<'_>) {
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
            let parts =
                SplitReference { name: Some(rule.image.clone()), tag: Some(version), ..SplitReference::default() };
            found.report_split(document, NAME, &parts);
        }
    }
}

/// Reports a chart in an HTTP repository as ignored.
pub(crate) fn http_chart(
    document: &Document<'_>,
    found: &mut DocumentFindings<'_>,
    format: &'static str,
    version: NodeId,
) {
    if !found.is_taken(version) {
        let reason = "the chart is in a Helm repository, not in an OCI registry".to_owned();
        found.report_notice(document, format, version, NoticeStatus::Ignored, reason);
    }
}

/// Reports a chart in an OCI registry: the address, the name within it, and the version, which is the tag with `+` for `_`.
pub(crate) fn oci_chart(
    document: &Document<'_>,
    found: &mut DocumentFindings<'_>,
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

/// Reports the version of a chart whose name is known. A version range is ignored.
pub(crate) fn chart_version(
    document: &Document<'_>,
    found: &mut DocumentFindings<'_>,
    format: &'static str,
    name: String,
    names: Vec<NodeId>,
    version: NodeId,
    text: &str,
) {
    if found.is_taken(version) {
        return;
    }
    if is_range(text) {
        let reason = format!("a version range of the chart {name}, resolved when the chart is installed");
        return found.report_notice(document, format, version, NoticeStatus::Ignored, reason);
    }
    let parts = SplitReference { name: Some(name), names, tag: Some(version), ..SplitReference::default() };
    found.report_split(document, format, &SplitReference { is_chart: true, ..parts });
}

/// Returns whether a version is a range, which is resolved when it is installed. Build metadata belongs to one version.
pub(crate) fn is_range(text: &str) -> bool {
    let version = text.split('+').next().unwrap_or_default();
    text.is_empty()
        || text.contains(['*', '^', '~', '>', '<', '=', ' ', ',', '|'])
        || version.split('.').any(|part| part == "x" || part == "X")
}
