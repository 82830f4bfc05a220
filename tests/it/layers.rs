//! Checks the sources against the layer table of `docs/design.md`: which module imports which, what pure code must not
//! name, no import cycles, no long files, no file without an introduction.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use crate::support::source::{NamedPath, before_tests, paths, tokens};

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

/// What pure modules do not name: paths that start so.
const WORLDLY: &[&str] = &[
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

/// Clocks, by whatever path they are reached.
const CLOCKS: &[&str] = &["Instant::now", "SystemTime::now", "Timestamp::now", "Zoned::now"];

/// Names that say nothing about what is in a file.
const EMPTY_NAMES: &[&str] = &["common", "helpers", "misc", "util", "utils"];

/// Lines of a file before its tests.
const LONGEST: usize = 400;

/// Path below the project's root, with slashes, and text.
type Sources = BTreeMap<String, String>;

/// A path of the crate that a file names.
struct Mention {
    line: usize,
    /// From the root of the crate; of another crate if `local` is false.
    segments: Vec<String>,
    local: bool,
}

/// `src/git/error.rs` → `git`, `error`; the file of a folder is the folder.
fn module_of(file: &str) -> Vec<String> {
    let inner = file.trim_start_matches("src/").trim_end_matches(".rs");
    let inner = inner.strip_suffix("/mod").unwrap_or(inner);
    inner.split('/').filter(|part| *part != "lib").map(str::to_owned).collect()
}

/// The file in which a path of the crate leads furthest, and how many segments lead there.
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
        let local = resolved.is_some();
        Mention { line: path.line, segments: resolved.unwrap_or_else(|| path.segments.clone()), local }
    };
    named.iter().map(mention).collect()
}

/// Everything that breaks a rule, as `file:line: what`.
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
            if !mention.local {
                if LAYERS[row].is_pure {
                    worldly(file, &mention, &mut found);
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
                    found.push(format!("{file}:{}: {top} is pure and waits for nothing: {}", token.line, token.text));
                }
            }
        }
    }
    circles(&edges, &mut found);
    found
}

/// Introduction, length, name.
fn shape(file: &str, source: &str, found: &mut Vec<String>) {
    if !source.starts_with("//!") {
        found.push(format!("{file}:1: does not open with //!: what it is for, and what it must not do"));
    }
    let lines = before_tests(source).lines().count();
    if lines > LONGEST {
        found.push(format!("{file}:{lines}: more than {LONGEST} lines before the tests"));
    }
    for name in module_of(file).iter().filter(|name| EMPTY_NAMES.contains(&name.as_str())) {
        found.push(format!("{file}:1: the name {name} does not say what is in it"));
    }
}

fn worldly(file: &str, mention: &Mention, found: &mut Vec<String>) {
    let path = mention.segments.join("::");
    let starts = |worldly: &&&str| path == **worldly || path.starts_with(&format!("{worldly}::"));
    let holds = |clock: &&&str| format!("::{path}::").contains(&format!("::{clock}::"));
    if let Some(name) = WORLDLY.iter().find(starts).or_else(|| CLOCKS.iter().find(holds)) {
        found.push(format!("{file}:{}: pure code must not name {name}: {path}", mention.line));
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

fn circles(edges: &BTreeMap<&str, BTreeMap<&str, usize>>, found: &mut Vec<String>) {
    for (file, targets) in edges {
        for (target, line) in targets {
            let (mut seen, mut next) = (BTreeSet::from([*target]), vec![*target]);
            while let Some(here) = next.pop() {
                next.extend(edges.get(here).into_iter().flat_map(BTreeMap::keys).filter(|there| seen.insert(there)));
            }
            if seen.contains(file) {
                found.push(format!("{file}:{line}: imports {target}, which leads back here"));
            }
        }
    }
}

fn read_sources(folder: &Path, root: &Path, sources: &mut Sources) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_sources(&path, root, sources);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            sources.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn the_house_is_in_order() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = Sources::new();
    read_sources(&root.join("src"), root, &mut sources);
    assert!(sources.len() > LAYERS.len(), "the sources were found");
    let found = findings(&sources);
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

/// The findings for a small house of which these files are all.
fn house(files: &[(&str, &str)]) -> Vec<String> {
    findings(&files.iter().map(|(file, text)| ((*file).to_owned(), format!("//! Doc.\n{text}"))).collect())
}

const IMAGE: (&str, &str) = ("src/image/mod.rs", "mod tag;\npub use tag::Tag;");
const TAG: (&str, &str) = ("src/image/tag.rs", "pub struct Tag;");
const PLAN: (&str, &str) = ("src/plan/mod.rs", "pub struct Proposal;\npub fn reconcile() {}");

#[test]
#[rustfmt::skip]
fn what_breaks_the_table_is_found() {
    for (file, text, finding) in [
        ("src/policy/a.rs",   "use crate::plan::Proposal;",                      "src/policy/a.rs:2: policy must not import plan::Proposal"),
        ("src/policy/a.rs",   "use crate::{\n    image::Tag,\n    plan,\n};",    "src/policy/a.rs:4: policy must not import plan"),
        ("src/policy/a.rs",   "fn f() { crate::plan::reconcile() }",             "src/policy/a.rs:2: policy must not import plan::reconcile"),
        ("src/policy/a.rs",   "use super::super::plan::*;",                      "src/policy/a.rs:2: policy must not import plan::*"),
        ("src/policy/a.rs",   "pub(crate) use crate::plan as p;",                "src/policy/a.rs:2: policy must not import plan"),
        ("src/forge/a.rs",    "use crate::plan::{Proposal, reconcile};",         "src/forge/a.rs:2: forge must not import plan::reconcile"),
        ("src/forge/a.rs",    "use crate::plan;",                                "src/forge/a.rs:2: forge must not import plan"),
        ("src/policy/a.rs",   "use std::{collections::BTreeMap, fs};",           "src/policy/a.rs:2: pure code must not name std::fs: std::fs"),
        ("src/policy/a.rs",   "\nfn f() { ::std::env::var(\"x\"); }",            "src/policy/a.rs:3: pure code must not name std::env: std::env::var"),
        ("src/policy/a.rs",   "fn f() { tracing::info!(\"x\") }",                "src/policy/a.rs:2: pure code must not name tracing: tracing::info"),
        ("src/policy/a.rs",   "use jiff::Timestamp;\nfn f() { Timestamp::now() }", "src/policy/a.rs:3: pure code must not name Timestamp::now: Timestamp::now"),
        ("src/policy/a.rs",   "use std::time::{Duration, Instant};",             "src/policy/a.rs:2: pure code must not name std::time::Instant: std::time::Instant"),
        ("src/policy/a.rs",   "async fn f() {}",                                 "src/policy/a.rs:2: policy is pure and waits for nothing: async"),
        ("src/new/a.rs",      "",                                                "src/new/a.rs:1: the module new has no row in the layer table of docs/design.md"),
        ("src/git/utils.rs",  "",                                                "src/git/utils.rs:1: the name utils does not say what is in it"),
    ] {
        assert_eq!(house(&[IMAGE, TAG, PLAN, (file, text)]), [finding], "{text}");
    }
}

#[test]
#[rustfmt::skip]
fn what_keeps_the_table_is_left_alone() {
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
        assert_eq!(house(&[IMAGE, TAG, PLAN, (file, text)]), [""; 0], "{text}");
    }
}

#[test]
fn circles_are_found_however_they_are_written() {
    let back = "use super::Tag;";
    let found = house(&[IMAGE, ("src/image/tag.rs", back)]);
    assert_eq!(
        found,
        [
            "src/image/mod.rs:3: imports src/image/tag.rs, which leads back here",
            "src/image/tag.rs:2: imports src/image/mod.rs, which leads back here",
        ]
    );
    let three = [
        ("src/git/a.rs", "use super::b::B;"),
        ("src/git/b.rs", "\nfn f() { crate::git::c::g() }"),
        ("src/git/c.rs", "use crate::{git::a};"),
        ("src/git/d.rs", "use super::a;"),
    ];
    let found = house(&three);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found.contains(&"src/git/b.rs:3: imports src/git/c.rs, which leads back here".to_owned()), "{found:?}");
    assert_eq!(house(&three[..2]), [""; 0]);
}

#[test]
fn shapeless_files_are_found() {
    let long = "fn f() {}\n".repeat(LONGEST);
    let sources = [("src/git/a.rs", format!("//! Doc.\n{long}")), ("src/git/b.rs", "fn f() {}".to_owned())];
    let found = findings(&sources.map(|(file, text)| (file.to_owned(), text)).into());
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("src/git/a.rs:401: more than 400 lines"), "{found:?}");
    assert!(found[1].starts_with("src/git/b.rs:1: does not open with //!"), "{found:?}");
    let tested = format!("//! Doc.\n#[cfg(test)]\n{long}");
    assert_eq!(findings(&[("src/git/a.rs".to_owned(), tested)].into()), [""; 0]);
}
