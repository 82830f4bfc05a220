//! Keys that mean images wherever they are: what Kubernetes objects, Helm values and all other YAML have in common.

pub(crate) mod lines;
pub(crate) mod split;
pub(crate) mod walk;
