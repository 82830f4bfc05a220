//! Helmfile: charts of releases in OCI registries. Values files next to it are read like any Helm values.

use super::super::document::Document;
use super::super::format::Format;
use super::super::found::DocumentFindings;
use super::helm_chart::{NEEDLES, chart_version, http_chart};
use crate::text::{NodeId, NodeKind};

/// The format of files with `releases`.
pub(crate) struct Helmfile;

const NAME: &str = "helmfile";

impl Format for Helmfile {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "Helmfile: versions of charts in OCI registries"
    }

    fn needles(&self) -> &'static [&'static str] {
        NEEDLES
    }

    fn matches(&self, document: &Document<'_>) -> bool {
        let releases = || document.tree.get(document.root, "releases");
        !document.is_object()
            && document.depth == 0
            && document.text_format().is_none()
            && releases().is_some_and(|releases| matches!(document.tree.kind(releases), NodeKind::Sequence))
    }

    fn find(&self, document: &Document<'_>, found: &mut DocumentFindings<'_>) {
        let tree = document.tree;
        let Some(releases) = tree.get(document.root, "releases") else { return };
        for release in tree.items(releases) {
            let release = tree.follow(release);
            let (Some(chart), Some(version)) = (tree.get(release, "chart"), tree.get(release, "version")) else {
                continue;
            };
            let (Some(text), Some(wanted)) = (tree.text_of(chart), tree.text_of(version)) else { continue };
            match registry_of(document, text) {
                ChartSource::Oci(name) => chart_version(document, found, NAME, name, vec![chart], version, wanted),
                ChartSource::Elsewhere if !found.is_marked(document, version) => {
                    http_chart(document, found, NAME, version)
                }
                ChartSource::Elsewhere | ChartSource::Local => {}
            }
        }
    }
}

/// The source of a chart.
enum ChartSource {
    /// An OCI registry; the name of the artifact.
    Oci(String),
    /// A Helm repository, or one that is declared in another file.
    Elsewhere,
    /// A folder of the repository.
    Local,
}

/// Returns the source of `oci://host/path/chart`, or of `repository/chart` with an entry in `repositories` (`oci: true`).
fn registry_of(document: &Document<'_>, chart: &str) -> ChartSource {
    let tree = document.tree;
    if let Some(name) = chart.strip_prefix("oci://") {
        return ChartSource::Oci(name.to_owned());
    }
    if chart.starts_with(['.', '/']) {
        return ChartSource::Local;
    }
    let Some((repository, name)) = chart.split_once('/') else { return ChartSource::Local };
    let is_it = |item: &NodeId| tree.text_at(*item, &["name"]) == Some(repository);
    let declared = tree.get(document.root, "repositories").and_then(|list| tree.items(list).find(is_it));
    let url = declared.and_then(|item| tree.text_at(item, &["url"])).unwrap_or_default();
    let is_oci = declared.is_some_and(|item| tree.text_at(item, &["oci"]) == Some("true"));
    if is_oci || url.starts_with("oci://") {
        return ChartSource::Oci(format!("{}/{name}", url.trim_start_matches("oci://").trim_end_matches('/')));
    }
    ChartSource::Elsewhere
}
