//! Octopus Deploy: annotations on Argo CD applications that name the values from which an image is composed.
//!
//! `argo.octopus.com/image-replace-paths[.<source>]: "{{ .Values.image.name }}:{{ .Values.image.tag }}, …"`
//! (<https://octopus.com/docs/argo-cd/annotations/helm-annotations>). Only the places of references are read from them;
//! Octopus has no policies and no settings in manifests, so all that concerns it is in this file.

use super::super::document::Document;
use super::super::format::Format;
use super::super::found::DocumentFindings;
use super::super::occurrence::NoticeStatus;
use super::super::options::{ValuesImage, ValuesPiece};
use crate::text::{self, NodeId, Tree};

/// The format of applications with these annotations, and of their values.
pub(crate) struct Octopus;

const NAME: &str = "octopus";
const PATHS: &str = "argo.octopus.com/image-replace-paths";
/// The annotation that names a values file in earlier versions of Octopus.
const ALIAS: &str = "argo.octopus.com/image-replace-alias.";

impl Format for Octopus {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "Helm values that Octopus Deploy annotations on Argo CD applications list, in the application or in values files"
    }

    fn needles(&self) -> &'static [&'static str] {
        &[PATHS]
    }

    fn matches(&self, document: &Document<'_>) -> bool {
        document.values_images().next().is_some() || (document.is_object() && may_hold(document.tree.text().as_bytes()))
    }

    fn find(&self, document: &Document<'_>, found: &mut DocumentFindings<'_>) {
        for image in document.values_images() {
            find_image(document, found, image, document.root);
        }
        for (application, _, _) in document.objects().filter(is_application) {
            for holder in holders(document.tree, application) {
                in_application(document, found, holder);
            }
        }
    }

    fn images_of_embedded(&self, document: &Document<'_>, node: NodeId) -> Vec<ValuesImage> {
        let tree = document.tree;
        let Some(source) = source_of_values(tree, node) else { return Vec::new() };
        let mut around = tree.ancestors(source);
        let Some(holder) = around.find(|at| annotations(tree, *at).next().is_some()) else { return Vec::new() };
        let applying = annotations(tree, holder).filter(|(suffix, _)| applies_to(tree, source, suffix, ""));
        applying.filter_map(|(_, annotation)| images(tree.text_of(annotation)?)).flatten().collect()
    }

    fn images_of_other_files(&self, bytes: &[u8]) -> Vec<(String, ValuesImage)> {
        let mut images = Vec::new();
        let text = if may_hold(bytes) { std::str::from_utf8(bytes).unwrap_or_default() } else { "" };
        for span in text::documents(text) {
            for tree in text::parse(&text[span.range()], false).iter().flatten() {
                let maps = tree.nodes().filter(|node| tree.get(*node, "kind").is_some());
                for holder in maps.flat_map(|map| holders(tree, map)) {
                    add_images_of_files(tree, holder, &mut images);
                }
            }
        }
        images
    }
}

/// Reports the images of `helm.valuesObject`, and annotations that cannot be parsed.
fn in_application(document: &Document<'_>, found: &mut DocumentFindings<'_>, holder: NodeId) {
    let tree = document.tree;
    for (suffix, annotation) in annotations(tree, holder) {
        let Some(images) = images(tree.text_of(annotation).unwrap_or_default()) else {
            let reason =
                "the annotation names no values: write an image as {{ .Values.image.name }}:{{ .Values.image.tag }}";
            found.report_notice(document, NAME, annotation, NoticeStatus::Held, reason.to_owned());
            continue;
        };
        for source in sources(tree, holder).filter(|source| applies_to(tree, *source, suffix, "")) {
            if let Some(values) = tree.at(source, &["helm", "valuesObject"]) {
                images.iter().for_each(|image| find_image(document, found, image, values));
            }
            // These values are read whatever their keys are.
            found.embedded.extend(tree.at(source, &["helm", "values"]).filter(|node| tree.text_of(*node).is_some()));
        }
    }
}

/// Reports the reference that some values compose. Where one of them is missing, other formats read the rest.
fn find_image(document: &Document<'_>, found: &mut DocumentFindings<'_>, image: &ValuesImage, values: NodeId) {
    let tree = document.tree;
    let (mut text, mut at) = (String::new(), Vec::new());
    for piece in &image.0 {
        let (part, node) = match piece {
            ValuesPiece::Text(part) => (part.as_str(), None),
            ValuesPiece::Value(path) => {
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                let node = tree.at(values, &path);
                let Some(part) = node.and_then(|n| tree.text_of(n)).filter(|text| !text.is_empty()) else { return };
                (part, node)
            }
        };
        text.push_str(part);
        at.extend((0..part.len()).map(|byte| node.map(|node| (node, byte))));
    }
    // Several images may share a registry, but no two share a tag.
    let last = at.iter().rev().flatten().next();
    if last.is_some_and(|(node, _)| !found.is_taken(*node)) {
        found.report_composed(document, NAME, &text, &at);
    }
}

/// Returns whether a text may have such an annotation, without parsing it.
fn may_hold(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, PATHS.as_bytes()).is_some()
}

/// Adds the images of the values files that an application names.
fn add_images_of_files(tree: &Tree<'_>, holder: NodeId, found: &mut Vec<(String, ValuesImage)>) {
    for (suffix, annotation) in annotations(tree, holder) {
        let images = tree.text_of(annotation).and_then(images).unwrap_or_default();
        for source in sources(tree, holder) {
            let Some(files) = tree.at(source, &["helm", "valueFiles"]) else { continue };
            for file in tree.items(files).filter_map(|file| tree.text_of(tree.follow(file))) {
                let aliased = tree.at(holder, &["metadata", "annotations"]).and_then(|annotations| {
                    tree.text_at(annotations, &[&format!("{ALIAS}{}", suffix.trim_start_matches('.'))])
                });
                if !applies_to(tree, source, suffix, file) && aliased != Some(file) {
                    continue;
                }
                let path = resolved(tree.text_at(source, &["path"]).unwrap_or_default(), file);
                found.extend(
                    path.into_iter().flat_map(|path| images.iter().map(move |image| (path.clone(), image.clone()))),
                );
            }
        }
    }
}

/// Returns the source of an application whose `helm.values` a node is.
fn source_of_values(tree: &Tree<'_>, node: NodeId) -> Option<NodeId> {
    let helm = tree.parent(node)?;
    if tree.key_text(node) == Some("values") && tree.key_text(helm) == Some("helm") { tree.parent(helm) } else { None }
}

/// Returns whether an object is an application or a template of applications.
fn is_application((_, group, kind): &(NodeId, &str, &str)) -> bool {
    *group == "argoproj.io" && matches!(*kind, "Application" | "ApplicationSet")
}

/// Returns the nodes of an object that may have annotations and sources: itself, and the template of an ApplicationSet.
fn holders(tree: &Tree<'_>, object: NodeId) -> impl Iterator<Item = NodeId> {
    [Some(object), tree.at(object, &["spec", "template"])].into_iter().flatten()
}

/// Returns the annotations of an application: what follows `image-replace-paths` in the key, and the value.
fn annotations<'t>(tree: &'t Tree<'_>, holder: NodeId) -> impl Iterator<Item = (&'t str, NodeId)> {
    let all = tree.at(holder, &["metadata", "annotations"]);
    let entries = all.into_iter().flat_map(|map| tree.entries(map));
    entries.filter_map(|(key, value)| {
        let suffix = tree.text_of(key)?.strip_prefix(PATHS)?;
        (suffix.is_empty() || suffix.starts_with('.')).then(|| (suffix, tree.follow(value)))
    })
}

/// Returns the sources of an application.
fn sources(tree: &Tree<'_>, holder: NodeId) -> impl Iterator<Item = NodeId> {
    let several = tree.at(holder, &["spec", "sources"]).into_iter().flat_map(|list| tree.items(list));
    tree.at(holder, &["spec", "source"]).into_iter().chain(several)
}

/// Returns whether an annotation applies to a source: it names no source, this one, or (in earlier versions of Octopus)
/// the `ref` of the values file.
fn applies_to(tree: &Tree<'_>, source: NodeId, suffix: &str, file: &str) -> bool {
    let Some(wanted) = suffix.strip_prefix('.') else { return true };
    tree.text_at(source, &["name"]) == Some(wanted)
        || file.strip_prefix('$').is_some_and(|file| file.split('/').next() == Some(wanted))
}

/// Returns the path of a values file from the root of the repository; `None` for URLs, globs and templates.
/// Argo CD reads `$ref/…` and `/…` from the root, everything else from the folder of the source.
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

/// Parses an annotation: images separated by commas; `None` if one of them names no value.
fn images(annotation: &str) -> Option<Vec<ValuesImage>> {
    // The template of an ApplicationSet has them in a raw string of Go's template language.
    let annotation = annotation.replace("{{`", "").replace("`}}", "");
    let images = annotation.split(',').map(str::trim).filter(|image| !image.is_empty());
    let images: Vec<ValuesImage> = images.map(image).collect::<Option<_>>()?;
    (!images.is_empty()).then_some(images)
}

/// Parses one image of an annotation.
fn image(text: &str) -> Option<ValuesImage> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some((before, after)) = rest.split_once("{{") {
        let (inner, after) = after.split_once("}}")?;
        let path = inner.trim().strip_prefix(".Values.")?;
        if path.is_empty() || path.contains(|c: char| c.is_whitespace() || c == '|') {
            return None;
        }
        pieces.push(ValuesPiece::Text(before.to_owned()));
        pieces.push(ValuesPiece::Value(path.split('.').map(str::to_owned).collect()));
        rest = after;
    }
    let has_value = !pieces.is_empty();
    pieces.push(ValuesPiece::Text(rest.to_owned()));
    has_value.then_some(ValuesImage(pieces))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_annotations() {
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
    fn resolves_values_files_from_root_of_repository() {
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
