//! Tagboat updates container image references in a GitOps repository through pull requests.
//!
//! This page is the map of the code: the words, the pipeline, the layers, and where a new part goes.
//!
//! # Words
//!
//! | word | meaning |
//! |---|---|
//! | manifest | a file in the GitOps repository; an OCI manifest is an *image manifest* |
//! | repository | the git repository; an OCI repository is an [`ImageName`](image::ImageName), normalized: `nginx` is `docker.io/library/nginx` |
//! | reference | an [`ImageReference`](image::ImageReference): name, tag, digest, and the text as written; a git ref is a [`BranchName`](refname::BranchName) or a [`CommitId`](refname::CommitId) |
//! | occurrence | an [`Occurrence`](manifest::Occurrence): one place in a manifest that holds a reference: file, byte spans, format; its identity is an [`OccurrenceId`](manifest::OccurrenceId) |
//! | notice | a [`Notice`](manifest::Notice): what is not read as a reference although it may hold one, with the reason: a value, a file, a folder, or a setting of another tool |
//! | managed, held, ignored | a [`Status`](govern::Status): under a policy, or needs a person, or deliberately left alone; the last two have a reason |
//! | candidate | a [`Candidate`](policy::Candidate): a tag with the facts known about it |
//! | verdict, reason | a [`Verdict`](policy::Verdict) and its [`Reason`](policy::Reason): accepted, rejected or not eligible yet; one for each candidate |
//! | decision | a [`Decision`](policy::Decision): the current reference, the chosen one, and a verdict for each candidate on request |
//! | newer, older | by the order of the policy, whatever it compares: versions, numbers, build times or commits |
//! | lower, greater | a version or a number, whatever the policy |
//! | edit | an [`Edit`](manifest::Edit): byte span, expected bytes, replacement; the only way in which bytes change |
//! | group | the changes that share a pull request; its identity is a [`GroupId`](plan::GroupId): the base branch for direct commits, or a name |
//! | proposal, pull request | a [`Proposal`](plan::Proposal) is desired, a [`PullRequest`](plan::PullRequest) is observed; a merge request is a pull request |
//!
//! # Pipeline
//!
//! `config → discover → govern → look up → choose → plan → reconcile → publish → report`
//!
//! [`run::run_once`] is one pass from *discover* to *publish*; [`run::run`](fn@run::run) repeats it after a lost race.
//!
//! | stage | from → to | code |
//! |---|---|---|
//! | config | text → [`Config`](config::Config), which cannot hold an invalid state | [`config::parse_all`] |
//! | discover | bytes of files → [`Finding`](manifest::Finding)s | [`manifest::find`], called by `run::discover` |
//! | govern | findings → [`Listed`](govern::Listed): managed, held or ignored | [`govern::govern`](fn@govern::govern) |
//! | look up | image → tags, digests and facts that the policy needs | `run::lookup`, through the trait [`Registry`](registry::Registry) |
//! | choose | [`Question`](policy::Question) → [`Decision`](policy::Decision); all of them are [`Decisions`](run::Decisions) | [`policy::choose`], which names the facts that it lacks to `run::lookup` |
//! | plan | decisions → [`Change`](plan::Change)s → [`Draft`](plan::Draft)s; both are in [`Planned`](run::Planned) | [`plan::change`](fn@plan::change), [`plan::group`](fn@plan::group) |
//! | reconcile | desired × observed → [`Action`](plan::Action): commit, open, update, close, or leave, and why | [`plan::reconcile`](fn@plan::reconcile) |
//! | publish | action × branch state → [`Step`](plan::Step) → [`Proposal`](plan::Proposal) → [`Published`](run::Published) | [`plan::step`](fn@plan::step) and [`plan::texts`]; `run::publish` does it through the traits [`Git`](git::Git) and [`Forge`](forge::Forge); the bytes come from [`manifest::edits`] and [`manifest::rewrite`] |
//! | report | [`RunOutcome`](run::RunOutcome) → [`RunReport`](report::RunReport) → bytes for people and scripts | `run::reports`, then [`report::RENDERERS`] |
//!
//! Each stage has one function and one type. *Look up* and *choose* alternate image by image, since a policy names the facts that
//! it lacks: `run::lookup` drives both. A later stage never fills a field of an earlier stage's type.
//!
//! # Layers
//!
//! A module imports only what the table in `docs/design.md` allows, and `tests/it/layers.rs` checks every import and call
//! against that table. In short:
//!
//! | layer | modules | may import | pure |
//! |---|---|---|---|
//! | words | [`text`], [`image`], [`refname`], [`secret`], [`docs`] | nothing | yes |
//! | rules | [`policy`], [`manifest`], [`config`], [`interop`], [`govern`] | words; [`config`] also [`policy`]; [`interop`] and [`govern`] all rules above them | yes |
//! | plan | [`plan`], [`report`] | words, rules; [`report`] also [`plan`] | yes |
//! | hands | `child`, `temporary`, [`http`], [`registry`], [`forge`], [`git`] | words; all but [`forge`] also `child`, all but [`http`] also `temporary`; [`registry`] and [`forge`] also [`http`]; [`forge`] also the types of a pull request in [`plan`] | no |
//! | shell | [`error`], [`run`] | all above | no |
//! | door | [`demo`], [`cli`] | all above | no |
//!
//! *Pure* means: no files, environment, network, processes, threads, clock, randomness or logging. Time is an argument.
//!
//! # Where a new part goes
//!
//! A folder of back ends has the trait in a file of its own, one file for each member (the types of a large API are beside it, and two members that share
//! their text share a file), and an explicit table of the members in its `mod.rs`. No two files import each other.
//!
//! | to add | write | register | prove |
//! |---|---|---|---|
//! | a forge | one file in `src/forge/forges/`: the trait [`Forge`](forge::Forge) | a row in [`FORGES`](forge::FORGES) | `fixtures/forge/`, and a double in `tests/it/support/` that refuses what the vendor refuses |
//! | a manifest format | one file in `src/manifest/formats/`: the trait [`Format`](manifest::Format) | a row in [`FORMATS`](manifest::FORMATS) | `fixtures/manifest/` |
//! | a policy | one file in `src/policy/ordered/` or `src/policy/pinned/`: the trait [`OrderedPolicy`](policy::OrderedPolicy) or [`PinnedPolicy`](policy::PinnedPolicy) | a row in [`POLICIES`](policy::POLICIES); a new kind of reason also in `policy/reason/` | `fixtures/policy/` |
//! | a registry vendor | one file in `src/registry/vendors/`: the trait [`Vendor`](registry::Vendor) | a row in [`VENDORS`](registry::VENDORS) | a test over HTTP in `tests/it/registries/` |
//! | an output format | one file in `src/report/`: the trait [`Renderer`](report::Renderer) | a row in [`RENDERERS`](report::RENDERERS) | `fixtures/report/` |
//! | something about another tool | the folder of the tool in [`interop`]; a grammar that `manifest` needs to find references is in `src/manifest/formats/`, which may not import [`interop`]: `argo_cd.rs`, `flux.rs` and `octopus.rs`; that of comments is in `src/manifest/marker/` | – | fixtures of that tool |
//! | a configuration key | `src/config/schema.rs`, then `merge.rs`, `validate.rs` and [`Config`](config::Config); a key of the operator also in `operator_keys.rs` | – | `fixtures/config/{valid,invalid}/` |
//! | a command or a flag | `src/cli/args.rs`, and a function in `src/cli/` | – | `tests/it/cli.rs` |
//!
//! Tests walk the tables. `tests/it/docs.rs` fails until the documentation shows a new forge, format, policy or key.
//!
//! # Why this tag?
//!
//! [`policy::choose`] makes the [`Decision`](policy::Decision). A [`Reason`](policy::Reason) is data; its text is written in
//! one place, `policy::reason`. [`policy::explain`](fn@policy::explain) returns the verdict on every tag, `tagboat explain
//! IMAGE` prints them as an [`Explanation`](report::Explanation), and [`plan::texts`] writes the same sentences into the pull
//! request. To fix a wrong choice, first add a row to a table in `fixtures/policy/`.
//!
//! # Promises
//!
//! | promise | kept by |
//! |---|---|
//! | only the bytes of the reference change in a file | [`manifest::rewrite`] reads the result again and compares all values |
//! | no guess: what is unknown changes nothing | [`Outcome`](policy::Outcome) has a case for it, and [`plan::reconcile`](fn@plan::reconcile) leaves its pull requests alone |
//! | no commit of another person is overwritten | a push names the commit that it replaces: [`Git`](git::Git) |
//! | at most one open pull request for a group | the branch name comes from the group: [`plan::group`](fn@plan::group); `open` in `forge::lifecycle` updates one that is open |
//! | no secret is printed | [`Secret`](secret::Secret) has no text; [`http::redacted`] removes secrets from URLs |
//! | a credential is sent only to its host, and to the token services of that vendor or in `auth-hosts` | [`registry`] and [`http`] |

mod child;
pub mod cli;
pub mod config;
pub mod demo;
pub mod docs;
pub mod error;
pub mod forge;
pub mod git;
pub mod govern;
pub mod http;
pub mod image;
pub mod interop;
pub mod manifest;
pub mod plan;
pub mod policy;
pub mod refname;
pub mod registry;
pub mod report;
pub mod run;
pub mod secret;
mod temporary;
pub mod text;
