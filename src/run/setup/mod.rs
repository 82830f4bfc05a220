//! Connects repository, forge and registries from configuration and environment. Only this folder reads environment variables
//! and the files that a configuration names.

mod configuration;
mod forge;
mod location;
mod registries;
mod regular_file;
mod repository;
mod run_url;
mod variables;

pub use configuration::{Loaded, Operator, base};
pub use forge::forge;
pub use location::{Location, checkout};
pub use registries::registries;
pub use repository::{log_in, repository, sign};

/// Returns the address of the CI job from the variables of CI systems.
pub fn run_url() -> Option<String> {
    run_url::run_url(variables::variable)
}
