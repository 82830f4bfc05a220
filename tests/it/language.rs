//! Checks the language of everything that people read: string literals and comments of the sources, the README, the pages
//! of `docs/`, the action and the examples. [`PHRASES`] holds only what is wrong everywhere, with what to write instead.

use std::fs;
use std::path::{Path, PathBuf};

use regex::{Regex, RegexBuilder};

use crate::support::source::{Token, prose};

/// Phrases that no text may contain, as regular expressions of whole words, and what to write instead.
#[rustfmt::skip]
const PHRASES: &[(&str, &str)] = &[
    (r"stands? (there|here|now|still|in|at|on|above|below|behind|beside|before|between|nowhere|after|for)", "is, is set to, the current …"),
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
    (r"1 (requests|changes|images|files|pull requests|tags|errors|candidates)", "a singular after 1"),
    (r"see #[a-z-]+", "the full address of the section"),
    (r"(un)?recognis\w+|normalis\w+|serialis\w+|colou(r)\w*|behaviou(r)\w*|labell(ed)|licenc(e)s?", "one spelling in all texts, the American one"),
];

/// Folders and files with texts for people, from the root of the project.
const PLACES: &[&str] = &[
    "src",
    "tests",
    "benches",
    "examples",
    "docs",
    "fuzz",
    "README.md",
    "action.yml",
    "Dockerfile",
    "Cargo.toml",
    ".github",
    ".ci",
];

/// Files that contain the phrases on purpose.
const EXCEPT: &[&str] = &["tests/it/language.rs"];

/// Texts of other programs, which must stay as they are.
const QUOTES: &[&str] = &[
    "couldn't be found",                    // Gitea
    "can't be blank",                       // GitLab
    "could not be found or you don't have", // GitLab
    "couldn't connect",                     // curl
];

/// A phrase: its line, its text, and what to write instead.
type Finding = (usize, String, &'static str);

fn phrases() -> Vec<(Regex, &'static str)> {
    let compile = |(phrase, instead): &(&str, &'static str)| {
        // Words of a phrase may be on two lines.
        let spaced = phrase.replace(' ', r"\s+");
        let regex = RegexBuilder::new(&format!(r"\b(?:{spaced})\b")).case_insensitive(true).build();
        (regex.expect("a phrase is a regular expression"), *instead)
    };
    PHRASES.iter().map(compile).collect()
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
    let phrases = phrases();
    let mut report = String::new();
    let mut count = 0;
    for path in all {
        let name = path.strip_prefix(root).expect("below the root").display().to_string();
        let Ok(content) = fs::read_to_string(&path) else { continue };
        if EXCEPT.contains(&name.as_str()) {
            continue;
        }
        for (line, phrase, instead) in wrong(&texts(&path, &content), &phrases) {
            report += &format!("{name}:{line}: `{phrase}`: write: {instead}\n");
            count += 1;
        }
    }
    assert!(report.is_empty(), "\n{report}{count} phrases to rewrite");
}

#[test]
fn finds_a_phrase_in_strings_and_comments_and_nowhere_else() {
    let source = "//! What stands\n//! there.\nfn governed() {\n    let moot = \"it is\n told\"; // whoever\n    let lifetime: &'a str = r#\"anew\"#;\n}\n";
    let found = wrong(&prose(source), &phrases());
    let lines = found.iter().map(|(line, phrase, _)| (*line, phrase.as_str())).collect::<Vec<_>>();
    assert_eq!(lines, [(1, "stands\n there"), (4, "is\n told"), (5, "whoever"), (6, "anew")]);
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
