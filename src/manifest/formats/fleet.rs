//! Rancher Fleet bundles: the chart that `fleet.yaml` installs from an OCI registry. Its values are read like any Helm values.

use super::super::document::Document;
use super::super::format::Format;
use super::super::found::DocumentFindings;
use super::helm_chart::{NEEDLES, http_chart, oci_chart};
use crate::text::{NodeId, NodeKind};

/// The format of `fleet.yaml` files.
pub(crate) struct Fleet;

const NAME: &str = "fleet";

impl Format for Fleet {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "Fleet bundles: versions of charts in OCI registries"
    }

    fn needles(&self) -> &'static [&'static str] {
        NEEDLES
    }

    fn matches(&self, document: &Document<'_>) -> bool {
        document.depth == 0 && matches!(document.file_name, "fleet.yaml" | "fleet.yml")
    }

    fn find(&self, document: &Document<'_>, found: &mut DocumentFindings<'_>) {
        let tree = document.tree;
        // `helm` is at the top level and in `targetCustomizations`, and is a list in a bundle with several charts.
        for node in tree.nodes().filter(|node| matches!(tree.kind(*node), NodeKind::Mapping)) {
            if let Some(helm) = tree.get(node, "helm") {
                chart(document, found, helm);
                tree.items(helm).for_each(|item| chart(document, found, item));
            }
        }
    }
}

/// Reports the version of a chart, whose `chart` is a whole address, or a name in `repo`.
fn chart(document: &Document<'_>, found: &mut DocumentFindings<'_>, helm: NodeId) {
    let tree = document.tree;
    let (Some(chart), Some(version)) = (tree.get(helm, "chart"), tree.get(helm, "version")) else { return };
    let repository = tree.get(helm, "repo").filter(|repo| tree.text_of(*repo).is_some_and(|text| !text.is_empty()));
    let text = tree.text_of(repository.unwrap_or(chart)).unwrap_or_default();
    if text.starts_with("oci://") {
        oci_chart(document, found, NAME, repository.unwrap_or(chart), repository.map(|_| chart), version);
    } else if text.starts_with("http") && !found.is_marked(document, version) {
        http_chart(document, found, NAME, version);
    }
}
