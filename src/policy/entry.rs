//! A whole policy entry: the policy, and the options that every policy has.

use serde_json::Value;

use super::filter::Filter;
use super::ordered_policy::Ties;
use super::policy::Policy;
use super::selection::bounds::Bounds;
use super::settings::{OptionDoc, PolicyError, Settings};
use crate::text::flow_map;

/// How a version of an image is selected, before the gates of a rule.
#[derive(Debug, Clone)]
pub struct PolicyEntry {
    /// Which of two tags is newer, or which tag is pinned.
    pub policy: Policy,
    /// Which tags are candidates.
    pub filter: Filter,
    /// How large a step may be.
    pub bounds: Bounds,
    /// What ties mean, if the entry overrides the policy.
    pub ties: Option<Ties>,
    /// The whole entry, in the form that `--policy` takes.
    pub(super) written: String,
}

/// Keys that every policy has.
pub(super) const OPTIONS: &[OptionDoc] = &[OptionDoc {
    key: "ties",
    about: "unknown, first or last (in byte order): which of several equally new tags to select; without it, the one that is \
            written as the current tag; of the spellings of one version (`shape`, `semver`, `calver`) else the last, of other tags none",
}];

/// Reads the keys of [`OPTIONS`].
pub(super) fn ties(settings: &Settings) -> Result<Option<Ties>, PolicyError> {
    settings.word("ties", &[("unknown", Ties::Unknown), ("first", Ties::First), ("last", Ties::Last)])
}

/// Returns an entry in the form that `--policy` takes, with the key of its kind first. Only a map in braces can hold more than one key,
/// a list, or a string that is something else without quotes.
pub(super) fn written(kind: &str, settings: &Settings) -> String {
    let is_plain = |text: &str| {
        let has_quote_or_space = text.starts_with(['"', '\'']) || text.contains('\n') || text.trim() != text;
        !has_quote_or_space && !["", "true", "false"].contains(&text)
    };
    let (first, options): (Vec<_>, Vec<_>) = settings.entries().partition(|(key, _)| *key == kind);
    match (&first[..], &options[..]) {
        ([(_, Value::Bool(true))], []) => kind.to_owned(),
        ([(_, Value::String(text))], []) if is_plain(text) => format!("{kind}: {text}"),
        _ => flow_map(first.into_iter().chain(options)),
    }
}

impl PolicyEntry {
    /// Returns the policy as `--policy` takes it: `semver: ^1`, or with options `{ semver: "^1", max-bump: minor }`.
    pub fn describe(&self) -> String {
        self.written.clone()
    }
}
