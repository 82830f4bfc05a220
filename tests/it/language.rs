//! Checks the language of everything that people read: string literals, comments and names of the sources, the README, the
//! pages of `docs/`, the action, the examples and the fixtures. [`PHRASES`] and [`NAMES`] contain only what is wrong
//! everywhere, with what to write instead.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use regex::{Regex, RegexBuilder};

use crate::support::source::{Token, prose, tokens};

/// Phrases that no text may contain, as regular expressions of whole words, and what to write instead.
#[rustfmt::skip]
const PHRASES: &[(&str, &str)] = &[
    (r"stands? (there|here|now|still|in|at|on|above|below|behind|beside|before|between|nowhere|elsewhere|anywhere|after|for|twice|once|without|with|under|right|first|last|alone|as|to)", "is, is set to, precedes, the current …"),
    (r"(where|what|as) (\w+ ){0,4}stands?", "the place of …, the current …, as written"),
    (r"(is|are|was|be|being) told( apart)?", "is reported, is printed, is distinguished"),
    (r"by (itself|themselves)", "automatically, on its own"),
    (r"of (ours|theirs)", "our …, their …"),
    (r"some(body)", "a person"),
    (r"any(body)", "anyone, a person"),
    (r"no(body)", "no one, no user"),
    (r"who(so)?ever", "a person who"),
    (r"thereof|therein|whereof|hereof|thereby", "of it, in it"),
    (r"anew", "again"),
    (r"govern(s|ed)|ungoverned", "manages, managed"),
    (r"moot", "obsolete, superseded"),
    (r"(asked|asks) to be left alone", "is rate limited"),
    (r"asks|demands|saw", "requests, requires, found"),
    (r"was faster", "the branch changed concurrently"),
    (r"goes straight|straight to the base", "is committed directly"),
    (r"merg(es|ing) by", "auto-merge"),
    (r"no end after|not done within", "timed out after"),
    (r"can't|won't|don't|doesn't|isn't|aren't|wasn't|weren't|didn't|couldn't|wouldn't|shouldn't|hasn't|haven't", "cannot, will not, do not …"),
    (r"it's|that's|there's|what's|let's|who's", "it is, that is …"),
    (r"this forge knows", "… is not supported by FORGE"),
    (r"not ours", "ignored"),
    (r"in the way", "cannot order …; exclude it with `exclude`"),
    (r"says so (itself|of)", "states it"),
    (r"(a|the) person (asks|asked|wants|wanted)", "a person requests, a request by a person"),
    (r"wants|thinks|believes|knows", "needs, requests, supports, has"),
    (r"sees", "reads, gets, the variables of …"),
    (r"1 (requests|changes|images|files|pull requests|tags|errors|candidates)", "a singular after 1"),
    (r"see #[a-z-]+", "the full address of the section"),
    (r"(un)?recognis\w+|normalis\w+|serialis\w+|colou(r)\w*|behaviou(r)\w*|labell(ed)|(mis)?spelt|licenc(e)s?", "one spelling in all texts, the American one"),
];

/// Words that no name in a source may contain, as regular expressions, and what to write instead. Names are checked with
/// [`PHRASES`] too.
#[rustfmt::skip]
const NAMES: &[(&str, &str)] = &[
    (r"told|says|said|tells?|stands?", "a noun: text, message, output, result, place"),
    (r"asked|asks", "requested, received, a noun"),
    (r"mould|sieve|crab|wish(es)?", "the word of the field"),
    (r"why|whys", "cause, reason, error"),
];

/// Folders and files with texts for people, from the root of the project.
const PLACES: &[&str] = &[
    "src",
    "tests",
    "benches",
    "examples",
    "docs",
    "fixtures",
    "README.md",
    "action.yml",
    "Dockerfile",
    "Cargo.toml",
    ".github",
    ".ci",
];

/// Files that contain the phrases on purpose, and folders and files with texts of other programs.
const EXCEPT: &[&str] =
    &["tests/it/language.rs", "fixtures/forge/", "fixtures/git/", "fixtures/manifest/yaml/anything/before.yaml"];

/// Texts of other programs, which must stay as they are.
const QUOTES: &[&str] = &[
    "couldn't be found",                    // Gitea
    "can't be blank",                       // GitLab
    "could not be found or you don't have", // GitLab
    "couldn't connect",                     // curl
];

/// A phrase: its line, its text, and what to write instead.
type Finding = (usize, String, &'static str);

fn compiled(list: &[(&str, &'static str)]) -> Vec<(Regex, &'static str)> {
    let compile = |(phrase, instead): &(&str, &'static str)| {
        // Words of a phrase may be on two lines.
        let spaced = phrase.replace(' ', r"\s+");
        let regex = RegexBuilder::new(&format!(r"\b(?:{spaced})\b")).case_insensitive(true).build();
        (regex.expect("a phrase is a regular expression"), *instead)
    };
    list.iter().map(compile).collect()
}

fn phrases() -> Vec<(Regex, &'static str)> {
    compiled(PHRASES)
}

/// Returns the names in a source, each as its words: `is_set` and `IsSet` are `is set`.
fn names(source: &str) -> Vec<Token> {
    let is_name = |token: &Token| token.text.starts_with(|c: char| c.is_alphabetic() || c == '_');
    tokens(source).into_iter().filter(is_name).map(|token| Token { text: words(&token.text), ..token }).collect()
}

fn words(name: &str) -> String {
    let mut words = String::new();
    for c in name.chars() {
        if c == '_' || (c.is_uppercase() && words.ends_with(char::is_lowercase)) {
            words.push(' ');
        }
        if c != '_' {
            words.push(c);
        }
    }
    words
}

fn wrong(texts: &[Token], phrases: &[(Regex, &'static str)]) -> Vec<Finding> {
    let mut found = Vec::new();
    for text in texts {
        for (phrase, instead) in phrases {
            let is_quoted = |at: usize| {
                let quotes = QUOTES.iter().flat_map(|quote| text.text.match_indices(quote));
                quotes.into_iter().any(|(start, quote)| (start..start + quote.len()).contains(&at))
            };
            for hit in phrase.find_iter(&text.text).filter(|hit| !is_quoted(hit.start())) {
                let line = text.line + text.text[..hit.start()].matches('\n').count();
                found.push((line, hit.as_str().to_owned(), *instead));
            }
        }
    }
    found
}

/// Returns the texts of a file: quoted text and comments of a Rust source, and all of any other file.
fn texts(path: &Path, content: &str) -> Vec<Token> {
    if path.extension().is_some_and(|extension| extension == "rs") {
        prose(content)
    } else {
        vec![Token { text: content.to_owned(), line: 1 }]
    }
}

fn files(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("a folder can be read") {
            files(&entry.expect("a folder can be read").path(), found);
        }
    } else if path.is_file() {
        found.push(path.to_owned());
    }
}

#[test]
fn texts_hold_no_phrase_of_the_list() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    PLACES.iter().for_each(|place| files(&root.join(place), &mut all));
    assert!(all.len() > 250, "the sources were found");
    let (phrases, in_names) = (phrases(), compiled(&[PHRASES, NAMES].concat()));
    let mut report = String::new();
    let mut count = 0;
    for path in all {
        let name = path.strip_prefix(root).expect("below the root").display().to_string();
        let Ok(content) = fs::read_to_string(&path) else { continue };
        if EXCEPT.iter().any(|except| name.starts_with(except)) {
            continue;
        }
        let names = if name.ends_with(".rs") { names(&content) } else { Vec::new() };
        let found = wrong(&texts(&path, &content), &phrases).into_iter().chain(wrong(&names, &in_names));
        for (line, phrase, instead) in found {
            report += &format!("{name}:{line}: `{phrase}`: write: {instead}\n");
            count += 1;
        }
    }
    assert!(report.is_empty(), "\n{report}{count} phrases to rewrite");
}

#[test]
fn public_types_have_names_of_their_own() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = Vec::new();
    files(&root.join("src"), &mut sources);
    let definition = Regex::new(r"(?m)^pub (?:struct|enum|trait|type) (\w+)").expect("a regular expression");
    let mut places = BTreeMap::<String, Vec<String>>::new();
    for path in sources {
        let Ok(content) = fs::read_to_string(&path) else { continue };
        let file = path.strip_prefix(root).expect("below the root").display().to_string();
        for found in definition.captures_iter(&content) {
            places.entry(found[1].to_owned()).or_default().push(file.clone());
        }
    }
    assert!(places.len() > 150, "the types were found");
    places.retain(|_, files| files.len() > 1);
    assert!(places.is_empty(), "one name, one type: {places:#?}");
}

#[test]
fn finds_a_phrase_in_strings_and_comments_and_nowhere_else() {
    let source = "//! It stands\n//! there.\nfn governed() {\n    let moot = \"it is\n told\"; // whoever\n    let lifetime: &'a str = r#\"anew\"#;\n}\n";
    let found = wrong(&prose(source), &phrases());
    let lines = found.iter().map(|(line, phrase, _)| (*line, phrase.as_str())).collect::<Vec<_>>();
    assert_eq!(lines, [(1, "stands\n there"), (4, "is\n told"), (5, "whoever"), (6, "anew")]);
}

#[test]
fn finds_a_phrase_in_names() {
    let source = "fn governed() {\n    let was_told = 1; // told\n}\nstruct IsTold;\nconst IN_THE_WAY: &str = \"\";\nlet anewly = 1;";
    let found = wrong(&names(source), &compiled(&[PHRASES, NAMES].concat()));
    let lines = found.iter().map(|(line, phrase, _)| (*line, phrase.as_str())).collect::<Vec<_>>();
    let expected = [(1, "governed"), (2, "was told"), (2, "told"), (4, "Is Told"), (4, "Told"), (5, "IN THE WAY")];
    assert_eq!(lines, expected);
}

#[test]
fn finds_every_form_of_stands() {
    for text in
        ["where it stands", "stands without quotes", "stands twice", "as they stand", "where the tag of it stands"]
    {
        let text = Token { text: text.to_owned(), line: 1 };
        assert!(!wrong(std::slice::from_ref(&text), &phrases()).is_empty(), "{}", text.text);
    }
}

#[test]
fn leaves_correct_sentences_alone() {
    let text = Token {
        text: "The tag stands out. He told us. A government. Standing order. Run it again.".to_owned(),
        line: 1,
    };
    assert_eq!(wrong(&[text], &phrases()), []);
    let quote = Token { text: format!("{:?}", QUOTES[0]), line: 1 };
    assert_eq!(wrong(&[quote], &phrases()), []);
}
