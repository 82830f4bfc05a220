//! Other tools in the manifests: their objects, annotations and comments, what they mean as policies, and translations of
//! their settings for `init --from`.
//!
//! One folder per tool. [`Object`] is what all of them read; [`Translation`] is what their translators return. Which
//! policy manages which reference is decided in [`govern`](crate::govern).

pub mod argocd;
mod draft;
pub mod flux;
mod notice;
mod objects;
mod policy_rules;
pub mod renovate;

pub use draft::Translation;
pub use objects::Object;
pub use policy_rules::FoundReference;
