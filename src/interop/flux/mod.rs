//! Flux image automation: `ImagePolicy`, `ImageRepository`, `ImageUpdateAutomation` and `HelmRepository` objects, and the markers that
//! name them.

mod automations;
mod policies;
pub mod settings;
mod translate;

pub use automations::FluxAutomations;
pub use policies::{FluxPolicies, FluxPolicy, helm_repositories, may_refer};
pub use translate::translate;

use super::objects::ApiGroup;

/// The objects that are read.
pub(super) const OBJECTS: &[ApiGroup] = &[
    ApiGroup { name: "image.toolkit.fluxcd.io", kinds: &["ImagePolicy", "ImageRepository", "ImageUpdateAutomation"] },
    ApiGroup { name: "source.toolkit.fluxcd.io", kinds: &["HelmRepository"] },
];
