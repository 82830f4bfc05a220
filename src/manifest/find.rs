//! Finds the references in a file: decodes its bytes, splits it into documents, parses them and runs the formats.

use super::document::{Document, DocumentOrigin};
use super::format_set::FormatSet;
use super::found::DocumentFindings;
use super::marker;
use super::markers::Markers;
use super::occurrence::{Finding, Notice, NoticeStatus, Occurrence, Place};
use super::options::FindOptions;
use super::outer_marker::OuterMarker;
use super::place::{File, begins};
use super::screen::{mentions, names_image};
use crate::text::{self, Comment, NodeId, NodeKind, Span, Style, Tree, YamlError, YamlText};

/// The format of notices on whole files.
pub(super) const FILE: &str = "file";

/// The beginning of a file that Git LFS stores elsewhere.
const LFS_POINTER: &str = "version https://git-lfs.";

/// What to do about a file that cannot be read.
const EXCLUDE: &str = "exclude the file with `paths`";

/// The maximum depth of documents in block scalars: Jenkins configuration in a ConfigMap has two levels.
const MAX_DEPTH: usize = 4;

/// Returns the findings of a file, for any set of formats.
pub(super) fn find(set: &FormatSet<'_>, path: &str, bytes: &[u8], options: &FindOptions) -> Vec<Finding> {
    let file = File::new(path, bytes);
    let mut reader = FileReader { set, file: &file, options, findings: Vec::new() };
    match text::utf8(bytes) {
        Ok(text) if text.starts_with(LFS_POINTER) && set.reads(path, options) => {
            let reason =
                "a pointer of Git LFS; the content is not in the repository; keep manifests out of Git LFS".to_owned();
            reader.report_at(0, NoticeStatus::Held, reason);
        }
        Ok(text) => {
            reader.text(text);
            let by_patterns = std::mem::take(&mut reader.findings);
            if set.reads_yaml(path, options) && reader.is_worth_parsing(text) {
                reader.stream(&text::as_yaml(path, text));
            }
            reader.findings.retain(|finding| !by_patterns.iter().any(|other| share_bytes(finding, other)));
            reader.findings.extend(by_patterns);
        }
        Err(error) => {
            let ascii: Vec<u8> = bytes.iter().copied().filter(|b| *b != 0).collect();
            if set.reads(path, options) && set.screen.may_hold(&ascii) {
                reader.report_at(0, NoticeStatus::Held, error.to_string());
            }
        }
    }
    let mut findings = reader.findings;
    findings.sort_by_key(|finding| finding.place().span.map_or(0, |span| span.start));
    findings
}

/// The path of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldPath {
    /// Where the value is used.
    pub path: String,
    /// Where it is written: the place of the anchor, if the value is an alias; else the same path.
    pub written_at: String,
}

/// Returns the paths of the fields of all documents that parse.
pub(super) fn fields(set: &FormatSet<'_>, path: &str, bytes: &[u8]) -> Vec<FieldPath> {
    let Ok(text) = text::utf8(bytes) else { return Vec::new() };
    let options = FindOptions::default();
    let own = set.formats.iter().filter(|format| format.is_named(path)).find_map(|format| format.text_parser());
    if let Some(parse) = own {
        return fields_of(&parse(path, without_byte_order_mark(text).1, &options)).collect();
    }
    let text = text::as_yaml(path, text).text;
    let (_, body) = without_byte_order_mark(&text);
    let mut fields = Vec::new();
    for span in text::documents(body) {
        let part = &body[span.range()];
        for tree in parse(part, text::without_expressions(part).as_deref()).iter().flatten() {
            fields.extend(fields_of(tree));
        }
    }
    fields
}

/// Returns the paths of all values.
fn fields_of(tree: &Tree<'_>) -> impl Iterator<Item = FieldPath> {
    let is_scalar = |node: &NodeId| matches!(tree.kind(tree.follow(*node)), NodeKind::Scalar(..));
    let values = tree.nodes().filter(move |node| is_scalar(node) && !tree.is_key(*node));
    values.map(|node| FieldPath { path: tree.field_path(node), written_at: tree.field_path(tree.follow(node)) })
}

/// Parses a text, or what remains of a template without its expressions if the text itself is not YAML, or only by accident: a
/// plain `{{ .tag }}` is a mapping in a mapping.
fn parse<'a>(text: &'a str, without_expressions: Option<&'a str>) -> Vec<Result<Tree<'a>, YamlError>> {
    let trees = text::parse(text, marker::may_be_in(text));
    match without_expressions {
        Some(rest) if !trees.iter().all(|tree| tree.as_ref().is_ok_and(|tree| !has_expression(tree))) => {
            let again = text::parse(rest, marker::may_be_in(rest));
            if again.iter().all(Result::is_ok) { again } else { trees }
        }
        _ => trees,
    }
}

/// Returns whether YAML reads an expression of a template as a mapping.
fn has_expression(tree: &Tree<'_>) -> bool {
    let is_expression = |node: NodeId| tree.text()[tree.span(node).range()].starts_with("{{");
    tree.nodes().any(|node| *tree.kind(node) == NodeKind::Mapping && is_expression(node))
}

/// Returns whether two findings are about the same value.
fn share_bytes(one: &Finding, other: &Finding) -> bool {
    let spans = [one, other].map(|finding| finding.place().span);
    matches!(spans, [Some(one), Some(other)] if one.overlaps(other))
}

/// Returns where the text begins after a byte order mark, and the text from there on.
fn without_byte_order_mark(text: &str) -> (usize, &str) {
    match text.strip_prefix('\u{feff}') {
        Some(body) => (text.len() - body.len(), body),
        None => (0, text),
    }
}

/// Returns whether SOPS encrypted a file: its metadata is in plain text under a top-level key.
fn is_encrypted(text: &str) -> bool {
    let has_mac = memchr::memmem::find(text.as_bytes(), b"ENC[AES256_GCM,").is_some();
    has_mac && text.lines().any(|line| line.starts_with("sops:") || line.trim_start().starts_with("\"sops\":"))
}

/// Reads one file with a set of formats.
struct FileReader<'r> {
    set: &'r FormatSet<'r>,
    file: &'r File<'r>,
    options: &'r FindOptions,
    findings: Vec<Finding>,
}

impl FileReader<'_> {
    /// Reads a text file that is not YAML with the patterns of the configuration and the first format for its name.
    fn text(&mut self, text: &str) {
        let (path, options) = (&*self.file.path, self.options);
        let (start, text) = without_byte_order_mark(text);
        let mut is_named = false;
        for format in self.set.formats.iter().filter(|format| format.reads(path, options)) {
            let Some(parse) = format.text_parser() else { continue };
            if format.is_named(path) && std::mem::replace(&mut is_named, true) {
                continue;
            }
            let origin = DocumentOrigin { text_format: Some(format.name()), ..DocumentOrigin::at(start) };
            self.document(&parse(path, text, options), 0, &origin);
        }
    }

    /// Returns whether a YAML text may hold a reference.
    fn is_worth_parsing(&self, text: &str) -> bool {
        let path = &*self.file.path;
        self.set.screen.may_hold(text.as_bytes())
            || mentions(text).next().is_some()
            || self.set.screen.ignored_file(path, |_| true).is_some()
            || self.options.values_images.contains_key(path)
            || self.options.tag_fields.iter().any(|field| field.paths.is_match(path))
    }

    /// Reads the documents of a YAML stream.
    fn stream(&mut self, YamlText { text, inline_comments }: &YamlText<'_>) {
        let (start, body) = without_byte_order_mark(text);
        if is_encrypted(body) {
            let reason = "encrypted by SOPS: an edit would break its checksum".to_owned();
            return self.report_at(0, NoticeStatus::Ignored, reason);
        }
        for span in text::documents(body) {
            let part = &body[span.range()];
            if !self.is_worth_parsing(part) {
                continue;
            }
            let base = start + span.start;
            if let Some(reason) = self.set.screen.schema(part) {
                for at in mentions(part) {
                    self.report_at(base + at, NoticeStatus::Ignored, reason.clone());
                }
                continue;
            }
            let origin = DocumentOrigin::at(base);
            let is_chart_template = self.options.layout.is_chart_template(&self.file.path);
            let without_expressions = if is_chart_template { None } else { text::without_expressions(part) };
            for tree in parse(part, without_expressions.as_deref()) {
                match tree {
                    Ok(mut tree) => {
                        let inside = |comment: &Comment<'static>| comment.within(Span::new(base, base + part.len()));
                        tree.add_comments(inline_comments.iter().filter_map(inside));
                        self.document(&tree, 0, &origin);
                    }
                    Err(error) => self.unreadable(part, base + error.offset, &error.message),
                }
            }
        }
    }

    /// Runs the formats on a document, then on the documents embedded in it.
    fn document(&mut self, tree: &Tree<'_>, depth: usize, origin: &DocumentOrigin) {
        let screen = &self.set.screen;
        let Some(document) = Document::new(&self.file.path, tree, depth, self.options, screen, origin) else { return };
        let markers = Markers::new(tree, self.set.reads_trailing_comments(origin.text_format));
        let mut found = DocumentFindings::new(self.file, markers.within(origin.outer_marker.clone()));
        for format in self.set.formats {
            if format.matches(&document) {
                format.find(&document, &mut found);
            }
        }
        self.findings.append(&mut found.findings);
        found.embedded.sort();
        found.embedded.dedup();
        for node in std::mem::take(&mut found.embedded) {
            if !found.is_taken(node) && depth < MAX_DEPTH {
                self.embedded(&document, node, found.markers.outer(&document, self.file, node));
            }
        }
    }

    /// Reads a scalar that may hold documents: a file in a ConfigMap, values in an Argo CD Application, a patch.
    fn embedded(&mut self, document: &Document<'_>, node: NodeId, outer_marker: Option<OuterMarker>) {
        let (tree, outer) = (document.tree, document.origin);
        let Some(value) = tree.text_of(node) else { return };
        let local = tree.span(node);
        let fallback_offset =
            outer.bytes.as_ref().map_or(outer.fallback_offset, |bytes| bytes.offset(begins(tree, node)));
        let bytes = outer.bytes.as_ref().and_then(|bytes| match tree.style(node)? {
            Style::Block => bytes.of_block(tree, local, value),
            _ => bytes.of_line(tree, local, value),
        });
        let field_prefix = format!("{}|", document.field_path(node));
        let images: Vec<_> =
            self.set.formats.iter().flat_map(|format| format.images_of_embedded(document, node)).collect();
        let key = tree.key_text(node).unwrap_or_default();
        let origin = DocumentOrigin { bytes, fallback_offset, field_prefix, images, text_format: None, outer_marker };
        if let Some((format, parse)) = self.set.text_format(key, value) {
            let origin = DocumentOrigin { text_format: Some(format), ..origin };
            return self.document(&parse(key, value, self.options), document.depth + 1, &origin);
        }
        for span in text::documents(value) {
            let part = &value[span.range()];
            let origin = origin.skip(span.start);
            // A text that does not parse is a script or prose, not a document.
            let without_expressions = text::without_expressions(part);
            for inner in parse(part, without_expressions.as_deref()).iter().flatten() {
                self.document(inner, document.depth + 1, &origin);
            }
        }
    }

    /// Reports a document that cannot be parsed.
    fn unreadable(&mut self, part: &str, offset: usize, message: &str) {
        let path = &*self.file.path;
        let template = ["{{", "{%", "<%"].iter().find(|mark| part.contains(**mark));
        let (status, reason) = match (self.set.screen.ignored_file(path, |_| false), template) {
            (Some((owner, _)), _) => {
                (NoticeStatus::Ignored, format!("{owner}: not YAML, and its images are not deployed"))
            }
            (None, Some(_)) if self.options.layout.is_chart_template(path) => {
                let is_manifest = self.set.reads_yaml(path, &FindOptions::default()) && !names_image(part);
                let images = if is_manifest {
                    "the images are in its values"
                } else {
                    "`manifests.patterns` can manage images that it names"
                };
                (NoticeStatus::Ignored, format!("a template of a Helm chart; {images}"))
            }
            (None, Some(mark)) => (NoticeStatus::Held, format!("a template ({mark}), not YAML: {message}; {EXCLUDE}")),
            (None, None) => (NoticeStatus::Held, format!("not YAML: {message}; correct it, or {EXCLUDE}")),
        };
        self.report_at(offset, status, reason);
    }

    /// Reports a notice at a byte of the file, without a value.
    fn report_at(&mut self, offset: usize, status: NoticeStatus, reason: String) {
        let place = Place {
            path: self.file.path.clone(),
            position: self.file.position(offset.min(self.file.bytes.len())),
            field: String::new(),
            value: String::new(),
            span: None,
        };
        self.findings.push(Finding::Notice(Notice { place, format: FILE, status, reason }));
    }
}

/// Returns the occurrences among findings.
pub(super) fn occurrences(findings: &[Finding]) -> impl Iterator<Item = &Occurrence> {
    findings.iter().filter_map(|finding| match finding {
        Finding::Occurrence(occurrence) => Some(&**occurrence),
        Finding::Notice(_) => None,
    })
}

/// Returns whether two spans share a byte, or one is an insertion at the edge of the other.
pub(super) fn touch(one: Span, other: Span) -> bool {
    one.start <= other.end && other.start <= one.end
}

#[cfg(test)]
mod tests {
    use super::super::FORMATS;
    use super::super::format::Format;
    use super::super::screen::{Ignored, IgnoredScope};
    use super::*;

    #[test]
    fn numbers_the_occurrences_of_a_file() {
        let text = "image: a:1\n---\nimage: ${TAG}\n---\nimage: b:2\n";
        let findings = find(&FormatSet::new(FORMATS), "a.yaml", text.as_bytes(), &FindOptions::default());
        let ids: Vec<_> =
            occurrences(&findings).map(Occurrence::id).map(|id| (id.path.to_string(), id.index)).collect();
        assert_eq!(ids, [0, 1].map(|index| ("a.yaml".to_owned(), index)));
    }

    /// A format of `*.toy` files with references under `runs`.
    struct Toy;

    impl Format for Toy {
        fn name(&self) -> &'static str {
            "toy"
        }

        fn about(&self) -> &'static str {
            "toys"
        }

        fn files(&self) -> &'static [&'static str] {
            &["*.toy"]
        }

        fn needles(&self) -> &'static [&'static str] {
            &["runs:"]
        }

        fn ignored(&self) -> &'static [Ignored] {
            &[
                Ignored { scope: IgnoredScope::Kind("toys.example", "Picture"), reason: "a picture of a toy" },
                Ignored { scope: IgnoredScope::File("attic/", "the attic"), reason: "closed to visitors" },
            ]
        }

        fn matches(&self, document: &Document<'_>) -> bool {
            document.tree.get(document.root, "runs").is_some()
        }

        fn find(&self, document: &Document<'_>, found: &mut DocumentFindings<'_>) {
            if let Some(node) = document.tree.get(document.root, "runs") {
                found.report_reference(document, "toy", node);
            }
        }
    }

    #[test]
    fn finds_references_of_a_format_by_what_it_declares() {
        let set = FormatSet::new(&[&Toy]);
        let found = |path: &str, text: &str| -> Vec<String> {
            let findings = find(&set, path, text.as_bytes(), &FindOptions::default());
            let texts = findings.into_iter().map(|finding| match finding {
                Finding::Occurrence(occurrence) => {
                    occurrence.ignored_by_default.clone().unwrap_or_else(|| occurrence.reference.to_string())
                }
                Finding::Notice(notice) => notice.reason,
            });
            texts.collect()
        };
        assert_eq!(found("a.toy", "runs: bear:1\n"), ["bear:1"]);
        assert_eq!(found("a.yaml", "runs: bear:1\n"), [""; 0]);
        assert_eq!(found("attic/a.toy", "runs: bear:1\n"), ["the attic: closed to visitors"]);
        let picture = "apiVersion: toys.example/v1\nkind: Picture\nruns: bear:1\n";
        assert_eq!(found("a.toy", picture), ["Picture: a picture of a toy"]);
        assert!(!set.screen.may_hold(b"image: bear:1"));
    }

    #[test]
    fn reads_files_by_the_names_that_formats_declare() {
        let set = FormatSet::new(FORMATS);
        let read = [
            "a.yaml",
            "b/c.yml",
            "d.json",
            "x/Kustomization",
            ".env",
            ".env.prod",
            "a/prod.env",
            "Dockerfile",
            "b/api.Dockerfile",
            "b/prod.dockerfile",
            "dockerfile",
            "Dockerfile-prod",
            "Containerfile.x",
            ".argocd-source-api.yaml",
        ];
        let not = ["a.YAML", "kustomization", "x.yaml.j2", "main.tf", "README.md", "Dockerfiles/x.txt"];
        assert!(read.iter().all(|path| set.reads(path, &FindOptions::default())));
        assert!(!not.iter().any(|path| set.reads(path, &FindOptions::default())));
    }

    #[test]
    fn parses_only_what_may_hold_a_reference() {
        let set = FormatSet::new(FORMATS);
        #[rustfmt::skip]
        let rows = [
            ("image: a:1",                             true),
            ("WORKER_IMAGE=a:1",                       true),
            ("{\"tag\": \"1\"}",                       true),
            ("spec: {url: \"oci://ghcr.io/a/b\"}",     true),
            ("a: v1 # {\"$imagepolicy\": \"a:b\"}",    true),
            ("kind: Service\nport: 80\nstage: prod\n", false),
        ];
        for (text, holds) in rows {
            assert_eq!(set.screen.may_hold(text.as_bytes()), holds, "{text}");
        }
    }
}
