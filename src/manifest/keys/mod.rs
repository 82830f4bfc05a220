//! Keys that mean images wherever they are: what Kubernetes objects, Helm values and all other YAML have in common.

pub(super) mod split;
pub(super) mod walk;
