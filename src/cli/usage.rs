//! Errors in the arguments: what is wrong, and what to write instead. `clap` finds them, and the texts have the form of all others.

use std::error::Error as _;
use std::ffi::OsString;

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::docs::{Hint, hint};
use crate::error::Error;
use crate::text::{code_list, suggestion};

use super::args::Arguments;
use super::value_error::ValueError;

/// Returns the message about these arguments, the first of which is the name of the program.
pub(super) fn error(error: &clap::Error, arguments: &[OsString]) -> Error {
    let command = command(arguments);
    let help = match &command {
        Some(command) => hint!("command-line.md#commands", "run `tagboat {command} --help` to see its arguments"),
        None => hint!("command-line.md#commands", "run `tagboat --help` to see all commands"),
    };
    let argument = first(error, ContextKind::InvalidArg);
    let name = argument.split(' ').next().unwrap_or_default();
    if let Some(variable) = empty_variable(name, command.as_deref(), arguments, error) {
        return Error::usage(
            format!("invalid value for {variable}: expected a value, found none"),
            hint!("configuration.md#environment-variables", "set {variable} to a value, or unset it"),
        );
    }
    match error.kind() {
        ErrorKind::UnknownArgument => {
            let near = first(error, ContextKind::SuggestedArg);
            let message = format!("invalid arguments: unexpected argument `{name}`");
            // An option before the command belongs to no command.
            let before = arguments.iter().take_while(|one| !one.as_encoded_bytes().starts_with(name.as_bytes()));
            let place = if self::command(before).is_some() { Place::After } else { Place::Before(command.clone()) };
            Error::usage(message, unknown_option(name, &place, &near).unwrap_or(help))
        }
        ErrorKind::InvalidSubcommand => {
            let name = first(error, ContextKind::InvalidSubcommand);
            Error::usage(format!("invalid arguments: unknown command `{name}`"), unknown_command(&name))
        }
        ErrorKind::InvalidValue => {
            let (value, known) = (first(error, ContextKind::InvalidValue), all(error, ContextKind::ValidValue));
            let found = if value.is_empty() { "none".to_owned() } else { format!("`{value}`") };
            let expected =
                if known.is_empty() { "a value".to_owned() } else { format!("one of {}", code_list(&known)) };
            let near =
                suggestion(&value, known.iter().map(String::as_str)).unwrap_or_else(|| format!("write `{argument}`"));
            let message = format!("invalid value for {name}: expected {expected}, found {found}");
            Error::usage(message, hint!("command-line.md#commands", "{near}"))
        }
        ErrorKind::ValueValidation => {
            let source = error.source();
            let hint = source.and_then(|source| source.downcast_ref::<ValueError>()).map(|value| value.hint.clone());
            let cause = source.map_or_else(|| first(error, ContextKind::InvalidValue), ToString::to_string);
            Error::usage(format!("invalid value for {name}: {cause}"), hint.unwrap_or(help))
        }
        ErrorKind::MissingRequiredArgument => {
            let missing = code_list(all(error, ContextKind::InvalidArg));
            Error::usage(format!("invalid arguments: missing {missing}"), help)
        }
        ErrorKind::ArgumentConflict => {
            let name = name.trim_end_matches('.');
            let prior = first(error, ContextKind::PriorArg);
            let prior = prior.split([' ', '.']).next().unwrap_or_default();
            let (cause, next) = if prior == name {
                (format!("`{name}` is given twice"), format!("write `{name}` once"))
            } else {
                (format!("`{name}` and `{prior}` exclude each other"), format!("remove `{name}` or `{prior}`"))
            };
            Error::usage(format!("invalid arguments: {cause}"), hint!("command-line.md#commands", "{next}"))
        }
        ErrorKind::MissingSubcommand => Error::usage("invalid arguments: missing command", help),
        kind => Error::usage(format!("invalid arguments: {}", kind.as_str().unwrap_or("unknown cause")), help),
    }
}

/// Returns the variable whose empty value is that of an option, which is not among the arguments.
fn empty_variable(option: &str, command: Option<&str>, arguments: &[OsString], error: &clap::Error) -> Option<String> {
    let is_empty = error.kind() == ErrorKind::InvalidValue && first(error, ContextKind::InvalidValue).is_empty();
    let is_given = arguments.iter().any(|one| one.as_encoded_bytes().starts_with(option.as_bytes()));
    if !is_empty || is_given {
        return None;
    }
    let program = Arguments::command();
    let found = program.find_subcommand(command?)?.get_arguments().find(|one| is_named(one, option))?.get_env()?;
    Some(found.to_string_lossy().into_owned())
}

/// Returns what to do about the name of an unknown command.
pub(super) fn unknown_command(name: &str) -> Hint {
    let program = Arguments::command();
    let names = program.get_subcommands().map(clap::Command::get_name);
    hint!("command-line.md#commands", "{}", suggestion(name, names).unwrap_or_default())
}

/// Where an option is among the arguments.
enum Place {
    /// Before the command, if there is one.
    Before(Option<String>),
    /// After the command.
    After,
}

/// Returns what to do about an option that a command, or the program before a command, does not have.
fn unknown_option(option: &str, place: &Place, near: &str) -> Option<Hint> {
    let program = Arguments::command();
    let option_of = |command: &clap::Command| command.get_arguments().find(|one| is_named(one, option)).cloned();
    let owners: Vec<_> = program.get_subcommands().filter_map(|one| Some((one.get_name(), option_of(one)?))).collect();
    match (&owners[..], place) {
        ([first, ..], Place::Before(command)) => {
            let (owner, argument) =
                owners.iter().find(|(owner, _)| command.as_deref() == Some(*owner)).unwrap_or(first);
            let value = argument.get_value_names().and_then(<[_]>::first).map(|value| format!(" {value}"));
            let value = if argument.get_action().takes_values() { value.unwrap_or_default() } else { String::new() };
            let example = format!("tagboat {owner} {option}{value}");
            Some(hint!("command-line.md#commands", "write it after the command, as in `{example}`"))
        }
        ([_, ..], Place::After) => {
            let commands = code_list(owners.iter().map(|(owner, _)| format!("tagboat {owner}")));
            Some(hint!("command-line.md#commands", "remove it; these commands have it: {commands}"))
        }
        ([], _) if !near.is_empty() => Some(hint!("command-line.md#commands", "use `{near}`")),
        ([], _) => None,
    }
}

fn is_named(argument: &clap::Arg, option: &str) -> bool {
    match option.strip_prefix("--") {
        Some(long) => argument.get_long() == Some(long),
        None => option.strip_prefix('-').is_some_and(|short| argument.get_short() == short.chars().next()),
    }
}

/// Returns the name of the command among the arguments.
fn command<'a>(arguments: impl IntoIterator<Item = &'a OsString>) -> Option<String> {
    let program = Arguments::command();
    let known = |argument: &OsString| program.find_subcommand(argument).map(|command| command.get_name().to_owned());
    arguments.into_iter().skip(1).find_map(known)
}

fn all(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(one)) => vec![one.clone()],
        Some(ContextValue::Strings(all)) => all.clone(),
        _ => Vec::new(),
    }
}

fn first(error: &clap::Error, kind: ContextKind) -> String {
    all(error, kind).into_iter().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[test]
    fn every_error_has_what_to_write_instead() {
        #[rustfmt::skip]
        let rows = [
            // arguments                     message                                                       hint
            ("-C x list",                    "invalid arguments: unexpected argument `-C`",                "write it after the command, as in `tagboat list -C DIR|URL`"),
            ("-C x",                         "invalid arguments: unexpected argument `-C`",                "write it after the command, as in `tagboat run -C DIR|URL`"),
            ("-q",                           "invalid arguments: missing command",                         "run `tagboat --help` to see all commands"),
            ("--config x run",               "invalid arguments: unexpected argument `--config`",          "write it after the command, as in `tagboat run --config FILE`"),
            ("--dry-run",                    "invalid arguments: unexpected argument `--dry-run`",         "write it after the command, as in `tagboat run --dry-run`"),
            ("--bogus",                      "invalid arguments: unexpected argument `--bogus`",           "run `tagboat --help` to see all commands"),
            ("edit --label x",               "invalid arguments: unexpected argument `--label`",           "remove it; these commands have it: `tagboat run`, `tagboat plan`"),
            ("list --fromat json",           "invalid arguments: unexpected argument `--fromat`",          "use `--format`"),
            ("list --bogus",                 "invalid arguments: unexpected argument `--bogus`",           "run `tagboat list --help` to see its arguments"),
            ("list x",                       "invalid arguments: unexpected argument `x`",                 "run `tagboat list --help` to see its arguments"),
            ("lsit",                         "invalid arguments: unknown command `lsit`",                  "use `list`"),
            ("list --format xml",            "invalid value for --format: expected one of `text`, `json`, `markdown`, `html`, `junit`, `outputs`, `annotations`, found `xml`", "use one of `text`"),
            ("list --format",                "invalid value for --format: expected one of `text`",         "use one of `text`"),
            ("list --config",                "invalid value for --config: expected a value, found none",   "write `--config <FILE>`"),
            ("plan --label=",                "invalid value for --label: expected a name",                 "write one line, as in `--label deploy`"),
            ("plan --reviewer=",             "invalid value for --reviewer: expected a name",              "write one line, as in `--reviewer octocat`"),
            ("run --every 5x",               "invalid value for --every: invalid duration `5x`",           "write a duration such as `3d`"),
            ("run --every 0s",               "invalid value for --every: must be at least 1s",             "write `--every 5m`"),
            ("run --report x.pdf",           "invalid value for --report: unknown file extension `pdf`",   "use one of `.txt`, `.json`"),
            ("explain",                      "invalid arguments: missing `<IMAGE>`",                       "run `tagboat explain --help` to see its arguments"),
            ("list -q -v",                   "invalid arguments: `--quiet` and `--verbose` exclude each other", "remove `--quiet` or `--verbose`"),
            ("list -v -q",                   "invalid arguments: `--verbose` and `--quiet` exclude each other", "remove `--verbose` or `--quiet`"),
            ("list --color never --color never", "invalid arguments: `--color` is given twice",            "write `--color` once"),
        ];
        for (text, message, hint) in rows {
            let arguments: Vec<OsString> = format!("tagboat {text}").split(' ').map(OsString::from).collect();
            let found = error(&Arguments::try_parse_from(&arguments).unwrap_err(), &arguments);
            assert!(found.message().starts_with(message), "{text}: {found}");
            assert!(found.hint().starts_with(hint), "{text}: {found}");
        }
    }
}
