//! Checks that every relative link in a page and every `page!("…")` in the sources leads to a file and a section.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::LazyLock;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use regex::Regex;

use super::pages::{PAGES, root, sources};

/// Returns the anchors that GitHub generates for the headings of a page: lower case, without punctuation, hyphens for spaces,
/// and `-1` for the second heading of a name.
fn anchors(text: &str) -> BTreeSet<String> {
    let (mut anchors, mut seen) = (BTreeSet::new(), BTreeMap::<String, usize>::new());
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match (event, &mut heading) {
            (Event::Start(Tag::Heading { .. }), _) => heading = Some(String::new()),
            (Event::Text(text) | Event::Code(text), Some(title)) => title.push_str(&text),
            (Event::End(TagEnd::Heading(_)), _) => {
                let slug = slug(&heading.take().unwrap());
                let count = seen.entry(slug.clone()).or_default();
                anchors.insert(if *count == 0 { slug } else { format!("{slug}-{count}") });
                *count += 1;
            }
            _ => {}
        }
    }
    anchors
}

fn slug(title: &str) -> String {
    let kept = title.trim().to_lowercase().replace(' ', "-");
    kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
}

/// Returns the targets of the links in a page, except in code.
fn targets(text: &str) -> Vec<String> {
    let target = |event| match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => Some(dest_url.to_string()),
        _ => None,
    };
    Parser::new_ext(text, Options::ENABLE_TABLES).filter_map(target).collect()
}

/// Resolves a target relative to a page: `docs/ci.md` and `../examples` → `examples`.
fn joined(page: &str, target: &str) -> String {
    let mut parts = page.split('/').collect::<Vec<_>>();
    parts.pop();
    for part in target.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." | "" => {}
            name => parts.push(name),
        }
    }
    parts.join("/")
}

/// Returns why a link in a page is broken, or `None`. `is_file` returns whether a path exists in the project.
fn broken(
    page: &str,
    target: &str,
    pages: &BTreeMap<String, String>,
    is_file: impl Fn(&str) -> bool,
) -> Option<String> {
    if target.contains("://") {
        return None;
    }
    let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    let path = if path.is_empty() { page.to_owned() } else { joined(page, path) };
    match (pages.get(&path), anchor) {
        (Some(text), Some(anchor)) if anchors(text).contains(anchor) => None,
        (_, Some(anchor)) => Some(format!("{page}: {path} has no section #{anchor}")),
        (Some(_), None) => None,
        (None, None) if is_file(&path) => None,
        (None, None) => Some(format!("{page}: {path} does not exist")),
    }
}

#[test]
fn links_lead_to_existing_files_and_sections() {
    let is_file = |path: &str| root().join(path).exists();
    let links = PAGES.iter().flat_map(|(page, text)| targets(text).into_iter().map(move |target| (page, target)));
    let links = links.collect::<Vec<_>>();
    assert!(links.len() > 50, "{links:?}");
    let broken = links.iter().filter_map(|(page, target)| broken(page, target, &PAGES, is_file)).collect::<Vec<_>>();
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn messages_name_existing_pages_and_sections() {
    let name = Regex::new(r#"(?:page|hint)!\(\s*"([^"]+)""#).unwrap();
    let (mut named, mut problems) = (0, Vec::new());
    for path in sources() {
        for found in name.captures_iter(&fs::read_to_string(&path).unwrap()) {
            named += 1;
            let problem = broken("docs/page", &found[1], &PAGES, |_| false);
            problems.extend(problem.map(|problem| format!("{}: {problem}", path.display())));
        }
    }
    assert!(named >= 100, "only {named} messages name a page");
    assert!(problems.is_empty(), "{problems:#?}");
}

/// Returns whether a line of code prints a hint that is neither a `Hint` nor ends with the address of a page.
fn has_hint_without_address(line: &str) -> bool {
    // Compiled once: there are tens of thousands of lines.
    static WRITTEN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"(?:"|\\n)hint: ([^"]*)"(.*)"#).unwrap());
    WRITTEN.captures_iter(line).any(|found| !found[1].starts_with('{') && !found[2].contains("page!"))
}

#[test]
fn finds_hints_without_address() {
    #[rustfmt::skip]
    let rows = [
        (r#"log(&format!("wrote {}\nhint: review it", file.display()));"#,        true),
        (r#"const HINT: &str = "hint: run again";"#,                              true),
        (r#"concat!("hint: run again: ", page!("troubleshooting.md#git"));"#,     false),
        (r#"write!(f, "{}\nhint: {}", self.message, self.hint)"#,                 false),
        (r#"format!("hint: {hint}")"#,                                            false),
    ];
    for (line, expected) in rows {
        assert_eq!(has_hint_without_address(line), expected, "{line}");
    }
}

/// A `Hint` always has an address. A message that is printed without that type is found by its text.
#[test]
fn every_hint_ends_with_an_address() {
    let mut problems = Vec::new();
    for path in sources() {
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        let bare = code.lines().enumerate().filter(|(_, line)| has_hint_without_address(line));
        problems.extend(bare.map(|(number, line)| format!("{}:{}: {line}", path.display(), number + 1)));
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn finds_broken_links() {
    let page = "# Top\n\n## A `b`, c\n\n## Same\n\n## Same\n\n```yaml\n# no heading\n```\n\n[x](other.md#there)\n";
    let pages = [("docs/a.md", page), ("docs/other.md", "## There\n"), ("README.md", "")];
    let pages = pages.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
    assert_eq!(targets(page), ["other.md#there"]);
    #[rustfmt::skip]
    let rows = [
        // page         target                      works
        ("docs/a.md",   "#a-b-c",                   true),
        ("docs/a.md",   "#same-1",                  true),
        ("docs/a.md",   "#same-2",                  false),
        ("docs/a.md",   "#no-heading",              false),
        ("docs/a.md",   "other.md#there",           true),
        ("docs/a.md",   "other.md#top",             false),
        ("docs/a.md",   "missing.md",               false),
        ("docs/a.md",   "missing.md#top",           false),
        ("docs/a.md",   "../README.md",             true),
        ("docs/a.md",   "../examples",              true),
        ("README.md",   "docs/a.md#a-b-c",          true),
        ("README.md",   "a.md",                     false),
        ("README.md",   "https://acme.example/#x",  true),
    ];
    for (from, target, works) in rows {
        let found = broken(from, target, &pages, |path| path == "examples");
        assert_eq!(found.is_none(), works, "{from}: {target}: {found:?}");
    }
}
