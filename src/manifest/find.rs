//! From the bytes of a file to its findings: decoded, split into documents, parsed, shown to the formats.

use std::sync::Arc;

use super::document::{Document, DocumentOrigin};
use super::format::Format;
use super::formats::dockerfile;
use super::formats::octopus;
use super::found::Found;
use super::ignored;
use super::marker;
use super::occurrence::{Finding, Notice, NoticeStatus, Occurrence, Place, number};
use super::options::Options;
use super::place::{File, begins};
use super::screen::{is_schema, may_hold, mentions, reads};
use crate::text::{self, NodeId, Span, Style, Tree};

/// The format of notices on whole files.
pub(super) const FILE: &str = "file";

/// How many block scalars may stand in one another: JCasC in a ConfigMap has two.
const MAX_DEPTH: usize = 4;

pub(super) fn find(formats: &[&dyn Format], path: &str, bytes: &[u8], options: &Options) -> Vec<Finding> {
    let file = File { path: Arc::from(path), bytes, lines: std::cell::OnceCell::new() };
    let mut findings = Vec::new();
    match decode(bytes) {
        Ok(text) => {
            if options.is_patterned(path) {
                read_text(formats, &file, &dockerfile::matches(path, text, options), options, &mut findings);
            }
            if dockerfile::is_text_file(path) {
                read_text(formats, &file, &dockerfile::read(path, text), options, &mut findings);
            } else if reads(path) && (may_hold(text.as_bytes()) || options.values_images.contains_key(path)) {
                read_stream(formats, &file, text, options, &mut findings);
            }
        }
        Err(reason) => {
            if reads(path) && may_hold(&bytes.iter().copied().filter(|b| *b != 0).collect::<Vec<_>>()) {
                findings.push(whole_file(&file, 0, NoticeStatus::Held, reason.to_owned()));
            }
        }
    }
    findings.sort_by_key(|finding| finding.place().span.map_or(0, |span| span.start));
    number(&mut findings);
    findings
}

fn decode(bytes: &[u8]) -> Result<&str, &'static str> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) || bytes.iter().take(4).any(|b| *b == 0) {
        return Err("the file is UTF-16 or UTF-32; Tagboat edits UTF-8 only");
    }
    std::str::from_utf8(bytes).map_err(|_| "the file is not UTF-8")
}

fn read_stream(formats: &[&dyn Format], file: &File<'_>, text: &str, options: &Options, findings: &mut Vec<Finding>) {
    let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let body = &text[start..];
    if is_encrypted(body) {
        let reason = "SOPS encrypted it: an edit would break its checksum".to_owned();
        findings.push(whole_file(file, 0, NoticeStatus::Ignored, reason));
        return;
    }
    for span in text::documents(body) {
        let part = &body[span.range()];
        if !may_hold(part.as_bytes()) && !options.values_images.contains_key(&*file.path) {
            continue;
        }
        if is_schema(part) {
            let reason = "CustomResourceDefinition: a schema describes images, it does not run them";
            let told = mentions(part).map(|at| start + span.start + at);
            findings.extend(told.map(|at| whole_file(file, at, NoticeStatus::Ignored, reason.to_owned())));
            continue;
        }
        let origin = DocumentOrigin::at(start + span.start);
        for tree in text::parse(part, has_markers(part)) {
            match tree {
                Ok(tree) => read_document(formats, file, &tree, 0, options, &origin, findings),
                Err(error) => {
                    findings.push(unreadable(file, part, start + span.start + error.offset, &error.message, options));
                }
            }
        }
    }
}

fn read_text(
    formats: &[&dyn Format],
    file: &File<'_>,
    tree: &Tree<'_>,
    options: &Options,
    findings: &mut Vec<Finding>,
) {
    read_document(formats, file, tree, 0, options, &DocumentOrigin::at(0), findings);
}

fn has_markers(text: &str) -> bool {
    marker::NEEDLES.iter().any(|needle| memchr::memmem::find(text.as_bytes(), needle).is_some())
}

/// SOPS leaves its metadata under a top-level key, in the clear.
fn is_encrypted(text: &str) -> bool {
    let has_mac = memchr::memmem::find(text.as_bytes(), b"ENC[AES256_GCM,").is_some();
    has_mac && text.lines().any(|line| line.starts_with("sops:") || line.trim_start().starts_with("\"sops\":"))
}

fn read_document(
    formats: &[&dyn Format],
    file: &File<'_>,
    tree: &Tree<'_>,
    depth: usize,
    options: &Options,
    origin: &DocumentOrigin,
    findings: &mut Vec<Finding>,
) {
    let Some(document) = Document::new(&file.path, tree, depth, options, origin) else { return };
    let mut found = Found::new(file, marker::markers(tree));
    for format in formats {
        if format.reads(&document) {
            format.find(&document, &mut found);
        }
    }
    findings.append(&mut found.findings);
    found.embedded.sort();
    found.embedded.dedup();
    for node in std::mem::take(&mut found.embedded) {
        if !found.is_taken(node) && depth < MAX_DEPTH {
            read_embedded(formats, file, &document, node, findings);
        }
    }
}

/// A scalar that may hold documents: a file in a ConfigMap, values in an Argo CD Application, a patch.
fn read_embedded(
    formats: &[&dyn Format],
    file: &File<'_>,
    document: &Document<'_>,
    node: NodeId,
    findings: &mut Vec<Finding>,
) {
    let (tree, outer) = (document.tree, document.origin);
    let Some(value) = tree.text_of(node) else { return };
    let local = tree.span(node);
    let around = outer.bytes.as_ref().map_or(outer.around, |bytes| bytes.offset(begins(tree, node)));
    let block = tree.style(node) == Some(Style::Block);
    let bytes = outer.bytes.as_ref().filter(|_| block).and_then(|bytes| bytes.of_block(tree, local, value));
    let prefix = format!("{}|", document.route(node));
    let images = octopus::embedded(document, node);
    for span in text::documents(value) {
        let part = &value[span.range()];
        let bytes = bytes.as_ref().map(|bytes| bytes.skip(span.start));
        let origin = DocumentOrigin { bytes, around, prefix: prefix.clone(), images: images.clone() };
        // What doesn't parse is a script or prose: nothing to say about it.
        for inner in text::parse(part, has_markers(part)).iter().flatten() {
            read_document(formats, file, inner, document.depth + 1, document.options, &origin, findings);
        }
    }
}

/// What to say about a document that can't be parsed.
fn unreadable(file: &File<'_>, part: &str, offset: usize, message: &str, options: &Options) -> Finding {
    let template = ["{{", "{%", "<%"].iter().find(|mark| part.contains(**mark));
    let (status, reason) = match template {
        _ if ignored::pipeline(&file.path).is_some() => {
            (NoticeStatus::Ignored, "a job of continuous integration, and not YAML".to_owned())
        }
        Some(_) if options.layout.is_chart_template(&file.path) => {
            (NoticeStatus::Ignored, "a template of a Helm chart: its values hold the images".to_owned())
        }
        Some(mark) => (NoticeStatus::Held, format!("not YAML but a template ({mark}): {message}")),
        None => (NoticeStatus::Held, format!("not YAML: {message}")),
    };
    whole_file(file, offset, status, reason)
}

fn whole_file(file: &File<'_>, offset: usize, status: NoticeStatus, reason: String) -> Finding {
    let place = Place {
        path: file.path.clone(),
        index: 0,
        position: file.position(offset.min(file.bytes.len())),
        field: String::new(),
        value: String::new(),
        span: None,
    };
    Finding::Notice(Notice { place, format: FILE, status, reason })
}

/// The occurrences among findings.
pub(super) fn occurrences(findings: &[Finding]) -> impl Iterator<Item = &Occurrence> {
    findings.iter().filter_map(|finding| match finding {
        Finding::Occurrence(occurrence) => Some(&**occurrence),
        Finding::Notice(_) => None,
    })
}

/// Whether two spans share a byte, or one is an insertion at the edge of the other.
pub(super) fn touch(one: Span, other: Span) -> bool {
    one.start <= other.end && other.start <= one.end
}

#[cfg(test)]
mod tests {
    use super::super::FORMATS;
    use super::*;

    #[test]
    fn numbers_findings_in_document_order() {
        let text = "image: a:1\n---\nimage: ${TAG}\n---\nimage: b:2\n";
        let findings = find(FORMATS, "a.yaml", text.as_bytes(), &Options::default());
        let ids: Vec<_> = findings.iter().map(Finding::id).map(|id| (id.path.to_string(), id.index)).collect();
        assert_eq!(ids, [0, 1, 2].map(|index| ("a.yaml".to_owned(), index)));
    }
}
