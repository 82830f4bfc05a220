//! Tagboat brings new container image tags into a GitOps repository, as pull requests.
//!
//! This page is the map of the house: its words, the way through it, its layers, and where things are added.
//!
//! # Words
//!
//! | word | means |
//! |---|---|
//! | manifest | a file in the GitOps repository; what OCI calls a manifest is only spoken of inside [`registry`] |
//! | repository | the git one; what OCI calls a repository is an [`ImageName`](image::ImageName), normalised: `nginx` is `docker.io/library/nginx` |
//! | reference | an [`ImageReference`](image::ImageReference): name, tag and digest, and the text as written; a git ref is a [`BranchName`](refname::BranchName) or [`CommitId`](refname::CommitId) |
//! | occurrence | an [`Occurrence`](manifest::Occurrence): one place in a manifest where a reference stands; file, bytes, form |
//! | notice | a [`Notice`](manifest::Notice): what looks like a reference and is left alone, with the reason |
//! | candidate | a [`Candidate`](policy::Candidate): a tag, with the facts known about it so far |
//! | verdict, reason | a [`Verdict`](policy::Verdict): accepted, or refused and why; there is one for every candidate |
//! | decision | a [`Decision`](policy::Decision): what stands there, what was chosen, and every verdict |
//! | edit | an [`Edit`](manifest::Edit): bytes of a file, what they are, what they become; the only way in which bytes change |
//! | draft, proposal | a [`Draft`](plan::Draft) is a group of changes; a [`Proposal`](plan::Proposal) is what its pull request should be |
//! | pull request | a [`PullRequest`](plan::PullRequest): what is, as the forge tells it; merge requests go by the same name |
//!
//! # The flow
//!
//! `config → discover → govern → look up → choose → plan → reconcile → publish → report`. [`run::run_once`] reads like that
//! sentence. [`run::run`](fn@run::run) repeats it after a concurrent change.
//!
//! | stage | from → to | where |
//! |---|---|---|
//! | config | text → [`Config`](config::Config), which can't hold a wrong state | [`config::parse`] |
//! | discover | bytes of files → [`Finding`](manifest::Finding)s | [`manifest::find`], called by `run::discover` |
//! | govern | findings → [`Listed`](govern::Listed): managed, held or ignored | [`govern::govern`](fn@govern::govern) |
//! | look up | image → tags, digests and facts that the policy needs | `run::lookup`, through the trait [`Registry`](registry::Registry) |
//! | choose | [`Question`](policy::Question) → [`Decision`](policy::Decision); all of them are [`Decisions`](run::Decisions) | [`policy::choose`], which names the facts that it lacks to `run::lookup` |
//! | plan | decisions → [`Change`](plan::Change)s → [`Draft`](plan::Draft)s; both are in [`Planned`](run::Planned) | [`plan::change`](fn@plan::change), [`plan::group`](fn@plan::group) |
//! | reconcile | desired × observed → [`Action`](plan::Action): commit, open, update, close, or leave, and why | [`plan::reconcile`](fn@plan::reconcile) |
//! | publish | action × branch state → [`Step`](plan::Step) → [`Proposal`](plan::Proposal) → [`Published`](run::Published) | [`plan::step`](fn@plan::step) and [`plan::texts`]; `run::publish` does it through the traits [`Git`](git::Git) and [`Forge`](forge::Forge); the bytes come from [`manifest::edits`] and [`manifest::rewrite`] |
//! | report | [`RunOutcome`](run::RunOutcome) → [`RunReport`](report::RunReport) → bytes for people and scripts | `run::present`, then [`report::RENDERERS`] |
//!
//! Each stage has one function and one type. A later stage never fills a field of an earlier stage's type.
//!
//! # Layers
//!
//! A module imports from layers below its own, never from its own but as said here, and never from one above. Pure means:
//! data in, data out; no files, network, processes, environment, clock, chance, log, and no waiting. `tests/it/layers.rs`
//! holds the sources against this table.
//!
//! | layer | modules | may import | touches the world |
//! |---|---|---|---|
//! | words | [`text`], [`image`], [`refname`], [`secret`] | nothing of ours | no |
//! | rules | [`policy`], [`manifest`], [`config`], [`interop`], [`govern`] | words, and rules named before them | no |
//! | plan | [`plan`], [`report`] | words, rules; `report` also `plan` | no |
//! | hands | [`http`], [`registry`], [`forge`], [`git`] | words they need; `registry` and `forge` also `http`; `forge` also what `plan` proposes | yes |
//! | shell | [`run`], [`error`] | everything below | yes |
//! | door | [`cli`], [`demo`] | everything below | yes |
//!
//! Folders of members look alike. The trait stands at the bottom, in a file of its own. Each member is one file above it.
//! `mod.rs` is on top and has the table of the members, in the order in which they are asked. No two files import each
//! other.
//!
//! # Where do I add …?
//!
//! | to add | write | register | prove |
//! |---|---|---|---|
//! | a forge | `src/forge/….rs`: the trait [`Forge`](forge::Forge) | a row in [`FORGES`](forge::FORGES) | `fixtures/forge/…/`, and a double in `tests/it/support/` that refuses what the vendor refuses |
//! | a manifest format | `src/manifest/….rs`: the trait [`Format`](manifest::Format) | a row in [`FORMATS`](manifest::FORMATS) | `fixtures/manifest/…/` |
//! | a policy | `src/policy/….rs`: the trait [`Policy`](policy::Policy) | a row in [`POLICIES`](policy::POLICIES) | `fixtures/policy/….txt` |
//! | a registry's quirk | `src/registry/vendors/….rs`: the trait [`Vendor`](registry::Vendor) | a row in [`VENDORS`](registry::VENDORS) | a test in that file, and one at the wire in `tests/it/registries/` |
//! | a way to report | `src/report/….rs`: the trait [`Renderer`](report::Renderer) | a row in [`RENDERERS`](report::RENDERERS) | `fixtures/report/` |
//! | a key of the configuration | `src/config/schema.rs`, then `validate.rs`, then [`Config`](config::Config) | – | `fixtures/config/{valid,invalid}/` |
//! | a command or a flag | `src/cli/args.rs` and a function in `src/cli/commands.rs` | – | `tests/it/cli.rs` |
//!
//! The tables of forges, formats, policies and renderers have tests that walk them; `tests/it/docs.rs` fails until the
//! documentation shows a new forge, format, policy or key.
//!
//! # Why this tag?
//!
//! [`policy::choose`] makes the [`Decision`](policy::Decision); every [`Verdict`](policy::Verdict) in it has a
//! [`Reason`](policy::Reason), and its text is written where the reason is found. [`policy::explain`](fn@policy::explain)
//! gives the verdict on every tag; `tagboat explain IMAGE` prints them as an
//! [`Explanation`](report::Explanation), and the same sentences go into the pull request by [`plan::texts`]. A wrong
//! choice is a row in `fixtures/policy/`: write the row first.
//!
//! # What must never happen
//!
//! | promise | kept by |
//! |---|---|
//! | nothing but the reference changes in a file | [`manifest::rewrite`] reads the result again and compares it |
//! | nothing is guessed: what is not known changes nothing | [`Outcome`](policy::Outcome) has a case for it, [`plan::reconcile`](fn@plan::reconcile) leaves its pull requests alone |
//! | no commit of somebody else is overwritten | a push names the commit that it replaces: [`Git`](git::Git) |
//! | no second pull request for a group | the branch is made from the group: [`plan::group`](fn@plan::group); [`Forge::open`](forge::Forge::open) asks first |
//! | no secret is printed | [`Secret`](secret::Secret) has no text of its own; [`http::redacted`] cleans URLs |
//! | a credential goes to one host | [`registry`] and [`http`] |

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
pub mod text;
