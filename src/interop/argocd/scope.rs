//! The files of an Argo CD application, derived from its sources. Every path is interpreted as a path in this repository;
//! `repoURL` is not read, because a path of another repository matches no file here.

use std::collections::BTreeSet;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde_json::Value;

use crate::interop::kustomization::normalized;

/// The places in the repository that belong to an application.
#[derive(Debug, Clone)]
pub(crate) struct ApplicationScope {
    /// Its manifest: path, first and last line.
    own: (String, usize, usize),
    files: GlobSet,
    /// Its override files. The files of other applications may be in the same folder.
    overrides: GlobSet,
    /// Files that an ApplicationSet excludes.
    excluded: GlobSet,
    /// The kustomizations that it is built from.
    roots: GlobSet,
    /// The files that these kustomizations take from anywhere in the repository.
    taken: BTreeSet<String>,
    /// Globs of the files that the write-back target names; empty without one.
    pub(crate) target: Vec<String>,
    /// Globs of all its files, for messages and translations.
    pub(crate) globs: Vec<String>,
    /// Globs of files with values of its chart.
    pub(crate) values: Vec<String>,
    /// Globs of the files with Helm parameters: its override files and its manifest.
    pub(crate) parameters: Vec<String>,
}

/// The parts of an application that determine its files.
pub(crate) struct Sources<'a> {
    /// `spec` of an Application, or of the template of an ApplicationSet.
    pub(crate) spec: &'a Value,
    pub(crate) name: &'a str,
    /// The possible values of `{{ path }}` in a template: the folders of git generators.
    pub(crate) folders: Vec<String>,
    /// The folders that git generators exclude.
    pub(crate) excluded: Vec<String>,
    /// `kustomization[:folder]` or `helmvalues[:file]`.
    pub(crate) target: Option<&'a str>,
    /// The manifest: path, first and last line.
    pub(crate) own: (String, usize, usize),
}

/// A glob of the names of kustomize's file.
const KUSTOMIZATION: &str = "{kustomization.yaml,kustomization.yml,Kustomization}";

impl ApplicationScope {
    pub(crate) fn new(sources: &Sources<'_>) -> Self {
        let mut globs = Vec::new();
        let (mut overrides, mut values) = (Vec::new(), Vec::new());
        let (mut roots, mut targets) = (Vec::new(), Vec::new());
        for source in sources.sources() {
            let base = if source["chart"].is_string() { None } else { source["path"].as_str() };
            let files = |path: &str| sources.globs(base.unwrap_or_default(), path);
            for name in [sources.name.to_owned(), format!("*_{}", sources.name)] {
                overrides.extend(base.iter().flat_map(|_| files(&format!(".argocd-source-{name}.yaml"))));
            }
            let listed = source["helm"]["valueFiles"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let listed: Vec<String> = listed.flat_map(files).collect();
            roots.extend(base.iter().flat_map(|_| files(KUSTOMIZATION)));
            // A target from the root of the repository needs no path.
            let target = sources.target.filter(|target| base.is_some() || target.contains(":/"));
            match target.map(|target| target.split_once(':').unwrap_or((target, ""))) {
                Some(("helmvalues", file)) => {
                    let target = files(if file.is_empty() { "values.yaml" } else { file });
                    targets.extend(target.iter().cloned());
                    // The chart takes the other files as well, and the image in them is the same.
                    let all: Vec<String> = target.into_iter().chain(listed).collect();
                    globs.extend(all.iter().cloned());
                    values.extend(all);
                }
                _ if !listed.is_empty() => {
                    let own = base.iter().flat_map(|_| files("values.yaml"));
                    let all: Vec<String> = listed.into_iter().chain(own).collect();
                    globs.extend(all.iter().cloned());
                    values.extend(all);
                }
                Some(("kustomization", folder)) => {
                    // Without the dot, the path would start with a slash and be one from the root.
                    let folder = if folder.is_empty() { "." } else { folder };
                    let target = files(&format!("{folder}/{KUSTOMIZATION}"));
                    roots.extend(target.iter().cloned());
                    globs.extend(target.iter().cloned());
                    targets.extend(target);
                    globs.extend(base.iter().flat_map(|_| files("**")));
                }
                _ => {
                    globs.extend(base.iter().flat_map(|_| files("**")));
                    values.extend(base.iter().flat_map(|_| files("values.yaml")));
                }
            }
        }
        globs.sort();
        globs.dedup();
        let (files, parameters) = (set(&globs), [std::slice::from_ref(&sources.own.0), &overrides].concat());
        let excluded: Vec<String> = sources.excluded.iter().map(|folder| format!("{folder}/**")).collect();
        let (own, overrides, excluded) = (sources.own.clone(), set(&overrides), set(&excluded));
        let (roots, taken) = (set(&roots), BTreeSet::new());
        Self { own, files, overrides, excluded, roots, taken, target: targets, globs, values, parameters }
    }

    /// Returns whether a place belongs to the application.
    pub(crate) fn holds(&self, path: &str, line: usize) -> bool {
        let file = path.rsplit('/').next().unwrap_or(path);
        let (own, first, last) = &self.own;
        if *own == path && (*first..=*last).contains(&line) {
            return true;
        }
        let files = if file.starts_with(".argocd-source") { &self.overrides } else { &self.files };
        self.taken.contains(path) || files.is_match(path) && !self.excluded.is_match(path)
    }

    /// Returns whether the application is built from this kustomization.
    pub(crate) fn is_root(&self, path: &str) -> bool {
        self.roots.is_match(path) && !self.excluded.is_match(path)
    }

    /// Returns the places with the files that the kustomizations take from anywhere.
    pub(crate) fn with_taken(&self, taken: BTreeSet<String>) -> Self {
        Self { taken, ..self.clone() }
    }

    /// Returns whether the write-back target names no file of the repository.
    pub(crate) fn lacks_target(&self, paths: &[impl AsRef<str>]) -> bool {
        let target = set(&self.target);
        !self.target.is_empty() && !paths.iter().any(|path| target.is_match(path.as_ref()))
    }

    /// Returns whether a file can belong to the application.
    pub(crate) fn may_hold(&self, path: &str) -> bool {
        self.files.is_match(path) || self.overrides.is_match(path)
    }
}

fn set(globs: &[String]) -> GlobSet {
    let mut builder = GlobSetBuilder::new();
    for glob in globs.iter().filter_map(|text| GlobBuilder::new(text).literal_separator(true).build().ok()) {
        builder.add(glob);
    }
    builder.build().unwrap_or_default()
}

impl Sources<'_> {
    fn sources(&self) -> impl Iterator<Item = &Value> {
        let one = [&self.spec["source"], &self.spec["sourceHydrator"]["drySource"]];
        one.into_iter().filter(|source| source.is_object()).chain(self.spec["sources"].as_array().into_iter().flatten())
    }

    /// Returns globs for a path in a folder, both as written in an application. A path that starts with a slash or with the
    /// name of another source (`$name/`) is relative to the root of the repository.
    fn globs(&self, base: &str, path: &str) -> Vec<String> {
        if path.contains("://") {
            return Vec::new();
        }
        let from_root = path.strip_prefix('$').map(|rest| rest.split_once('/').map_or("", |(_, path)| path));
        let whole = match from_root.or(path.strip_prefix('/')) {
            Some(path) => path.to_owned(),
            None => format!("{base}/{path}"),
        };
        let found = self.filled(&whole).into_iter().filter_map(|glob| normalized(&glob));
        found.filter(|glob| glob.bytes().any(|b| b.is_ascii_alphanumeric()) || glob == "**").collect()
    }

    /// Returns the path with each template expression replaced by the folders of the generators or by `*`. Globs in the
    /// path have the same syntax as those of Tagboat and stay.
    fn filled(&self, text: &str) -> Vec<String> {
        let mut filled = vec![String::new()];
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let (expression, tail) = after.split_once("}}").unwrap_or((after, ""));
            filled.iter_mut().for_each(|glob| glob.push_str(before));
            let is_path = matches!(expression.trim().trim_start_matches('.'), "path" | "path.path")
                || expression.trim().ends_with(".path")
                || expression.trim().ends_with(".path.path");
            let fillings = if is_path { self.folders.clone() } else { vec!["*".to_owned()] };
            filled = filled.iter().flat_map(|glob| fillings.iter().map(move |one| format!("{glob}{one}"))).collect();
            rest = tail;
        }
        filled.iter_mut().for_each(|glob| glob.push_str(rest));
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn derives_files_from_sources() {
        let folders = || vec!["apps/*".to_owned()];
        #[rustfmt::skip]
        let rows = [
            // source                                                             target                       path                                  holds
            (json!({ "path": "a", "helm": { "valueFiles": ["p.yaml"] } }),        "helmvalues:/none.yaml",     "a/p.yaml",                           true),
            (json!({ "chart": "x" }),                                             "helmvalues:/envs/p.yaml",   "envs/p.yaml",                        true),
            (json!({ "chart": "x" }),                                             "kustomization:/c",          "any.yaml",                           false),
            (json!({ "path": "apps/api" }),                                       "",                          "apps/api/deployment.yaml",           true),
            (json!({ "path": "./apps/api/" }),                                    "",                          "apps/api/x/deployment.yaml",         true),
            (json!({ "path": "apps/api" }),                                       "",                          "apps/apis/deployment.yaml",          false),
            (json!({ "path": "apps/api" }),                                       "",                          "apps/api/.argocd-source-web.yaml",   true),
            (json!({ "path": "apps/api" }),                                       "",                          "apps/api/.argocd-source-x_web.yaml", true),
            (json!({ "path": "apps/api" }),                                       "",                          "apps/api/.argocd-source-api.yaml",   false),
            (json!({ "path": "." }),                                              "",                          "any.yaml",                           true),
            (json!({ "path": "a", "helm": { "valueFiles": ["p.yaml"] } }),        "",                          "a/p.yaml",                           true),
            (json!({ "path": "a", "helm": { "valueFiles": ["p.yaml"] } }),        "",                          "a/values.yaml",                      true),
            (json!({ "path": "a", "helm": { "valueFiles": ["p.yaml"] } }),        "",                          "a/d.yaml",                           false),
            (json!({ "path": "a", "helm": { "valueFiles": ["../b/p.yaml"] } }),   "",                          "b/p.yaml",                           true),
            (json!({ "chart": "x", "helm": { "valueFiles": ["$v/b/p.yaml"] } }),  "",                          "b/p.yaml",                           true),
            (json!({ "chart": "x" }),                                             "",                          "p.yaml",                             false),
            (json!({ "path": "a" }),                                              "helmvalues:/envs/p.yaml",   "envs/p.yaml",                        true),
            (json!({ "path": "a" }),                                              "helmvalues:/envs/p.yaml",   "a/values.yaml",                      false),
            (json!({ "path": "a/b" }),                                            "helmvalues:../p.yaml",      "a/p.yaml",                           true),
            (json!({ "path": "a/b" }),                                            "helmvalues",                "a/b/values.yaml",                    true),
            (json!({ "path": "a/b" }),                                            "kustomization",             "a/b/kustomization.yaml",             true),
            (json!({ "path": "a/b" }),                                            "kustomization",             "kustomization.yaml",                 false),
            (json!({ "path": "a/b" }),                                            "kustomization:../c",        "a/c/kustomization.yml",              true),
            (json!({ "path": "a/b" }),                                            "kustomization:../c",        "a/c/deployment.yaml",                false),
            (json!({ "path": "a/b" }),                                            "kustomization:/c",          "c/Kustomization",                    true),
            (json!({ "path": "../x" }),                                           "",                          "x/a.yaml",                           false),
            (json!({ "path": "{{path}}" }),                                       "",                          "apps/api/a.yaml",                    true),
            (json!({ "path": "{{path}}" }),                                       "",                          "apps/out/a.yaml",                    false),
            (json!({ "path": "{{ .path.path }}/prod" }),                          "",                          "apps/api/prod/a.yaml",               true),
            (json!({ "path": "{{ .path.path }}/prod" }),                          "",                          "apps/api/dev/a.yaml",                false),
            (json!({ "path": "envs/{{env}}/api" }),                               "",                          "envs/prod/api/a.yaml",               true),
            (json!({ "path": "{{.folder}}" }),                                    "",                          "envs/a.yaml",                        false),
        ];
        for (source, target, path, holds) in rows {
            let spec = json!({ "source": source });
            let sources = Sources {
                spec: &spec,
                name: "web",
                folders: folders(),
                excluded: vec!["apps/out".to_owned()],
                target: Some(target).filter(|target| !target.is_empty()),
                own: ("argo/app.yaml".to_owned(), 5, 9),
            };
            let scope = ApplicationScope::new(&sources);
            assert_eq!(scope.holds(path, 1), holds, "{source} {target} {path}");
            let own = [(4, false), (5, true), (9, true), (10, false)];
            assert!(
                own.iter()
                    .all(|(line, holds)| scope.holds("argo/app.yaml", *line) == (*holds || source["path"] == "."))
            );
        }
    }
}
