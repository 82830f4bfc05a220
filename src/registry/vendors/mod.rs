//! Vendors whose registries differ from the specification: one file for each, and their table.

mod artifact_registry;
mod azure;
mod docker_hub;
mod ecr;
mod ecr_public;
mod ghcr;
mod gitea;
mod gitlab;
mod quay;
mod standard;
mod vendor;

pub use vendor::Vendor;

use crate::http::identity::PlatformEnv;

/// All vendors. The first one that serves a host is used; the last one serves every host.
pub const VENDORS: &[&dyn Vendor] = &[
    &docker_hub::DockerHub,
    &ghcr::Ghcr,
    &gitlab::GitLabRegistry,
    &gitea::GiteaRegistry,
    &ecr::Ecr,
    &ecr_public::EcrPublic,
    &artifact_registry::ArtifactRegistry,
    &azure::AzureRegistry,
    &quay::Quay,
    &standard::Standard,
];

/// Returns the vendor of the registry at a host.
pub(super) fn vendor_of(host: &str, env: &PlatformEnv) -> &'static dyn Vendor {
    VENDORS.iter().copied().find(|vendor| vendor.serves(host, env)).unwrap_or(&standard::Standard)
}
