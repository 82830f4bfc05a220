//! Helm values, and all YAML and JSON that no other format knows: maps of registry, repository, tag and digest.

use super::super::document::Document;
use super::super::format::Format;
use super::super::found::Found;
use super::super::keys::walk;

/// Values of a Helm chart.
pub(crate) struct HelmValues;

const HELM_VALUES: &str = "helm-values";

impl Format for HelmValues {
    fn name(&self) -> &'static str {
        HELM_VALUES
    }

    fn about(&self) -> &'static str {
        "values of Helm charts: repository, tag and digest, in one string or in a map"
    }

    fn reads(&self, document: &Document<'_>) -> bool {
        !document.is_object()
            && !document.tree.is_lines()
            && (document.file_name.contains("values") || document.options.layout.is_beside_chart(document.path))
    }

    fn find(&self, document: &Document<'_>, found: &mut Found<'_>) {
        walk::walk(document, found, HELM_VALUES);
    }
}

/// Everything else that is YAML or JSON.
pub(crate) struct Yaml;

const YAML: &str = "yaml";

impl Format for Yaml {
    fn name(&self) -> &'static str {
        YAML
    }

    fn about(&self) -> &'static str {
        "any other YAML or JSON: keys that mean images wherever they stand"
    }

    fn reads(&self, document: &Document<'_>) -> bool {
        !document.tree.is_lines()
    }

    fn find(&self, document: &Document<'_>, found: &mut Found<'_>) {
        walk::walk(document, found, YAML);
    }
}
