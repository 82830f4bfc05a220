//! What can go wrong with a registry.

/// Why a registry gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {}
