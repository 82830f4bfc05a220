//! The README, held against the program: its tables, its configurations, its commands, what it shows of a run.
//! `BLESS=1` writes the tables and the output of `explain` anew.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;
use tagboat::config;
use tagboat::forge::FORGES;
use tagboat::manifest::FORMATS;
use tagboat::policy::{OptionDoc, POLICIES, common_options};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");

/// What it should be; every test that finds it otherwise says how.
static README: LazyLock<String> = LazyLock::new(|| {
    let text = fs::read_to_string(FILE).unwrap();
    if std::env::var_os("BLESS").is_none() {
        return text;
    }
    let tables = tables().into_iter().fold(text, |text, (name, table)| {
        let (before, _, after) = around(&text, name);
        format!("{before}{table}{after}")
    });
    let (command, told) = explained(&tables);
    let blessed = tables.replace(&format!("{command}\n{told}```"), &format!("{command}\n{}```", explain(&command)));
    fs::File::create(FILE).unwrap().write_all(blessed.as_bytes()).unwrap();
    blessed
});

/// The text before, between and after the comments that a table stands between.
fn around<'a>(text: &'a str, name: &str) -> (&'a str, &'a str, &'a str) {
    let (start, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let start = text.find(&start).unwrap_or_else(|| panic!("no {start}")) + start.len();
    let end = start + text[start..].find(&end).unwrap_or_else(|| panic!("no {end}"));
    (&text[..start], &text[start..end], &text[end..])
}

fn table(head: [&str; 3], rows: impl Iterator<Item = [String; 3]>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    // A column without a name is none.
    let columns = head.iter().filter(|name| !name.is_empty()).count();
    let head = head.map(str::to_owned);
    let rule = vec!["---".to_owned(); columns].join("|");
    let rows = rows.map(|row| line(&row[..columns])).collect::<String>();
    format!("{}|{rule}|\n{rows}", line(&head[..columns]))
}

fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

fn tables() -> [(&'static str, String); 4] {
    let formats = FORMATS.iter().map(|format| [code(format.name()), format.about().to_owned(), String::new()]);
    let policies = POLICIES.iter().map(|kind| [code(kind.key), kind.about.to_owned(), code(kind.example)]);
    let forges = FORGES.iter().map(|forge| {
        let variables = forge.token_variables.iter().map(|variable| code(variable.name)).collect::<Vec<_>>();
        [code(forge.name), forge.about.to_owned(), variables.join(", ")]
    });
    let option = |of: &str, option: &OptionDoc| [code(option.key), of.to_owned(), option.about.replace('|', "\\|")];
    let own = POLICIES.iter().flat_map(|kind| kind.options.iter().map(|one| option(&code(kind.key), one)));
    [
        ("formats", table(["format", "what it reads", ""], formats)),
        ("policies", table(["policy", "chooses", "example"], policies)),
        ("options", table(["key", "of", "means"], common_options().map(|one| option("all", one)).chain(own))),
        ("forges", table(["forge", "is", "variables of the token"], forges)),
    ]
}

#[test]
fn tables_are_those_of_the_program() {
    for (name, table) in tables() {
        assert_eq!(around(&README, name).1, table, "BLESS=1 writes the table of {name} anew");
    }
    let tokens = README.split("| forge | the token needs |").nth(1).unwrap();
    for forge in FORGES {
        assert!(tokens.contains(&format!("\n| `{}` |", forge.name)), "what does a token for {} need?", forge.name);
    }
}

/// All fenced blocks: what stands behind the fence, and what is in it.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let fence = Regex::new(r"(?ms)^```(\S[^\n]*)\n(.*?)^```$").unwrap();
    fence.captures_iter(&README).map(|block| (block.get(1).unwrap().as_str(), block.get(2).unwrap().as_str())).collect()
}

/// Configurations are marked with the name of their file.
fn configurations() -> Vec<&'static str> {
    let of = |(mark, text): (&str, &'static str)| (mark == format!("yaml {}", config::FILE_NAME)).then_some(text);
    blocks().into_iter().filter_map(of).collect()
}

#[test]
fn configurations_are_right_and_show_every_key() {
    let mut shown = BTreeSet::new();
    for text in configurations() {
        config::parse(text, "README.md").unwrap_or_else(|errors| panic!("{errors}"));
        let value: Value = serde_yaml::from_str(text).unwrap();
        keys_shown(&value, &config::json_schema(), &config::json_schema(), "", &mut shown);
    }
    let mut known = BTreeSet::new();
    keys_known(&config::json_schema(), &config::json_schema(), "", &mut known);
    assert!(known.contains("rules.policy") && known.contains("registries.ca-file"), "{known:?}");
    let missing = known.difference(&shown).collect::<Vec<_>>();
    assert!(missing.is_empty(), "the README shows no {missing:?}");
}

/// What a schema refers to, and of a choice between it and null the one that says something.
fn resolved<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    if let Some(to) = schema["$ref"].as_str() {
        return resolved(root.pointer(to.trim_start_matches('#')).unwrap(), root);
    }
    let choices = schema["anyOf"].as_array().into_iter().flatten();
    choices.map(|one| resolved(one, root)).find(|one| one["type"] != "null").unwrap_or(schema)
}

fn keys_known(schema: &Value, root: &Value, path: &str, into: &mut BTreeSet<String>) {
    let schema = resolved(schema, root);
    for (key, of) in schema["properties"].as_object().into_iter().flatten() {
        into.insert(format!("{path}{key}"));
        keys_known(of, root, &format!("{path}{key}."), into);
    }
    for inner in ["items", "additionalProperties"] {
        if schema[inner].is_object() {
            keys_known(&schema[inner], root, path, into);
        }
    }
}

/// Keys that a value has, as far as the schema names them.
fn keys_shown(value: &Value, schema: &Value, root: &Value, path: &str, into: &mut BTreeSet<String>) {
    let schema = resolved(schema, root);
    for item in value.as_array().into_iter().flatten() {
        keys_shown(item, &schema["items"], root, path, into);
    }
    for (key, value) in value.as_object().into_iter().flatten() {
        if schema["properties"][key].is_null() {
            keys_shown(value, &schema["additionalProperties"], root, path, into);
        } else {
            into.insert(format!("{path}{key}"));
            keys_shown(value, &schema["properties"][key], root, &format!("{path}{key}."), into);
        }
    }
}

fn tagboat(arguments: &[String]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tagboat"));
    command.args(arguments).env_remove("TAGBOAT_CONFIG").env_remove("TAGBOAT_REPOSITORY");
    command
}

/// Every `tagboat …` in the README, as a shell would split it.
fn commands() -> Vec<Vec<String>> {
    let call = Regex::new(r#"(?m)(?:tagboat|cargo run --release --) ([a-z]+[^`|>#&\n]*)"#).unwrap();
    let inline = Regex::new(r"`([^`\n]+)`").unwrap();
    let fenced = blocks().into_iter().filter(|(mark, _)| ["sh", "groovy", "yaml"].contains(mark)).map(|(_, text)| text);
    let texts = fenced.chain(inline.captures_iter(&README).map(|code| code.get(1).unwrap().as_str()));
    let known = ["run", "plan", "edit", "list", "explain", "check", "init", "demo", "schema", "completions", "man"];
    let mut commands = texts
        .flat_map(|text| call.captures_iter(text).map(|call| words(call.get(1).unwrap().as_str())))
        .filter(|words| known.contains(&words[0].as_str()))
        .collect::<Vec<_>>();
    let (command, _) = explained(&README);
    commands.push(words(command.split(" | tagboat ").nth(1).unwrap()));
    let args = Regex::new(r"(?m)^ *args: \[(.*)\]$").unwrap();
    commands.extend(
        args.captures_iter(&README)
            .map(|args| args[1].split(", ").map(|word| word.trim_matches('"').to_owned()).collect()),
    );
    commands
}

/// Words with single and double quotes; a quote that is not opened here ends the command (`sh '…'`).
fn words(text: &str) -> Vec<String> {
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
fn commands_are_understood() {
    let commands = commands();
    let subcommands = commands.iter().map(|words| words[0].as_str()).collect::<BTreeSet<_>>();
    assert_eq!(subcommands.len(), 11, "every command is shown: {subcommands:?}");
    for mut words in commands {
        words.push("--help".to_owned());
        let output = tagboat(&words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// The command line of the example of `explain`, and what the README says that it prints.
fn explained(readme: &str) -> (String, String) {
    let start = readme.find("$ printf").unwrap();
    let (command, rest) = readme[start..].split_once('\n').unwrap();
    (command.to_owned(), rest[..rest.find("```").unwrap()].to_owned())
}

/// Runs it, in a folder without anything.
fn explain(command: &str) -> String {
    let (tags, arguments) = command.split_once(" | tagboat ").unwrap();
    let tags = words(tags.split_once("'%s\\n' ").unwrap().1).join("\n");
    let folder = tempfile::tempdir().unwrap();
    let mut child = tagboat(&words(arguments));
    let child = child.current_dir(folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    child.stdin.take().unwrap().write_all(tags.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn explain_says_what_is_shown() {
    let (command, told) = explained(&README);
    assert_eq!(explain(&command), told);
}

#[test]
fn the_demonstration_shows_what_is_shown() {
    let output = tagboat(&["demo".to_owned()]).env("COLUMNS", "110").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let folder = Regex::new(r"file://\S*/pull-requests/").unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let text = folder.replace_all(&text, "file:///…/pull-requests/");
    let shown = blocks().into_iter().find_map(|(_, text)| text.strip_prefix("$ tagboat demo\n")).unwrap();
    let mut rest: &str = &text;
    for line in shown.lines().filter(|line| *line != "…") {
        let at = rest.find(&format!("{line}\n")).unwrap_or_else(|| panic!("not shown, or not in this order: {line}"));
        rest = &rest[at..];
    }
}

#[test]
fn links_lead_somewhere() {
    let heading = Regex::new(r"(?m)^##+ (.*)$").unwrap();
    // As GitHub makes them: in lower case, without punctuation, with dashes for spaces.
    let anchor = |title: &str| {
        let kept = title.to_lowercase().replace(' ', "-");
        kept.chars().filter(|c| c.is_alphanumeric() || *c == '-').collect::<String>()
    };
    let anchors = heading.captures_iter(&README).map(|title| anchor(&title[1])).collect::<BTreeSet<_>>();
    let mut sources = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let (mut named, hint) = (BTreeSet::new(), Regex::new(r"see\s(?:\\\s+)?#([a-z-]+)").unwrap());
    while let Some(path) = sources.pop() {
        if path.is_dir() {
            sources.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            let text = fs::read_to_string(path).unwrap_or_default();
            named.extend(hint.captures_iter(&text).map(|name| name[1].to_owned()));
        }
    }
    assert!(named.len() >= 7, "{named:?}");
    let lost = named.difference(&anchors).collect::<Vec<_>>();
    assert!(lost.is_empty(), "hints name sections that are not there: {lost:?}");
    let link = Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    for link in link.captures_iter(&README) {
        let to = &link[1];
        let there = match to.strip_prefix('#') {
            Some(name) => anchors.contains(name),
            None => Path::new(env!("CARGO_MANIFEST_DIR")).join(to).exists(),
        };
        assert!(there, "{to} leads nowhere");
    }
}
