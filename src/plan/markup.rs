//! Text from outside, made into text that is nothing but text: no markup, no link, no mention, no reference to an issue,
//! no word to a forge or a CI.
//!
//! Mentions and references are looked for in what people see, after entities and escapes have been read: an entity in
//! place of `@` or `#` keeps no forge from finding them. An invisible sign behind it does.

/// Word joiner: has no width, and is no part of a name or a number.
const JOINER: char = '\u{2060}';

/// Words with which a commit message keeps CI from running: GitHub, GitLab, Bitbucket, Azure Pipelines.
const SKIPS: [&str; 9] = [
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

/// One line, without signs that steer a terminal or turn the direction of writing.
pub(super) fn one_line(text: &str) -> String {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let steers = |c: &char| !matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let line = text.split(breaks).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    line.trim().chars().filter(steers).collect()
}

/// For titles and commit messages: one line in which nobody is mentioned, no issue referred to, and no CI skipped.
pub(super) fn inert(text: &str) -> String {
    let line = one_line(text);
    let lower = line.to_ascii_lowercase();
    let skips = SKIPS.iter().any(|words| lower.contains(words));
    let mut out = String::with_capacity(line.len());
    if line.starts_with('/') {
        // GitLab takes a word behind a slash for a command.
        out.push(JOINER);
    }
    let mut before = ' ';
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        out.push(c);
        let next = rest.peek().copied().unwrap_or(' ');
        let joined = match c {
            '@' => !before.is_ascii_alphanumeric() && !next.is_whitespace(),
            '#' | '!' | '&' => next == '_' || !(next.is_whitespace() || next.is_ascii_punctuation()),
            // GH-12
            '-' => next.is_ascii_digit() && ends_with_word(&out[..out.len() - 1], "gh"),
            '[' | '*' => skips,
            _ => false,
        };
        if joined {
            out.push(JOINER);
        }
        before = c;
    }
    out
}

/// For the templates of bodies: [`inert`], and neither HTML, nor a link, nor the end of a cell or a code span.
pub(super) fn words(text: &str) -> String {
    let text = unlinked(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('`', "'").replace('|', "¦").replace('[', "\\[").replace(']', "\\]")
}

/// For Markdown: text in which nothing is markup.
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

/// For Markdown: text in code style, also in a cell. What would end either is replaced.
pub fn code(text: &str) -> String {
    // Nor is anything in it taken for one of our own marks.
    let safe = one_line(text).replace('`', "'").replace('|', "¦").replace("<!--", &format!("<{JOINER}!--"));
    if safe.is_empty() { String::new() } else { format!("`{safe}`") }
}

/// Nor does an address become a link by itself: of the web, or of mail.
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

/// Whether a text ends with a word, in whatever case, that stands alone: what letters and digits are beyond ASCII, not
/// everybody agrees.
fn ends_with_word(text: &str, word: &str) -> bool {
    let Some(at) = text.len().checked_sub(word.len()).filter(|at| text.is_char_boundary(*at)) else { return false };
    let alone = !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
    alone && text[at..].eq_ignore_ascii_case(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_nothing_but_text() {
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
            ("one\n\n/close\u{2028}two",   "one /close two",                    "one /close two"),
            ("a\u{202e}b",                 "ab",                                "ab"),
        ];
        for (text, title, markdown) in rows {
            assert_eq!((inert(text).as_str(), plain(text).as_str()), (title, markdown), "{text}");
        }
        assert_eq!(code("a`b|c\nd"), "`a'b¦c d`");
        assert_eq!(
            words("see https://acme.test [x](y) <b> a_b"),
            "see https:\u{2060}//acme.test \\[x\\](y) &lt;b&gt; a_b"
        );
    }
}
