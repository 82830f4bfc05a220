//! The files that a kustomization takes from other folders: an application belongs to all of them.

use std::collections::{BTreeMap, BTreeSet};

use super::scope::normalized;
use crate::text::{self, NodeId, Tree};

/// The names of kustomize's file.
const NAMES: &[&str] = &["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Keys with a list of paths, or of maps with a path.
const LISTS: &[&str] = &[
    "resources",
    "bases",
    "components",
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
    "replacements",
    "generators",
    "transformers",
    "helmCharts",
];

/// A kustomization, and the paths in the repository that it lists.
#[derive(Debug, Clone)]
pub struct Kustomization {
    path: String,
    listed: Vec<String>,
}

impl Kustomization {
    /// Reads a file, if it is a kustomization.
    pub fn read(path: &str, bytes: &[u8]) -> Option<Self> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if !NAMES.contains(&name) {
            return None;
        }
        let text = String::from_utf8_lossy(bytes);
        let mut listed = Vec::new();
        for span in text::documents(&text) {
            for tree in text::parse(&text[span.range()], false).into_iter().flatten() {
                let entries = tree.root().into_iter().flat_map(|root| entries(&tree, root));
                listed.extend(entries.filter_map(|entry| normalized(&format!("{folder}/{entry}"))));
            }
        }
        Some(Self { path: path.to_owned(), listed })
    }
}

/// Returns the paths as written. Addresses are among them, and no file has such a path.
fn entries(tree: &Tree<'_>, root: NodeId) -> Vec<String> {
    let items = LISTS.iter().filter_map(|key| tree.get(root, key)).flat_map(|list| tree.items(list));
    let paths = items.filter_map(|item| {
        let item = tree.follow(item);
        tree.text_of(item).or_else(|| ["path", "valuesFile"].iter().find_map(|key| tree.text_at(item, &[key])))
    });
    paths.map(str::to_owned).collect()
}

/// The kustomizations of a repository.
#[derive(Debug, Clone, Default)]
pub struct Kustomizations(BTreeMap<String, Vec<String>>);

impl FromIterator<Kustomization> for Kustomizations {
    fn from_iter<I: IntoIterator<Item = Kustomization>>(all: I) -> Self {
        Self(all.into_iter().map(|one| (one.path, one.listed)).collect())
    }
}

impl Kustomizations {
    /// Returns the files that the roots take, directly and through other kustomizations.
    pub(super) fn taken(&self, is_root: impl Fn(&str) -> bool) -> BTreeSet<String> {
        let mut next: Vec<&str> = self.0.keys().map(String::as_str).filter(|path| is_root(path)).collect();
        let mut taken = BTreeSet::new();
        while let Some(path) = next.pop() {
            if !taken.insert(path.to_owned()) {
                continue;
            }
            for listed in self.0.get(path).into_iter().flatten() {
                // The entry of a folder is its kustomization.
                let inside = NAMES.iter().map(|name| format!("{listed}/{name}").trim_start_matches('/').to_owned());
                let mut known = inside.filter_map(|path| self.0.get_key_value(&path));
                next.push(known.next().map_or(listed, |(path, _)| path));
            }
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_folders_files_and_cycles() {
        #[rustfmt::skip]
        let files = [
            ("o/one/kustomization.yaml", "resources: [../../base, ../../p.yaml, https://x.dev/y]\ncomponents: [../../c]\n"),
            ("o/two/kustomization.yaml", "bases: [../../c]\npatches: [{path: ../../q.yaml}]\n"),
            ("base/kustomization.yml",   "resources: [d.yaml, ../o/one]\n"),
            ("c/Kustomization",          "kind: Component\npatchesStrategicMerge: [e.yaml]\n"),
            ("d/values.yaml",            "resources: [x]\n"),
        ];
        let all: Kustomizations =
            files.iter().filter_map(|(path, text)| Kustomization::read(path, text.as_bytes())).collect();
        #[rustfmt::skip]
        let rows = [
            ("o/one", "base/d.yaml base/kustomization.yml c/Kustomization c/e.yaml o/one/https:/x.dev/y o/one/kustomization.yaml p.yaml"),
            ("o/two", "c/Kustomization c/e.yaml o/two/kustomization.yaml q.yaml"),
            ("none",  ""),
        ];
        for (root, expected) in rows {
            let taken = all.taken(|path| path.starts_with(root));
            assert_eq!(taken.into_iter().collect::<Vec<_>>().join(" "), expected, "{root}");
        }
    }
}
