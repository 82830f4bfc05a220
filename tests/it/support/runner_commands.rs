//! Finds what a terminal or a CI runner would act on in printed text: workflow commands, control characters, and characters
//! that change the direction of text.

use std::sync::LazyLock;

use regex::Regex;

/// The patterns of act and of the runners of Gitea and Forgejo: `pkg/runner/command.go`, `internal/pkg/report/reporter.go`.
static ACT: LazyLock<[Regex; 3]> = LazyLock::new(|| {
    ["^::([^ ]+)( (.+))?::([^\r\n]*)", "^##\\[([^ ]+)( (.+))?]([^\r\n]*)", "^::([^ :]+)( .*)?::(.*)$"]
        .map(|pattern| Regex::new(pattern).unwrap())
});

/// Returns the lines that are commands.
///
/// GitHub: `ActionCommand.TryParseV2` and `TryParse` in `src/Runner.Common/ActionCommand.cs` of actions/runner; every name
/// counts, because `stop-commands` registers any. Azure Pipelines: `Command.TryParse` in microsoft/azure-pipelines-agent.
/// Both read lines with .NET, where a carriage return ends a line. TeamCity: a service message anywhere in a line.
pub(crate) fn commands(text: &str) -> Vec<&str> {
    let is_command = |line: &&str| {
        let (trimmed, plain) = (line.trim_start(), without_colors(line));
        let is_github = |line: &str| line.strip_prefix("::").is_some_and(|rest| rest.contains("::"));
        let is_bracketed = |prefix: &str| line.find(prefix).is_some_and(|at| line[at..].contains(']'));
        is_github(trimmed)
            || is_github(plain.trim_start())
            || ["##[", "##vso[", "##teamcity["].into_iter().any(is_bracketed)
            || ACT.iter().any(|pattern| pattern.is_match(line))
    };
    text.split(['\n', '\r']).filter(is_command).collect()
}

fn without_colors(line: &str) -> String {
    static COLOR: LazyLock<Regex> = LazyLock::new(|| Regex::new("\x1b\\[[0-9;]*m").unwrap());
    COLOR.replace_all(line, "").into_owned()
}

/// Returns the characters that act on a terminal or change other text. The ends of lines do not count, nor do the colors of
/// this program.
pub(crate) fn acting(text: &str) -> String {
    let text = without_colors(text).replace("\r\n", "\n");
    let acts = |c: &char| match c {
        '\n' | '\t' => false,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        c => c.is_control(),
    };
    text.chars().filter(acts).collect()
}

/// The start of a line that only a name with a line break prints.
pub(crate) const IMITATED: &str = "hint: imitated";

/// Returns the characters that are not seen: of zero width, fillers, and tags.
pub(crate) fn invisible(text: &str) -> String {
    let is_invisible = |c: &char| matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}');
    text.chars().filter(is_invisible).collect()
}

#[test]
fn finds_the_commands_of_each_runner() {
    #[rustfmt::skip]
    let rows = [
        ("::add-mask::x",                 true),
        ("a\n \t\u{a0}::stop-commands::x", true),
        ("a\r::set-output name=a::b",     true),
        ("\x1b[31m::debug::x",            true),
        ("a ##[add-mask]x",               true),
        ("a ##vso[task.setvariable variable=a]b", true),
        ("##teamcity[buildStop]",         true),
        ("a ::add-mask::x",               false),
        ("+::add-mask::x",                false),
        ("std::fmt::Display, ::1, ##",    false),
    ];
    for (text, found) in rows {
        assert_eq!(!commands(text).is_empty(), found, "{text}");
    }
    assert_eq!(acting("a\r\n\tb\x1b[31mc\x1b[0m"), "");
    assert_eq!(acting("a\rb\x1b[2J\u{202e}\u{85}\0"), "\r\x1b\u{202e}\u{85}\0");
    assert_eq!(invisible("a\u{200b}\u{e0041}b"), "\u{200b}\u{e0041}");
}
