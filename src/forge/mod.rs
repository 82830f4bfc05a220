//! Asks code hosts about pull requests.

mod error;
mod forge;

pub use error::ForgeError;
pub use forge::{Access, Forge, Limits};
