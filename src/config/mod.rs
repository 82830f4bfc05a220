//! What can be configured: `tagboat.yaml`, read strictly, with every problem told at its line.
//!
//! From the bottom up: [`node`] is the file as a tree with positions; [`reader`] reads the types of [`schema`] from it
//! and goes on after a problem; [`validate`] makes a [`Config`] of them, which cannot hold a wrong state. Nothing here
//! opens a file: text comes in, and what is named in it (a CA file, an environment variable) is named on.

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
pub(crate) use error::nearest;
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

/// The file that is looked for at the root of a repository.
pub const FILE_NAME: &str = "tagboat.yaml";

/// Reads a configuration. `path` is what messages call the file.
///
/// # Errors
/// Every problem of the file, in its order.
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

/// Reads one policy as it is typed on a command line: `semver: ^1.2`, `newest-build`, or a map in braces.
///
/// # Errors
/// What is wrong with it, as in a file.
pub fn policy(text: &str) -> Result<Entry, ConfigErrors> {
    let mut problems = Vec::new();
    let entry = policies::policy_text(text, &mut problems);
    if problems.is_empty() { Ok(entry) } else { Err(error::located("--policy", text, problems)) }
}

impl Default for Config {
    /// No configuration at all: every reference is governed by its shape, with one pull request per folder and at most
    /// five of them open.
    fn default() -> Self {
        validate::validate(Schema::default(), FILE_NAME, &mut Vec::new())
    }
}
