//! Reads Rust sources as far as the tests of layers and language need it: the paths in a file, their lines, its texts, and
//! where its tests start. It expands no macros, so it does not find a path that a macro builds.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Returns the files of `src/` by their path from the root of the project, with slashes.
pub(crate) fn read_sources(root: &Path) -> BTreeMap<String, String> {
    let (mut sources, mut folders) = (BTreeMap::new(), vec![root.join("src")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
                sources.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    sources
}

/// A path such as `crate::text::Span`, written in code or collected from the braces of a `use`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedPath {
    /// The names between the double colons; `*` for a glob.
    pub(crate) segments: Vec<String>,
    /// Counted from 1.
    pub(crate) line: usize,
    /// Whether the path is in a `use` declaration.
    pub(crate) imported: bool,
}

/// A piece of text and the line on which it starts, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
}

/// Returns the part of a file before its tests.
pub(crate) fn before_tests(text: &str) -> &str {
    let end = text.find("\n#[cfg(test)]").map_or(text.len(), |at| at + 1);
    &text[..end]
}

/// Returns every path with two or more segments, and every path in a `use`.
pub(crate) fn paths(tokens: &[Token]) -> Vec<NamedPath> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < tokens.len() {
        let before = at.checked_sub(1).map(|before| tokens[before].text.as_str());
        // `>::name` continues the path of a type; after anything else, `::` starts a path.
        let is_continued = before == Some("::") && at >= 2 && tokens[at - 2].text == ">";
        // `pub(in crate::run)` limits the visibility of an item; it imports nothing.
        let is_visibility = before == Some("in") && at >= 3 && tokens[at - 3].text == "pub";
        if tokens[at].text == "use" && matches!(before, None | Some(";" | "}" | "{" | ")" | "]" | "pub")) {
            at = use_tree(tokens, at + 1, &[], &mut found);
        } else if is_word(&tokens[at].text) && !is_continued {
            let start = at;
            let mut segments = vec![tokens[at].text.clone()];
            while text(tokens, at + 1) == "::" && is_word(text(tokens, at + 2)) {
                segments.push(tokens[at + 2].text.clone());
                at += 2;
            }
            if segments.len() > 1 && !is_visibility {
                found.push(NamedPath { segments, line: tokens[start].line, imported: false });
            }
        }
        at += 1;
    }
    found
}

/// Reads one tree of a `use` after `prefix`; returns the index after it.
fn use_tree(tokens: &[Token], mut at: usize, prefix: &[String], found: &mut Vec<NamedPath>) -> usize {
    let mut segments = prefix.to_vec();
    let line = tokens.get(at).map_or(0, |token| token.line);
    loop {
        match text(tokens, at) {
            "{" => {
                at += 1;
                while !matches!(text(tokens, at), "}" | "") {
                    at = use_tree(tokens, at, &segments, found);
                    at += usize::from(text(tokens, at) == ",");
                }
                return at + 1;
            }
            "::" => at += 1,
            // The next word is an alias.
            "as" => at += 2,
            "self" if !segments.is_empty() => at += 1,
            word if is_word(word) || word == "*" => {
                segments.push(word.to_owned());
                at += 1;
            }
            _ => {
                found.push(NamedPath { segments, line, imported: true });
                return at;
            }
        }
    }
}

fn text(tokens: &[Token], at: usize) -> &str {
    tokens.get(at).map_or("", |token| &token.text)
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// The kind of a piece of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    Comment,
    /// A string, byte string or character, or the apostrophe of a lifetime.
    Quoted,
    Space,
    /// A word or a sign.
    Code,
}

/// Splits a source into pieces, each with its line.
fn pieces(source: &str) -> Vec<(Piece, &str, usize)> {
    let (mut found, mut rest, mut line) = (Vec::new(), source, 1);
    while let Some(first) = rest.chars().next() {
        let (piece, length) = match first {
            _ if rest.starts_with("//") => (Piece::Comment, rest.find('\n').unwrap_or(rest.len())),
            _ if rest.starts_with("/*") => (Piece::Comment, block_comment(rest)),
            '"' => (Piece::Quoted, quoted(rest)),
            'r' | 'b' | 'c' if raw_or_prefixed(rest).is_some() => (Piece::Quoted, raw_or_prefixed(rest).unwrap()),
            '\'' => (Piece::Quoted, char_or_lifetime(rest)),
            _ if first.is_alphanumeric() || first == '_' => {
                (Piece::Code, rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len()))
            }
            _ if first.is_whitespace() => (Piece::Space, first.len_utf8()),
            _ => (Piece::Code, if rest.starts_with("::") { 2 } else { first.len_utf8() }),
        };
        found.push((piece, &rest[..length], line));
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    found
}

/// Returns words and signs, without comments and quoted text.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let code = pieces(source).into_iter().filter(|(piece, ..)| *piece == Piece::Code);
    code.map(|(_, text, line)| Token { text: text.to_owned(), line }).collect()
}

/// Returns quoted text: strings and characters.
pub(crate) fn literals(source: &str) -> Vec<Token> {
    let quoted = pieces(source).into_iter().filter(|(piece, ..)| *piece == Piece::Quoted);
    quoted.map(|(_, text, line)| Token { text: text.to_owned(), line }).collect()
}

/// Returns what people read in a source, each text with the line that it starts on: string literals, and comments, whose
/// adjacent lines are one text.
pub(crate) fn prose(source: &str) -> Vec<Token> {
    let mut found = Vec::<Token>::new();
    let mut comment_ends = None;
    for (piece, text, line) in pieces(source) {
        match piece {
            Piece::Space => continue,
            Piece::Code => comment_ends = None,
            Piece::Quoted => {
                found.push(Token { text: text.to_owned(), line });
                comment_ends = None;
            }
            Piece::Comment => {
                let bare = text.trim_start_matches(['/', '!', '*']);
                match found.last_mut() {
                    Some(last) if comment_ends == Some(line - 1) => last.text += &format!("\n{bare}"),
                    _ => found.push(Token { text: bare.to_owned(), line }),
                }
                comment_ends = Some(line + text.matches('\n').count());
            }
        }
    }
    found
}

/// Returns the length of a block comment, which can contain others.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// Returns the length of a text in double quotes at the start.
fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// Returns the length of `r#"…"#`, `b"…"`, `br"…"`, `c"…"` or `b'…'` at the start.
fn raw_or_prefixed(rest: &str) -> Option<usize> {
    let prefix = rest.find(|c: char| !matches!(c, 'r' | 'b' | 'c'))?;
    let raw = rest[..prefix].contains('r');
    let hashes = rest[prefix..].find(|c| c != '#')?;
    let quotes = &rest[prefix + hashes..];
    match (prefix <= 2, raw, quotes.chars().next()?) {
        (true, true, '"') => {
            let end = format!("\"{}", "#".repeat(hashes));
            Some(quotes[1..].find(&end).map_or(rest.len(), |at| prefix + hashes + 1 + at + end.len()))
        }
        (true, false, '"') if hashes == 0 => Some(prefix + quoted(quotes)),
        (true, false, '\'') if hashes == 0 && &rest[..prefix] == "b" => Some(prefix + char_or_lifetime(quotes)),
        _ => None,
    }
}

/// Returns the length of `'x'` or `'\n'` at the start; for a lifetime, the length of its apostrophe.
fn char_or_lifetime(rest: &str) -> usize {
    let mut inside = rest[1..].char_indices();
    match inside.next() {
        Some((_, '\\')) => {
            inside.next();
            inside.find(|(_, c)| *c == '\'').map_or(rest.len(), |(at, _)| at + 2)
        }
        Some((_, _)) => inside.next().filter(|(_, c)| *c == '\'').map_or(1, |(at, _)| at + 2),
        None => 1,
    }
}
