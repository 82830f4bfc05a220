//! The configuration as it is written: keys, types and descriptions, without checks of values.
//!
//! Editors show these doc comments through the JSON Schema. No key is required: an absent one has the default in
//! [`Config`](super::Config).

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
    /// Policies by name: how a tag is chosen. Rules and markers refer to them.
    pub(super) policies: BTreeMap<Located<String>, PolicySchema>,
    /// Which policy manages which reference: the first rule that matches applies. Default: `shape` manages every
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
    /// Where pull requests are opened. Default: derived from the URL of the git remote.
    pub(super) forge: ForgeSchema,
    /// Whether the `tagboat.yaml` of the repository is used: `merge`, `ignore` or `required`. Default: `merge`.
    pub(super) repository_config: Option<Located<String>>,
}

/// Which files are read.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct PathsSchema {
    /// Globs on the path from the repository's root; `*` matches no slash, `**` does. Default: every file.
    pub(super) include: Option<Vec<Located<String>>>,
    /// Globs of files that are not read, even if they are included.
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
    /// Values that hold a tag alone, and the image of that tag.
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
    /// The name of the image, without a tag.
    pub(super) image: Option<Located<String>>,
}

/// A value that holds a tag alone.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct TagSchema {
    /// Globs on the paths of files.
    pub(super) paths: Vec<Located<String>>,
    /// The field of the value, as `tagboat list --format json` prints it: `controller.image.tag`.
    pub(super) field: Option<Located<String>>,
    /// The image of the tag.
    pub(super) image: Option<Located<String>>,
}

/// A regular expression that finds references in files of other formats.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct PatternSchema {
    /// Globs on the paths of files.
    pub(super) paths: Vec<Located<String>>,
    /// A regular expression with the named groups `tag` or `digest`, or both, and optionally `name`:
    /// `^TAG=(?<tag>\S+)$`. `^` and `$` are the ends of a line.
    pub(super) regex: Option<Located<String>>,
    /// The image, if the expression has no group `name`.
    pub(super) image: Option<Located<String>>,
}

/// A policy, as a map of its keys, which [`crate::policy`] defines.
pub(super) type PolicySchema = BTreeMap<Located<String>, Located<serde_json::Value>>;

/// The policy of the references that the rule matches.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RuleSchema {
    /// Globs on the image name, as `docker.io/library/nginx` or as `nginx`; `*` matches no slash, `**` does. Default:
    /// every image.
    pub(super) images: Option<Vec<Located<String>>>,
    /// Globs on the path of the file. Default: every file.
    pub(super) paths: Option<Vec<Located<String>>>,
    /// A name from `policies`, or `shape` (newer tags of the same shape), or `ignore`. Default: `shape`.
    pub(super) policy: Option<Located<String>>,
    /// The minimum age of an image that is proposed: `3d`, `12h`, `1d 12h 30m`.
    pub(super) min_age: Option<Located<String>>,
    /// Platforms that an image has to support: `linux/amd64`, `linux/arm64`.
    pub(super) platforms: Vec<Located<String>>,
    /// Whether the digest is written beside the tag, where the manifest allows one: `true`, or `follow` to change it also when the tag
    /// moves to another image. Default: false.
    #[schemars(with = "Option<PinSchema>")]
    pub(super) pin: Option<Located<serde_json::Value>>,
    /// How changes are written to the repository: `pull-request`, or `commit` on the base branch, which `git.base` must
    /// name. Default: `pull-request`.
    pub(super) mode: Option<Located<String>>,
    /// Whether a comment after a value that repeats its tag (`# tag: 3.12`) is changed with it. Default: false; the comment stays, and is
    /// reported.
    pub(super) update_comments: Option<bool>,
}

/// The values of `pin`.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only its JSON schema is used")]
enum PinSchema {
    Switch(bool),
    Word(PinWord),
}

/// The value of `pin` beside true and false.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
#[expect(dead_code, reason = "only its JSON schema is used")]
enum PinWord {
    Follow,
}

/// How changes become pull requests.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct PullRequestsSchema {
    /// Which changes share a pull request: `image`, `all`, or a template over `image`, `name`, `path`, `path_dir`, `environment`,
    /// `policy` and `bump`. Default: `{{ path_dir }}`, one pull request per folder.
    pub(super) group: Option<Located<String>>,
    /// The start of branch names. Default: `tagboat/`.
    pub(super) branch_prefix: Option<Located<String>>,
    /// Template of the branch name after the prefix, over `group`: `{{ group }}`, or `{{ group | replace("/", "-") }}`.
    /// Default: the group, without characters that git or a forge rejects.
    pub(super) branch: Option<Located<String>>,
    /// Template of the title.
    pub(super) title: Option<Located<String>>,
    /// Template of the body, in Markdown.
    pub(super) body: Option<Located<String>>,
    /// Template of the commit message.
    pub(super) commit_message: Option<Located<String>>,
    /// Labels of pull requests.
    pub(super) labels: Option<Vec<Located<String>>>,
    /// Users who are requested as reviewers.
    pub(super) reviewers: Option<Vec<Located<String>>>,
    /// Teams that are requested as reviewers, where the forge supports it.
    pub(super) team_reviewers: Option<Vec<Located<String>>>,
    /// Users to whom pull requests are assigned.
    pub(super) assignees: Option<Vec<Located<String>>>,
    /// Whether pull requests are opened as drafts.
    pub(super) draft: Option<bool>,
    /// The maximum number of open pull requests. Default: 5.
    pub(super) max_open: Option<Located<u32>>,
    /// The maximum number of pull requests that one run opens. Default: only `max-open` limits it.
    pub(super) max_per_run: Option<Located<u32>>,
    /// Labels that make Tagboat leave a pull request unchanged: not updated, not closed. Default: `tagboat:hold`.
    pub(super) hold_labels: Option<Vec<Located<String>>>,
    /// When pull requests are opened and updated. Default: always.
    pub(super) schedule: Option<Vec<Located<WindowSchema>>>,
    /// Auto-merge: how the forge merges a pull request once it meets the requirements of the base branch: `merge`, `squash` or
    /// `rebase`. Default: no auto-merge.
    pub(super) auto_merge: Option<Located<String>>,
}

/// Hours in which pull requests are opened and updated.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct WindowSchema {
    /// Days of the week: `mon`, or a range: `mon-fri`. Default: every day.
    pub(super) days: Vec<Located<String>>,
    /// Hours of the day: `09:00-17:30`; `22:00-06:00` ends on the next day. Default: all day.
    pub(super) hours: Option<Located<String>>,
    /// The name of a time zone in the IANA database: `Europe/Berlin`. Default: UTC.
    pub(super) time_zone: Option<Located<String>>,
}

/// Settings of one registry. Credentials are never written here: they come from the environment, from docker's
/// `config.json` or from the platform.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RegistrySchema {
    /// The server that is used instead of the registry: `127.0.0.1:5000`, `harbor.acme.internal/hub`, or a URL. A path is a prefix of every image.
    pub(super) mirror: Option<Located<String>>,
    /// A PEM file of certificate authorities to trust besides the system's, from the configuration's folder.
    pub(super) ca_file: Option<Located<String>>,
    /// A PEM file with a client certificate and its private key.
    pub(super) client_cert_file: Option<Located<String>>,
    /// Whether plain HTTP is used for the registry or its mirror. The only other unencrypted connection is to a mirror that is
    /// written as `http://…`. Default: false.
    pub(super) plain_http: Option<Located<bool>>,
    /// The environment variable that holds the user name.
    pub(super) username_env: Option<Located<String>>,
    /// The environment variable that holds the password.
    pub(super) password_env: Option<Located<String>>,
    /// The environment variable that holds a token, which replaces the password. A user name is then optional.
    pub(super) token_env: Option<Located<String>>,
    /// Hosts of token services that also receive the credential, if they differ from the registry.
    pub(super) auth_hosts: Vec<Located<String>>,
    /// The number of tags per page of a tag list. Default: 1000.
    pub(super) page_size: Option<Located<u32>>,
    /// The maximum number of requests in one run. Default: no limit.
    pub(super) max_requests: Option<u64>,
    /// A folder with an OCI image layout that is read instead of the registry, from the configuration's folder.
    pub(super) oci_layout: Option<Located<String>>,
}

/// Limits on responses of registries.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct LimitsSchema {
    /// Maximum number of tags of one image. Default: 500000.
    pub(super) max_tags: Option<Located<u32>>,
    /// Maximum number of pages of one tag list. Default: 2000.
    pub(super) max_pages: Option<Located<u32>>,
    /// Maximum size of one response in MiB. Default: 16.
    pub(super) max_response_mib: Option<Located<u32>>,
    /// Timeout of one request. Default: `30s`.
    pub(super) request_timeout: Option<Located<String>>,
    /// Timeout of all requests about one image. Default: `5m`.
    pub(super) image_timeout: Option<Located<String>>,
}

/// The manifests repository.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct GitSchema {
    /// Author of the commits. Default: `tagboat`.
    pub(super) author: Option<AuthorSchema>,
    /// The branch that pull requests go to. Default: the remote's default branch.
    pub(super) base: Option<Located<String>>,
    /// The remote that is fetched from and pushed to. Default: `origin`.
    pub(super) remote: Option<Located<String>>,
    /// How commits reach the remote: `push`, or `api` on GitHub, which signs them. Default: `api` on GitHub without an
    /// author or a signing key, otherwise `push`.
    pub(super) commits: Option<Located<String>>,
    /// The key that signs pushed commits. Default: the SSH key in `TAGBOAT_SIGNING_KEY`, if it is set.
    pub(super) sign: Option<Located<SignSchema>>,
    /// Names of environment variables for git and the programs that it starts, such as a credential helper. Others than
    /// the usual ones are not inherited. None by default.
    pub(super) pass_env: Option<Vec<Located<String>>>,
}

/// The key that signs pushed commits.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct SignSchema {
    /// `ssh`, `openpgp` or `x509`.
    pub(super) format: Option<Located<String>>,
    /// The file of an SSH key, from the configuration's folder, or the id of a key in a keyring.
    pub(super) key: Option<Located<String>>,
}

/// Author of the commits.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct AuthorSchema {
    /// The name of the author.
    pub(super) name: Option<Located<String>>,
    /// The email address.
    pub(super) email: Option<Located<String>>,
}

/// Where pull requests are opened.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ForgeSchema {
    /// The kind of forge, where the host of the remote does not show it.
    pub(super) kind: Option<Located<String>>,
    /// The address of the server or of its API, for self-hosted forges: `https://github.acme.internal`.
    pub(super) url: Option<Located<String>>,
    /// The repository on the forge: `acme/manifests`.
    pub(super) repository: Option<Located<String>>,
    /// The folder of a `local` forge.
    pub(super) folder: Option<Located<String>>,
}
