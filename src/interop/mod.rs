//! Other tools in the manifests: their objects, annotations and comments, what they mean as policies, and translations of
//! their settings for `init --from`.
//!
//! Each tool has a folder. All of them read [`Object`]s; [`Automation`] combines what they find, and each translator returns
//! a [`Translation`]. [`govern`](crate::govern) decides which policy manages which reference.

pub mod argocd;
mod automation;
mod draft;
pub mod flux;
mod notice;
mod objects;
mod policy_rules;
pub mod renovate;

pub use automation::{Automation, may_depend_on_objects};
pub use draft::Translation;
pub use objects::Object;
pub use policy_rules::FoundReference;
