//! Text for people without characters that are invisible, change other text, or act on a terminal, and without lines that a CI
//! runner reads as commands.
//!
//! A character is escaped as JSON does (`\n`, `\u202e`), in every format: a JSON document keeps its values, and people see what
//! a name holds.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Markers of commands that runners look for anywhere in a line. The text from the marker on is the command.
///
/// - `##[`: the older form of GitHub's runner (`ActionCommand.TryParse` in actions/runner), act, and the logs of Azure Pipelines.
/// - `##vso[`: Azure Pipelines (`Command.TryParse` in microsoft/azure-pipelines-agent).
/// - `##teamcity[`: TeamCity (<https://www.jetbrains.com/help/teamcity/service-messages.html>).
const MARKERS: [&str; 3] = ["##[", "##vso[", "##teamcity["];

/// The start of a line that is a command to the runners of GitHub, Gitea and Forgejo. GitHub's removes white space before it
/// (`ActionCommand.TryParseV2` in actions/runner); the others do not (`cmdRegex` in forgejo-runner).
const PREFIX: &str = "::";

/// Returns a name with each byte that is not UTF-8 as `\xff`.
pub fn escaped_name(name: &[u8]) -> String {
    let mut out = String::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        out.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| out.push_str(&format!("\\x{byte:02x}")));
    }
    out
}

/// Returns a name or a value on one line, in which every character that is invisible or acts on other text is escaped.
pub fn visible(text: &str) -> Cow<'_, str> {
    escaped_at(text, |c, _| acts(c) || is_invisible(c))
}

/// Returns one [visible] line that may have colors: the codes of ECMA-48 that select them (`ESC [ 1 m`) stay.
pub fn visible_but_colors(text: &str) -> Cow<'_, str> {
    escaped_at(text, |c, rest| (acts(c) || is_invisible(c)) && color_code(rest).is_none())
}

/// Returns lines of text in which every character that is invisible or acts on other text is escaped. The ends of lines and tabs
/// stay.
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    escaped_at(text, |c, rest| (acts(c) || is_invisible(c)) && !is_layout(rest))
}

/// Returns lines of text in which every character that acts on a terminal or on the order of other text is escaped. The ends of
/// lines and tabs stay, and what is only invisible: a diff of such lines can still be applied.
pub fn without_controls(text: &str) -> Cow<'_, str> {
    escaped_at(text, |c, rest| acts(c) && !is_layout(rest))
}

/// Returns [lines of text](without_controls) that may have colors: the codes of ECMA-48 that select them (`ESC [ 1 m`) stay.
pub fn without_controls_but_colors(text: &str) -> Cow<'_, str> {
    escaped_at(text, |c, rest| acts(c) && !is_layout(rest) && color_code(rest).is_none())
}

/// Returns whether a text starts with the end of a line or a tab.
fn is_layout(text: &str) -> bool {
    text.starts_with(['\n', '\t']) || text.starts_with("\r\n")
}

/// Returns a complete output in which no line is a command to a CI runner, in any format. Only the first character of what would
/// be a command is escaped.
///
/// Other runners need control characters for theirs: GitLab's sections are `section_start:…\r ESC [ 0 K`
/// (<https://docs.gitlab.com/ci/jobs/job_logs/>), Jenkins' notes are `ESC [ 8 m ha:` (`ConsoleNote` in jenkinsci/jenkins).
pub fn without_commands(text: &str) -> Cow<'_, str> {
    if !text.contains(PREFIX) && !text.contains("##") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 64);
    for line in text.split_inclusive(['\n', '\r']) {
        let mut rest = without_lead(line);
        out.push_str(&line[..line.len() - rest.len()]);
        if let Some(command) = rest.strip_prefix(':').filter(|command| command.starts_with(':')) {
            push_escape(&mut out, ':');
            rest = command;
        }
        out.push_str(&escaped_at(rest, |c, rest| c == '#' && MARKERS.iter().any(|marker| starts_with(rest, marker))));
    }
    Cow::Owned(out)
}

/// Returns a line without what may be before a command: white space, and what is not seen.
fn without_lead(line: &str) -> &str {
    let mut rest = line;
    loop {
        let after = rest.trim_start_matches(|c: char| c.is_whitespace() || is_invisible(c));
        let Some(code) = color_code(after) else { return after };
        rest = &after[code.len()..];
    }
}

/// Returns whether a text starts with ASCII letters and signs, in any case.
fn starts_with(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start))
}

/// Returns the code at the start of a text that selects a color or weight (SGR, ECMA-48 §8.3.117). A code that conceals text is
/// none.
fn color_code(text: &str) -> Option<&str> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let length =
        parameters.find(|c: char| !c.is_ascii_digit() && c != ';').filter(|at| parameters[*at..].starts_with('m'))?;
    parameters[..length].split(';').all(|parameter| parameter != "8").then(|| &text[..length + 3])
}

/// Returns whether a character acts on a terminal, ends a line, or changes the order of other text (UAX #9, and the list of
/// <https://trojansource.codes/>).
fn acts(c: char) -> bool {
    let changes_order =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || changes_order || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Returns whether a character is not seen: `Default_Ignorable_Code_Point` of Unicode, and annotation marks. The two selectors
/// of the appearance of emoji are left out, because people write them.
#[rustfmt::skip]
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0d}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Returns a text in which the characters are escaped that a condition selects; it also gets the text from the character on.
fn escaped_at(text: &str, is_escaped: impl Fn(char, &str) -> bool) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    for (at, c) in text.char_indices().filter(|(at, c)| is_escaped(*c, &text[*at..])) {
        out.push_str(&text[copied..at]);
        push_escape(&mut out, c);
        copied = at + c.len_utf8();
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// Writes a character as JSON escapes it: with two units of UTF-16 if it needs them.
fn push_escape(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
            let _ = write!(out, "\\u{unit:04x}");
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_bytes_that_are_not_utf_8() {
        assert_eq!(escaped_name("caf\u{e9}/a.yaml".as_bytes()), "caf\u{e9}/a.yaml");
        assert_eq!(escaped_name(b"caf\xe9/\xf0\x9f.yaml"), "caf\\xe9/\\xf0\\x9f.yaml");
    }

    #[test]
    fn escapes_what_acts_or_is_not_seen() {
        #[rustfmt::skip]
        let rows = [
            // text                     as a value                  in lines
            ("caf\u{e9} ⬆\u{fe0f} 日本",  "caf\u{e9} ⬆\u{fe0f} 日本",   "caf\u{e9} ⬆\u{fe0f} 日本"),
            ("a\tb\r\nc\n",             r"a\tb\r\nc\n",              "a\tb\r\nc\n"),
            ("a\rb\u{b}\0",              r"a\rb\u000b\u0000",         r"a\rb\u000b\u0000"),
            ("\u{1b}[31mred\u{9b}2J",    r"\u001b[31mred\u009b2J",    r"\u001b[31mred\u009b2J"),
            ("gpj.\u{202e}a\u{61c}",      r"gpj.\u202ea\u061c",        r"gpj.\u202ea\u061c"),
            ("a\u{2028}b\u{85}c",         r"a\u2028b\u0085c",          r"a\u2028b\u0085c"),
            ("a\u{200b}b\u{feff}",        r"a\u200bb\ufeff",           "a\u{200b}b\u{feff}"),
            ("a\u{e0041}",                r"a\udb40\udc41",            "a\u{e0041}"),
        ];
        for (text, value, lines) in rows {
            assert_eq!((&*visible(text), &*without_controls(text)), (value, lines), "{text:?}");
        }
        let colored = "\u{1b}[1;31mred\u{1b}[0m\u{1b}[2J\u{1b}[8mha:\u{1b}[";
        assert_eq!(visible_but_colors("a\u{1b}[1mb\nc\u{200b}\u{1b}[2Jd"), "a\u{1b}[1mb\\nc\\u200b\\u001b[2Jd");
        assert_eq!(without_controls_but_colors(colored), "\u{1b}[1;31mred\u{1b}[0m\\u001b[2J\\u001b[8mha:\\u001b[");
    }

    #[test]
    fn escapes_the_first_character_of_commands() {
        #[rustfmt::skip]
        let rows = [
            ("::add-mask::x",                        r"\u003a:add-mask::x"),
            ("a\n \t\u{a0}\u{200b}::debug::\n",       "a\n \t\u{a0}\u{200b}\\u003a:debug::\n"),
            ("a\r::debug::",                         "a\r\\u003a:debug::"),
            (" \u{1b}[2m\u{1b}[31m ::debug::",        " \u{1b}[2m\u{1b}[31m \\u003a:debug::"),
            (":::a::",                               r"\u003a::a::"),
            ("a ##[error]b ##VSO[task.complete]",    r"a \u0023#[error]b \u0023#VSO[task.complete]"),
            ("###[a]\n##teamcity[buildStop]",        "#\\u0023#[a]\n\\u0023#teamcity[buildStop]"),
            ("a ::b:: std::fmt\n## [x] ##vs\n+::a::", "a ::b:: std::fmt\n## [x] ##vs\n+::a::"),
            ("##\u{e9}",                             "##\u{e9}"),
        ];
        for (text, expected) in rows {
            assert_eq!(without_commands(text), expected, "{text:?}");
        }
        let json = serde_json::json!({ "##[a]\\##[b]": "##vso[c]\n::d::" });
        let printed = format!("{json:#}\n");
        let printed = without_commands(&printed);
        assert!(!printed.contains("##"), "{printed}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&printed).unwrap(), json);
    }
}
