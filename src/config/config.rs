//! The validated configuration with its defaults. It cannot hold an invalid state.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use globset::GlobMatcher;

use super::source::{ConfigSource, Setting};
use super::unreachable::UnreachableRule;
use super::values::patterns::Patterns;
use super::values::schedule::Schedule;
use super::values::template::Template;
use crate::image::{AppVersion, ReferencePattern, TagField};
use crate::policy::{Gates, Pinning, PolicyEntry, Settings};
use crate::refname::BranchName;
use crate::text::Position;

/// The configuration of a run.
#[derive(Debug, Clone)]
pub struct Config {
    /// Which files are read.
    pub paths: Paths,
    /// Additional places in which references are found.
    pub manifests: ManifestSettings,
    /// The globs of the configuration, to report those that match nothing.
    pub declared_globs: Vec<DeclaredGlob>,
    /// The rules that no reference reaches.
    pub unreachable_rules: Vec<UnreachableRule>,
    /// Policies by name, the built-in `shape` among them.
    pub policies: BTreeMap<String, NamedPolicy>,
    /// The rules in their order: the first that matches a reference applies to it.
    pub rules: Vec<Rule>,
    /// How changes become pull requests.
    pub pull_requests: PullRequests,
    /// Settings of registries, by host and port as in a normalized image name.
    pub registries: BTreeMap<String, RegistrySettings>,
    /// Limits on responses of registries.
    pub limits: LimitSettings,
    /// The manifests repository.
    pub git: GitSettings,
    /// Where pull requests are opened.
    pub forge: ForgeSettings,
    /// Whether the repository's own configuration is used.
    pub repository_config: RepositoryConfig,
    /// The files of the configuration that are in the repository, from its root.
    pub own_files: Vec<String>,
    /// The folder of the repository's file, where the clone of a `git-history` policy starts.
    pub folder: PathBuf,
}

/// A policy under its name.
#[derive(Debug, Clone)]
pub struct NamedPolicy {
    /// The policy with its filters and bounds.
    pub entry: Arc<PolicyEntry>,
    /// Its keys as written. Two policies with the same keys and values do not conflict.
    pub settings: Settings,
}

/// Which files are read.
#[derive(Debug, Clone)]
pub struct Paths {
    pub(super) include: Patterns,
    pub(super) exclude: Patterns,
}

/// Additional places in which references are found.
#[derive(Debug, Clone, Default)]
pub struct ManifestSettings {
    /// Whether defaults such as `${TAG:-1.2}` in compose files are kept up to date.
    pub variable_defaults: bool,
    /// Charts whose `appVersion` is the tag of an image.
    pub app_versions: Vec<AppVersion>,
    /// Values that hold a tag alone.
    pub tags: Vec<TagField>,
    /// Regular expressions that find references in files of other formats.
    pub patterns: Vec<ReferencePattern>,
}

/// A glob of the configuration.
#[derive(Debug, Clone)]
pub struct DeclaredGlob {
    /// The key that has it.
    pub key: DeclaredKey,
    /// The glob as written.
    pub written: String,
    /// The glob that paths or names of images are matched with.
    pub glob: GlobMatcher,
    /// Who wrote it.
    pub written_by: ConfigSource,
    /// The name of the configuration file.
    pub file: String,
    /// The position in that file.
    pub position: Position,
}

/// A key whose values are globs on paths or on names of images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeclaredKey {
    /// `paths.include`.
    Include,
    /// `paths.exclude`.
    Exclude,
    /// `paths` of a rule.
    RulePaths,
    /// `images` of a rule.
    RuleImages,
    /// `follow` of a policy.
    Follow,
    /// `paths` of `manifests.app-versions`.
    AppVersions,
    /// `paths` of `manifests.tags`, with the `field` beside it and the position of that.
    Tags(String, Position),
    /// `paths` of `manifests.patterns`.
    Patterns,
}

/// A rule: the references that it matches, and how they are updated.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The images that it matches.
    pub images: Patterns,
    /// The files that it matches.
    pub paths: Patterns,
    /// A key of [`Config::policies`], or `ignore`.
    pub policy: String,
    /// Whether the rule names the policy, rather than leaving it to the default.
    pub names_policy: bool,
    /// The conditions that an image meets before it is proposed.
    pub gates: Gates,
    /// Whether the digest is written beside the tag.
    pub pinning: Pinning,
    /// Whether a comment that repeats the tag is changed with it.
    pub comments: bool,
    /// How a change is written to the repository, if the rule says so.
    pub mode: Option<Mode>,
    /// The position of the rule: `tagboat.yaml:12`.
    pub source: String,
    /// Who wrote the rule.
    pub written_by: ConfigSource,
}

impl Rule {
    /// Returns this rule with the stricter gates of both rules: the greater age, the platforms of both, and a review if one of them
    /// requires it. The author of this rule cannot loosen the gates of the other.
    #[must_use]
    pub fn with_gates_of(mut self, other: &Self) -> Self {
        self.gates.min_age = self.gates.min_age.max(other.gates.min_age);
        for platform in &other.gates.platforms {
            if !self.gates.platforms.contains(platform) {
                self.gates.platforms.push(platform.clone());
            }
        }
        self.pinning = self.pinning.max(other.pinning);
        self.mode = if other.mode == Some(Mode::PullRequest) { other.mode } else { self.mode.or(other.mode) };
        self
    }
}

/// Whether the repository's own configuration is used beside the operator's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RepositoryConfig {
    /// It is used, and a value that the operator also sets is the operator's.
    #[default]
    Merge,
    /// It is ignored.
    Ignore,
    /// It is used, and an error if there is none.
    Required,
}

impl RepositoryConfig {
    /// The values of the key.
    pub const ALL: [(&str, Self); 3] = [("merge", Self::Merge), ("ignore", Self::Ignore), ("required", Self::Required)];
}

/// How a change is written to the repository.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// Through a pull request, which a person reviews.
    #[default]
    PullRequest,
    /// As a commit on the base branch.
    Commit,
}

impl Mode {
    /// The values of the key.
    pub const ALL: [(&str, Self); 2] = [("pull-request", Self::PullRequest), ("commit", Self::Commit)];
}

/// The name of the policy under which references are ignored.
pub(crate) const IGNORE: &str = "ignore";
/// The name of the built-in policy, which is the default.
pub(crate) const SHAPE: &str = "shape";

impl Config {
    /// Returns the policy with a name, which may be the built-in `shape`.
    pub fn policy(&self, name: &str) -> Option<Arc<PolicyEntry>> {
        self.policies.get(name).map(|named| Arc::clone(&named.entry))
    }
}

impl Paths {
    /// Returns whether a file is read, by its path from the repository's root.
    pub fn read(&self, path: &str) -> bool {
        self.include.match_path(path) && !self.exclude.match_path(path)
    }
}

/// How changes become pull requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequests {
    /// Template of the group: changes with the same group share a pull request.
    pub group: Template,
    /// The start of branch names. With any word after it, the name is valid.
    pub branch_prefix: String,
    /// Template of the branch name after the prefix; `None` is the built-in one.
    pub branch: Option<Template>,
    /// Template of the title; `None` is the built-in one.
    pub title: Option<Template>,
    /// Template of the body.
    pub body: Option<Template>,
    /// Template of the commit message.
    pub commit_message: Option<Template>,
    /// Labels of every pull request.
    pub labels: Vec<String>,
    /// Users who are requested as reviewers.
    pub reviewers: Vec<String>,
    /// Teams that are requested as reviewers.
    pub team_reviewers: Vec<String>,
    /// Users who are assigned.
    pub assignees: Vec<String>,
    /// Whether pull requests are opened as drafts.
    pub draft: bool,
    /// The maximum number of open pull requests.
    pub max_open: usize,
    /// The maximum number of pull requests that one run opens; with `None`, only `max_open` limits it.
    pub max_per_run: Option<usize>,
    /// Labels that make Tagboat leave a pull request unchanged.
    pub hold_labels: Vec<String>,
    /// When pull requests are opened and updated.
    pub schedule: Schedule,
    /// How the forge merges pull requests automatically; `None` disables auto-merge.
    pub auto_merge: Option<MergeMethod>,
}

/// How a pull request is merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergeMethod {
    /// With a merge commit.
    Merge,
    /// As one commit.
    Squash,
    /// By adding its commits to the base branch.
    Rebase,
}

impl MergeMethod {
    /// The values of the key.
    pub const ALL: [(&str, Self); 3] = [("merge", Self::Merge), ("squash", Self::Squash), ("rebase", Self::Rebase)];
}

impl Default for PullRequests {
    fn default() -> Self {
        Self {
            group: Template::built_in("{{ path_dir }}"),
            branch_prefix: "tagboat/".to_owned(),
            branch: None,
            title: None,
            body: None,
            commit_message: None,
            labels: Vec::new(),
            reviewers: Vec::new(),
            team_reviewers: Vec::new(),
            assignees: Vec::new(),
            draft: false,
            max_open: 5,
            max_per_run: None,
            hold_labels: vec!["tagboat:hold".to_owned()],
            schedule: Schedule::default(),
            auto_merge: None,
        }
    }
}

/// Settings of one registry. It names environment variables, never their values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegistrySettings {
    /// Whether a repository, not the operator, set all of this.
    pub is_of_repository: bool,
    /// The server that is used instead of the registry: `host[:port][/prefix]` or a URL.
    pub mirror: Option<Setting<String>>,
    /// A PEM file of certificate authorities.
    pub ca_file: Option<Setting<PathBuf>>,
    /// A PEM file with a client certificate and its key.
    pub client_cert_file: Option<PathBuf>,
    /// Who allowed plain HTTP for the registry or its mirror; `None` requires TLS.
    pub plain_http: Option<ConfigSource>,
    /// The variable with the user name.
    pub username_env: Option<String>,
    /// The variable with the password.
    pub password_env: Option<String>,
    /// The variable with a token, which replaces the password. A user name is optional.
    pub token_env: Option<String>,
    /// Hosts of token services that also receive the credential.
    pub auth_hosts: Vec<String>,
    /// The number of tags per page of a tag list.
    pub page_size: Option<u32>,
    /// The maximum number of requests in one run.
    pub max_requests: Option<u64>,
    /// A folder with an OCI image layout to read instead of a server.
    pub oci_layout: Option<PathBuf>,
}

/// Limits on responses of registries; `None` is the default of a limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LimitSettings {
    /// The maximum number of tags of one image.
    pub max_tags: Option<u32>,
    /// The maximum number of pages of one tag list.
    pub max_pages: Option<u32>,
    /// The maximum size of one response in bytes.
    pub max_response: Option<u64>,
    /// Timeout of one request.
    pub request_timeout: Option<Duration>,
    /// Timeout of all requests about one image.
    pub image_timeout: Option<Duration>,
}

/// The manifests repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitSettings {
    /// The name and e-mail address of author and committer.
    pub author: Option<(String, String)>,
    /// The branch that pull requests go to; `None` is the remote's default branch.
    pub base: Option<BranchName>,
    /// The name of the remote.
    pub remote: String,
    /// How commits reach the remote; `None` is the default of the forge.
    pub commits: Option<CommitWay>,
    /// The key that signs pushed commits.
    pub sign: Option<SignSettings>,
    /// Names of environment variables that git inherits besides those that it always needs.
    pub pass_env: Vec<String>,
}

/// The key that signs commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignSettings {
    /// The value of `gpg.format` in git: `openpgp`, `ssh` or `x509`.
    pub format: &'static str,
    /// The file of an SSH key, or the id of a key in a keyring.
    pub key: String,
}

impl SignSettings {
    /// The values of the key, which are those of git.
    pub const FORMATS: [(&str, &'static str); 3] = [("ssh", "ssh"), ("openpgp", "openpgp"), ("x509", "x509")];
}

/// How commits reach the remote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitWay {
    /// They are made on this machine and pushed by git.
    Push,
    /// The forge makes them through its API.
    Api,
}

impl CommitWay {
    /// The values of the key.
    pub const ALL: [(&str, Self); 2] = [("push", Self::Push), ("api", Self::Api)];
}

impl Default for GitSettings {
    fn default() -> Self {
        Self { author: None, base: None, remote: "origin".to_owned(), commits: None, sign: None, pass_env: Vec::new() }
    }
}

/// Where pull requests are opened; `None` is derived from the git remote.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForgeSettings {
    /// The name of the forge as written. It is compared with the table of forges where the forge is connected.
    pub kind: Option<Setting<String>>,
    /// The address of the server or of its API.
    pub url: Option<Setting<String>>,
    /// The repository on the forge.
    pub repository: Option<String>,
    /// The folder of a `local` forge.
    pub folder: Option<Setting<PathBuf>>,
}
