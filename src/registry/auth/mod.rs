//! Authentication: challenges of a registry, credentials, and tokens.

mod challenge;
mod docker_config;
mod helper;
mod keychain;
mod scheme;
mod token;

pub(super) use challenge::{Challenge, lacks_right};
pub use keychain::Keychain;
pub(super) use scheme::RegistryAuthScheme;
pub(super) use token::{TokenCache, TokenRequest};
