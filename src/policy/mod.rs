//! Policies: which tag of an image to use.
//!
//! A policy is one file in `ordered/` or `pinned/` and one row of [`POLICIES`]. [`build()`] reads an entry as users write it,
//! [`choose()`] answers a [`Question`] or returns which facts it needs, and [`explain()`] returns the verdict on every tag.

mod candidate;
mod decision;
mod entry;
mod external_facts;
mod filter;
mod history;
mod ordered;
mod ordered_policy;
mod pinned;
mod pinned_policy;
mod pinning;
mod policy;
pub mod reason;
mod selection;
mod settings;
mod versions;

use ordered::{alphabetical, calver, git_history, newest_build, numerical, pattern, semver, shape};
use pinned::{digest, exact, follow};

use serde_json::Value;

use crate::text::{code_list, nearest_name, suggestion};

pub use candidate::{Candidate, Known, Need};
pub use decision::{CandidateVerdict, Choice, Decision, Outcome, Verdict};
pub use entry::PolicyEntry;
pub use external_facts::{ExternalFacts, ExternalNeed};
pub use filter::Filter;
pub use history::History;
pub use ordered_policy::{Floor, OrderedPolicy, TagReadError, TagReader, Ties};
pub use pinned::exact::Exact;
pub use pinned_policy::{PinnedPolicy, PinnedTarget};
pub use pinning::Pinning;
pub use policy::Policy;
pub use reason::Reason;
pub use selection::{
    Bounds, Gates, GivenTag, GivenTags, Question, SelectionStep, choose, choose_given, explain, undecidable,
};
pub use settings::{EntryPart, OptionDoc, PolicyError, Settings, pattern as regex};
pub use versions::{Bump, OrderKey, Range, RangeError, Version};

/// One kind of policy.
#[derive(Debug, Clone, Copy)]
pub struct PolicyKind {
    /// The key that selects it in an entry.
    pub key: &'static str,
    /// What it selects, in one line.
    pub about: &'static str,
    /// An example entry, in YAML.
    pub example: &'static str,
    /// Its options besides those of all policies.
    pub options: &'static [OptionDoc],
    /// Reads an entry with the key.
    pub build: fn(&Settings) -> Result<Policy, PolicyError>,
}

/// All kinds of policies, in the order of the documentation.
#[rustfmt::skip]
pub const POLICIES: &[PolicyKind] = &[
    PolicyKind { key: "shape",        about: "the greatest numbers in a tag of the same shape; the default", example: "{ shape: same }",                                                        options: shape::OPTIONS,        build: shape::build },
    PolicyKind { key: "semver",       about: "the greatest version in a range",                                example: r#"{ semver: ">=1.0 <3" }"#,                                               options: semver::OPTIONS,       build: semver::build },
    PolicyKind { key: "calver",       about: "the latest calendar version in a layout",                        example: "{ calver: YYYY.0M.MICRO }",                                               options: calver::OPTIONS,       build: calver::build },
    PolicyKind { key: "numerical",    about: "the greatest number",                                            example: r"{ numerical: asc, include: '^build-(?<n>\d+)$', extract: $n }",          options: numerical::OPTIONS,    build: numerical::build },
    PolicyKind { key: "alphabetical", about: "the last in byte order",                                         example: "{ alphabetical: asc, include: '^RELEASE\\.' }",                           options: alphabetical::OPTIONS, build: alphabetical::build },
    PolicyKind { key: "pattern",      about: "the greatest by the named groups of a regular expression",       example: r"{ pattern: '^main-[0-9a-f]{7,40}-(?<ts>\d+)$', order: [ts] }",           options: pattern::OPTIONS,      build: pattern::build },
    PolicyKind { key: "newest-build", about: "the image that was built last",                                  example: "{ newest-build: true, include: '^main-' }",                               options: newest_build::OPTIONS, build: newest_build::build },
    PolicyKind { key: "git-history",  about: "the latest commit on a branch of a clone of the source repository",       example: "{ git-history: ../api, branch: origin/main }",                            options: git_history::OPTIONS,  build: git_history::build },
    PolicyKind { key: "digest",       about: "a floating tag stays, its digest follows the registry",               example: "{ digest: latest }",                                                      options: digest::OPTIONS,       build: digest::build },
    PolicyKind { key: "follow",       about: "the version at other paths of this repository (promotion)",            example: "{ follow: envs/staging/** }",                                             options: follow::OPTIONS,       build: follow::build },
    PolicyKind { key: "exact",        about: "one tag that was selected elsewhere",                          example: r#"{ exact: "1.4.2" }"#,                                                   options: exact::OPTIONS,        build: exact::build },
];

/// Options that every policy has.
pub fn common_options() -> impl Iterator<Item = &'static OptionDoc> {
    filter::OPTIONS.iter().chain(selection::OPTIONS).chain(entry::OPTIONS)
}

/// Returns the keys and values of an entry in the order of the reference: the kind, its options, then the common ones.
pub fn ordered_entries(settings: &Settings) -> Vec<(&str, &Value)> {
    let kinds = POLICIES.iter().filter(|kind| settings.value(kind.key).is_some());
    let order: Vec<&str> = kinds
        .flat_map(|kind| std::iter::once(kind.key).chain(kind.options.iter().map(|option| option.key)))
        .chain(common_options().map(|option| option.key))
        .collect();
    let mut entries: Vec<_> = settings.entries().collect();
    entries.sort_by_key(|(key, _)| order.iter().position(|known| known == key).unwrap_or(order.len()));
    entries
}

/// Reads an entry: its kind, the kind's options and the common ones. An unknown key is an error with a suggestion.
pub fn build(settings: &Settings) -> Result<PolicyEntry, PolicyError> {
    let kind = kind_of(settings)?;
    let known = || kind.options.iter().chain(common_options()).map(|option| option.key);
    if let Some(unknown) = settings.keys().find(|key| *key != kind.key && !known().any(|name| name == *key)) {
        let error = PolicyError::at_key(unknown, format!("unknown option of a `{}` policy", kind.key));
        return Err(error.with_hint(suggestion(unknown, known()).unwrap_or_default()));
    }
    let policy = (kind.build)(settings)?;
    let bounds = Bounds::new(settings, policy.reads_versions())?;
    let written = entry::written(kind.key, settings);
    Ok(PolicyEntry { filter: Filter::new(settings)?, bounds, ties: entry::ties(settings)?, policy, written })
}

/// Returns the default policy: the shape of the current tag.
pub fn default_entry() -> PolicyEntry {
    let bounds = Bounds { max_bump: None, rejects_outliers: true, allows_downgrade: false, allows_older_build: false };
    let policy = Policy::ordered(shape::ShapePolicy::Same);
    PolicyEntry { policy, filter: Filter::default(), bounds, ties: None, written: "shape".to_owned() }
}

fn kind_of(settings: &Settings) -> Result<&'static PolicyKind, PolicyError> {
    let mut kinds = POLICIES.iter().filter(|kind| settings.keys().any(|key| key == kind.key));
    let names = || POLICIES.iter().map(|kind| kind.key);
    match (kinds.next(), kinds.next()) {
        (Some(kind), None) => Ok(kind),
        (Some(one), Some(other)) => {
            let message = format!("expected one kind of policy, found a second beside `{}`", one.key);
            Err(PolicyError::at_key(other.key, message)
                .with_hint(format!("remove `{}` or `{}`, or define a policy of its own for each", one.key, other.key)))
        }
        (None, _) => {
            let likely = settings.keys().find_map(|key| nearest_name(key, names()).map(|name| (key, name)));
            Err(match likely {
                Some((key, name)) => {
                    PolicyError::at_key(key, "unknown kind of policy").with_hint(format!("use `{name}`"))
                }
                None => {
                    let is_option = |key: &&str| key.is_empty() || common_options().any(|option| option.key == *key);
                    let unknown = settings.keys().find(|key| !is_option(key));
                    let error = unknown.map_or_else(
                        || PolicyError::whole("missing the kind of policy"),
                        |key| PolicyError::at_key(key, "unknown kind of policy"),
                    );
                    error.with_hint(format!("use one of {}, as in `{{ semver: \">=1.0 <3\" }}`", code_list(names())))
                }
            })
        }
    }
}
