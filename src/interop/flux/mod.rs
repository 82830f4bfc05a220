//! Flux image automation: `ImagePolicy`, `ImageRepository` and `HelmRepository` objects, and the markers that name them.

mod policies;
pub mod settings;
mod translate;

pub use policies::{FluxPolicies, FluxPolicy, helm_repositories, may_refer};
pub use translate::translate;
