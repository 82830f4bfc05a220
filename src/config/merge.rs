//! Merges two configuration files: what the first one sets wins, what it leaves out is taken from the second.
//!
//! Rules are an exception: the first that matches applies, so those of the first file precede those of the second.

use std::collections::BTreeMap;

use super::error::Problem;
use super::registries::is_same_host;
use super::schema::{ForgeSchema, GitSchema, LimitsSchema, ManifestsSchema, PathsSchema, PullRequestsSchema, Schema};
use super::source::ConfigFile;
use super::syntax::located::Located;

/// Returns a struct whose fields are those of `$first`, or of `$second` where they are not set. An empty list is set.
macro_rules! merged {
    ($type:ident, $first:expr, $second:expr, $($field:ident),+) => {{
        let (first, second) = ($first, $second);
        $type { $($field: first.$field.or(second.$field)),+ }
    }};
}

impl ForgeSchema {
    /// Returns this forge with what only `other` sets. A forge has an address or is a folder: the other one is not taken from `other`.
    fn or(self, mut other: Self) -> Self {
        if self.kind.is_some() || self.url.is_some() {
            other.folder = None;
        }
        if self.folder.is_some() {
            other.url = None;
        }
        merged!(ForgeSchema, self, other, kind, url, repository, folder)
    }
}

/// Returns both lists, one after the other.
fn both<T>(mut first: Vec<T>, second: Vec<T>) -> Vec<T> {
    first.extend(second);
    first
}

/// Returns the entries of both maps. A key of both has the value of the first.
fn union<K: Ord, V>(first: BTreeMap<K, V>, second: BTreeMap<K, V>) -> BTreeMap<K, V> {
    let mut all = first;
    for (key, value) in second {
        all.entry(key).or_insert(value);
    }
    all
}

/// Returns the entries of both maps. A registry of both, whatever each calls it, has the value of the first.
fn hosts<V>(
    first: BTreeMap<Located<String>, V>,
    mut second: BTreeMap<Located<String>, V>,
) -> BTreeMap<Located<String>, V> {
    second.retain(|host, _| !first.keys().any(|known| is_same_host(&known.value, &host.value)));
    union(first, second)
}

/// Reports policies of `second` with a name that `first` defines: rules of both files would mean the policy of the first.
pub(super) fn check_names(first: &Schema, second: &Schema, files: &[ConfigFile<'_>], problems: &mut Vec<Problem>) {
    for name in second.policies.keys() {
        let Some((defined, _)) = first.policies.get_key_value(name) else { continue };
        let file = files.get(defined.place.file).map_or("", |file| file.name);
        let line = defined.place.position.line;
        let problem = Problem::new(name.place, format!("policy `{}` is already defined at {file}:{line}", name.value));
        problems.push(
            problem.hint(format!("rename this policy, as in `{}-2`, or remove it to use the other one", name.value)),
        );
    }
}

impl Schema {
    /// Returns this configuration with what only `other` sets.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            repository_config: self.repository_config.or(other.repository_config),
            paths: PathsSchema {
                include: self.paths.include.or(other.paths.include),
                exclude: both(self.paths.exclude, other.paths.exclude),
            },
            manifests: ManifestsSchema {
                variable_defaults: self.manifests.variable_defaults.or(other.manifests.variable_defaults),
                app_versions: both(self.manifests.app_versions, other.manifests.app_versions),
                tags: both(self.manifests.tags, other.manifests.tags),
                patterns: both(self.manifests.patterns, other.manifests.patterns),
            },
            policies: union(self.policies, other.policies),
            rules: match (self.rules, other.rules) {
                (Some(first), Some(second)) => Some(both(first, second)),
                (first, second) => first.or(second),
            },
            pull_requests: merged!(
                PullRequestsSchema,
                self.pull_requests,
                other.pull_requests,
                group,
                branch_prefix,
                branch,
                title,
                body,
                commit_message,
                labels,
                reviewers,
                team_reviewers,
                assignees,
                draft,
                max_open,
                max_per_run,
                hold_labels,
                schedule,
                auto_merge
            ),
            // A host of both has the settings of the first alone: a mirror or plain HTTP that the repository adds would send the
            // operator's credentials elsewhere.
            registries: hosts(self.registries, other.registries),
            limits: merged!(
                LimitsSchema,
                self.limits,
                other.limits,
                max_tags,
                max_pages,
                max_response_mib,
                request_timeout,
                image_timeout
            ),
            git: merged!(GitSchema, self.git, other.git, author, base, remote, commits, sign, pass_env),
            forge: self.forge.or(other.forge),
        }
    }
}
