//! Octopus Deploy's annotations on Argo CD applications, which say which values make up an image:
//! `argo.octopus.com/image-replace-paths[.<source>]: "{{ .Values.image.name }}:{{ .Values.image.tag }}, …"`
//! (octopus.com/docs/argo-cd/annotations/helm-annotations). They are read for where references stand, for nothing else.

use super::super::document::Document;
use super::super::format::Format;
use super::super::found::Found;
use super::super::occurrence::NoticeStatus;
use super::super::options::{Piece, ValuesImage};
use crate::text::{self, NodeId, Tree};

/// See the head of this file.
pub(crate) struct Octopus;

const NAME: &str = "octopus";
const PATHS: &str = "argo.octopus.com/image-replace-paths";
/// Names a values file, in earlier versions of Octopus.
const ALIAS: &str = "argo.octopus.com/image-replace-alias.";

impl Format for Octopus {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "values that Octopus' annotations on Argo CD applications call images: in the application and in values files"
    }

    fn needles(&self) -> &'static [&'static str] {
        &[PATHS]
    }

    fn matches(&self, document: &Document<'_>) -> bool {
        document.values_images().next().is_some() || (document.is_object() && may_hold(document.tree.text().as_bytes()))
    }

    fn find(&self, document: &Document<'_>, found: &mut Found<'_>) {
        for image in document.values_images() {
            find_image(document, found, image, document.root);
        }
        for (application, _, _) in document.objects().filter(is_application) {
            for holder in holders(document.tree, application) {
                in_application(document, found, holder);
            }
        }
    }
}

/// The images of `helm.valuesObject`, and annotations that can't be read.
fn in_application(document: &Document<'_>, found: &mut Found<'_>, holder: NodeId) {
    let tree = document.tree;
    for (suffix, annotation) in annotations(tree, holder) {
        let Some(images) = images(tree.text_of(annotation).unwrap_or_default()) else {
            let reason = "it names no values: write an image as {{ .Values.image.name }}:{{ .Values.image.tag }}";
            found.notice(document, NAME, annotation, NoticeStatus::Held, reason.to_owned());
            continue;
        };
        for source in sources(tree, holder).filter(|source| is_meant(tree, *source, suffix, "")) {
            if let Some(values) = tree.at(source, &["helm", "valuesObject"]) {
                images.iter().for_each(|image| find_image(document, found, image, values));
            }
            // Whatever its values are called, they are worth reading.
            found.embedded.extend(tree.at(source, &["helm", "values"]).filter(|node| tree.text_of(*node).is_some()));
        }
    }
}

/// Reports the reference that stands in some values; what is only part of one is for other formats.
fn find_image(document: &Document<'_>, found: &mut Found<'_>, image: &ValuesImage, values: NodeId) {
    let tree = document.tree;
    let (mut text, mut at) = (String::new(), Vec::new());
    for piece in &image.0 {
        let (part, node) = match piece {
            Piece::Text(part) => (part.as_str(), None),
            Piece::Value(route) => {
                let route: Vec<&str> = route.iter().map(String::as_str).collect();
                let node = tree.at(values, &route);
                let Some(part) = node.and_then(|n| tree.text_of(n)).filter(|text| !text.is_empty()) else { return };
                (part, node)
            }
        };
        text.push_str(part);
        at.extend((0..part.len()).map(|byte| node.map(|node| (node, byte))));
    }
    // A registry may be shared, a tag is of one image.
    let last = at.iter().rev().flatten().next();
    if last.is_some_and(|(node, _)| !found.is_taken(*node)) {
        found.composed(document, NAME, &text, &at);
    }
}

/// Whether a file may hold such an annotation; cheap.
fn may_hold(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, PATHS.as_bytes()).is_some()
}

/// The images of values files elsewhere in the repository, as the applications in a file tell them: path and image.
pub fn values_images(bytes: &[u8]) -> Vec<(String, ValuesImage)> {
    let Some(text) = Some(bytes).filter(|bytes| may_hold(bytes)).and_then(|bytes| std::str::from_utf8(bytes).ok())
    else {
        return Vec::new();
    };
    let mut told = Vec::new();
    for span in text::documents(text) {
        for tree in text::parse(&text[span.range()], false).iter().flatten() {
            let maps = tree.nodes().filter(|node| tree.get(*node, "kind").is_some());
            for holder in maps.flat_map(|map| holders(tree, map)) {
                files_of(tree, holder, &mut told);
            }
        }
    }
    told
}

fn files_of(tree: &Tree<'_>, holder: NodeId, told: &mut Vec<(String, ValuesImage)>) {
    for (suffix, annotation) in annotations(tree, holder) {
        let images = tree.text_of(annotation).and_then(images).unwrap_or_default();
        for source in sources(tree, holder) {
            let Some(files) = tree.at(source, &["helm", "valueFiles"]) else { continue };
            for file in tree.items(files).filter_map(|file| tree.text_of(tree.follow(file))) {
                let aliased = tree.at(holder, &["metadata", "annotations"]).and_then(|annotations| {
                    tree.text_at(annotations, &[&format!("{ALIAS}{}", suffix.trim_start_matches('.'))])
                });
                if !is_meant(tree, source, suffix, file) && aliased != Some(file) {
                    continue;
                }
                let path = resolved(tree.text_at(source, &["path"]).unwrap_or_default(), file);
                told.extend(
                    path.into_iter().flat_map(|path| images.iter().map(move |image| (path.clone(), image.clone()))),
                );
            }
        }
    }
}

/// The images of an embedded document, if it is the values of an application that has annotations.
pub(crate) fn embedded(document: &Document<'_>, node: NodeId) -> Vec<ValuesImage> {
    let tree = document.tree;
    let source =
        tree.parent(node).filter(|helm| tree.key_text(*helm) == Some("helm")).and_then(|helm| tree.parent(helm));
    let Some(source) = source.filter(|_| tree.key_text(node) == Some("values")) else { return Vec::new() };
    let holder = tree.ancestors(source).find(|at| annotations(tree, *at).next().is_some());
    let Some(holder) = holder else { return Vec::new() };
    let meant = annotations(tree, holder).filter(|(suffix, _)| is_meant(tree, source, suffix, ""));
    meant.filter_map(|(_, annotation)| images(tree.text_of(annotation)?)).flatten().collect()
}

/// Whether an object is one that has applications in it.
fn is_application((_, group, kind): &(NodeId, &str, &str)) -> bool {
    *group == "argoproj.io" && matches!(*kind, "Application" | "ApplicationSet")
}

/// The application, or the template of an ApplicationSet: what has annotations and sources.
fn holders(tree: &Tree<'_>, object: NodeId) -> impl Iterator<Item = NodeId> {
    [Some(object), tree.at(object, &["spec", "template"])].into_iter().flatten()
}

/// The annotations on it: what stands behind `image-replace-paths`, and the value.
fn annotations<'t>(tree: &'t Tree<'_>, holder: NodeId) -> impl Iterator<Item = (&'t str, NodeId)> {
    let all = tree.at(holder, &["metadata", "annotations"]);
    let entries = all.into_iter().flat_map(|map| tree.entries(map));
    entries.filter_map(|(key, value)| {
        let suffix = tree.text_of(key)?.strip_prefix(PATHS)?;
        (suffix.is_empty() || suffix.starts_with('.')).then(|| (suffix, tree.follow(value)))
    })
}

fn sources(tree: &Tree<'_>, holder: NodeId) -> impl Iterator<Item = NodeId> {
    let several = tree.at(holder, &["spec", "sources"]).into_iter().flat_map(|list| tree.items(list));
    tree.at(holder, &["spec", "source"]).into_iter().chain(several)
}

/// Whether an annotation is about a source: it names none, this one, or (in earlier versions) the `ref` of the values file.
fn is_meant(tree: &Tree<'_>, source: NodeId, suffix: &str, file: &str) -> bool {
    let Some(wanted) = suffix.strip_prefix('.') else { return true };
    tree.text_at(source, &["name"]) == Some(wanted)
        || file.strip_prefix('$').is_some_and(|file| file.split('/').next() == Some(wanted))
}

/// From the root of the repository: `$ref/…` and `/…` are that already (Argo CD). `None` for URLs, globs and templates.
fn resolved(folder: &str, file: &str) -> Option<String> {
    if file.contains("://") || file.contains(['*', '{']) || folder.contains('{') {
        return None;
    }
    let (folder, file) = match (file.strip_prefix('$').and_then(|file| file.split_once('/')), file.strip_prefix('/')) {
        (Some((_, file)), _) | (None, Some(file)) => ("", file),
        (None, None) => (folder, file),
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(file.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Reads an annotation: images with commas between; `None` if one of them has no value in it.
fn images(annotation: &str) -> Option<Vec<ValuesImage>> {
    // In the template of an ApplicationSet they stand in a raw string of Go's templates.
    let annotation = annotation.replace("{{`", "").replace("`}}", "");
    let images = annotation.split(',').map(str::trim).filter(|image| !image.is_empty());
    let images: Vec<ValuesImage> = images.map(image).collect::<Option<_>>()?;
    (!images.is_empty()).then_some(images)
}

fn image(text: &str) -> Option<ValuesImage> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some((before, behind)) = rest.split_once("{{") {
        let (inner, behind) = behind.split_once("}}")?;
        let route = inner.trim().strip_prefix(".Values.")?;
        if route.is_empty() || route.contains(|c: char| c.is_whitespace() || c == '|') {
            return None;
        }
        pieces.push(Piece::Text(before.to_owned()));
        pieces.push(Piece::Value(route.split('.').map(str::to_owned).collect()));
        rest = behind;
    }
    let has_value = !pieces.is_empty();
    pieces.push(Piece::Text(rest.to_owned()));
    has_value.then_some(ValuesImage(pieces))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_are_read() {
        let count = |text: &str| images(text).map(|images| images.len());
        assert_eq!(count("{{ .Values.a.image }}:{{.Values.a.tag}}, docker.io/{{ .Values.b }}"), Some(2));
        assert_eq!(count("{{`{{ .Values.a }}:{{ .Values.b }}`}}"), Some(1));
        for wrong in
            ["image.tag", "", "{{ .Values.a | quote }}", "{{ .Values. }}", "{{ .Release.Name }}", "{{ .Values.a"]
        {
            assert_eq!(count(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn files_of_sources() {
        #[rustfmt::skip]
        let rows = [
            ("charts/api", "values.yaml",           Some("charts/api/values.yaml")),
            ("charts/api", "../../envs/prod.yaml",  Some("envs/prod.yaml")),
            ("./",         "./values.yaml",         Some("values.yaml")),
            ("charts/api", "$values/envs/a.yaml",   Some("envs/a.yaml")),
            ("charts/api", "/envs/a.yaml",          Some("envs/a.yaml")),
            ("",           "../a.yaml",             None),
            ("",           "https://a/b.yaml",      None),
            ("",           "{{env}}.yaml",          None),
        ];
        for (folder, file, path) in rows {
            assert_eq!(resolved(folder, file).as_deref(), path, "{folder} {file}");
        }
    }
}
