//! Helm values, and all YAML and JSON that no other format knows: maps of registry, repository, tag and digest.

use crate::manifest::document::Document;
use crate::manifest::format::Format;
use crate::manifest::found::Found;
use crate::manifest::keys::walk;

/// Values of a Helm chart.
pub(in crate::manifest) struct HelmValues;

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
pub(in crate::manifest) struct Yaml;

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
