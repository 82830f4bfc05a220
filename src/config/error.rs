//! Problems of a configuration file: where, what, and what to do about it.

use super::source::ConfigFile;
use super::syntax::place::ConfigPlace;
use crate::docs::{Hint, page, split_final_address};
use crate::text::{Position, suggestion};

/// One problem in a configuration file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation}: {message}")]
pub struct ConfigError {
    /// The operation that failed: `cannot read tagboat.yaml`.
    pub operation: String,
    /// The file, as it was named to the parser.
    pub path: String,
    /// The position of the value or key.
    pub position: Position,
    /// The cause, as a lower-case fragment.
    pub message: String,
    /// What to write instead, and the address of the page that documents it.
    pub hint: Hint,
    /// The line of the file, cut before anything that may be a secret.
    pub line: String,
}

/// Every problem of the files, in their order. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigErrors {
    /// The problems, by file and position.
    pub fn iter(&self) -> impl Iterator<Item = &ConfigError> {
        self.0.iter()
    }
}

/// A problem before it is tied to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) place: ConfigPlace,
    pub(super) message: String,
    hint: Option<String>,
    /// The address of the page and section that documents the key, for a hint that has none.
    address: &'static str,
}

impl Problem {
    pub(super) fn new(place: ConfigPlace, message: impl Into<String>) -> Self {
        Self { place, message: message.into(), hint: None, address: page!("configuration.md#every-key") }
    }

    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Sets the page and section to which the hint refers, in place of the list of all keys.
    #[must_use]
    pub(super) fn documented_at(self, address: &'static str) -> Self {
        Self { address, ..self }
    }

    /// Returns the problem of an unknown name. The hint has the most similar known name, or all if none is similar.
    pub(super) fn unknown<'a>(
        place: ConfigPlace,
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        Self { hint: suggestion(name, known), ..Self::new(place, format!("unknown {what} `{name}`")) }
    }
}

/// The operation that reads a file, before the name of the file.
pub(super) const CANNOT_READ: &str = "cannot read";

/// Sorts problems by file and position, and adds the operation, the name of the file and the line of each.
pub(super) fn located(operation: &str, files: &[ConfigFile<'_>], mut problems: Vec<Problem>) -> ConfigErrors {
    problems.sort_by_key(|problem| problem.place);
    problems.dedup();
    let tied = problems.into_iter().map(|Problem { place, message, hint, address }| {
        let (path, text) = files.get(place.file).map_or(("", ""), |file| (file.name, file.text));
        ConfigError {
            operation: format!("{operation} {path}"),
            path: path.to_owned(),
            line: presentable(&showable(text.lines().nth(place.position.line - 1).unwrap_or_default())),
            position: place.position,
            message: presentable(&without_credentials(&message)),
            hint: presentable_hint(
                hint.as_deref().unwrap_or("write the value as the example of this key shows it"),
                address,
            ),
        }
    });
    ConfigErrors(tied.collect())
}

/// Keys whose values are not shown: people write passwords here before they read that a variable holds them.
const SECRETIVE: [&str; 5] = ["password", "passwd", "token", "secret", "credential"];

/// Returns a line up to the first value in it that may be a secret.
fn showable(line: &str) -> String {
    let lower = line.to_ascii_lowercase();
    let after_key = |key: &&str| lower.find(*key).and_then(|at| line[at..].find(':').map(|colon| at + colon + 1));
    let in_url = credentials(line).map(|found| found.start);
    match SECRETIVE.iter().filter_map(after_key).chain(in_url).min() {
        Some(end) => format!("{} …", line[..end].trim_end()),
        None => line.to_owned(),
    }
}

/// Characters of a line or message that are shown at most.
const SHOWN: usize = 200;

/// Returns a text without control characters, truncated to [`SHOWN`]: an escape code would change the terminal.
fn presentable(text: &str) -> String {
    let harmless = |c: char| if c.is_control() && c != '\t' { char::REPLACEMENT_CHARACTER } else { c };
    let mut shown: String = text.chars().take(SHOWN).map(harmless).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// Returns a hint that ends with the address of a page: its own, or else this one. The address is never truncated.
fn presentable_hint(hint: &str, address: &str) -> Hint {
    let (text, address) = split_final_address(hint).unwrap_or((hint, address));
    Hint::new(presentable(&without_credentials(text)), address)
}

/// Returns a message without the user and password of a URL in it.
fn without_credentials(text: &str) -> String {
    credentials(text)
        .map_or_else(|| text.to_owned(), |found| format!("{}…{}", &text[..found.start], &text[found.end..]))
}

/// Returns the bytes of `user:password` before an `@`.
fn credentials(text: &str) -> Option<std::ops::Range<usize>> {
    let end = text.find('@')?;
    let start = text[..end].rfind([' ', '`', '\'', '"', '/']).map_or(0, |at| at + 1);
    text[start..end].contains(':').then_some(start..end)
}
