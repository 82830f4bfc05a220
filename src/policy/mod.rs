//! Which tag: policies judge and compare, choosing picks, explaining tells why.
//!
//! A policy is one file and one row of [`POLICIES`]; [`build()`] reads an entry as users write it, [`choose()`] answers a
//! [`Question`] or says which facts it needs, and [`explain()`] gives the verdict on every tag.

mod alphabetical;
mod bounds;
mod calver;
mod choose;
mod digest;
mod entry;
mod exact;
mod explain;
mod external_facts;
mod filter;
mod follow;
mod gates;
mod git_history;
mod history;
mod key;
mod mould;
mod moving;
mod newest_build;
mod numerical;
mod pattern;
mod policy;
mod question;
mod range;
mod reason;
mod semver;
mod settings;
mod shape;
mod sieve;
mod survey;

use std::sync::Arc;

pub use bounds::{Bounds, Bump};
pub use choose::{Step, choose, undecidable};
pub use entry::Entry;
pub use exact::Exact;
pub use explain::explain;
pub use external_facts::{ExternalFacts, ExternalNeed};
pub use filter::Filter;
pub use gates::Gates;
pub use history::History;
pub use key::Key;
pub use policy::{
    Candidate, CandidateVerdict, Choice, Decision, Follow, Known, Need, Outcome, Policy, Reader, Reason, Rejection,
    Ties, Verdict,
};
pub use question::Question;
pub use range::{Range, RangeError, Version};
pub use settings::{OptionDoc, PolicyError, Settings, nearest, pattern as regex};

/// One kind of policy: what its key is, what it is for, how it is built.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The key of an entry that makes it one of this kind.
    pub key: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// An entry, in YAML.
    pub example: &'static str,
    /// Its options beside those that every policy understands.
    pub options: &'static [OptionDoc],
    /// Reads an entry that has the key.
    pub build: fn(&Settings) -> Result<Arc<dyn Policy>, PolicyError>,
}

/// All kinds of policies, in the order in which they are told.
#[rustfmt::skip]
pub const POLICIES: &[Kind] = &[
    Kind { key: "shape",        about: "greater numbers in a tag of the same shape; needs nothing else", example: "{ shape: same }",                                                        options: shape::OPTIONS,        build: shape::build },
    Kind { key: "semver",       about: "the greatest version in a range",                                example: r#"{ semver: ">=1.0 <3" }"#,                                               options: semver::OPTIONS,       build: semver::build },
    Kind { key: "calver",       about: "the latest calendar version in a layout",                        example: "{ calver: YYYY.0M.MICRO }",                                               options: calver::OPTIONS,       build: calver::build },
    Kind { key: "numerical",    about: "the greatest number",                                            example: r"{ numerical: asc, include: '^build-(?<n>\d+)$', extract: $n }",          options: numerical::OPTIONS,    build: numerical::build },
    Kind { key: "alphabetical", about: "the last in byte order",                                         example: "{ alphabetical: asc, include: '^RELEASE\\.' }",                           options: alphabetical::OPTIONS, build: alphabetical::build },
    Kind { key: "pattern",      about: "the greatest by the named groups of a regular expression",       example: r"{ pattern: '^main-[0-9a-f]{7,40}-(?<ts>\d+)$', order: [ts] }",           options: pattern::OPTIONS,      build: pattern::build },
    Kind { key: "newest-build", about: "the image that was built last",                                  example: "{ newest-build: true, include: '^main-' }",                               options: newest_build::OPTIONS, build: newest_build::build },
    Kind { key: "git-history",  about: "the last commit on a branch of the source repository's clone",       example: "{ git-history: ../api, branch: origin/main }",                            options: git_history::OPTIONS,  build: git_history::build },
    Kind { key: "digest",       about: "a moving tag stays, the digest beside it follows",               example: "{ digest: latest }",                                                      options: digest::OPTIONS,       build: digest::build },
    Kind { key: "follow",       about: "what stands at other paths of this repository: promotion",            example: "{ follow: envs/staging/** }",                                             options: follow::OPTIONS,       build: follow::build },
    Kind { key: "exact",        about: "one tag that somebody else has chosen",                          example: r#"{ exact: "1.4.2" }"#,                                                   options: exact::OPTIONS,        build: exact::build },
];

/// Options that every policy understands.
pub fn common_options() -> impl Iterator<Item = &'static OptionDoc> {
    filter::OPTIONS.iter().chain(bounds::OPTIONS).chain(entry::OPTIONS)
}

/// Reads an entry: its kind, the kind's options and the common ones. Strict: an unknown key is an error that names the
/// nearest right one.
pub fn build(settings: &Settings) -> Result<Entry, PolicyError> {
    let kind = kind_of(settings)?;
    let known = || kind.options.iter().chain(common_options()).map(|option| option.key);
    if let Some(unknown) = settings.keys().find(|key| *key != kind.key && !known().any(|name| name == *key)) {
        let error = PolicyError::at(unknown, format!("is no option of a {} policy", kind.key));
        return Err(match settings::nearest(unknown, known()) {
            Some(name) => error.with_hint(format!("did you mean `{name}`?")),
            None => error.with_hint(format!("its options are {}", known().collect::<Vec<_>>().join(", "))),
        });
    }
    let policy = (kind.build)(settings)?;
    let bounds = Bounds::new(settings, policy.reads_versions())?;
    Ok(Entry { filter: Filter::new(settings)?, bounds, ties: entry::ties(settings)?, policy })
}

/// What governs an image that nothing is said about: its shape.
pub fn default_entry() -> Entry {
    let bounds = Bounds { max_bump: None, refuse_outliers: true, allow_downgrade: false };
    Entry { policy: Arc::new(shape::Shape), filter: Filter::default(), bounds, ties: None }
}

fn kind_of(settings: &Settings) -> Result<&'static Kind, PolicyError> {
    let mut kinds = POLICIES.iter().filter(|kind| settings.keys().any(|key| key == kind.key));
    let names = || POLICIES.iter().map(|kind| kind.key);
    match (kinds.next(), kinds.next()) {
        (Some(kind), None) => Ok(kind),
        (Some(one), Some(other)) => Err(PolicyError::at(other.key, format!("is another policy beside `{}`", one.key))
            .with_hint("an entry is one policy; name two")),
        (None, _) => {
            let likely = settings.keys().find_map(|key| settings::nearest(key, names()).map(|name| (key, name)));
            Err(match likely {
                Some((key, name)) => PolicyError::at(key, "is no policy").with_hint(format!("did you mean `{name}`?")),
                None => PolicyError::whole("names no policy")
                    .with_hint(format!("one key has to be one of {}", names().collect::<Vec<_>>().join(", "))),
            })
        }
    }
}
