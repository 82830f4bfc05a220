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
mod policy;
pub mod reason;
mod selection;
mod settings;
mod versions;

use ordered::{alphabetical, calver, git_history, newest_build, numerical, pattern, semver, shape};
use pinned::{digest, exact, follow};

use crate::text::nearest_name;

pub use candidate::{Candidate, Known, Need};
pub use decision::{CandidateVerdict, Choice, Decision, Outcome, Verdict};
pub use entry::Entry;
pub use external_facts::{ExternalFacts, ExternalNeed};
pub use filter::Filter;
pub use history::History;
pub use ordered_policy::{OrderedPolicy, ReadError, TagReader, Ties};
pub use pinned::exact::Exact;
pub use pinned_policy::{PinnedPolicy, PinnedTarget};
pub use policy::Policy;
pub use reason::Reason;
pub use selection::{Bounds, Gates, Question, Step, choose, explain, undecidable};
pub use settings::{OptionDoc, PolicyError, Settings, pattern as regex};
pub use versions::{Bump, Key, Range, RangeError, Version};

/// One kind of policy.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
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
pub const POLICIES: &[Kind] = &[
    Kind { key: "shape",        about: "the greatest numbers in a tag of the same shape; the default", example: "{ shape: same }",                                                        options: shape::OPTIONS,        build: shape::build },
    Kind { key: "semver",       about: "the greatest version in a range",                                example: r#"{ semver: ">=1.0 <3" }"#,                                               options: semver::OPTIONS,       build: semver::build },
    Kind { key: "calver",       about: "the latest calendar version in a layout",                        example: "{ calver: YYYY.0M.MICRO }",                                               options: calver::OPTIONS,       build: calver::build },
    Kind { key: "numerical",    about: "the greatest number",                                            example: r"{ numerical: asc, include: '^build-(?<n>\d+)$', extract: $n }",          options: numerical::OPTIONS,    build: numerical::build },
    Kind { key: "alphabetical", about: "the last in byte order",                                         example: "{ alphabetical: asc, include: '^RELEASE\\.' }",                           options: alphabetical::OPTIONS, build: alphabetical::build },
    Kind { key: "pattern",      about: "the greatest by the named groups of a regular expression",       example: r"{ pattern: '^main-[0-9a-f]{7,40}-(?<ts>\d+)$', order: [ts] }",           options: pattern::OPTIONS,      build: pattern::build },
    Kind { key: "newest-build", about: "the image that was built last",                                  example: "{ newest-build: true, include: '^main-' }",                               options: newest_build::OPTIONS, build: newest_build::build },
    Kind { key: "git-history",  about: "the latest commit on a branch of a clone of the source repository",       example: "{ git-history: ../api, branch: origin/main }",                            options: git_history::OPTIONS,  build: git_history::build },
    Kind { key: "digest",       about: "a moving tag stays, its digest follows the registry",               example: "{ digest: latest }",                                                      options: digest::OPTIONS,       build: digest::build },
    Kind { key: "follow",       about: "the version at other paths of this repository (promotion)",            example: "{ follow: envs/staging/** }",                                             options: follow::OPTIONS,       build: follow::build },
    Kind { key: "exact",        about: "one tag that was selected elsewhere",                          example: r#"{ exact: "1.4.2" }"#,                                                   options: exact::OPTIONS,        build: exact::build },
];

/// Options that every policy has.
pub fn common_options() -> impl Iterator<Item = &'static OptionDoc> {
    filter::OPTIONS.iter().chain(selection::OPTIONS).chain(entry::OPTIONS)
}

/// Reads an entry: its kind, the kind's options and the common ones. An unknown key is an error with a suggestion.
pub fn build(settings: &Settings) -> Result<Entry, PolicyError> {
    let kind = kind_of(settings)?;
    let known = || kind.options.iter().chain(common_options()).map(|option| option.key);
    if let Some(unknown) = settings.keys().find(|key| *key != kind.key && !known().any(|name| name == *key)) {
        let error = PolicyError::at(unknown, format!("unknown option of a {} policy", kind.key));
        return Err(match nearest_name(unknown, known()) {
            Some(name) => error.with_hint(format!("did you mean `{name}`?")),
            None => error.with_hint(format!("use one of {}", known().collect::<Vec<_>>().join(", "))),
        });
    }
    let policy = (kind.build)(settings)?;
    let bounds = Bounds::new(settings, policy.reads_versions())?;
    Ok(Entry { filter: Filter::new(settings)?, bounds, ties: entry::ties(settings)?, policy })
}

/// Returns the default policy: the shape of the current tag.
pub fn default_entry() -> Entry {
    let bounds = Bounds { max_bump: None, reject_outliers: true, allow_downgrade: false };
    Entry { policy: Policy::ordered(shape::Shape), filter: Filter::default(), bounds, ties: None }
}

fn kind_of(settings: &Settings) -> Result<&'static Kind, PolicyError> {
    let mut kinds = POLICIES.iter().filter(|kind| settings.keys().any(|key| key == kind.key));
    let names = || POLICIES.iter().map(|kind| kind.key);
    match (kinds.next(), kinds.next()) {
        (Some(kind), None) => Ok(kind),
        (Some(one), Some(other)) => Err(PolicyError::at(other.key, format!("second policy besides `{}`", one.key))
            .with_hint("write one policy per entry, or two entries")),
        (None, _) => {
            let likely = settings.keys().find_map(|key| nearest_name(key, names()).map(|name| (key, name)));
            Err(match likely {
                Some((key, name)) => {
                    PolicyError::at(key, "unknown policy").with_hint(format!("did you mean `{name}`?"))
                }
                None => PolicyError::whole("no policy")
                    .with_hint(format!("set one of {}", names().collect::<Vec<_>>().join(", "))),
            })
        }
    }
}
