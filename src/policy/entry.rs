//! A whole policy entry: the policy, and the options that every policy has.

use super::filter::Filter;
use super::ordered_policy::Ties;
use super::policy::Policy;
use super::selection::bounds::Bounds;
use super::settings::{OptionDoc, PolicyError, Settings};

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
    /// The whole entry in YAML, `{ semver: "^1", max-bump: minor }`, if it has more keys than that of the policy.
    pub(super) written: Option<String>,
}

/// Keys that every policy has.
pub(super) const OPTIONS: &[OptionDoc] = &[OptionDoc {
    key: "ties",
    about: "unknown, first or last (in byte order): which of several equally new tags to select; without it, the one that is \
            written as the current tag, else unknown",
}];

/// Reads the keys of [`OPTIONS`].
pub(super) fn ties(settings: &Settings) -> Result<Option<Ties>, PolicyError> {
    settings.word("ties", &[("unknown", Ties::Unknown), ("first", Ties::First), ("last", Ties::Last)])
}

impl PolicyEntry {
    /// Returns the policy as `--policy` takes it: `semver: ^1`, or with options `{ semver: "^1", max-bump: minor }`.
    pub fn describe(&self) -> String {
        self.written.clone().unwrap_or_else(|| self.policy.describe())
    }
}
