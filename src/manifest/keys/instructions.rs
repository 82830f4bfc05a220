//! The instructions of a Dockerfile, by the rules of BuildKit: parser directives, continued lines, here-documents.
//!
//! Source: the Dockerfile reference, <https://docs.docker.com/reference/dockerfile/>.

use std::borrow::Cow;

use crate::text::Span;

/// One instruction, or one parser directive.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Instruction<'a> {
    /// The keyword in upper case: `FROM`; `#` and the name of a parser directive: `#syntax`.
    pub(crate) keyword: String,
    /// The byte at which it begins.
    pub(crate) start: usize,
    /// The words after the keyword.
    pub(crate) words: Vec<Word<'a>>,
}

/// Text between blanks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word<'a> {
    /// The text without continuation characters.
    pub(crate) text: Cow<'a, str>,
    /// Its bytes in the file.
    pub(crate) span: Span,
}

impl<'a> Instruction<'a> {
    fn new(pieces: &[Piece<'a>]) -> Option<Self> {
        let mut words = words(pieces).into_iter();
        let first = words.next()?;
        Some(Self { keyword: first.text.to_ascii_uppercase(), start: first.span.start, words: words.collect() })
    }

    /// Returns the value of a parser directive, if it is the one of this name.
    pub(crate) fn directive(&self, name: &str) -> Option<&Word<'a>> {
        if self.keyword.strip_prefix('#') == Some(name) { self.words.first() } else { None }
    }

    /// Returns the instruction that `ONBUILD` delays, else the instruction itself.
    pub(crate) fn delayed(mut self) -> Self {
        if self.keyword == "ONBUILD" && !self.words.is_empty() {
            self.keyword = self.words.remove(0).text.to_ascii_uppercase();
        }
        self
    }

    /// Returns the words before the arguments: `--platform=linux/amd64`.
    pub(crate) fn flags(&self) -> impl Iterator<Item = &Word<'a>> {
        self.words.iter().take_while(|word| word.text.starts_with("--"))
    }

    /// Returns the words after the flags.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = &Word<'a>> {
        self.words.iter().skip(self.flags().count())
    }

    /// Returns the delimiters of the here-documents that follow, and whether tabs before a delimiter count.
    fn here_documents(&self) -> Vec<(String, bool)> {
        let first = || self.words.first().map(|word| word.text.to_ascii_uppercase());
        let delayed = if self.keyword == "ONBUILD" { first() } else { None };
        if !matches!(delayed.as_ref().unwrap_or(&self.keyword).as_str(), "RUN" | "COPY" | "ADD") {
            return Vec::new();
        }
        self.words.iter().filter_map(|word| here_document(&word.text)).collect()
    }
}

impl<'a> Word<'a> {
    /// Returns a part of the word that begins at a byte of it, without the quotes around it.
    pub(crate) fn part(&self, from: usize, to: usize) -> Self {
        let part = &self.text[from..to];
        let quote = part.chars().next().filter(|first| matches!(first, '"' | '\''));
        let is_quoted = quote.is_some_and(|quote| part.len() > 1 && part.ends_with(quote));
        let (from, to) = if is_quoted { (from + 1, to - 1) } else { (from, to) };
        match &self.text {
            Cow::Borrowed(text) => {
                let start = self.span.start + from;
                Self { text: Cow::Borrowed(&text[from..to]), span: Span::new(start, start + to - from) }
            }
            // The word goes on after the end of a line: its bytes are not those of its text.
            Cow::Owned(text) => Self { text: Cow::Owned(text[from..to].to_owned()), span: self.span },
        }
    }

    /// Returns the word without the quotes around it.
    pub(crate) fn unquoted(&self) -> Self {
        self.part(0, self.text.len())
    }

    /// Returns the part after a prefix.
    pub(crate) fn after(&self, prefix: &str) -> Option<Self> {
        self.text.starts_with(prefix).then(|| self.part(prefix.len(), self.text.len()))
    }
}

/// The content of one line of an instruction, without the continuation character: its byte in the file, and the text.
type Piece<'a> = (usize, &'a str);

/// Parses a Dockerfile.
pub(crate) fn instructions(text: &str) -> Vec<Instruction<'_>> {
    let mut lines = Lines { text, at: 0 };
    let (mut instructions, escape) = directives(&mut lines);
    let mut pieces: Vec<Piece<'_>> = Vec::new();
    while let Some((start, line)) = lines.next() {
        let content = line.trim_end_matches(['\n', '\r']);
        // Comments and empty lines do not end a continued instruction.
        if content.trim().is_empty() || content.trim_start().starts_with('#') {
            continue;
        }
        if let Some(continued) = content.trim_end_matches([' ', '\t']).strip_suffix(escape) {
            pieces.push((start, continued));
            continue;
        }
        pieces.push((start, content));
        let Some(instruction) = Instruction::new(&std::mem::take(&mut pieces)) else { continue };
        for (delimiter, strips_tabs) in instruction.here_documents() {
            lines.skip_here_document(&delimiter, strips_tabs);
        }
        instructions.push(instruction);
    }
    instructions.extend(Instruction::new(&pieces));
    instructions
}

/// Lines with their bytes.
struct Lines<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = (usize, &'a str);

    /// Returns the next line with its end, and the byte at which it begins.
    fn next(&mut self) -> Option<Self::Item> {
        let line = self.text[self.at..].split_inclusive('\n').next()?;
        let start = self.at;
        self.at += line.len();
        Some((start, line))
    }
}

impl Lines<'_> {
    /// Skips the lines to the delimiter. Skips nothing if no line is the delimiter: then `<<` was an operator.
    fn skip_here_document(&mut self, delimiter: &str, strips_tabs: bool) {
        let mut ahead = Lines { text: self.text, at: self.at };
        while let Some((_, line)) = ahead.next() {
            let line = line.trim_end_matches(['\n', '\r']);
            if delimiter == if strips_tabs { line.trim_start_matches('\t') } else { line } {
                self.at = ahead.at;
                return;
            }
        }
    }
}

/// Reads the parser directives at the top: `# syntax=docker/dockerfile:1`. Returns them, and the continuation character.
fn directives<'a>(lines: &mut Lines<'a>) -> (Vec<Instruction<'a>>, char) {
    let (mut found, mut escape) = (Vec::new(), '\\');
    loop {
        let start = lines.at;
        let directive = lines.next().and_then(|(start, line)| directive(start, line));
        let Some((name, value)) = directive else {
            lines.at = start;
            return (found, escape);
        };
        if name == "escape" && value.text == "`" {
            escape = '`';
        }
        found.push(Instruction { keyword: format!("#{name}"), start, words: vec![value] });
    }
}

/// Parses `# name=value`.
fn directive(start: usize, line: &str) -> Option<(String, Word<'_>)> {
    let (name, rest) = line.strip_prefix('#')?.split_once('=')?;
    let (name, value) = (name.trim(), rest.trim());
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric());
    let from = start + (line.len() - rest.len()) + (rest.len() - rest.trim_start().len());
    let word = Word { text: Cow::Borrowed(value), span: Span::new(from, from + value.len()) };
    (is_name && !value.is_empty()).then(|| (name.to_ascii_lowercase(), word))
}

/// Splits the lines of an instruction at blanks. A word without a blank before the end of a line goes on at the next one.
fn words<'a>(pieces: &[Piece<'a>]) -> Vec<Word<'a>> {
    let mut words: Vec<Word<'a>> = Vec::new();
    let mut goes_on = false;
    for (start, piece) in pieces {
        let mut at = 0;
        for part in piece.split_inclusive([' ', '\t']) {
            let word = part.trim_end_matches([' ', '\t']);
            let span = Span::new(start + at, start + at + word.len());
            if word.is_empty() {
                // Blanks at the start of a line.
            } else if let Some(before) = words.last_mut()
                && goes_on
                && at == 0
            {
                before.text.to_mut().push_str(word);
                before.span.end = span.end;
            } else {
                words.push(Word { text: Cow::Borrowed(word), span });
            }
            at += part.len();
        }
        goes_on = !piece.is_empty() && !piece.ends_with([' ', '\t']);
    }
    words
}

/// Parses `<<EOF`, `<<-"EOF"` or `3<<EOF`: the delimiter, and whether tabs before it are removed.
fn here_document(word: &str) -> Option<(String, bool)> {
    let rest = word.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("<<")?;
    let (name, strips_tabs) = rest.strip_prefix('-').map_or((rest, false), |name| (name, true));
    let name = name.replace(['"', '\''], "");
    (!name.is_empty() && !name.contains('<')).then_some((name, strips_tabs))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let shown = |one: Instruction<'_>| {
            let words: Vec<_> = one.words.iter().map(|word| word.text.clone()).collect();
            let begins = text[one.start..].to_ascii_uppercase().starts_with(&one.keyword.to_ascii_uppercase()[..1]);
            assert!(begins, "{one:?}");
            format!("{} {}", one.keyword, words.join(" ")).trim_end().to_owned()
        };
        instructions(text).into_iter().map(shown).collect()
    }

    #[test]
    fn joins_continued_lines() {
        #[rustfmt::skip]
        let rows: [(&str, &[&str]); 8] = [
            ("FROM a\nRUN b",                        &["FROM a", "RUN b"]),
            ("FROM \\\n  a \\\n  AS x\nRUN b",       &["FROM a AS x", "RUN b"]),
            ("FROM \\  \n# c\n\n a\n",               &["FROM a"]),
            ("FROM a\\\nb\n",                        &["FROM ab"]),
            ("  from a",                             &["FROM a"]),
            ("FROM \\\r\n a\r\nRUN b\r\n",           &["FROM a", "RUN b"]),
            ("# escape=`\nFROM `\n a\nRUN c:\\\n",   &["#escape `", "FROM a", "RUN c:\\"]),
            ("# a comment\n# syntax=b\nFROM a \\\n", &["FROM a"]),
        ];
        for (text, expected) in rows {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn skips_here_documents() {
        #[rustfmt::skip]
        let rows: [(&str, &[&str]); 6] = [
            ("RUN <<EOT\nFROM a\nEOT\nRUN b",                     &["RUN <<EOT", "RUN b"]),
            ("RUN <<-'E'\nFROM a\n\tE\nRUN b",                    &["RUN <<-'E'", "RUN b"]),
            ("COPY <<A <<B /x\nFROM a\nA\nFROM b\nB\nRUN c",      &["COPY <<A <<B /x", "RUN c"]),
            ("ONBUILD RUN <<E\nFROM a\nE\nRUN b",                 &["ONBUILD RUN <<E", "RUN b"]),
            ("LABEL a=<<E\nFROM a\nE\n",                          &["LABEL a=<<E", "FROM a", "E"]),
            ("RUN x=$((1 <<2))\nFROM a\n",                        &["RUN x=$((1 <<2))", "FROM a"]),
        ];
        for (text, expected) in rows {
            assert_eq!(read(text), expected, "{text}");
        }
    }
}
