//! The identity that the platform gives this process: environment, metadata services, AWS keys and request signatures.
//!
//! Each cloud needs a handful of plain requests. Its SDK would more than double the dependency tree and add a second TLS
//! library.

pub(crate) mod aws;
mod job_token;
mod platform_env;
pub(crate) mod sigv4;

pub use job_token::JobToken;
pub use platform_env::PlatformEnv;
pub(crate) use platform_env::parse_url;
