//! Values of Helm charts: references in one string, or in maps of registry, repository, tag and digest.

use super::super::document::Document;
use super::super::format::Format;
use super::super::found::DocumentFindings;
use super::super::keys::walk;

/// The format of files with values of Helm charts.
pub(crate) struct HelmValues;

const NAME: &str = "helm-values";

impl Format for HelmValues {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "values of Helm charts: repository, tag and digest, in one string or in a map"
    }

    fn needles(&self) -> &'static [&'static str] {
        walk::NEEDLES
    }

    fn matches(&self, document: &Document<'_>) -> bool {
        document.holds_chart_values()
    }

    fn find(&self, document: &Document<'_>, found: &mut DocumentFindings<'_>) {
        walk::walk(document, found, NAME);
    }
}
