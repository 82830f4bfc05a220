//! Pull requests on forges. [`FORGES`] lists the forges. A new one is one file and one row in `forges/`.

mod app;
mod client;
mod credential;
mod destination;
mod error;
mod failure;
mod forge;
mod forges;
mod lifecycle;
mod limits;
mod moved;
mod remote;
mod run_page;
mod settings;
mod token_variable;

pub use app::App;
pub use credential::{AuthScheme, Credential, CredentialInput, CredentialKind, ForgeLogin, OperatorCredentials};
pub use destination::DestinationError;
pub use error::ForgeError;
pub use forge::{Access, ApiCommit, Attached, Commits, Difference, Forge, ForgeKind, PullRequestComment, Written};
pub use forges::{FORGES, job_tokens, link_styles, named, recognize, recognize_by_runner};
pub use limits::{CreationRules, Limits};
pub use remote::{Address, RemoteUrl, RemoteUrlError, Scheme};
pub use run_page::{may_have_secret, run_page, without_login};
pub use settings::ConnectionSettings;
pub use token_variable::{Runner, TokenOwner, TokenVariable};
