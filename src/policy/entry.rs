//! A whole policy entry: the policy, and what every policy understands around it.

use std::sync::Arc;

use super::bounds::Bounds;
use super::filter::Filter;
use super::policy::{Policy, Ties};

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

impl Entry {
    /// The policy as it stands in a configuration.
    pub fn describe(&self) -> String {
        self.policy.describe()
    }
}
