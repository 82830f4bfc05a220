//! The configuration as it is written: names, shapes and what they are for, with no check beyond the shape.
//!
//! The doc comments here are what editors show, through the JSON Schema. Nothing is required: what is left out has the
//! default that [`Config`](super::Config) gives it. A list that means *everything* when left out says so.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::syntax::located::Located;

/// The configuration of Tagboat: `tagboat.yaml` at the root of the manifests repository.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Schema {
    /// Which files are read.
    pub(super) paths: PathsSchema,
    /// Additional places in which references are found.
    pub(super) manifests: ManifestsSchema,
    /// Named ways to choose a tag. Rules and markers refer to them.
    pub(super) policies: BTreeMap<Located<String>, PolicySchema>,
    /// Which policy manages which reference: the first rule that matches decides. Without rules, `shape` manages every
    /// reference.
    pub(super) rules: Option<Vec<Located<RuleSchema>>>,
    /// How changes become pull requests.
    pub(super) pull_requests: PullRequestsSchema,
    /// Settings of registries, by host, with the port if it has one.
    pub(super) registries: BTreeMap<Located<String>, RegistrySchema>,
    /// Limits on responses of registries.
    pub(super) limits: LimitsSchema,
    /// The manifests repository.
    pub(super) git: GitSchema,
    /// Where pull requests are opened. Left out, it is derived from the URL of the git remote.
    pub(super) forge: ForgeSchema,
    /// What becomes of the `tagboat.yaml` of the repository, in the operator's configuration: `merge` (the default), `ignore` or
    /// `required`.
    pub(super) repository_config: Option<Located<String>>,
}

/// Which files are read.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct PathsSchema {
    /// Globs on the path from the repository's root; `*` crosses no slash, `**` does. Left out: every file.
    pub(super) include: Option<Vec<Located<String>>>,
    /// Globs of files that are not read though they are included.
    pub(super) exclude: Vec<Located<String>>,
}

/// Additional places in which references are found.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ManifestsSchema {
    /// Whether defaults such as `${TAG:-1.2}` in compose files are kept up to date.
    pub(super) variable_defaults: Option<bool>,
    /// Charts whose `appVersion` is the tag of an image.
    pub(super) app_versions: Vec<Located<AppVersionSchema>>,
    /// Values that hold a tag alone, and the image that it is a tag of.
    pub(super) tags: Vec<Located<TagSchema>>,
    /// Regular expressions that find references in files of any format.
    pub(super) patterns: Vec<Located<PatternSchema>>,
}

/// A chart whose `appVersion` is the tag of an image.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct AppVersionSchema {
    /// Globs on the paths of `Chart.yaml` files.
    pub(super) paths: Vec<Located<String>>,
    /// The image.
    pub(super) image: Option<Located<String>>,
}

/// A value that holds a tag alone.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct TagSchema {
    /// Globs on the paths of files.
    pub(super) paths: Vec<Located<String>>,
    /// The field of the value, as `tagboat list` prints it: `controller.image.tag`.
    pub(super) field: Option<Located<String>>,
    /// The image that it is a tag of.
    pub(super) image: Option<Located<String>>,
}

/// A regular expression that finds references in files of other formats.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct PatternSchema {
    /// Globs on the paths of files.
    pub(super) paths: Vec<Located<String>>,
    /// A regular expression with the named groups `tag` or `digest`, or both, and perhaps `name`:
    /// `^TAG=(?<tag>\S+)$`. `^` and `$` are the ends of a line.
    pub(super) regex: Option<Located<String>>,
    /// The image, where the expression has no group `name`.
    pub(super) image: Option<Located<String>>,
}

/// A policy, as a map of its keys, which [`crate::policy`] defines.
pub(super) type PolicySchema = BTreeMap<Located<String>, Located<serde_json::Value>>;

/// The policy of the references that the rule matches.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RuleSchema {
    /// Globs on the image name, as `docker.io/library/nginx` or as `nginx`; `*` crosses no slash, `**` does. Left out:
    /// every image.
    pub(super) images: Option<Vec<Located<String>>>,
    /// Globs on the path of the file. Left out: every file.
    pub(super) paths: Option<Vec<Located<String>>>,
    /// A name from `policies`, or `shape` (the default: newer tags of the same shape), or `ignore`.
    pub(super) policy: Option<Located<String>>,
    /// The minimum age of an image that is proposed: `3d`, `12h`, `1d 12h 30m`.
    pub(super) min_age: Option<Located<String>>,
    /// Platforms that an image has to support: `linux/amd64`, `linux/arm64`.
    pub(super) platforms: Vec<Located<String>>,
    /// Whether the digest is written beside the tag, where the manifest allows one.
    pub(super) pin: Option<bool>,
    /// How changes get into the repository: `pull-request` (the default), or `commit`: as a commit on the base branch, which
    /// `git.base` has to name.
    pub(super) mode: Option<Located<String>>,
    /// Whether a comment behind a value that repeats its tag (`# tag: 3.12`) is changed with it. Left out: it stays, and is
    /// reported.
    pub(super) update_comments: Option<bool>,
}

/// How changes become pull requests.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct PullRequestsSchema {
    /// What shares a pull request: `image`, `all`, or a template over `image`, `name`, `path`, `path_dir`, `environment`,
    /// `policy` and `bump`. Left out: `{{ path_dir }}`, one pull request per folder.
    pub(super) group: Option<Located<String>>,
    /// What the names of branches start with. Left out: `tagboat/`.
    pub(super) branch_prefix: Option<Located<String>>,
    /// Template of the branch name after the prefix, over `group`: `{{ group }}`, or `{{ group | replace("/", "-") }}`. Left
    /// out: the group, with what git or a forge would not take replaced.
    pub(super) branch: Option<Located<String>>,
    /// Template of the title.
    pub(super) title: Option<Located<String>>,
    /// Template of the body, in Markdown.
    pub(super) body: Option<Located<String>>,
    /// Template of the commit message.
    pub(super) commit_message: Option<Located<String>>,
    /// Labels of pull requests.
    pub(super) labels: Vec<String>,
    /// Users who are requested as reviewers.
    pub(super) reviewers: Vec<String>,
    /// Teams that are requested as reviewers, where the forge supports it.
    pub(super) team_reviewers: Vec<String>,
    /// Users to whom pull requests are assigned.
    pub(super) assignees: Vec<String>,
    /// Whether pull requests are opened as drafts.
    pub(super) draft: Option<bool>,
    /// The maximum number of open pull requests. Left out: 5.
    pub(super) max_open: Option<Located<u32>>,
    /// The maximum number of pull requests that one run opens. Left out: no limit beside `max-open`.
    pub(super) max_per_run: Option<Located<u32>>,
    /// Labels that make Tagboat leave a pull request unchanged: not updated, not closed. Left out: `tagboat:hold`.
    pub(super) hold_labels: Option<Vec<String>>,
    /// When pull requests are opened and updated. Left out: always.
    pub(super) schedule: Vec<Located<WindowSchema>>,
    /// Auto-merge: how the forge merges a pull request once the base branch's requirements are met: `merge`, `squash` or
    /// `rebase`. Left out: people merge.
    pub(super) auto_merge: Option<Located<String>>,
}

/// Hours in which pull requests are opened and updated.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct WindowSchema {
    /// Days of the week: `mon`, or a range: `mon-fri`. Left out: every day.
    pub(super) days: Vec<Located<String>>,
    /// From when to when: `09:00-17:30`; `22:00-06:00` ends on the next day. Left out: all day.
    pub(super) hours: Option<Located<String>>,
    /// The name of a time zone in the IANA database: `Europe/Berlin`. Left out: UTC.
    pub(super) time_zone: Option<Located<String>>,
}

/// Settings of one registry. Credentials are never written here: they come from the environment, from docker's
/// `config.json` or from the platform.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RegistrySchema {
    /// The server that is used instead: `127.0.0.1:5000`, `harbor.acme.internal/hub`, or a URL. A path is put before every image.
    pub(super) mirror: Option<Located<String>>,
    /// A PEM file of certificate authorities to trust besides the system's, from the configuration's folder.
    pub(super) ca_file: Option<Located<String>>,
    /// A PEM file with a client certificate and its private key. Only in the operator's configuration.
    pub(super) client_cert_file: Option<Located<String>>,
    /// Whether the registry, or its mirror, is reached without TLS. Nothing else makes a connection unencrypted, except a mirror
    /// that is written as `http://…`.
    pub(super) plain_http: Option<Located<bool>>,
    /// The environment variable that holds the user name. Only in the operator's configuration, as are the other keys that
    /// name credentials.
    pub(super) username_env: Option<Located<String>>,
    /// The environment variable that holds the password.
    pub(super) password_env: Option<Located<String>>,
    /// The environment variable that holds a token, in place of a password; the user name may then be left out.
    pub(super) token_env: Option<Located<String>>,
    /// Further hosts that may see the credential when they ask for tokens: token services that are not the registry.
    pub(super) auth_hosts: Vec<Located<String>>,
    /// The number of tags per page of a tag list. Left out: 1000.
    pub(super) page_size: Option<Located<u32>>,
    /// The maximum number of requests in one run. Left out: no limit.
    pub(super) max_requests: Option<u64>,
    /// A folder with an OCI image layout that is read instead of a server, from the configuration's folder.
    pub(super) oci_layout: Option<Located<String>>,
}

/// Limits on responses of registries.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct LimitsSchema {
    /// Maximum number of tags of one image. Left out: 500000.
    pub(super) max_tags: Option<Located<u32>>,
    /// Maximum number of pages of one tag list. Left out: 2000.
    pub(super) max_pages: Option<Located<u32>>,
    /// Maximum size of one response in MiB. Left out: 16.
    pub(super) max_response_mib: Option<Located<u32>>,
    /// Timeout of one request. Left out: `30s`.
    pub(super) request_timeout: Option<Located<String>>,
    /// Timeout of all requests about one image. Left out: `5m`.
    pub(super) image_timeout: Option<Located<String>>,
}

/// The manifests repository.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct GitSchema {
    /// Who writes the commits. Left out: `tagboat`.
    pub(super) author: Option<AuthorSchema>,
    /// The branch that pull requests go to. Left out: the remote's default branch.
    pub(super) base: Option<Located<String>>,
    /// The remote that is fetched from and pushed to. Left out: `origin`.
    pub(super) remote: Option<String>,
    /// How commits get there: `push`, or `api` on GitHub, which signs them. Left out: `api` on GitHub, unless an author or
    /// a key to sign with is given.
    pub(super) commits: Option<Located<String>>,
    /// What pushed commits are signed with. Only in the operator's configuration. Left out: the SSH key in `TAGBOAT_SIGNING_KEY`, if there is one.
    pub(super) sign: Option<Located<SignSchema>>,
}

/// What pushed commits are signed with.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct SignSchema {
    /// `ssh`, `openpgp` or `x509`.
    pub(super) format: Option<Located<String>>,
    /// The file of an SSH key, from the configuration's folder, or the id of a key in a keyring.
    pub(super) key: Option<Located<String>>,
}

/// Who writes the commits.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct AuthorSchema {
    /// The name.
    pub(super) name: Option<Located<String>>,
    /// The email address.
    pub(super) email: Option<Located<String>>,
}

/// Where pull requests are opened.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ForgeSchema {
    /// `github`, `gitlab`, `gitea`, `bitbucket-cloud`, `bitbucket-data-center`, `azure-devops`, or `local` for files in a
    /// folder.
    pub(super) kind: Option<String>,
    /// The address of its API, for self-hosted forges: `https://github.acme.internal/api/v3`.
    pub(super) url: Option<Located<String>>,
    /// The repository there: `acme/manifests`.
    pub(super) repository: Option<String>,
    /// The folder of a `local` forge.
    pub(super) folder: Option<Located<String>>,
}
