//! Reads the pages of the documentation and their parts.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use regex::Regex;

use super::generated;

/// The texts of the pages by path from the root of the project. With `BLESS` set, generated parts are rewritten first.
pub(super) static PAGES: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let mut pages = read();
    if std::env::var_os("BLESS").is_some() {
        for (path, text) in &mut pages {
            let blessed = generated::regenerated(path, text);
            if blessed != *text {
                fs::write(root().join(path), &blessed).unwrap();
                *text = blessed;
            }
        }
    }
    pages
});

pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read() -> BTreeMap<String, String> {
    let docs = fs::read_dir(root().join("docs")).unwrap();
    let docs = docs.map(|entry| format!("docs/{}", entry.unwrap().file_name().to_str().unwrap()));
    let paths = docs.filter(|path| path.ends_with(".md"));
    let others = ["README.md".to_owned(), ".github/CONTRIBUTING.md".to_owned()];
    paths.chain(others).map(|path| (path.clone(), fs::read_to_string(root().join(&path)).unwrap())).collect()
}

/// A fenced block of a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'a> {
    pub(super) page: &'a str,
    /// The text after the opening fence: `yaml tagboat.yaml`.
    pub(super) info: &'a str,
    pub(super) text: &'a str,
}

/// Returns every fenced block of every page.
pub(super) fn blocks() -> Vec<Block<'static>> {
    PAGES.iter().flat_map(|(page, text)| blocks_of(page, text)).collect()
}

pub(super) fn blocks_of<'a>(page: &'a str, text: &'a str) -> Vec<Block<'a>> {
    static FENCE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?ms)^```(\S[^\n]*)\n(.*?)^```$").unwrap());
    let block = |found: regex::Captures<'a>| Block {
        page,
        info: found.get(1).unwrap().as_str(),
        text: found.get(2).unwrap().as_str(),
    };
    FENCE.captures_iter(text).map(block).collect()
}

/// Returns a command for the program without the settings of this machine.
pub(super) fn tagboat(arguments: &[String]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tagboat"));
    command.args(arguments);
    for variable in ["TAGBOAT_CONFIG", "TAGBOAT_REPOSITORY", "TAGBOAT_CACHE_DIR"] {
        command.env_remove(variable);
    }
    command
}

/// Returns every Rust source file below `src/`.
pub(super) fn sources() -> Vec<PathBuf> {
    fn below(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
    }
    below(&root().join("src"))
}

#[test]
fn readme_has_at_most_250_lines() {
    let lines = PAGES["README.md"].lines().count();
    assert!(lines <= 250, "README.md has {lines} lines: move details to docs/");
}

#[test]
fn pages_name_one_repository() {
    let address = Regex::new(r"(?:github\.com|uses:|ghcr\.io)[/ ]+([A-Za-z0-9-]+)/tagboat\b").unwrap();
    for (page, text) in &*PAGES {
        for found in address.captures_iter(text) {
            assert_eq!(&found[1], "tagboat", "{page}: {}", &found[0]);
        }
    }
}
