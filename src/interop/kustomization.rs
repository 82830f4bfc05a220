//! The files that a kustomization takes from other folders, and the images whose tags it sets in them.

use std::collections::{BTreeMap, BTreeSet};

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
    content: Content,
}

#[derive(Debug, Clone, Default)]
struct Content {
    listed: Vec<String>,
    images: Vec<SetImage>,
}

/// An entry of `images` that sets a tag or a digest.
#[derive(Debug, Clone)]
struct SetImage {
    /// The name that it replaces, as written.
    name: String,
    line: usize,
}

impl SetImage {
    /// Returns whether the entry applies to the value of an `image:` key, as kustomize compares them: by the text of the name,
    /// whatever the tag and the digest.
    fn matches(&self, value: &str) -> bool {
        let is_plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "_.{}-".contains(c));
        let Some(rest) = value.strip_prefix(&self.name) else { return false };
        let (tag, digest) = rest.split_once("@sha256:").unwrap_or((rest, ""));
        is_plain(digest) && (tag.is_empty() || tag.strip_prefix(':').is_some_and(is_plain))
    }
}

impl Kustomization {
    /// Reads a file, if it is a kustomization.
    pub fn read(path: &str, bytes: &[u8]) -> Option<Self> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if !NAMES.contains(&name) {
            return None;
        }
        let text = String::from_utf8_lossy(bytes);
        let mut content = Content::default();
        for span in text::documents(&text) {
            for tree in text::parse(&text[span.range()], false).into_iter().flatten() {
                let Some(root) = tree.root() else { continue };
                let entries = entries(&tree, root).into_iter();
                content.listed.extend(entries.filter_map(|entry| normalized(&format!("{folder}/{entry}"))));
                content.images.extend(images(&tree, root, &text, span.start));
            }
        }
        Some(Self { path: path.to_owned(), content })
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

/// Returns the entries that set a tag or a digest.
fn images<'t>(
    tree: &'t Tree<'_>,
    root: NodeId,
    text: &'t str,
    start: usize,
) -> impl Iterator<Item = SetImage> + use<'t> {
    let items = tree.get(root, "images").into_iter().flat_map(|images| tree.items(images));
    items.filter_map(move |item| {
        let item = tree.follow(item);
        let set = |key| tree.text_at(item, &[key]).is_some_and(|value| !value.is_empty());
        let name = tree.get(item, "name")?;
        let line = text[..start + tree.span(name).start].matches('\n').count() + 1;
        let sets_tag = set("newTag") || set("digest");
        sets_tag.then_some(SetImage { name: tree.text_of(name)?.to_owned(), line })
    })
}

/// Returns a path without `.` and `..`; `None` if it leaves the repository.
pub(super) fn normalized(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            parts.pop()?;
        } else {
            parts.push(part);
        }
    }
    Some(parts.join("/"))
}

/// The kustomizations of a repository.
#[derive(Debug, Clone, Default)]
pub struct Kustomizations {
    contents: BTreeMap<String, Content>,
    /// The kustomizations that list a file, by the file.
    listed_by: BTreeMap<String, BTreeSet<String>>,
}

impl FromIterator<Kustomization> for Kustomizations {
    fn from_iter<I: IntoIterator<Item = Kustomization>>(all: I) -> Self {
        let contents: BTreeMap<_, _> = all.into_iter().map(|one| (one.path, one.content)).collect();
        let mut listed_by = BTreeMap::<String, BTreeSet<String>>::new();
        for (path, content) in &contents {
            for listed in &content.listed {
                listed_by.entry(file_of(&contents, listed).to_owned()).or_default().insert(path.clone());
            }
        }
        Self { contents, listed_by }
    }
}

/// Returns the file of an entry: for a folder, its kustomization.
fn file_of<'a>(contents: &'a BTreeMap<String, Content>, listed: &'a str) -> &'a str {
    let inside = NAMES.iter().map(|name| format!("{listed}/{name}").trim_start_matches('/').to_owned());
    inside.filter_map(|path| contents.get_key_value(&path)).next().map_or(listed, |(path, _)| path)
}

impl Kustomizations {
    /// Returns the files that the roots take, directly and through other kustomizations.
    pub(super) fn taken(&self, is_root: impl Fn(&str) -> bool) -> BTreeSet<String> {
        let mut next: Vec<&str> = self.contents.keys().map(String::as_str).filter(|path| is_root(path)).collect();
        let mut taken = BTreeSet::new();
        while let Some(path) = next.pop() {
            if !taken.insert(path.to_owned()) {
                continue;
            }
            let listed = self.contents.get(path).into_iter().flat_map(|content| &content.listed);
            next.extend(listed.map(|listed| file_of(&self.contents, listed)));
        }
        taken
    }

    /// Returns the entries that set the tag of an `image:` key, as `path:line`: the nearest on each way from the file to a
    /// kustomization that no other one takes. Empty if there is a way without one, because the value itself is deployed there.
    pub fn setting(&self, path: &str, value: &str) -> BTreeSet<String> {
        let (mut next, mut seen, mut setting) = (vec![path], BTreeSet::new(), BTreeSet::new());
        while let Some(path) = next.pop() {
            if !seen.insert(path) {
                continue;
            }
            let images = self.contents.get(path).into_iter().flat_map(|content| &content.images);
            if let Some(image) = images.into_iter().find(|image| image.matches(value)) {
                setting.insert(format!("{path}:{}", image.line));
                continue;
            }
            let Some(parents) = self.listed_by.get(path) else { return BTreeSet::new() };
            next.extend(parents.iter().map(String::as_str));
        }
        setting
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

    #[test]
    fn finds_the_entries_that_set_a_tag_on_every_way_to_a_file() {
        const SETS: &str = "images:\n  - name: web\n    newTag: 1.0.0\n  - { name: api, newName: x.dev/api }\n";
        let all = |files: &[(&str, &str)]| -> Kustomizations {
            files.iter().filter_map(|(path, text)| Kustomization::read(path, text.as_bytes())).collect()
        };
        let prod = format!("resources: [../base]\n{SETS}");
        let base = ("base/kustomization.yaml", "resources: [d.yaml]\n");
        let mapped = all(&[base, ("prod/kustomization.yaml", &prod)]);
        let partly =
            all(&[base, ("prod/kustomization.yaml", &prod), ("dev/kustomization.yaml", "resources: [../base]\n")]);
        let cycle = all(&[("base/kustomization.yaml", "resources: [d.yaml, .]\n"), ("prod/kustomization.yaml", &prod)]);
        #[rustfmt::skip]
        let rows = [
            (&mapped, "base/d.yaml",  "web",                "prod/kustomization.yaml:3"),
            (&mapped, "base/d.yaml",  "web:latest",         "prod/kustomization.yaml:3"),
            (&mapped, "base/d.yaml",  "web@sha256:00",      "prod/kustomization.yaml:3"),
            (&cycle,  "base/d.yaml",  "web",                "prod/kustomization.yaml:3"),
            (&mapped, "base/d.yaml",  "web:${TAG}",         ""),
            (&mapped, "base/d.yaml",  "x.dev/web",          ""),
            (&mapped, "base/d.yaml",  "webs",               ""),
            (&mapped, "base/d.yaml",  "api",                ""),
            (&mapped, "other/d.yaml", "web",                ""),
            (&partly, "base/d.yaml",  "web",                ""),
        ];
        for (all, path, value, expected) in rows {
            let setting = all.setting(path, value);
            assert_eq!(setting.into_iter().collect::<Vec<_>>().join(" "), expected, "{path} {value}");
        }
    }
}
