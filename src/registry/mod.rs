//! Asks registries: tokens, tag lists, digests, facts.
//!
//! A credential goes to the host that it was given for and to nobody else. A list that can't be had to its end is an
//! error, never a shorter list. An OCI manifest is only spoken of in here; elsewhere a manifest is a file in Git.

mod access;
mod cache;
mod challenge;
mod content;
mod credential;
mod docker_config;
mod endpoint;
mod error;
mod helper;
mod identity;
mod inspect;
mod keychain;
mod layout;
mod link;
mod list;
mod quota;
mod refusal;
mod registries;
mod registry;
mod remote;
mod scheme;
mod settings;
mod surroundings;
mod tag_page;
mod token;
mod vendors;

pub use access::Access;
pub use credential::{Credential, Found, Login};
pub use error::RegistryError;
pub use keychain::Keychain;
pub use quota::RateLimit;
pub use registries::Registries;
pub use registry::{Age, Registry, Requests};
pub use settings::{HostSettings, Limits};
pub use surroundings::Surroundings;
pub use vendors::{VENDORS, Vendor};
