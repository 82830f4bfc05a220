//! The configuration file, `tagboat.yaml`: parsed strictly, with every problem reported at its line.
//!
//! From the bottom up: [`node`] is the file as a tree with positions; [`reader`] reads the types of [`schema`] from it
//! and continues after a problem; [`validate`] makes a [`Config`] of them, which cannot hold an invalid state. Nothing here
//! opens a file: a CA file or an environment variable is only named.

mod config;
mod duration;
mod error;
mod expected;
mod json_schema;
mod located;
mod manifests;
mod node;
mod patterns;
mod policies;
mod read_error;
mod reader;
mod registries;
mod schedule;
mod schema;
mod snippet;
mod starter;
mod template;
mod validate;

pub use config::{
    CommitWay, Config, ForgeSettings, GitSettings, LimitSettings, ManifestSettings, MergeMethod, Mode, NamedPolicy,
    Paths, PullRequests, RegistrySettings, Rule, SignSettings,
};
pub(crate) use config::{IGNORE, SHAPE};
pub use duration::{DurationError, duration};
pub use error::{ConfigError, ConfigErrors};
pub use json_schema::json_schema;
pub use patterns::{PatternError, Patterns};
pub(crate) use patterns::{image_pattern, path_pattern};
pub use schedule::Schedule;
pub use starter::{Found, Summary, starter};
pub use template::Template;

use node::Node;
use schema::Schema;

use crate::policy::Entry;

/// The name of the configuration file at the root of a repository.
pub const FILE_NAME: &str = "tagboat.yaml";

/// Parses a configuration. `path` is the name of the file in messages.
///
/// # Errors
/// Returns every problem of the file, by position.
pub fn parse(text: &str, path: &str) -> Result<Config, ConfigErrors> {
    let mut problems = Vec::new();
    let config = match Node::parse(text) {
        Ok(root) => {
            let schema: Schema = reader::read(&root, &mut problems);
            Some(validate::validate(schema, path, &mut problems))
        }
        Err(problem) => {
            problems.push(problem);
            None
        }
    };
    match config {
        Some(config) if problems.is_empty() => Ok(config),
        _ => Err(error::located(path, text, problems)),
    }
}

/// Parses one policy as typed on a command line: `semver: ^1.2`, `newest-build`, or a map in braces.
///
/// # Errors
/// Returns the same problems as for a policy in a file.
pub fn policy(text: &str) -> Result<Entry, ConfigErrors> {
    let mut problems = Vec::new();
    let entry = policies::policy_text(text, &mut problems);
    if problems.is_empty() { Ok(entry) } else { Err(error::located("--policy", text, problems)) }
}

impl Default for Config {
    /// Returns the configuration of a repository without a file: the policy `shape` for every reference, one pull request
    /// per folder, at most five open pull requests.
    fn default() -> Self {
        validate::validate(Schema::default(), FILE_NAME, &mut Vec::new())
    }
}
