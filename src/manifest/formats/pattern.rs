//! Text files of any kind, in which a regular expression of the configuration finds names, tags and digests.

use super::super::document::Document;
use super::super::format::{Format, TextParser};
use super::super::found::DocumentFindings;
use super::super::options::{FindOptions, PATTERN};
use super::super::split_reference::SplitReference;
use crate::text::{Span, TextEntry, Tree};

/// The format of files that `patterns` of the configuration name.
pub(crate) struct PatternFormat;

const NAME: &str = PATTERN;

impl Format for PatternFormat {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "any text file: names, tags and digests that a regular expression of the configuration matches"
    }

    fn files(&self) -> &'static [&'static str] {
        &[]
    }

    fn text_parser(&self) -> Option<TextParser> {
        Some(parse)
    }

    fn reads(&self, path: &str, options: &FindOptions) -> bool {
        options.is_patterned(path)
    }

    fn find(&self, document: &Document<'_>, found: &mut DocumentFindings<'_>) {
        let tree = document.tree;
        for map in tree.items(document.root) {
            let part = |key| tree.get(map, key);
            let image = part("image").and_then(|node| tree.text_of(node)).map(str::to_owned);
            let name = part("name");
            let text = name.and_then(|node| tree.text_of(node)).map(str::to_owned).or(image);
            let names = name.into_iter().collect();
            found.report_split(
                document,
                NAME,
                &SplitReference {
                    name: text,
                    names,
                    tag: part("tag"),
                    digest: part("digest"),
                    ..SplitReference::default()
                },
            );
        }
    }
}

/// Parses a file into one map per match of a pattern.
fn parse<'a>(path: &str, text: &'a str, options: &'a FindOptions) -> Tree<'a> {
    let mut maps: Vec<Vec<TextEntry<'a>>> = Vec::new();
    for pattern in options.patterns.iter().filter(|pattern| pattern.paths.is_match(path)) {
        for captures in pattern.regex.captures_iter(text) {
            let part = |key: &'static str| {
                let span = captures.name(key).map(|found| Span::new(found.start(), found.end()))?;
                Some(TextEntry { key: key.into(), value: text[span.range()].into(), start: span.start, span })
            };
            let mut map: Vec<TextEntry<'a>> = ["name", "tag", "digest"].into_iter().filter_map(part).collect();
            if let (Some(image), Some(TextEntry { start, .. })) = (&pattern.image, map.first()) {
                let (start, span) = (*start, Span::new(*start, *start));
                map.push(TextEntry { key: "image".into(), value: image.as_str().into(), start, span });
            }
            maps.push(map);
        }
    }
    Tree::of_lines(text, maps)
}
