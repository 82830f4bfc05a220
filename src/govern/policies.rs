//! Everything in a repository that names a policy for a reference: the configuration, and the objects of other tools.

use std::collections::BTreeMap;

use crate::config::{Config, NamedPolicy, Rule};
use crate::interop::{Object, argocd, flux};

/// The policies of a repository: those of `tagboat.yaml`, and those in the manifests. A policy of `tagboat.yaml` goes
/// before one of the same name in the manifests.
#[derive(Debug, Clone)]
pub struct Policies {
    /// Policies of `tagboat.yaml` by name, the built-in `shape` among them.
    pub(super) named: BTreeMap<String, NamedPolicy>,
    /// The rules of `tagboat.yaml`; the first that matches decides.
    pub(super) rules: Vec<Rule>,
    /// Flux's policies, by the names that markers use.
    pub flux: flux::Policies,
    /// Argo CD's applications, bound to their files.
    pub applications: argocd::Applications,
}

impl Policies {
    /// Reads the policies of a configuration and of the objects in the manifests.
    pub fn new(config: &Config, objects: &[Object]) -> Self {
        Self {
            named: config.policies.clone(),
            rules: config.rules.clone(),
            flux: flux::Policies::read(objects),
            applications: argocd::Applications::read(objects),
        }
    }
}
