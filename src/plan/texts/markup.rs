//! Makes untrusted text inert, so that it contains no markup, link, mention, issue reference, or command to a forge or CI.
//!
//! Forges decode entities and escapes before they look for mentions and references, so an entity for `@` or `#` is not
//! enough. An invisible character after it is.

use crate::text::{visible, without_controls};

/// Word joiner: it has no width and is not part of a name or a number.
const JOINER: char = '\u{2060}';

/// Words in a commit message that skip CI on GitHub, GitLab, Bitbucket or Azure Pipelines.
const SKIP_CI: [&str; 9] = [
    "skip ci",
    "ci skip",
    "no ci",
    "skip actions",
    "actions skip",
    "skip azurepipelines",
    "azurepipelines skip",
    "azp",
    "no_ci",
];

/// Returns a filled template on one line, in which control characters and characters that change the order of text are escaped.
pub(super) fn one_line(text: &str) -> String {
    without_controls(without_line_ends(text).trim()).into_owned()
}

fn without_line_ends(text: &str) -> String {
    text.split(['\n', '\r', '\t']).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Returns [`inert`] text as a name that can be made inert again, which would escape the characters that it added.
pub(super) fn without_joiners(text: &str) -> String {
    text.replace(JOINER, "")
}

/// Returns one [visible] line for titles and commit messages, without mentions, references to issues, or words that skip CI.
pub(super) fn inert(text: &str) -> String {
    let line = without_line_ends(text);
    let line = visible(line.trim());
    let lower = line.to_ascii_lowercase();
    let has_skip_ci = SKIP_CI.iter().any(|words| lower.contains(words));
    let mut out = String::with_capacity(line.len());
    if line.starts_with('/') {
        // GitLab runs a word after a slash as a command.
        out.push(JOINER);
    }
    let mut before = ' ';
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        out.push(c);
        let next = rest.peek().copied().unwrap_or(' ');
        let needs_joiner = match c {
            '@' => !before.is_ascii_alphanumeric() && !next.is_whitespace(),
            '#' | '!' | '&' => next == '_' || !(next.is_whitespace() || next.is_ascii_punctuation()),
            // GH-12
            '-' => next.is_ascii_digit() && ends_with_word(&out[..out.len() - 1], "gh"),
            '[' | '*' => has_skip_ci,
            _ => false,
        };
        if needs_joiner {
            out.push(JOINER);
        }
        before = c;
    }
    out
}

/// Returns [`inert`] text for the values in a body template: also without HTML, links, and the ends of table cells and
/// code spans.
pub(super) fn inert_markdown(text: &str) -> String {
    let text = unlinked(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('`', "'").replace('|', "¦").replace('[', "\\[").replace(']', "\\]")
}

/// Returns Markdown that shows the text without any markup.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in unlinked(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '|' | '~' | '!' => out.extend(['\\', c]),
            other => out.push(other),
        }
    }
    out
}

/// Returns Markdown that shows the text as code and is safe in a table cell.
pub fn code(text: &str) -> String {
    // Tagboat's own markers are HTML comments.
    let safe = visible(text.trim()).replace('`', "'").replace('|', "¦").replace("<!--", &format!("<{JOINER}!--"));
    if safe.is_empty() { String::new() } else { format!("`{safe}`") }
}

/// Returns [`inert`] text in which no web or mail address becomes a link.
fn unlinked(text: &str) -> String {
    let text = inert(text).replace("://", &format!(":{JOINER}//"));
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let www = c == '.' && ends_with_word(&out, "www");
        out.push(c);
        if www || c == '@' {
            out.push(JOINER);
        }
    }
    out
}

/// Returns whether a text ends with a whole word, in any case. Only ASCII letters and digits count as part of a word,
/// because forges treat others differently.
fn ends_with_word(text: &str, word: &str) -> bool {
    let Some(at) = text.len().checked_sub(word.len()).filter(|at| text.is_char_boundary(*at)) else { return false };
    let is_whole_word = !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
    is_whole_word && text[at..].eq_ignore_ascii_case(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_untrusted_text_inert() {
        #[rustfmt::skip]
        let rows = [
            // text                        for titles and commits               in Markdown
            ("newest in >=1.0 <3",         "newest in >=1.0 <3",                "newest in &gt;=1.0 &lt;3"),
            ("ask @ann, not a@b",          "ask @\u{2060}ann, not a@b",                 "ask @\u{2060}\u{2060}ann, not a@\u{2060}b"),
            ("fixes #12 and GH-12, ugh-1", "fixes #\u{2060}12 and GH-\u{2060}12, ugh-1",        "fixes #\u{2060}12 and GH-\u{2060}12, ugh-1"),
            ("see !7 &8 !=",               "see !\u{2060}7 &\u{2060}8 !=",                      "see \\!\u{2060}7 &amp;\u{2060}8 \\!="),
            ("a [Skip CI] b",              "a [\u{2060}Skip CI] b",                     "a \\[\u{2060}Skip CI\\] b"),
            ("[x](https://y.z)",           "[x](https://y.z)",                  "\\[x\\]\\(https:\u{2060}//y.z\\)"),
            ("www.evil.test",              "www.evil.test",                     "www.\u{2060}evil.test"),
            ("\u{1d2c0}www.evil.test",     "\u{1d2c0}www.evil.test",            "\u{1d2c0}www.\u{2060}evil.test"),
            ("one\n\n/close\u{2028}two",   r"one /close\u2028two",               r"one /close\\u2028two"),
            ("a\u{202e}b",                 r"a\u202eb",                          r"a\\u202eb"),
            ("a\u{200b}b\u{2060}\u{e0041}", r"a\u200bb\u2060\udb40\udc41",        r"a\\u200bb\\u2060\\udb40\\udc41"),
        ];
        for (text, title, markdown) in rows {
            assert_eq!((inert(text).as_str(), plain(text).as_str()), (title, markdown), "{text}");
        }
        assert_eq!(code("a`b|c\nd"), r"`a'b¦c\nd`");
        assert_eq!(
            inert_markdown("see https://acme.test [x](y) <b> a_b"),
            "see https:\u{2060}//acme.test \\[x\\](y) &lt;b&gt; a_b"
        );
    }
}
