//! One HTTP client for registries and forges: an answer that is not 2xx is an error, bodies are bounded, credentials
//! stay with the host they were given for, only what may be repeated is repeated.
//!
//! Knows neither registries nor forges: who asks what, and with which credential, is decided by the callers.

mod client;
mod error;
pub mod identity;
mod limiter;
mod options;
mod redact;
mod request;
mod response;
mod retry;

pub use client::Client;
pub use error::{HttpError, StatusError};
pub use options::{ClientOptions, install_tls};
pub use redact::{origin, redacted};
pub use request::Request;
pub use response::Response;
pub use retry::RetryPolicy;

pub use reqwest::{Method, StatusCode, header};
pub use url::Url;
