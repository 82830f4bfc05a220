//! Objects, annotations and comments of other tools in the manifests: how Tagboat interprets them as policies, and how
//! `init --from` translates the settings of these tools.
//!
//! Each tool has a folder. All of them read [`Object`]s, [`Automation`] combines the results, and each translator returns
//! a [`Translation`]. [`govern`](crate::govern) decides which policy manages which reference.

pub mod argocd;
mod automation;
mod draft;
pub mod flux;
mod kustomization;
mod label_selector;
mod objects;
mod policy_rules;
pub mod renovate;

pub use automation::{Automation, may_depend_on_objects, objects};
pub use draft::Translation;
pub use kustomization::{Kustomization, Kustomizations};
pub use objects::Object;
pub use policy_rules::FoundReference;
