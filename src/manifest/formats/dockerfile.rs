//! Dockerfiles: `FROM`, `COPY --from`, `RUN --mount=from=`, `# syntax=`, and arguments that are part of a reference.

use std::borrow::Cow;

use super::super::document::Document;
use super::super::format::{Format, TextParser};
use super::super::found::DocumentFindings;
use super::super::keys::expansions::{Operator, expansions};
use super::super::keys::instructions::{Instruction, Word, instructions};
use super::super::keys::names;
use super::super::occurrence::NoticeStatus;
use super::super::options::FindOptions;
use super::super::screen::{file_name, matches_name};
use super::super::value::{is_full_reference, not_literal, parse as parse_reference};
use crate::text::{NodeId, TextEntry, Tree};

/// The format of Dockerfiles and Containerfiles.
pub(crate) struct Dockerfile;

const NAME: &str = "dockerfile";

/// The keys of what instructions name. The key of an argument has a prefix: one may be called `FROM`.
const FROM: &str = "FROM";
const STAGE: &str = "AS";
const COPY: &str = "COPY";
const MOUNT: &str = "RUN";
const SYNTAX: &str = "syntax";
const ARG: &str = "ARG ";
const ENV: &str = "ENV ";

impl Format for Dockerfile {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "Dockerfiles, also those in YAML: base images of stages, images that files are copied or mounted from, the frontend of `# syntax=`, and arguments and variables that hold a reference or a tag"
    }

    fn files(&self) -> &'static [&'static str] {
        &[
            "Dockerfile",
            "Dockerfile.*",
            "Dockerfile-*",
            "Dockerfile_*",
            "*.Dockerfile",
            "dockerfile",
            "dockerfile.*",
            "dockerfile-*",
            "dockerfile_*",
            "*.dockerfile",
            "Containerfile",
            "Containerfile.*",
            "Containerfile-*",
            "Containerfile_*",
            "*.Containerfile",
            "containerfile",
            "containerfile.*",
            "containerfile-*",
            "containerfile_*",
            "*.containerfile",
        ]
    }

    fn is_named(&self, path: &str) -> bool {
        let name = file_name(path);
        let is_other =
            [".yaml", ".yml", ".json", ".jsonc", ".dockerignore"].iter().any(|ending| name.ends_with(ending));
        !is_other && self.files().iter().any(|pattern| matches_name(pattern, name))
    }

    fn needles(&self) -> &'static [&'static str] {
        &["ockerfile"]
    }

    fn text_parser(&self) -> Option<TextParser> {
        Some(parse)
    }

    /// A `#` that does not begin a line is a part of the instruction.
    fn reads_trailing_comments(&self) -> bool {
        false
    }

    fn embedded_keys(&self) -> &'static [&'static str] {
        // Compose, docker buildx bake. A BuildConfig of OpenShift has `dockerfile`, which is a name of files, too.
        &["dockerfile_inline", "dockerfile-inline"]
    }

    fn find(&self, document: &Document<'_>, found: &mut DocumentFindings<'_>) {
        let tree = document.tree;
        let mut stages: Vec<&str> = vec!["scratch"];
        let (mut arguments, mut bases) = (Vec::new(), Vec::new());
        for (key, value) in tree.items(document.root).flat_map(|map| tree.entries(map)) {
            let (key, text) = (tree.text_of(key).unwrap_or_default(), tree.text_of(value).unwrap_or_default());
            let is_stage = || stages.iter().any(|stage| stage.eq_ignore_ascii_case(text));
            match key {
                STAGE => stages.push(text),
                FROM if is_stage() => {}
                FROM => match BaseImage::new(document, value, &arguments) {
                    Some(base) => bases.push(base),
                    None => base_image(document, found, value),
                },
                COPY | MOUNT if text.contains('$') && text.contains(['/', ':']) => {
                    let reason = "a variable, which is not read here; write `FROM` with the variable and `AS NAME`, and name that stage here";
                    found.report_notice(document, NAME, value, NoticeStatus::Held, reason.to_owned());
                }
                COPY | MOUNT | SYNTAX if is_stage() || !is_full_reference(text) => {}
                COPY | MOUNT | SYNTAX => found.report_reference(document, NAME, value),
                key if key.starts_with(ENV) => {
                    let name = key.trim_start_matches(ENV);
                    if names::assigns_image(name, text) {
                        found.report_reference(document, NAME, value);
                    }
                }
                key => {
                    arguments.push((key.strip_prefix(ARG).unwrap_or(key), value));
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

/// A base image with variables: `FROM node:${NODE_VERSION}` after `ARG NODE_VERSION=22.1`, where the default is the tag, or
/// `FROM node:${NODE_VERSION:-22.1}`.
struct BaseImage {
    /// The reference with the defaults in place of the arguments.
    text: String,
    /// The node and the offset of each byte of the text.
    at: Vec<Option<(NodeId, usize)>>,
    arguments: Vec<NodeId>,
    /// Whether a default of its own is part of the text: `${NODE_VERSION:-22.1}`.
    has_default: bool,
}

impl BaseImage {
    /// Returns a base image; `None` without variables, or with one that has no default or holds a whole reference.
    fn new(document: &Document<'_>, node: NodeId, known: &[(&str, NodeId)]) -> Option<Self> {
        let tree = document.tree;
        let text = tree.text_of(node)?;
        let mut base = Self { text: String::new(), at: Vec::new(), arguments: Vec::new(), has_default: false };
        let mut done = 0;
        for variable in expansions(text)? {
            if variable.operator == Operator::Other {
                return None;
            }
            base.push(node, &text[done..variable.range.start], done);
            // The last default before the line applies.
            match known.iter().rev().find(|(known, _)| *known == variable.name) {
                Some((_, argument)) => {
                    let value = tree.text_of(*argument).filter(|value| !is_full_reference(value))?;
                    base.push(*argument, value, 0);
                    base.arguments.push(*argument);
                }
                None if variable.operator == Operator::Default => {
                    base.push(node, &text[variable.word.clone()], variable.word.start);
                    base.has_default = true;
                }
                None => return None,
            }
            done = variable.range.end;
        }
        base.push(node, &text[done..], done);
        (base.has_default || !base.arguments.is_empty()).then_some(base)
    }

    /// Appends text that begins at a byte of a node.
    fn push(&mut self, node: NodeId, text: &str, from: usize) {
        self.text.push_str(text);
        self.at.extend((from..from + text.len()).map(|byte| Some((node, byte))));
    }

    /// Returns the scalar in which the tag or the digest begins.
    fn version(&self) -> Option<NodeId> {
        let (reference, range) = parse_reference(&self.text).ok()?;
        let version = reference.tag_range().or(reference.digest_range())?;
        self.at.get(range.start + version.start)?.map(|(node, _)| node)
    }

    /// Reports the reference, or why its arguments cannot be edited.
    fn find(&self, document: &Document<'_>, found: &mut DocumentFindings<'_>, all: &[Self]) {
        let version = self.version();
        let edited: Vec<NodeId> = match version {
            Some(node) => self.arguments.iter().copied().filter(|argument| *argument == node).collect(),
            None => self.arguments.clone(),
        };
        let shares = |other: &&Self| other.arguments.iter().any(|argument| edited.contains(argument));
        if all.iter().filter(shares).any(|other| other.text != self.text) {
            for argument in edited.into_iter().filter(|argument| !found.is_taken(*argument)).collect::<Vec<_>>() {
                let reason = "part of several images, which may need different tags: use one argument per image";
                found.report_notice(document, NAME, argument, NoticeStatus::Held, reason.to_owned());
            }
            return;
        }
        // Stages with the same image share its arguments: one edit changes all of them.
        let is_reported = match version {
            Some(node) => found.is_taken(node),
            None => self.arguments.iter().any(|argument| found.is_taken(*argument)),
        };
        if !is_reported {
            found.report_composed(document, NAME, &self.text, &self.at);
        }
    }
}

/// Reports a base image without variables, or with one that is not known.
fn base_image(document: &Document<'_>, found: &mut DocumentFindings<'_>, node: NodeId) {
    let text = document.tree.text_of(node).unwrap_or_default();
    match not_literal("the value", text) {
        Some(not) if not.status == NoticeStatus::Held && text.contains('$') => {
            let reason = "a variable without a default that is a literal; write one, such as `ARG TAG=1.2` above the first `FROM`";
            found.report_notice(document, NAME, node, NoticeStatus::Held, reason.to_owned());
        }
        _ => found.report_reference(document, NAME, node),
    }
}

/// Parses a file into the instructions that may name images.
fn parse<'a>(_: &str, text: &'a str, _: &'a FindOptions) -> Tree<'a> {
    Tree::of_lines(text, vec![instructions(text).into_iter().flat_map(entries).collect()])
}

/// Returns what an instruction says about images, each under the name of the instruction.
fn entries(instruction: Instruction<'_>) -> Vec<TextEntry<'_>> {
    let instruction = instruction.delayed();
    let start = instruction.start;
    let flags = |prefix: &'static str| instruction.flags().filter_map(move |flag| flag.after(prefix));
    match instruction.keyword.as_str() {
        "FROM" => {
            let mut words = instruction.arguments();
            let image = words.next().map(|image| entry(start, FROM, image.unquoted()));
            let is_named = words.next().is_some_and(|word| word.text.eq_ignore_ascii_case("AS"));
            let stage = if is_named { words.next() } else { None };
            image.into_iter().chain(stage.map(|stage| entry(start, STAGE, stage.clone()))).collect()
        }
        "ARG" => instruction.words.iter().filter_map(|word| assignment(start, ARG, word)).collect(),
        "ENV" => variables(start, &instruction.words),
        "COPY" => flags("--from=").map(|image| entry(start, COPY, image)).collect(),
        "RUN" => {
            flags("--mount=").filter_map(|mount| mounted(&mount)).map(|image| entry(start, MOUNT, image)).collect()
        }
        _ => instruction.directive("syntax").map(|image| entry(start, SYNTAX, image.clone())).into_iter().collect(),
    }
}

fn entry<'a>(start: usize, key: impl Into<Cow<'a, str>>, word: Word<'a>) -> TextEntry<'a> {
    TextEntry { key: key.into(), value: word.text, start, span: word.span }
}

/// Returns the entries of `ENV NAME=value …`, or that of `ENV NAME value`.
fn variables<'a>(start: usize, words: &[Word<'a>]) -> Vec<TextEntry<'a>> {
    match words {
        [name, value] if !name.text.contains('=') => {
            vec![entry(start, format!("{ENV}{}", name.text), value.unquoted())]
        }
        words => words.iter().filter_map(|word| assignment(start, ENV, word)).collect(),
    }
}

/// Returns the entry of `NAME=value`, whose key has a prefix.
fn assignment<'a>(start: usize, prefix: &str, word: &Word<'a>) -> Option<TextEntry<'a>> {
    let equals = word.text.find('=')?;
    let key = format!("{prefix}{}", &word.text[..equals]);
    Some(entry(start, key, word.part(equals + 1, word.text.len())))
}

/// Returns the image of a mount: `type=bind,from=image,target=/x`.
fn mounted<'a>(mount: &Word<'a>) -> Option<Word<'a>> {
    let mut from = 0;
    for field in mount.text.split(',') {
        let to = from + field.len();
        if let Some(image) = mount.part(from, to).after("from=") {
            return Some(image.unquoted());
        }
        from = to + 1;
    }
    None
}
