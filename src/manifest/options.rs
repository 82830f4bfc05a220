//! What the configuration opts into, and what the other paths of the repository tell about a file.

use std::collections::{BTreeMap, BTreeSet};

use crate::image::{AppVersion, ReferencePattern, TagField};

/// What to look for beyond what every repository is searched for. The default opts into nothing.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `appVersion` of a `Chart.yaml` is the tag of this image: paths of charts and the name.
    pub app_versions: Vec<AppVersion>,
    /// Defaults in `${TAG:-1.2}` are edited in compose files.
    pub variable_defaults: bool,
    /// Files of any kind in which a regular expression says where references stand.
    pub patterns: Vec<ReferencePattern>,
    /// Names of images for values that hold a tag alone.
    pub tag_fields: Vec<TagField>,
    /// The image that each Flux `ImagePolicy` (`namespace:name`) follows, for markers on values that hold a tag alone.
    pub policy_images: BTreeMap<String, String>,
    /// Addresses of the Flux `HelmRepository` objects that are OCI registries, by their names.
    pub helm_repositories: BTreeMap<String, String>,
    /// Images that Argo CD applications say are put together from the values in a file, by its path.
    pub values_images: BTreeMap<String, Vec<ValuesImage>>,
    /// What the other paths of the repository tell.
    pub layout: Layout,
}

impl Options {
    /// Whether a pattern reads a file.
    pub fn is_patterned(&self, path: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.paths.is_match(path))
    }
}

/// How an image is put together from values: texts, and routes of values, in turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValuesImage(pub(super) Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Value(Vec<String>),
}

/// Facts about a file that stand in the paths beside it.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    charts: BTreeSet<String>,
}

impl Layout {
    /// Reads what matters from all paths of the repository.
    pub fn new<'a>(paths: impl IntoIterator<Item = &'a str>) -> Self {
        let charts = paths.into_iter().filter_map(|path| path.strip_suffix("Chart.yaml"));
        Self { charts: charts.filter(|dir| dir.is_empty() || dir.ends_with('/')).map(str::to_owned).collect() }
    }

    /// Whether a path lies in the `templates/` folder of a chart: one with a `Chart.yaml` beside that folder.
    pub fn is_chart_template(&self, path: &str) -> bool {
        path.match_indices("templates/").any(|(at, _)| self.charts.contains(&path[..at]))
    }

    /// Whether a `Chart.yaml` stands beside the file.
    pub fn is_beside_chart(&self, path: &str) -> bool {
        self.charts.contains(&path[..path.rfind('/').map_or(0, |slash| slash + 1)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charts_are_told_by_their_file() {
        let layout = Layout::new(["a/Chart.yaml", "b/templates/x.yaml", "a/sub/MyChart.yaml"]);
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
