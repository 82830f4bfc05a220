//! A whole policy entry: the policy, and what every policy understands around it.

use std::sync::Arc;

use super::bounds::Bounds;
use super::filter::Filter;
use super::policy::{Policy, Ties};
use super::settings::{OptionDoc, PolicyError, Settings};

/// How tags of one image are chosen, before any gate of a rule.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Which of two tags is newer.
    pub policy: Arc<dyn Policy>,
    /// Which tags are seen at all.
    pub filter: Filter,
    /// How far a step may go.
    pub bounds: Bounds,
    /// What ties mean, where it is not what the policy says.
    pub ties: Option<Ties>,
}

/// Keys that every policy understands.
pub(super) const OPTIONS: &[OptionDoc] = &[OptionDoc {
    key: "ties",
    about: "unknown, first or last (in byte order): which of several tags that are equally new; without it, one that is \
            written as the current tag, else unknown",
}];

/// Reads the keys of [`OPTIONS`].
pub(super) fn ties(settings: &Settings) -> Result<Option<Ties>, PolicyError> {
    settings.word("ties", &[("unknown", Ties::Unknown), ("first", Ties::First), ("last", Ties::Last)])
}

impl Entry {
    /// The policy as it stands in a configuration.
    pub fn describe(&self) -> String {
        self.policy.describe()
    }
}
