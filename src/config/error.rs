//! Problems of a configuration file: where, what, and what to do about it.

use super::excerpt::{Excerpt, excerpt, shortened};
use super::source::ConfigFile;
use super::syntax::place::ConfigPlace;
use crate::docs::{Hint, page, split_final_address};
use crate::text::{Position, redact_urls, suggestion};

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
    /// The line of the file with the value or key, and nothing else but the keys before it; empty if it cannot be shown.
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
    excerpt: Excerpt,
}

impl Problem {
    pub(super) fn new(place: ConfigPlace, message: impl Into<String>) -> Self {
        Self {
            place,
            message: message.into(),
            hint: None,
            address: page!("configuration.md#every-key"),
            excerpt: Excerpt::Token,
        }
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

    /// Limits what is shown of the file.
    #[must_use]
    pub(super) fn showing(self, excerpt: Excerpt) -> Self {
        Self { excerpt, ..self }
    }

    /// Returns the problem as shown if this file has no keys.
    #[must_use]
    pub(super) fn without_content_of(self, file: usize) -> Self {
        if self.place.file == file { self.showing(Excerpt::Nothing) } else { self }
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
    let tied = problems.into_iter().map(|Problem { place, message, hint, address, excerpt: shown }| {
        let (path, text) = files.get(place.file).map_or(("", ""), |file| (file.name, file.text));
        let line = presentable(&showable(text.lines().nth(place.position.line - 1).unwrap_or_default()), SHOWN);
        ConfigError {
            operation: format!("{operation} {path}"),
            path: path.to_owned(),
            line: excerpt(&line, place.position.column, shown).unwrap_or_default(),
            position: place.position,
            message: presentable(&without_credentials(&shortened(&message)), SHOWN),
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
    let shown = without_credentials(line);
    let same = line.char_indices().zip(shown.chars()).find(|((_, old), new)| old != new).map(|((at, _), _)| at);
    let in_address = same.or((shown.len() < line.len()).then_some(shown.len()));
    match SECRETIVE.iter().filter_map(after_key).chain(in_address).min() {
        Some(end) => format!("{} …", line[..end].trim_end()),
        None => line.to_owned(),
    }
}

/// Characters of a line or message that are shown at most.
const SHOWN: usize = 200;

/// Characters of a hint that are shown at most, its address aside: a list of all keys of a section is shown whole.
const LONGEST_HINT: usize = 400;

/// Returns a text without control characters, truncated to a length: an escape code would change the terminal.
fn presentable(text: &str, longest: usize) -> String {
    let harmless = |c: char| if c.is_control() && c != '\t' { char::REPLACEMENT_CHARACTER } else { c };
    let mut shown: String = text.chars().take(longest).map(harmless).collect();
    if text.chars().nth(longest).is_some() {
        shown.push('…');
    }
    shown
}

/// Returns a hint that ends with the address of a page: its own, or else this one. The address is never truncated.
fn presentable_hint(hint: &str, address: &str) -> Hint {
    let (text, address) = split_final_address(hint).unwrap_or((hint, address));
    // Its examples have addresses.
    Hint::new(presentable(&redact_urls(text), LONGEST_HINT), address)
}

/// Returns a text without what may be a secret in an address: user information, and parameters of a URL.
fn without_credentials(text: &str) -> String {
    let text = redact_urls(text);
    let mut kept = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(at) = rest.find('@') {
        let start = rest[..at].rfind(BEFORE_ADDRESS).map_or(0, |before| before + 1);
        // The digest of an image and a team (`@acme/team`) are no logins.
        let is_login = start < at && !DIGESTS.iter().any(|one| rest[at + 1..].starts_with(one));
        kept.push_str(if is_login { &rest[..start] } else { &rest[..at] });
        kept.push_str(if is_login { "…@" } else { "@" });
        rest = &rest[at + 1..];
    }
    kept + rest
}

/// Characters before an address in a line or a message.
const BEFORE_ADDRESS: [char; 9] = [' ', '`', '\'', '"', '/', '[', '{', '(', ','];

/// What follows the `@` of an image.
const DIGESTS: [&str; 2] = ["sha256:", "sha512:"];
