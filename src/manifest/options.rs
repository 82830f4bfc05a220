//! What the configuration opts into, and facts about a file from elsewhere in the repository.

use std::collections::{BTreeMap, BTreeSet};

use globset::GlobMatcher;

use crate::image::{AppVersion, ReferencePattern, TagField};
use crate::text::flow_string;

/// The name of the format of what the patterns of the configuration match.
pub(super) const PATTERN: &str = "pattern";

/// What to find in addition to the references of every repository. The default adds nothing.
#[derive(Debug, Clone, Default)]
pub struct FindOptions {
    /// Charts whose `appVersion` is the tag of an image: their paths and the name of the image.
    pub app_versions: Vec<AppVersion>,
    /// Whether defaults such as `${TAG:-1.2}` are edited in Compose files.
    pub variable_defaults: bool,
    /// Files that are read whatever their ending.
    pub named_files: Vec<GlobMatcher>,
    /// Regular expressions that find references in files of any kind.
    pub patterns: Vec<ReferencePattern>,
    /// The names of images for values that hold only a tag.
    pub tag_fields: Vec<TagField>,
    /// The image that each Flux `ImagePolicy` (`namespace:name`) follows, for markers on values that hold only a tag.
    pub policy_images: BTreeMap<String, String>,
    /// The addresses of Flux `HelmRepository` objects that are OCI registries, by their names.
    pub helm_repositories: BTreeMap<String, String>,
    /// Images that Argo CD applications compose of the values in a file, by its path.
    pub values_images: BTreeMap<String, Vec<ValuesImage>>,
    /// The variables of an env file that are whole references elsewhere, by its path.
    pub reference_variables: BTreeMap<String, BTreeSet<String>>,
    /// Facts from the other paths of the repository.
    pub layout: RepositoryLayout,
}

impl FindOptions {
    /// Returns whether the configuration names a file, so that it is read whatever its ending.
    pub(super) fn is_named(&self, path: &str) -> bool {
        self.named_files.iter().any(|glob| glob.is_match(path))
    }

    /// Returns whether a pattern reads a file.
    pub fn is_patterned(&self, path: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.paths.is_match(path))
    }
}

/// Returns the setting that names the image of one tag, to be put into `tagboat.yaml` as it is.
pub(super) fn tag_setting(path: &str, field: &str, image: &str) -> String {
    let paths = flow_string(&globset::escape(path));
    let (field, image) = (flow_string(field), flow_string(image));
    format!("manifests: {{ tags: [{{ paths: [{paths}], field: {field}, image: {image} }}] }}")
}

/// An image composed of literal texts and values, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValuesImage(pub(super) Vec<ValuesPiece>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ValuesPiece {
    Text(String),
    Value(Vec<String>),
}

/// Facts about a file that follow from the paths beside it.
#[derive(Debug, Clone, Default)]
pub struct RepositoryLayout {
    charts: BTreeSet<String>,
}

impl RepositoryLayout {
    /// Reads the facts from all paths of the repository.
    pub fn new<'a>(paths: impl IntoIterator<Item = &'a str>) -> Self {
        let charts = paths.into_iter().filter_map(|path| path.strip_suffix("Chart.yaml"));
        Self { charts: charts.filter(|dir| dir.is_empty() || dir.ends_with('/')).map(str::to_owned).collect() }
    }

    /// Returns whether a path is in the `templates/` folder of a chart, which has a `Chart.yaml` beside that folder.
    pub fn is_chart_template(&self, path: &str) -> bool {
        path.match_indices("templates/").any(|(at, _)| self.charts.contains(&path[..at]))
    }

    /// Returns whether a `Chart.yaml` is beside the file.
    pub fn is_beside_chart(&self, path: &str) -> bool {
        self.charts.contains(&path[..path.rfind('/').map_or(0, |slash| slash + 1)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_what_is_no_plain_scalar_and_escapes_globs() {
        let rows = [
            ("a/values.yaml", "web.image.tag", "{ paths: [a/values.yaml], field: web.image.tag, image: NAME }"),
            ("a b.yaml", "workers[0].tag", r#"{ paths: ["a b.yaml"], field: "workers[0].tag", image: NAME }"#),
            ("{x}/[1].yaml", "on", r#"{ paths: ["[{]x[}]/[[]1[]].yaml"], field: "on", image: NAME }"#),
        ];
        for (path, field, expected) in rows {
            assert_eq!(tag_setting(path, field, "NAME"), format!("manifests: {{ tags: [{expected}] }}"));
        }
    }

    #[test]
    fn recognizes_charts_by_their_chart_yaml() {
        let layout = RepositoryLayout::new(["a/Chart.yaml", "b/templates/x.yaml", "a/sub/MyChart.yaml"]);
        #[rustfmt::skip]
        let rows = [
            ("a/templates/x.yaml",     true,  false),
            ("a/templates/b/x.yaml",   true,  false),
            ("b/templates/x.yaml",     false, false),
            ("a/values.yaml",          false, true),
            ("a/sub/templates/x.yaml", false, false),
            ("x/a/templates/x.yaml",   false, false),
        ];
        for (path, template, beside) in rows {
            assert_eq!((layout.is_chart_template(path), layout.is_beside_chart(path)), (template, beside), "{path}");
        }
    }
}
