//! TOML and INI texts in YAML, such as the configuration of a GitLab runner in the values of its chart.

use super::super::document::Document;
use super::super::format::{Format, TextParser};
use super::super::found::DocumentFindings;
use super::super::keys::{FlatKeys, walk};
use super::super::options::FindOptions;
use crate::text::{Span, TextEntry, Tree};

/// The format of TOML and INI texts.
pub(crate) struct Toml;

const NAME: &str = "toml";

const QUOTES: [char; 2] = ['"', '\''];

impl Format for Toml {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "TOML and INI texts in YAML: values that are whole references, `image.repository` with `image.tag`"
    }

    fn files(&self) -> &'static [&'static str] {
        &[]
    }

    fn text_parser(&self) -> Option<TextParser> {
        Some(parse)
    }

    fn embedded_keys(&self) -> &'static [&'static str] {
        &["*.toml", "*.ini"]
    }

    fn recognizes(&self, text: &str) -> bool {
        let (mut has_assignment, mut has_structure) = (false, false);
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';'])) {
            match Line::of(line) {
                Line::Section(_) => has_structure = true,
                Line::Assignment(_, value) => {
                    has_assignment = true;
                    has_structure |= value.starts_with(['[', '{']);
                }
                Line::Continued if line.starts_with(['"', '\'', ']', '}', '{']) => {}
                Line::Continued => return false,
            }
        }
        has_assignment && has_structure
    }

    fn find(&self, document: &Document<'_>, found: &mut DocumentFindings<'_>) {
        for map in document.tree.items(document.root) {
            FlatKeys::of(document.tree, map).report(document, found, NAME, "");
        }
        walk::named_by_rules(document, found, NAME);
    }
}

/// What a line says.
enum Line<'a> {
    /// `[runners.docker]` or `[[runners]]`: the name of the table.
    Section(&'a str),
    /// `name = value`.
    Assignment(&'a str, &'a str),
    /// The rest of a value.
    Continued,
}

impl<'a> Line<'a> {
    fn of(line: &'a str) -> Self {
        let is_name = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
        };
        let table = line.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(name, _)| name);
        if let Some(name) = table.map(|name| name.trim_start_matches('[').trim()).filter(|name| is_name(name)) {
            return Self::Section(name);
        }
        match line.split_once('=') {
            Some((name, value)) if is_name(name.trim().trim_matches(QUOTES)) => {
                Self::Assignment(name.trim().trim_matches(QUOTES), value.trim())
            }
            _ => Self::Continued,
        }
    }
}

/// Parses a text into its values, each under the names of its table and its key: `runners.docker.image`.
fn parse<'a>(_: &str, text: &'a str, _: &'a FindOptions) -> Tree<'a> {
    let mut entries = Vec::new();
    let (mut table, mut key) = ("", String::new());
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim();
        let value = match Line::of(content) {
            _ if content.starts_with(['#', ';']) => "",
            Line::Section(name) => {
                table = name;
                key.clear();
                ""
            }
            Line::Assignment(name, value) => {
                key = if table.is_empty() { name.to_owned() } else { format!("{table}.{name}") };
                value
            }
            Line::Continued if key.is_empty() => "",
            Line::Continued => content,
        };
        let value_at = at + line.trim_end().len() - value.len();
        for (inner, start, part) in parts(value) {
            let key = if inner.is_empty() { key.clone() } else { format!("{key}.{inner}") };
            let span = Span::new(value_at + start, value_at + start + part.len());
            entries.push(TextEntry { key: key.into(), value: part.into(), start: at, span });
        }
        at += line.len();
    }
    Tree::of_lines(text, vec![entries])
}

/// Returns the strings of a value, each with its key if it is in an inline table, and its byte. A value without quotes is one string.
fn parts(value: &str) -> Vec<(&str, usize, &str)> {
    if value.contains("{{") {
        // A template may have quotes within those of the value.
        let inner = value.strip_prefix(QUOTES).and_then(|rest| rest.strip_suffix(QUOTES));
        return vec![("", usize::from(inner.is_some()), inner.unwrap_or(value))];
    }
    if !value.contains(QUOTES) {
        let end = value.find(" #").or_else(|| value.find(" ;")).unwrap_or(value.len());
        return if value.is_empty() { Vec::new() } else { vec![("", 0, value[..end].trim_end())] };
    }
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = value[at..].find(QUOTES).map(|quote| at + quote) {
        let quote = &value[open..=open];
        let Some(length) = value[open + 1..].find(quote) else { break };
        let before = value[at..open].trim_end();
        let key = before
            .strip_suffix('=')
            .map_or("", |before| before.trim_end().rsplit([' ', '{', ',']).next().unwrap_or(""));
        found.push((key, open + 1, &value[open + 1..open + 1 + length]));
        at = open + length + 2;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognizes_texts_with_tables_or_lists() {
        let yes = ["[a]\nb = 1", "a = [\n  \"b\",\n]", "# c\n[[a.b]]\n\nc = \"d\"\n", "a = { b = \"c\" }"];
        let no = ["a = \"b\"", "[a]", "[a, b]", "a: b\n[c]\nd = 1", "- a = 1", "[a]\nsome prose\nb = 1"];
        assert!(yes.iter().all(|text| Toml.recognizes(text)));
        for text in no {
            assert!(!Toml.recognizes(text), "{text}");
        }
    }

    #[test]
    fn splits_values_at_quotes() {
        #[rustfmt::skip]
        let rows = [
            ("\"a:1\"",                        " 1 a:1"),
            ("a:1 # c",                        " 0 a:1"),
            ("\"a:{{ b \"c\" }}\"",             " 1 a:{{ b \"c\" }}"),
            ("['a', \"b\"] # c",               " 2 a, 7 b"),
            ("[{name = \"a\", alias=\"b\"}]",  "name 10 a,alias 21 b"),
            ("\"a",                            ""),
            ("",                               ""),
        ];
        for (value, expected) in rows {
            let shown = parts(value).into_iter().map(|(key, at, part)| format!("{key} {at} {part}"));
            assert_eq!(shown.collect::<Vec<_>>().join(","), expected, "{value}");
        }
    }
}
