//! Keys that hold images in any file: what Kubernetes objects, Helm values and all other YAML have in common.

pub(in crate::manifest) mod build;
mod command;
pub(crate) mod expansions;
mod flat;
pub(crate) mod instructions;
pub(crate) mod jobs;
pub(crate) mod lines;
pub(crate) mod names;
mod pair;
mod registry;
mod single;
mod split;
pub(crate) mod walk;

pub(in crate::manifest) use flat::{FlatKeys, is_tag};
pub(in crate::manifest) use registry::GlobalRegistry;
