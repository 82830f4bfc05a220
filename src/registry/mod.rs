//! Reads from registries: tokens, tag lists, digests, facts.
//!
//! A credential is sent only to the host that it was given for. A list that cannot be read completely is an error, never a
//! shorter list. Only this module deals with OCI manifests; elsewhere a manifest is a file in Git.

mod access;
mod auth;
mod cache;
mod content;
mod credential;
mod endpoint;
mod error;
mod host_failure;
mod identity;
mod inspect;
mod inspection;
mod layout;
mod listing;
mod negotiation;
mod quota;
mod reachability;
mod registries;
mod registry;
mod rejection;
mod remote;
mod settings;
mod vendors;

pub use access::RegistryAccess;
pub use auth::Keychain;
pub use credential::{RegistryCredential, RegistryLogin, ResolvedCredential, SentCredential};
pub use error::RegistryError;
pub use host_failure::HostFailure;
pub use quota::PullRateLimit;
pub use registries::Registries;
pub use registry::{Age, Registry, Requests};
pub use settings::{HostSettings, ResponseLimits};
pub use vendors::{VENDORS, Vendor};

pub use crate::http::identity::PlatformEnv;
