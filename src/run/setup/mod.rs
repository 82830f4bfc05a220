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

use crate::docs::hint;
use crate::error::Error;
use crate::http::Url;

/// Returns the web page of the CI run: the one that the operator names, the one of the forge whose CI runs this process, or that
/// of Jenkins. Jenkins is last, because other systems may set its variable too.
///
/// # Errors
/// If the one that the operator names is not a web address, or may have a secret: it is shown to everyone who reads a pull request. What a CI
/// system names is shown without a login.
pub fn run_url() -> Result<Option<String>, Error> {
    const PAGE: &str = "TAGBOAT_RUN_URL";
    let variable = variables::variable;
    let Some(page) = variable(PAGE) else {
        let of_jenkins = || crate::forge::without_login(&variable("BUILD_URL")?);
        return Ok(crate::forge::run_page(variable).or_else(of_jenkins));
    };
    let cause = match Url::parse(&page).ok().filter(|url| matches!(url.scheme(), "http" | "https")) {
        Some(url) if !crate::forge::may_have_secret(&url) => return Ok(Some(page)),
        Some(_) => "it has a user name, or a parameter that may be a secret",
        None => "it is not a web address",
    };
    Err(Error::usage(
        format!("invalid {PAGE}: {cause}"),
        hint!(
            "configuration.md#environment-variables",
            "set it to the address of the page alone, such as https://ci.example.com/jobs/7"
        ),
    ))
}
