//! Checks the sources against the layer table of `docs/design.md`: the imports of each module, paths that pure code must not
//! use, import cycles, long files, full folders, and files without an introduction.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use crate::support::source::{NamedPath, before_tests, paths, read_sources, tokens};

/// A row of the layer table: a module at the top of `src/`.
struct Module {
    name: String,
    is_pure: bool,
    imports: Imports,
}

enum Imports {
    /// Every module.
    Everything,
    /// Every module in an earlier row.
    AllAbove,
    /// These modules, or single items of modules.
    Only(Vec<String>),
}

use Imports::{AllAbove, Everything, Only};

/// The layer table of `docs/design.md`.
static LAYERS: LazyLock<Vec<Module>> = LazyLock::new(|| {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/design.md")).unwrap();
    layers(&page)
});

/// Reads the layer table of a page: the rows between its two comments, without the head.
fn layers(page: &str) -> Vec<Module> {
    let (_, rest) = page.split_once("<!-- layers -->\n").expect("the page has a layer table");
    let (table, _) = rest.split_once("<!-- /layers -->").expect("the layer table ends");
    table.lines().skip(2).map(module).collect()
}

fn module(row: &str) -> Module {
    let cells = row.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>();
    let [_layer, name, imports, pure] = cells[..] else { panic!("a row has four cells: {row}") };
    let names = |cell: &str| cell.split_whitespace().map(|name| name.trim_matches('`').to_owned()).collect();
    Module {
        name: name.trim_matches('`').to_owned(),
        is_pure: match pure {
            "yes" => true,
            "no" => false,
            other => panic!("pure is yes or no, not {other}: {row}"),
        },
        imports: match imports {
            "everything" => Everything,
            "all above" => AllAbove,
            "nothing" => Only(Vec::new()),
            list => Only(names(list)),
        },
    }
}

/// Paths that pure modules must not use, by their start.
const IMPURE: &[&str] = &[
    "fastrand",
    "gix",
    "hyper",
    "ignore",
    "octocrab",
    "rayon",
    "reqwest",
    "std::env",
    "std::fs",
    "std::io::stderr",
    "std::io::stdin",
    "std::io::stdout",
    "std::net",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "tempfile",
    "tokio",
    "tracing",
];

/// Clocks, under any path.
const CLOCKS: &[&str] = &["Instant::now", "SystemTime::now", "Timestamp::now", "Zoned::now"];

/// File names that do not describe their content.
const EMPTY_NAMES: &[&str] = &["common", "helpers", "misc", "util", "utils"];

/// The maximum number of lines of a file before its tests.
const LONGEST: usize = 400;

/// The maximum number of files of a folder, its subfolders not counted.
const FULLEST: usize = 20;

/// Path from the root of the project, with slashes, and text.
type Sources = BTreeMap<String, String>;

/// A path in a file.
struct Mention {
    line: usize,
    /// From the root of the crate; of another crate if `is_local` is false.
    segments: Vec<String>,
    is_local: bool,
}

/// Returns the module of a file: `git`, `error` for `src/git/error.rs`; the folder for its `mod.rs`.
fn module_of(file: &str) -> Vec<String> {
    let inner = file.trim_start_matches("src/").trim_end_matches(".rs");
    let inner = inner.strip_suffix("/mod").unwrap_or(inner);
    inner.split('/').filter(|part| *part != "lib").map(str::to_owned).collect()
}

/// Returns the file of the longest module path at the start of a path.
fn file_of<'a>(segments: &[String], modules: &'a BTreeMap<Vec<String>, &str>) -> Option<&'a str> {
    (1..=segments.len()).rev().find_map(|length| modules.get(&segments[..length]).copied())
}

fn mentions(file: &str, source: &str, modules: &BTreeMap<Vec<String>, &str>) -> Vec<Mention> {
    let own = module_of(file);
    let resolve = |segments: &[String]| -> Option<Vec<String>> {
        let ups = segments.iter().take_while(|segment| *segment == "super").count();
        let (base, rest) = match segments[0].as_str() {
            "super" => (own.get(..own.len().checked_sub(ups)?)?, &segments[ups..]),
            "crate" => (&[][..], &segments[1..]),
            "tagboat" if file == "src/main.rs" => (&[][..], &segments[1..]),
            "self" => (&own[..], &segments[1..]),
            child if modules.contains_key(&[&own[..], &[child.to_owned()]].concat()) => (&own[..], segments),
            _ => return None,
        };
        Some([base, rest].concat())
    };
    let named = paths(&tokens(before_tests(source)));
    let mention = |path: &NamedPath| {
        let resolved = resolve(&path.segments);
        let is_local = resolved.is_some();
        Mention { line: path.line, segments: resolved.unwrap_or_else(|| path.segments.clone()), is_local }
    };
    named.iter().map(mention).collect()
}

/// Returns every violation as `file:line: violation`.
fn findings(sources: &Sources) -> Vec<String> {
    let modules: BTreeMap<Vec<String>, &str> = sources.keys().map(|file| (module_of(file), file.as_str())).collect();
    let mut found = Vec::new();
    let mut edges: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for (file, source) in sources {
        shape(file, source, &mut found);
        let top = module_of(file).first().cloned().unwrap_or_else(|| "lib".to_owned());
        let Some(row) = LAYERS.iter().position(|module| module.name == top) else {
            found.push(format!("{file}:1: the module {top} has no row in the layer table of docs/design.md"));
            continue;
        };
        for mention in mentions(file, source, &modules) {
            if !mention.is_local {
                if LAYERS[row].is_pure {
                    impure(file, &mention, &mut found);
                }
                continue;
            }
            if let Some(target) = file_of(&mention.segments, &modules).filter(|target| target != file) {
                edges.entry(file).or_default().entry(target).or_insert(mention.line);
            }
            imports(file, row, &mention, &mut found);
        }
        if LAYERS[row].is_pure {
            for token in tokens(before_tests(source)) {
                if matches!(token.text.as_str(), "async" | "await") {
                    found.push(format!("{file}:{}: {top} is pure and must not be async: {}", token.line, token.text));
                }
            }
        }
    }
    cycles(&edges, &mut found);
    folders(sources, &mut found);
    found
}

/// Checks introduction, length and name of a file.
fn shape(file: &str, source: &str, found: &mut Vec<String>) {
    if !source.starts_with("//!") {
        found.push(format!("{file}:1: does not start with //! and a description"));
    }
    let lines = before_tests(source).lines().count();
    if lines > LONGEST {
        found.push(format!("{file}:{lines}: more than {LONGEST} lines before the tests"));
    }
    for (row, line) in source.lines().enumerate() {
        if line.contains(".filter(|_|") {
            found.push(format!("{file}:{}: a filter that ignores its value is an if", row + 1));
        }
    }
    for name in module_of(file).iter().filter(|name| EMPTY_NAMES.contains(&name.as_str())) {
        found.push(format!("{file}:1: the name {name} does not describe the content"));
    }
}

fn impure(file: &str, mention: &Mention, found: &mut Vec<String>) {
    let path = mention.segments.join("::");
    let starts = |impure: &&&str| path == **impure || path.starts_with(&format!("{impure}::"));
    let holds = |clock: &&&str| format!("::{path}::").contains(&format!("::{clock}::"));
    if let Some(name) = IMPURE.iter().find(starts).or_else(|| CLOCKS.iter().find(holds)) {
        found.push(format!("{file}:{}: pure code must not use {name}: {path}", mention.line));
    }
}

fn imports(file: &str, row: usize, mention: &Mention, found: &mut Vec<String>) {
    let own = &LAYERS[row];
    let Some(column) = mention.segments.first().and_then(|top| LAYERS.iter().position(|module| module.name == *top))
    else {
        return;
    };
    let allowed = match &own.imports {
        _ if column == row => true,
        Everything => true,
        AllAbove => column < row,
        Only(list) => list.iter().any(|entry| {
            let entry: Vec<&str> = entry.split("::").collect();
            mention.segments.len() >= entry.len() && mention.segments.iter().zip(&entry).all(|(a, b)| a == b)
        }),
    };
    if !allowed {
        let path = mention.segments.join("::");
        found.push(format!("{file}:{}: {} must not import {path}", mention.line, own.name));
    }
}

fn cycles(edges: &BTreeMap<&str, BTreeMap<&str, usize>>, found: &mut Vec<String>) {
    for (file, targets) in edges {
        for (target, line) in targets {
            let (mut seen, mut next) = (BTreeSet::from([*target]), vec![*target]);
            while let Some(here) = next.pop() {
                next.extend(edges.get(here).into_iter().flat_map(BTreeMap::keys).filter(|there| seen.insert(there)));
            }
            if seen.contains(file) {
                found.push(format!("{file}:{line}: imports {target}, which imports it back"));
            }
        }
    }
}

/// Checks the number of files in each folder.
fn folders(sources: &Sources, found: &mut Vec<String>) {
    let mut files = BTreeMap::<&str, usize>::new();
    for (folder, _) in sources.keys().filter_map(|file| file.rsplit_once('/')) {
        *files.entry(folder).or_default() += 1;
    }
    for (folder, count) in files.into_iter().filter(|(_, count)| *count > FULLEST) {
        found.push(format!("{folder}/: {count} files, more than {FULLEST}"));
    }
}

#[test]
fn sources_keep_the_layer_table() {
    let sources = read_sources(Path::new(env!("CARGO_MANIFEST_DIR")));
    assert!(sources.len() > LAYERS.len(), "the sources were found");
    let found = findings(&sources);
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

/// Returns the findings for a crate of these files.
fn findings_in(files: &[(&str, &str)]) -> Vec<String> {
    findings(&files.iter().map(|(file, text)| ((*file).to_owned(), format!("//! Doc.\n{text}"))).collect())
}

const IMAGE: (&str, &str) = ("src/image/mod.rs", "mod tag;\npub use tag::Tag;");
const TAG: (&str, &str) = ("src/image/tag.rs", "pub struct Tag;");
const PLAN: (&str, &str) = ("src/plan/mod.rs", "pub struct Proposal;\npub fn reconcile() {}");

#[test]
#[rustfmt::skip]
fn finds_every_violation_of_the_table() {
    for (file, text, finding) in [
        ("src/policy/a.rs",   "use crate::plan::Proposal;",                      "src/policy/a.rs:2: policy must not import plan::Proposal"),
        ("src/policy/a.rs",   "use crate::{\n    image::Tag,\n    plan,\n};",    "src/policy/a.rs:4: policy must not import plan"),
        ("src/policy/a.rs",   "fn f() { crate::plan::reconcile() }",             "src/policy/a.rs:2: policy must not import plan::reconcile"),
        ("src/policy/a.rs",   "use super::super::plan::*;",                      "src/policy/a.rs:2: policy must not import plan::*"),
        ("src/policy/a.rs",   "pub(crate) use crate::plan as p;",                "src/policy/a.rs:2: policy must not import plan"),
        ("src/forge/a.rs",    "use crate::plan::{Proposal, reconcile};",         "src/forge/a.rs:2: forge must not import plan::reconcile"),
        ("src/forge/a.rs",    "use crate::plan;",                                "src/forge/a.rs:2: forge must not import plan"),
        ("src/policy/a.rs",   "use std::{collections::BTreeMap, fs};",           "src/policy/a.rs:2: pure code must not use std::fs: std::fs"),
        ("src/policy/a.rs",   "\nfn f() { ::std::env::var(\"x\"); }",            "src/policy/a.rs:3: pure code must not use std::env: std::env::var"),
        ("src/policy/a.rs",   "fn f() { tracing::info!(\"x\") }",                "src/policy/a.rs:2: pure code must not use tracing: tracing::info"),
        ("src/policy/a.rs",   "use jiff::Timestamp;\nfn f() { Timestamp::now() }", "src/policy/a.rs:3: pure code must not use Timestamp::now: Timestamp::now"),
        ("src/policy/a.rs",   "use std::time::{Duration, Instant};",             "src/policy/a.rs:2: pure code must not use std::time::Instant: std::time::Instant"),
        ("src/policy/a.rs",   "async fn f() {}",                                 "src/policy/a.rs:2: policy is pure and must not be async: async"),
        ("src/new/a.rs",      "",                                                "src/new/a.rs:1: the module new has no row in the layer table of docs/design.md"),
        ("src/git/utils.rs",  "",                                                "src/git/utils.rs:1: the name utils does not describe the content"),
    ] {
        assert_eq!(findings_in(&[IMAGE, TAG, PLAN, (file, text)]), [finding], "{text}");
    }
}

#[test]
#[rustfmt::skip]
fn accepts_what_the_table_allows() {
    for (file, text) in [
        ("src/policy/a.rs",  "use crate::image::{self, Tag};\nuse std::time::Duration;"),
        ("src/policy/a.rs",  "/// See [`crate::plan::Proposal`] and std::fs::read.\nconst A: &str = \"use crate::plan; // async\";"),
        ("src/policy/a.rs",  "/* use crate::plan; /* async */ std::fs */ fn f<'a>(x: &'a str) -> char { '\"' }"),
        ("src/policy/a.rs",  "const A: &str = r#\"\"use crate::plan;\"#;\nconst B: &[u8] = b\"std::fs::read\";"),
        ("src/policy/a.rs",  "#[cfg(test)]\nmod tests { use crate::plan::Proposal; use std::fs; }"),
        ("src/policy/a.rs",  "fn f(at: jiff::Timestamp) -> jiff::Timestamp { at }"),
        ("src/forge/a.rs",   "use crate::plan::Proposal;\nasync fn f() { std::fs::read(\"x\"); }"),
        ("src/plan/b.rs",    "use crate::image::Tag;"),
        ("src/policy/a.rs",  "pub(in crate::plan) struct A;"),
        ("src/main.rs",      "fn main() { tagboat::plan::reconcile() }"),
    ] {
        assert_eq!(findings_in(&[IMAGE, TAG, PLAN, (file, text)]), [""; 0], "{text}");
    }
}

#[test]
fn finds_import_cycles_in_every_notation() {
    let back = "use super::Tag;";
    let found = findings_in(&[IMAGE, ("src/image/tag.rs", back)]);
    assert_eq!(
        found,
        [
            "src/image/mod.rs:3: imports src/image/tag.rs, which imports it back",
            "src/image/tag.rs:2: imports src/image/mod.rs, which imports it back",
        ]
    );
    let three = [
        ("src/git/a.rs", "use super::b::B;"),
        ("src/git/b.rs", "\nfn f() { crate::git::c::g() }"),
        ("src/git/c.rs", "use crate::{git::a};"),
        ("src/git/d.rs", "use super::a;"),
    ];
    let found = findings_in(&three);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found.contains(&"src/git/b.rs:3: imports src/git/c.rs, which imports it back".to_owned()), "{found:?}");
    assert_eq!(findings_in(&three[..2]), [""; 0]);
}

#[test]
fn finds_long_files_and_files_without_introduction() {
    let long = "fn f() {}\n".repeat(LONGEST);
    let sources = [("src/git/a.rs", format!("//! Doc.\n{long}")), ("src/git/b.rs", "fn f() {}".to_owned())];
    let found = findings(&sources.map(|(file, text)| (file.to_owned(), text)).into());
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("src/git/a.rs:401: more than 400 lines"), "{found:?}");
    assert!(found[1].starts_with("src/git/b.rs:1: does not start with //!"), "{found:?}");
    let tested = format!("//! Doc.\n#[cfg(test)]\n{long}");
    assert_eq!(findings(&[("src/git/a.rs".to_owned(), tested)].into()), [""; 0]);
}

#[test]
fn finds_filters_that_ignore_their_value() {
    let found = findings_in(&[("src/git/a.rs", "fn f(a: Option<u8>) -> Option<u8> {\n    a.filter(|_| true)\n}")]);
    assert_eq!(found, ["src/git/a.rs:3: a filter that ignores its value is an if"]);
}

#[test]
fn finds_folders_with_too_many_files() {
    let file = |folder: &str, number: usize| (format!("{folder}/a{number}.rs"), "//! Doc.\n".to_owned());
    let full: Sources =
        (0..FULLEST).flat_map(|number| [file("src/git", number), file("src/git/inner", number)]).collect();
    assert_eq!(findings(&full), [""; 0]);
    let mut overfull = full;
    overfull.extend([file("src/git/inner", FULLEST)]);
    assert_eq!(findings(&overfull), ["src/git/inner/: 21 files, more than 20"]);
}
