//! The configuration file, `tagboat.yaml`: parsed strictly, with every problem reported at its line.
//!
//! From the bottom up: [`syntax`] reads the types of [`schema`] from the file as a tree with positions,
//! and continues after a problem; [`merge`] joins two files; [`validate`] makes a [`Config`] of them, which cannot hold an invalid state. Nothing here
//! opens a file: a CA file or an environment variable is only named.

mod config;
mod error;
mod excerpt;
mod files;
mod json_schema;
mod manifests;
mod merge;
mod operator_keys;
mod overrides;
mod policies;
mod registries;
mod schema;
mod snippet;
mod source;
mod starter;
mod syntax;
mod unreachable;
mod validate;
mod values;

pub use config::{
    CommitWay, Config, DeclaredGlob, DeclaredKey, ForgeSettings, GitSettings, LimitSettings, ManifestSettings,
    MergeMethod, Mode, NamedPolicy, Paths, PullRequests, RegistrySettings, RepositoryConfig, Rule, SignSettings,
};
pub(crate) use config::{IGNORE, SHAPE};
pub use error::{ConfigError, ConfigErrors};
pub use json_schema::json_schema;
pub use operator_keys::OPERATOR_KEYS;
pub use overrides::Overrides;
pub use source::{ConfigFile, ConfigSource, FILE_NAME, Setting};
pub use starter::{FoundImage, FoundTag, HeldPlace, Summary, starter};
pub use unreachable::UnreachableRule;
pub use values::duration::{DurationError, duration};
pub use values::names::{ForgeNameError, check_name};
pub use values::patterns::{PatternError, Patterns};
pub(crate) use values::patterns::{image_pattern, path_pattern};
pub use values::schedule::Schedule;
pub use values::template::Template;
pub use values::template_limits::{render_template, template_environment};

use std::path::Path;

use files::ConfigFiles;
use schema::Schema;
use syntax::node::{Node, Value};
use syntax::reader;

use crate::policy::PolicyEntry;

/// Parses one file of the operator, which may set every key and may name any forge. `name` is its path.
///
/// # Errors
/// Returns every problem of the file, by position.
pub fn parse(text: &str, name: &str) -> Result<Config, ConfigErrors> {
    let folder = Path::new(name).parent().unwrap_or(Path::new(""));
    parse_all(&[ConfigFile { text, name, folder, source: ConfigSource::Operator }], None)
}

/// Parses the files of one configuration and merges them. Where two set a value, the earlier file wins, so the operator's comes
/// first. Rules and patterns of all files apply, in the order of the files. `forges` are the values of `forge.kind`; `None` accepts
/// every name.
///
/// # Errors
/// Returns every problem of the files, by file and position.
pub fn parse_all(files: &[ConfigFile<'_>], forges: Option<&[&str]>) -> Result<Config, ConfigErrors> {
    let mut problems = Vec::new();
    let mut schema = Schema::default();
    for (index, file) in files.iter().enumerate() {
        match Node::parse(file.text, index) {
            Ok(root) => {
                if file.source == ConfigSource::Repository {
                    operator_keys::check_keys(&root, index, &mut problems);
                }
                let next: Schema = reader::read(&root, index, &mut problems);
                if !matches!(root.value, Value::Map(_)) {
                    problems = problems.into_iter().map(|one| one.without_content_of(index)).collect();
                }
                merge::check_names(&schema, &next, files, &mut problems);
                schema = schema.or(next);
            }
            Err(problem) => return Err(error::located(error::CANNOT_READ, files, vec![problem])),
        }
    }
    let config = validate::validate(schema, ConfigFiles(files), forges, &mut problems);
    if problems.is_empty() { Ok(config) } else { Err(error::located(error::CANNOT_READ, files, problems)) }
}

/// Parses one policy as typed on a command line: `semver: ^1.2`, `newest-build`, or a map in braces.
///
/// # Errors
/// Returns the same problems as for a policy in a file.
pub fn policy(text: &str) -> Result<PolicyEntry, ConfigErrors> {
    let mut problems = Vec::new();
    let entry = policies::policy_text(text, &mut problems);
    let file = ConfigFile { text, name: "--policy", folder: Path::new(""), source: ConfigSource::Operator };
    if problems.is_empty() { Ok(entry) } else { Err(error::located("invalid", &[file], problems)) }
}

impl Default for Config {
    /// Returns the configuration of a repository without a file: the policy `shape` for every reference, one pull request
    /// per folder, at most five open pull requests.
    fn default() -> Self {
        validate::validate(Schema::default(), ConfigFiles(&[]), None, &mut Vec::new())
    }
}
