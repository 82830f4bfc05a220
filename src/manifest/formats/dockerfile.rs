//! Text files that are no YAML: `.env` files, Dockerfiles, and whatever a pattern of the configuration reads.

use super::super::document::Document;
use super::super::format::Format;
use super::super::found::{Found, Parts};
use super::super::occurrence::NoticeStatus;
use super::super::options::Options;
use super::super::screen::is_dockerfile;
use super::super::value::is_surely_reference;
use crate::text::{Entry, NodeId, Span, Tree};

/// `.env` files of Compose.
pub(crate) struct EnvFile;

const ENV_FILE: &str = "env-file";

impl Format for EnvFile {
    fn name(&self) -> &'static str {
        ENV_FILE
    }

    fn about(&self) -> &'static str {
        "env files: variables that hold whole references"
    }

    fn reads(&self, document: &Document<'_>) -> bool {
        document.tree.is_lines() && is_env_file(document.file_name)
    }

    fn find(&self, document: &Document<'_>, found: &mut Found<'_>) {
        let tree = document.tree;
        for (key, value) in tree.items(document.root).flat_map(|map| tree.entries(map)) {
            let (name, text) = (tree.text_of(key).unwrap_or_default(), tree.text_of(value).unwrap_or_default());
            let says_image = name.to_ascii_lowercase().contains("image");
            let has_path = text.split_once('/').is_some_and(|(host, _)| host.contains('.'));
            if is_surely_reference(text) && (says_image || (has_path && !text.contains("://"))) {
                found.reference(document, ENV_FILE, value);
            }
        }
    }
}

/// `FROM` of Dockerfiles.
pub(crate) struct Dockerfile;

const DOCKERFILE: &str = "dockerfile";

impl Format for Dockerfile {
    fn name(&self) -> &'static str {
        DOCKERFILE
    }

    fn about(&self) -> &'static str {
        "Dockerfiles: the images that stages are built from"
    }

    fn reads(&self, document: &Document<'_>) -> bool {
        document.tree.is_lines() && is_dockerfile(document.file_name)
    }

    fn find(&self, document: &Document<'_>, found: &mut Found<'_>) {
        let tree = document.tree;
        let mut stages: Vec<&str> = vec!["scratch"];
        let (mut arguments, mut bases) = (Vec::new(), Vec::new());
        for (key, value) in tree.items(document.root).flat_map(|map| tree.entries(map)) {
            let (key, text) = (tree.text_of(key).unwrap_or_default(), tree.text_of(value).unwrap_or_default());
            match key {
                "AS" => stages.push(text),
                "FROM" | "COPY" if stages.contains(&text) => {}
                "FROM" => match Base::new(document, value, &arguments) {
                    Some(base) => bases.push(base),
                    None => found.reference(document, DOCKERFILE, value),
                },
                "COPY" if !is_surely_reference(text) => {}
                "COPY" => found.reference(document, DOCKERFILE, value),
                name => {
                    arguments.push((name, value));
                    if is_surely_reference(text) {
                        found.reference(document, DOCKERFILE, value);
                    }
                }
            }
        }
        for base in &bases {
            base.find(document, found, &bases);
        }
    }
}

/// `FROM node:${NODE_VERSION}` below `ARG NODE_VERSION=22.1`: its tag stands in the argument's default.
struct Base {
    /// With the defaults in place of the arguments, and where each byte stands.
    text: String,
    at: Vec<Option<(NodeId, usize)>>,
    arguments: Vec<NodeId>,
}

impl Base {
    /// `None` without arguments, or with one that has no default or is a whole reference itself.
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
            // The last default above counts. `${NAME:-x}` is a name that no argument has.
            let (_, argument) = known.iter().rev().find(|(known, _)| *known == name)?;
            let value = tree.text_of(*argument).filter(|value| !is_surely_reference(value))?;
            base.take(node, &text[done..dollar], done);
            base.take(*argument, value, 0);
            base.arguments.push(*argument);
            done = dollar + 1 + length;
        }
        base.take(node, &text[done..], done);
        (!base.arguments.is_empty()).then_some(base)
    }

    fn take(&mut self, node: NodeId, text: &str, from: usize) {
        self.text.push_str(text);
        self.at.extend((from..from + text.len()).map(|byte| Some((node, byte))));
    }

    fn find(&self, document: &Document<'_>, found: &mut Found<'_>, all: &[Self]) {
        let shares = |other: &&Self| other.arguments.iter().any(|argument| self.arguments.contains(argument));
        if all.iter().filter(shares).any(|other| other.text != self.text) {
            for argument in self.arguments.iter().filter(|argument| !found.is_taken(**argument)).collect::<Vec<_>>() {
                let reason = "it is part of several images, which may have different tags: write an argument for each";
                found.notice(document, DOCKERFILE, *argument, NoticeStatus::Held, reason.to_owned());
            }
            return;
        }
        // The second stage of the same image is edited with the first.
        if !self.arguments.iter().any(|argument| found.is_taken(*argument)) {
            found.composed(document, DOCKERFILE, &self.text, &self.at);
        }
    }
}

/// What a pattern of the configuration finds.
pub(crate) struct Patterns;

const PATTERN: &str = "pattern";

impl Format for Patterns {
    fn name(&self) -> &'static str {
        PATTERN
    }

    fn about(&self) -> &'static str {
        "any text file: where a regular expression of the configuration says that references stand"
    }

    fn reads(&self, document: &Document<'_>) -> bool {
        document.depth == 0 && document.tree.is_lines() && document.options.is_patterned(document.path)
    }

    fn find(&self, document: &Document<'_>, found: &mut Found<'_>) {
        let tree = document.tree;
        for map in tree.items(document.root) {
            let part = |key| tree.get(map, key);
            let image = part("image").and_then(|node| tree.text_of(node)).map(str::to_owned);
            let name = part("name");
            let text = name.and_then(|node| tree.text_of(node)).map(str::to_owned).or(image);
            let names = name.into_iter().collect();
            found.parts(
                document,
                PATTERN,
                &Parts { name: text, names, tag: part("tag"), digest: part("digest"), ..Parts::default() },
            );
        }
    }
}

/// By name: `.env`, `.env.prod`, `prod.env`.
fn is_env_file(name: &str) -> bool {
    name == ".env" || name.starts_with(".env.") || name.ends_with(".env")
}

/// Whether a file is one of those here, by its name.
pub(crate) fn is_text_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    is_env_file(name) || is_dockerfile(name)
}

/// Reads a file that is one of those here.
pub(crate) fn read<'a>(path: &str, text: &'a str) -> Tree<'a> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let read_line = if is_env_file(name) { env_line } else { dockerfile_line };
    let mut entries = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        read_line(line, &mut |key, value: &'a str, start| {
            entries.push((key, value.into(), Span::new(at + start, at + start + value.len())));
        });
        at += line.len();
    }
    Tree::of_lines(text, vec![entries])
}

/// `[export ]KEY=value`, in quotes or with a comment behind it.
fn env_line<'a>(line: &'a str, take: &mut dyn FnMut(&'a str, &'a str, usize)) {
    let Some((key, rest)) = line.split_once('=') else { return };
    let key = key.trim().trim_start_matches("export ").trim();
    if key.is_empty() || !key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return;
    }
    let lead = rest.len() - rest.trim_start().len();
    let value = rest.trim();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    let (value, skip) = match quote {
        Some(quote) => (value[1..].split(quote).next().unwrap_or_default(), 1),
        None => (value.split(" #").next().unwrap_or_default().trim_end(), 0),
    };
    take(key, value, line.len() - rest.len() + lead + skip);
}

/// `FROM [--platform=…] image [AS stage]`, `ARG NAME=image`, `COPY --from=image`.
fn dockerfile_line<'a>(line: &'a str, take: &mut dyn FnMut(&'a str, &'a str, usize)) {
    let offset = |word: &str| word.as_ptr() as usize - line.as_ptr() as usize;
    let mut words = line.split_whitespace();
    match words.next().map(str::to_ascii_uppercase).as_deref() {
        Some("FROM") => {
            let mut words = words.skip_while(|word| word.starts_with("--"));
            if let Some(image) = words.next() {
                take("FROM", image, offset(image));
            }
            if let (Some(_), Some(stage)) = (words.next().filter(|word| word.eq_ignore_ascii_case("AS")), words.next())
            {
                take("AS", stage, offset(stage));
            }
        }
        Some("ARG") => {
            for (key, value) in words.filter_map(|word| word.split_once('=')) {
                let value = value.trim_matches(['"', '\'']);
                take(key, value, offset(value));
            }
        }
        Some("COPY") => {
            if let Some(image) = words.find_map(|word| word.strip_prefix("--from=")) {
                take("COPY", image, offset(image));
            }
        }
        _ => {}
    }
}

/// What the patterns of the configuration match in a file: one map per match.
pub(crate) fn matches<'a>(path: &str, text: &'a str, options: &'a Options) -> Tree<'a> {
    let mut maps: Vec<Vec<Entry<'a>>> = Vec::new();
    for pattern in options.patterns.iter().filter(|pattern| pattern.paths.is_match(path)) {
        for captures in pattern.regex.captures_iter(text) {
            let part =
                |key: &'static str| captures.name(key).map(|m| (key, m.as_str().into(), Span::new(m.start(), m.end())));
            let mut map: Vec<Entry<'a>> = ["name", "tag", "digest"].into_iter().filter_map(part).collect();
            if let (Some(image), Some((_, _, at))) = (&pattern.image, map.first()) {
                let nowhere = Span::new(at.start, at.start);
                map.push(("image", image.as_str().into(), nowhere));
            }
            maps.push(map);
        }
    }
    Tree::of_lines(text, maps)
}
