//! `.env` files: variables whose value is a whole reference.

use super::super::document::Document;
use super::super::format::{Format, TextParser};
use super::super::found::DocumentFindings;
use super::super::keys::lines::{self, EmitEntry};
use super::super::options::FindOptions;
use super::super::value::is_full_reference;
use crate::text::Tree;

/// The format of `.env` files.
pub(crate) struct EnvFile;

const NAME: &str = "env-file";

impl Format for EnvFile {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "env files: variables whose value is a whole reference"
    }

    fn files(&self) -> &'static [&'static str] {
        &[".env", ".env.*", "*.env"]
    }

    fn text_parser(&self) -> Option<TextParser> {
        Some(parse)
    }

    fn find(&self, document: &Document<'_>, found: &mut DocumentFindings<'_>) {
        let tree = document.tree;
        for (key, value) in tree.items(document.root).flat_map(|map| tree.entries(map)) {
            let (name, text) = (tree.text_of(key).unwrap_or_default(), tree.text_of(value).unwrap_or_default());
            let names_image = name.to_ascii_lowercase().contains("image");
            let has_path = text.split_once('/').is_some_and(|(host, _)| host.contains('.'));
            if is_full_reference(text) && (names_image || (has_path && !text.contains("://"))) {
                found.report_reference(document, NAME, value);
            }
        }
    }
}

/// Parses a file into its variables.
fn parse<'a>(_: &str, text: &'a str, _: &'a FindOptions) -> Tree<'a> {
    Tree::of_lines(text, vec![lines::entries(text, env_line)])
}

/// Parses `[export ]KEY=value`; the value may be quoted, or a comment may follow it.
fn env_line<'a>(line: &'a str, emit: EmitEntry<'_, 'a>) {
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
    emit(key, value, line.len() - rest.len() + lead + skip);
}
