//! Pull requests on forges. [`FORGES`] lists the forges. A new one is one file and one row in `forges/`.

mod app;
mod client;
mod credential;
mod error;
mod failure;
mod forge;
mod forges;
mod lifecycle;
mod limits;
mod remote;
mod settings;

pub use app::App;
pub use credential::{AuthScheme, Credential, CredentialKind, Given, GivenCredentials, Login};
pub use error::ForgeError;
pub use forge::{Access, ApiCommit, Commits, Difference, Forge, ForgeKind, Written};
pub use forges::{FORGES, link_styles, named, recognize};
pub use limits::{CreationRules, Limits, TokenVariable};
pub use remote::{Address, RemoteUrl, RemoteUrlError, Scheme};
pub use settings::ForgeSettings;
