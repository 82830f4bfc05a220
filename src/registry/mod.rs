//! Asks registries: tokens, tag lists, digests, facts.

mod error;
mod registry;

pub use error::RegistryError;
pub use registry::{Registry, Requests};
