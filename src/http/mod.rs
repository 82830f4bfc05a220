//! One HTTP client for registries and forges: a response that is not 2xx is an error, bodies are limited, credentials are
//! sent only to their host, and only idempotent requests are repeated.
//!
//! Callers choose requests and credentials; no code here depends on a registry or a forge.

mod client;
mod error;
mod error_body;
pub mod identity;
mod limiter;
mod loopback;
mod options;
mod proxies;
mod redact;
mod request;
mod response;
mod retry;
mod verifier;

pub use client::Client;
pub use error::{HttpError, StatusError};
pub use loopback::is_loopback;
pub use options::{ClientOptions, install_tls};
pub use proxies::check_proxies;
pub use redact::{origin, redacted};
pub use request::Request;
pub use response::Response;
pub use retry::RetryPolicy;

pub use reqwest::{Method, StatusCode, header};
pub use url::Url;
