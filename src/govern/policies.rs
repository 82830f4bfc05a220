//! Everything that names a policy for a reference: the configuration, and the objects of other tools.

use crate::config::Config;
use crate::interop::Automation;

/// The policies of a repository: those of `tagboat.yaml`, and those in the manifests. A policy of `tagboat.yaml` takes
/// precedence over one of the same name in the manifests.
#[derive(Debug, Clone, Copy)]
pub struct Policies<'a> {
    /// The configuration with its policies and rules. The first rule that matches a reference applies.
    pub(super) config: &'a Config,
    /// The objects of other tools.
    pub(super) automation: &'a Automation,
}

impl<'a> Policies<'a> {
    /// Combines the policies of a configuration with those of the objects in the manifests.
    pub fn new(config: &'a Config, automation: &'a Automation) -> Self {
        Self { config, automation }
    }
}
