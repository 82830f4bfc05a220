//! `.env` files and properties, also in YAML: values that are whole references or parts of one.

use super::super::document::Document;
use super::super::format::{Format, TextParser};
use super::super::found::DocumentFindings;
use super::super::keys::lines::{self, EmitEntry};
use super::super::keys::{FlatKeys, walk};
use super::super::marker;
use super::super::occurrence::NoticeStatus;
use super::super::options::FindOptions;
use super::super::value::is_full_reference;
use crate::text::Tree;

/// The format of `.env` and `.properties` files.
pub(crate) struct EnvFile;

const NAME: &str = "env-file";

const PROPERTIES: &str = ".properties";

impl Format for EnvFile {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "env files and properties, also in YAML: values that are whole references, `image.repository` with `image.tag`"
    }

    fn files(&self) -> &'static [&'static str] {
        &[".env", ".env.*", "*.env", "*.properties"]
    }

    fn text_parser(&self) -> Option<TextParser> {
        Some(parse)
    }

    fn recognizes(&self, text: &str) -> bool {
        let mut lines =
            text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).peekable();
        lines.peek().is_some() && lines.all(|line| line.split_once('=').is_some_and(|(key, _)| is_name(key.trim())))
    }

    fn find(&self, document: &Document<'_>, found: &mut DocumentFindings<'_>) {
        let tree = document.tree;
        let references = document.options.reference_variables.get(document.path);
        for map in tree.items(document.root) {
            for (_, value) in tree.entries(map) {
                if let Some(reason) = tree.text_of(value).and_then(marker::in_value) {
                    found.report_notice(document, NAME, value, NoticeStatus::Held, reason);
                }
            }
            let keys = FlatKeys::of(tree, map);
            for value in references.into_iter().flatten().filter_map(|name| keys.get(name)) {
                if tree.text_of(value).is_some_and(is_full_reference) {
                    found.report_reference(document, NAME, value);
                }
            }
            keys.report(document, found, NAME, "");
        }
        walk::named_by_rules(document, found, NAME);
    }
}

/// Parses a file into its variables, or a text under a key such as `app.properties` into its properties.
fn parse<'a>(name: &str, text: &'a str, _: &'a FindOptions) -> Tree<'a> {
    let read_line = if name.ends_with(PROPERTIES) { property_line } else { env_line };
    Tree::of_lines(text, vec![lines::entries(text, read_line)])
}

/// Parses `key=value`, `key: value` or `key value`, as java.util.Properties does.
fn property_line<'a>(line: &'a str, emit: EmitEntry<'_, 'a>) {
    let content = line.trim();
    let is_separator = |c: char| matches!(c, '=' | ':') || c.is_whitespace();
    if content.starts_with(['#', '!']) {
        return;
    }
    let Some(end) = content.find(is_separator) else { return };
    let rest = content[end..].trim_start();
    let value = rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start();
    emit(&content[..end], value, line.trim_end().len() - value.len());
}

/// Returns the line, from 1, and the value of the last assignment of a variable in the text of a `.env` file: it is the one that
/// counts.
pub(in crate::manifest) fn env_variable<'t>(text: &'t str, name: &str) -> Option<(usize, &'t str)> {
    let value = |line: &'t str| {
        let mut found = None;
        env_line(line, &mut |key, value, _| found = if key == name { Some(value) } else { found });
        found
    };
    text.lines().enumerate().filter_map(|(row, line)| Some((row + 1, value(line)?))).last()
}

/// Returns whether a text is the name of a variable or of a property: `API_IMAGE`, `api.image`.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

/// Parses `[export ]KEY=value`; the value may be quoted, or a comment may follow it.
fn env_line<'a>(line: &'a str, emit: EmitEntry<'_, 'a>) {
    let Some((key, rest)) = line.split_once('=') else { return };
    let key = key.trim().trim_start_matches("export ").trim();
    if !is_name(key) {
        return;
    }
    let lead = rest.len() - rest.trim_start().len();
    let value = rest.trim();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    let (value, skip) = match quote {
        Some(quote) => (value[1..].split(quote).next().unwrap_or_default(), 1),
        None => (value.split(" #").next().unwrap_or_default().trim_end(), 0),
    };
    emit(key, value, line.len() - rest.len() + lead + skip);
}
