//! Checks that every command line in a page parses.

use std::collections::BTreeSet;

use regex::Regex;

use super::pages::{Block, PAGES, blocks, tagboat};

/// Returns the subcommands in the help of the program.
fn subcommands() -> BTreeSet<String> {
    let output = tagboat(&["-h".to_owned()]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let list = help.split("\nCommands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let name = Regex::new(r"(?m)^  ([a-z]+) ").unwrap();
    name.captures_iter(list).map(|found| found[1].to_owned()).filter(|name| name != "help").collect()
}

/// Returns every `tagboat …` and every `args: […]` in a page, split as by a shell.
fn commands() -> Vec<(&'static str, Vec<String>)> {
    let call = Regex::new(r#"(?m)(?:tagboat|cargo run --release --) ([a-z]+[^`|>#&\n]*)"#).unwrap();
    let inline = Regex::new(r"`([^`\n]+)`").unwrap();
    let fenced = blocks().into_iter().filter(|block| ["sh", "groovy", "yaml", "console"].contains(&block.info));
    // The first line of a recorded run is the command; the other lines are its output.
    let script = |block: Block<'static>| match block.info {
        "console" => block.text.lines().next().unwrap(),
        _ => block.text,
    };
    let mut texts = fenced.map(|block| (block.page, script(block))).collect::<Vec<_>>();
    for (page, text) in &*PAGES {
        texts.extend(inline.captures_iter(text).map(|code| (page.as_str(), code.get(1).unwrap().as_str())));
    }
    let known = subcommands();
    let calls = texts.iter().flat_map(|(page, text)| {
        call.captures_iter(text).map(|found| (*page, words(found.get(1).unwrap().as_str()))).collect::<Vec<_>>()
    });
    calls.filter(|(_, words)| known.contains(&words[0])).collect()
}

/// Splits at spaces outside quotes. A closing quote without an opening one ends the command (`sh '…'`).
pub(super) fn words(text: &str) -> Vec<String> {
    let word = Regex::new(r#"'([^']*)'|"([^"]*)"|([^\s'"]+)|(['"])"#).unwrap();
    let mut words = Vec::new();
    for found in word.captures_iter(text) {
        if found.get(4).is_some() {
            break;
        }
        words.push((1..=3).find_map(|group| found.get(group)).unwrap().as_str().to_owned());
    }
    words
}

#[test]
fn command_lines_parse() {
    let commands = commands();
    let shown = commands.iter().map(|(_, words)| words[0].clone()).collect::<BTreeSet<_>>();
    assert_eq!(shown, subcommands(), "the pages show every command");
    let distinct = commands.into_iter().collect::<BTreeSet<_>>();
    for (page, mut words) in distinct {
        words.push("--help".to_owned());
        let output = tagboat(&words).output().unwrap();
        assert!(output.status.success(), "{page}: {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn splits_words_as_a_shell_does() {
    let rows: [(&str, &[&str]); 3] = [
        ("run --image \"a b\" 'c d'", &["run", "--image", "a b", "c d"]),
        ("run --junit x.xml'", &["run", "--junit", "x.xml"]),
        ("plan", &["plan"]),
    ];
    for (text, expected) in rows {
        assert_eq!(words(text), expected, "{text}");
    }
}
