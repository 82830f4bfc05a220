//! Dockerfiles: `FROM`, `COPY --from`, and arguments that are part of a reference.

use super::super::document::Document;
use super::super::format::{Format, TextParser};
use super::super::found::DocumentFindings;
use super::super::keys::lines::{self, EmitEntry};
use super::super::occurrence::NoticeStatus;
use super::super::options::FindOptions;
use super::super::value::is_full_reference;
use crate::text::{NodeId, Tree};

/// The format of Dockerfiles and Containerfiles.
pub(crate) struct Dockerfile;

const NAME: &str = "dockerfile";

impl Format for Dockerfile {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "Dockerfiles: base images of stages, images that files are copied from, and arguments that hold a reference or a tag"
    }

    fn files(&self) -> &'static [&'static str] {
        &["Dockerfile", "Dockerfile.*", "*.Dockerfile", "Containerfile", "Containerfile.*", "*.Containerfile"]
    }

    fn text_parser(&self) -> Option<TextParser> {
        Some(parse)
    }

    fn find(&self, document: &Document<'_>, found: &mut DocumentFindings<'_>) {
        let tree = document.tree;
        let mut stages: Vec<&str> = vec!["scratch"];
        let (mut arguments, mut bases) = (Vec::new(), Vec::new());
        for (key, value) in tree.items(document.root).flat_map(|map| tree.entries(map)) {
            let (key, text) = (tree.text_of(key).unwrap_or_default(), tree.text_of(value).unwrap_or_default());
            match key {
                "AS" => stages.push(text),
                "FROM" | "COPY" if stages.contains(&text) => {}
                "FROM" => match BaseImage::new(document, value, &arguments) {
                    Some(base) => bases.push(base),
                    None => found.report_reference(document, NAME, value),
                },
                "COPY" if !is_full_reference(text) => {}
                "COPY" => found.report_reference(document, NAME, value),
                name => {
                    arguments.push((name, value));
                    if is_full_reference(text) {
                        found.report_reference(document, NAME, value);
                    }
                }
            }
        }
        for base in &bases {
            base.find(document, found, &bases);
        }
    }
}

/// A base image with arguments: `FROM node:${NODE_VERSION}` after `ARG NODE_VERSION=22.1`, where the default is the tag.
struct BaseImage {
    /// The reference with the defaults in place of the arguments.
    text: String,
    /// The node and the offset of each byte of the text.
    at: Vec<Option<(NodeId, usize)>>,
    arguments: Vec<NodeId>,
}

impl BaseImage {
    /// Returns a base image; `None` without arguments, or with one that has no default or holds a whole reference.
    fn new(document: &Document<'_>, node: NodeId, known: &[(&str, NodeId)]) -> Option<Self> {
        let tree = document.tree;
        let text = tree.text_of(node)?;
        let mut base = Self { text: String::new(), at: Vec::new(), arguments: Vec::new() };
        let mut done = 0;
        while let Some(dollar) = text[done..].find('$').map(|found| done + found) {
            let rest = &text[dollar + 1..];
            let (name, length) = match rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
                Some((name, _)) => (name, name.len() + 2),
                None => {
                    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                    (&rest[..end], end)
                }
            };
            // The last default before the line applies. No argument has a name such as `NAME:-x`.
            let (_, argument) = known.iter().rev().find(|(known, _)| *known == name)?;
            let value = tree.text_of(*argument).filter(|value| !is_full_reference(value))?;
            base.push(node, &text[done..dollar], done);
            base.push(*argument, value, 0);
            base.arguments.push(*argument);
            done = dollar + 1 + length;
        }
        base.push(node, &text[done..], done);
        (!base.arguments.is_empty()).then_some(base)
    }

    /// Appends text that begins at a byte of a node.
    fn push(&mut self, node: NodeId, text: &str, from: usize) {
        self.text.push_str(text);
        self.at.extend((from..from + text.len()).map(|byte| Some((node, byte))));
    }

    /// Reports the reference, or why its arguments cannot be edited.
    fn find(&self, document: &Document<'_>, found: &mut DocumentFindings<'_>, all: &[Self]) {
        let shares = |other: &&Self| other.arguments.iter().any(|argument| self.arguments.contains(argument));
        if all.iter().filter(shares).any(|other| other.text != self.text) {
            for argument in self.arguments.iter().filter(|argument| !found.is_taken(**argument)).collect::<Vec<_>>() {
                let reason = "part of several images, which may need different tags: use one argument per image";
                found.report_notice(document, NAME, *argument, NoticeStatus::Held, reason.to_owned());
            }
            return;
        }
        // Stages with the same image share its arguments: one edit changes all of them.
        if !self.arguments.iter().any(|argument| found.is_taken(*argument)) {
            found.report_composed(document, NAME, &self.text, &self.at);
        }
    }
}

/// Parses a file into the instructions that may name images.
fn parse<'a>(_: &str, text: &'a str, _: &'a FindOptions) -> Tree<'a> {
    Tree::of_lines(text, vec![lines::entries(text, dockerfile_line)])
}

/// Parses `FROM [--platform=…] image [AS stage]`, `ARG NAME=image`, `COPY --from=image`.
fn dockerfile_line<'a>(line: &'a str, emit: EmitEntry<'_, 'a>) {
    let offset = |word: &str| word.as_ptr() as usize - line.as_ptr() as usize;
    let mut words = line.split_whitespace();
    match words.next().map(str::to_ascii_uppercase).as_deref() {
        Some("FROM") => {
            let mut words = words.skip_while(|word| word.starts_with("--"));
            if let Some(image) = words.next() {
                emit("FROM", image, offset(image));
            }
            let is_named = words.next().is_some_and(|word| word.eq_ignore_ascii_case("AS"));
            if is_named && let Some(stage) = words.next() {
                emit("AS", stage, offset(stage));
            }
        }
        Some("ARG") => {
            for (key, value) in words.filter_map(|word| word.split_once('=')) {
                let value = value.trim_matches(['"', '\'']);
                emit(key, value, offset(value));
            }
        }
        Some("COPY") => {
            if let Some(image) = words.find_map(|word| word.strip_prefix("--from=")) {
                emit("COPY", image, offset(image));
            }
        }
        _ => {}
    }
}
