//! Connects repository, forge and registries from configuration and environment. Only this folder reads environment variables
//! and the files that a configuration names.

mod configuration;
mod forge;
mod job_token;
mod location;
mod registries;
mod regular_file;
mod repository;
mod variables;
mod working_tree;

pub use configuration::{Loaded, Operator, base};
pub use forge::forge;
pub use location::Location;
pub use registries::registries;
pub use repository::{log_in, remote, repository, sign};
pub use working_tree::WorkingTrees;

/// Returns the web page of the CI run: the one that the operator names, the one of the forge whose CI runs this process, or that
/// of Jenkins. Jenkins is last, because other systems may set its variable too.
pub fn run_url() -> Option<String> {
    let variable = variables::variable;
    variable("TAGBOAT_RUN_URL").or_else(|| crate::forge::run_page(variable)).or_else(|| variable("BUILD_URL"))
}
