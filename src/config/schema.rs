//! The configuration as it is written: names, shapes and what they are for, with no check beyond the shape.
//!
//! The doc comments here are what editors show, through the JSON Schema. Nothing is required: what is left out has the
//! default that [`Config`](super::Config) gives it. A list that means *everything* when left out says so.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::located::Located;

/// The configuration of Tagboat: `tagboat.yaml` at the root of the manifests repository.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Schema {
    /// Which files are read.
    pub(super) paths: PathsSchema,
    /// What is looked for in them beyond what every repository is searched for.
    pub(super) manifests: ManifestsSchema,
    /// Named ways to choose a tag. Rules and markers refer to them.
    pub(super) policies: BTreeMap<Located<String>, PolicySchema>,
    /// What governs which reference; the first rule that matches does. Without any rule, everything is governed by
    /// `shape`.
    pub(super) rules: Option<Vec<Located<RuleSchema>>>,
    /// How changes become pull requests.
    pub(super) pull_requests: PullRequestsSchema,
    /// What is special about a registry, by its host, with the port if it has one.
    pub(super) registries: BTreeMap<Located<String>, RegistrySchema>,
    /// What no answer of a registry may exceed.
    pub(super) limits: LimitsSchema,
    /// The manifests repository.
    pub(super) git: GitSchema,
    /// Where pull requests are opened. Left out, it is derived from the URL of the git remote.
    pub(super) forge: ForgeSchema,
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

/// What is looked for beyond what every repository is searched for.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ManifestsSchema {
    /// Whether defaults such as `${TAG:-1.2}` in compose files are kept up to date.
    pub(super) variable_defaults: bool,
    /// Charts whose `appVersion` is the tag of an image.
    pub(super) app_versions: Vec<Located<AppVersionSchema>>,
    /// Values that hold a tag alone, and the image that it is a tag of.
    pub(super) tags: Vec<Located<TagSchema>>,
    /// Files of any kind in which a regular expression says where references stand.
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
    /// Where the value stands, as `tagboat list` prints it: `controller.image.tag`.
    pub(super) field: Option<Located<String>>,
    /// The image that it is a tag of.
    pub(super) image: Option<Located<String>>,
}

/// Where references stand in files that no format knows.
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

/// A policy, as a map of its keys. Which keys there are is for [`crate::policy`] to say.
pub(super) type PolicySchema = BTreeMap<Located<String>, Located<serde_json::Value>>;

/// What governs the references that it matches.
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
    /// How old an image must be before it is proposed: `3d`, `12h`, `1d 12h 30m`.
    pub(super) min_age: Option<Located<String>>,
    /// Platforms that an image must be there for: `linux/amd64`, `linux/arm64`.
    pub(super) platforms: Vec<Located<String>>,
    /// Whether the digest is written beside the tag, where the manifest has a place for it.
    pub(super) pin: Option<bool>,
    /// How changes get into the repository: `pull-request` (the default), or `commit`: straight to the base branch, which
    /// has to be named as `git.base` then.
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
    /// Template of what stands behind the prefix, over `group`: `{{ group }}`, or `{{ group | replace("/", "-") }}`. Left
    /// out: the group, with what git or a forge would not take replaced.
    pub(super) branch: Option<Located<String>>,
    /// Template of the title.
    pub(super) title: Option<Located<String>>,
    /// Template of the body, in Markdown.
    pub(super) body: Option<Located<String>>,
    /// Template of the commit message.
    pub(super) commit_message: Option<Located<String>>,
    /// Labels that pull requests get.
    pub(super) labels: Vec<String>,
    /// People who are asked for a review.
    pub(super) reviewers: Vec<String>,
    /// Teams that are asked for a review, where the forge knows teams.
    pub(super) team_reviewers: Vec<String>,
    /// People to whom pull requests are assigned.
    pub(super) assignees: Vec<String>,
    /// Whether pull requests are opened as drafts.
    pub(super) draft: bool,
    /// How many may be open at once; others wait. Left out: 5.
    pub(super) max_open: Option<Located<u32>>,
    /// How many one run may open; others wait for the next. Left out: as many as may be open.
    pub(super) max_per_run: Option<Located<u32>>,
    /// Labels with which a person has a pull request left as it is: not updated, not closed. Left out: `tagboat:hold`.
    pub(super) hold_labels: Option<Vec<String>>,
    /// When pull requests are opened and updated. Left out: always.
    pub(super) schedule: Vec<Located<WindowSchema>>,
    /// How the forge merges each by itself, when everything is there that the base branch asks for: `merge`, `squash` or
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

/// What is special about one registry. Credentials are never written here: they come from the environment, from docker's
/// `config.json` or from the platform.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RegistrySchema {
    /// Where is asked instead: `127.0.0.1:5000`, `harbor.acme.internal/hub`, or a URL. A path is put before every image.
    pub(super) mirror: Option<Located<String>>,
    /// A PEM file of certificate authorities to trust besides the system's, from the configuration's folder.
    pub(super) ca_file: Option<String>,
    /// A PEM file with a client certificate and its private key.
    pub(super) client_cert_file: Option<String>,
    /// Whether it, or its mirror, is spoken to without TLS. Nothing else makes a connection unencrypted, except a mirror
    /// that is written as `http://…`.
    pub(super) plain_http: bool,
    /// The environment variable that holds the user name.
    pub(super) username_env: Option<Located<String>>,
    /// The environment variable that holds the password.
    pub(super) password_env: Option<Located<String>>,
    /// The environment variable that holds a token, in place of a password; the user name may then be left out.
    pub(super) token_env: Option<Located<String>>,
    /// Further hosts that may see the credential when they ask for tokens: token services that are not the registry.
    pub(super) auth_hosts: Vec<Located<String>>,
    /// How many tags are asked for at once. Left out: 1000.
    pub(super) page_size: Option<Located<u32>>,
    /// How many requests one run may send. Left out: as many as it takes.
    pub(super) max_requests: Option<u64>,
    /// A folder with an OCI image layout that is read instead of a server, from the configuration's folder.
    pub(super) oci_layout: Option<String>,
}

/// What no answer of a registry may exceed.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct LimitsSchema {
    /// Tags of one image. Left out: 500000.
    pub(super) max_tags: Option<Located<u32>>,
    /// Pages of one tag list. Left out: 2000.
    pub(super) max_pages: Option<Located<u32>>,
    /// Size of one answer in MiB. Left out: 16.
    pub(super) max_response_mib: Option<Located<u32>>,
    /// Time for one request: `30s`, which it is when left out.
    pub(super) request_timeout: Option<Located<String>>,
    /// Time for all that is asked about one image. Left out: `5m`.
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
    /// What pushed commits are signed with. Left out: the SSH key in `TAGBOAT_SIGNING_KEY`, if there is one.
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
    /// For people.
    pub(super) name: Option<Located<String>>,
    /// The address, which identifies.
    pub(super) email: Option<Located<String>>,
}

/// Where pull requests are opened.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ForgeSchema {
    /// `github`, `gitlab`, `gitea`, `bitbucket-cloud`, `bitbucket-data-center`, `azure-devops`, or `local` for files in a
    /// folder.
    pub(super) kind: Option<String>,
    /// Where its API answers, for those that are hosted by yourself: `https://github.acme.internal/api/v3`.
    pub(super) url: Option<Located<String>>,
    /// The repository there: `acme/manifests`.
    pub(super) repository: Option<String>,
    /// The folder of a `local` forge.
    pub(super) folder: Option<String>,
}
