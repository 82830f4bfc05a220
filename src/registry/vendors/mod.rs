//! Vendors whose registries differ from the specification: one file each, and the table of them.

mod docker_hub;
mod standard;
mod vendor;

pub use vendor::Vendor;

/// All vendors. The first that serves a host is asked; the last serves them all.
pub const VENDORS: &[&dyn Vendor] = &[&docker_hub::DockerHub, &standard::Standard];

/// Whose registry it is.
pub(super) fn vendor_of(host: &str) -> &'static dyn Vendor {
    VENDORS.iter().copied().find(|vendor| vendor.serves(host)).unwrap_or(&standard::Standard)
}
