//! What can go wrong with a forge.

/// Why a forge did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ForgeError {}
