//! What each forge implements: a [`ForgeKind`], its row in the table, and a [`Forge`], a connection. The module `lifecycle`
//! has the operations that are the same on every forge.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use url::Url;

use crate::http::{Client, RetryPolicy};
use crate::plan::{LinkStyle, MergeMethod, Metadata, Proposal, PullRequest};
use crate::refname::{BranchName, CommitId};

use super::credential::{CredentialKind, ForgeLogin, OperatorCredentials};
use super::error::ForgeError;
use super::limits::{CreationRules, Limits};
use super::remote::{Address, RemoteUrl};
use super::settings::ConnectionSettings;
use super::token_variable::TokenVariable;

/// A row of the table of forges.
#[derive(Debug, Clone, Copy)]
pub struct ForgeKind {
    /// Its name in the configuration.
    pub name: &'static str,
    /// Its name in messages.
    pub label: &'static str,
    /// A description of one line, for help and documentation.
    pub about: &'static str,
    /// Returns whether a remote is certainly on this forge. Other hosts need `forge` in the configuration.
    pub recognizes: fn(&RemoteUrl) -> bool,
    /// Returns where this forge has the repository of a remote; `None` if the path is not one of its repositories.
    pub address: fn(&RemoteUrl) -> Option<Address>,
    /// The path of its API below the web address of a server; empty if both are the same.
    pub api_path: &'static str,
    /// Paths of an example repository below the web address of a server, in each form that the address may need. They
    /// give the API of a server, which all its repositories share.
    pub repository_paths: &'static [&'static str],
    /// What it supports, and the lengths of texts that it accepts.
    pub limits: Limits,
    /// Environment variables that hold a token where this forge's own CI and tools run, in order of precedence.
    pub token_variables: &'static [TokenVariable],
    /// Environment variables in which this forge's own CI gives its jobs other tokens for its server. They do not log in to the API.
    pub other_job_tokens: &'static [TokenVariable],
    /// The credentials that it accepts. The first one that the operator set is used.
    pub credentials: &'static [CredentialKind],
    /// The permissions that a token needs, for hints.
    pub permissions: &'static str,
    /// How it answers the request that creates a pull request.
    pub creation: CreationRules,
    /// How it links to commits and comparisons; `None` if it has no web pages.
    pub links: Option<LinkStyle>,
    /// The web page of a run of its own CI, with the names of variables in braces. The first one whose variables are all set is
    /// used. A variable after a question mark must be set, and is replaced by nothing.
    pub run_pages: &'static [&'static str],
    /// Creates a connection and sends nothing. Must be called inside a tokio runtime.
    pub connect: fn(ConnectionSettings) -> Result<Box<dyn Forge>, ForgeError>,
}

impl ForgeKind {
    /// Returns the login for the repository at `address`; `None` if `given` has no credential that this forge accepts.
    pub fn login(
        &self,
        address: &Address,
        given: &OperatorCredentials,
        client: &Client,
    ) -> Result<Option<ForgeLogin>, ForgeError> {
        self.credentials.iter().find_map(|kind| kind.login(address, given, client)).transpose()
    }

    /// Returns whether it is a server. One that is not has a folder in place of an address.
    pub fn is_server(&self) -> bool {
        !self.repository_paths.is_empty()
    }

    /// Returns the address of the API for the address of a server or of its API.
    pub fn api_at(&self, url: &str) -> String {
        let url = url.trim_end_matches('/');
        if url.ends_with(self.api_path) {
            return url.to_owned();
        }
        // A server without a path may have its API on another host, such as github.com.
        let is_whole_host = Url::parse(url).is_ok_and(|url| url.path() == "/");
        let repositories = if is_whole_host { self.repository_paths } else { &[] };
        let mut remotes = repositories.iter().filter_map(|path| RemoteUrl::parse(&format!("{url}/{path}")).ok());
        let of_host = remotes.find_map(|remote| (self.address)(&remote));
        of_host.map_or_else(|| format!("{url}{}", self.api_path), |address| address.api)
    }

    /// Returns whether a token that CI issued for `server`, a web address, may be sent to this forge's API at `api`.
    /// Servers are the same if their APIs are.
    pub fn is_same_server(&self, server: &str, api: &str) -> bool {
        let server = server.trim_end_matches('/');
        let paths = self.repository_paths.iter();
        let addresses = paths.filter_map(|path| RemoteUrl::parse(&format!("{server}/{path}")).ok());
        addresses.filter_map(|remote| (self.address)(&remote)).any(|address| address.api == api.trim_end_matches('/'))
    }
}

/// A comment on a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequestComment {
    /// Its id in the pull request. A later comment has a greater one.
    pub id: u64,
    /// The text, which the forge may have trimmed.
    pub text: String,
}

/// A connection to one repository of a forge.
///
/// The operations of a run are [`open`](#method.open), [`update`](#method.update) and [`close`](#method.close) of
/// `dyn Forge`; they are made of the requests that a forge implements here. A read that fails is sent again, within
/// bounds. A request that creates something is never sent twice.
#[async_trait]
pub trait Forge: Send + Sync {
    /// Returns the row of this kind of forge in the table.
    fn kind(&self) -> &'static ForgeKind;

    /// Returns how often and how long to wait until the forge shows what was just written to it.
    fn retry_policy(&self) -> RetryPolicy {
        RetryPolicy::default()
    }

    /// Returns the open pull requests whose branch starts with `prefix` and is in this repository, not in a fork, in
    /// any order. Costs one request per hundred open pull requests of the repository.
    async fn open_pull_requests(&self, prefix: &str) -> Result<Vec<PullRequest>, ForgeError>;

    /// Returns the merged and closed pull requests of a branch, newest first; perhaps only the newest hundred. Costs
    /// one request.
    async fn closed_pull_requests(&self, branch: &BranchName) -> Result<Vec<PullRequest>, ForgeError>;

    /// Returns the open pull requests of a branch; each has another base.
    async fn find_open(&self, branch: &BranchName) -> Result<Vec<PullRequest>, ForgeError>;

    /// Sends the one request that creates a pull request.
    async fn create(&self, proposal: &Proposal) -> Result<PullRequest, ForgeError>;

    /// Adds labels, reviewers and assignees. Adding what is already there changes nothing.
    async fn attach(&self, existing: &PullRequest, missing: &Metadata) -> Attached;

    /// Changes title, body and base as far as they differ, and nothing else.
    async fn edit(&self, existing: &PullRequest, difference: &Difference<'_>) -> Result<PullRequest, ForgeError>;

    /// Replaces the body of a pull request, where the next run reads who closed it, and closes the pull request.
    async fn close_with(&self, existing: &PullRequest, body: &str) -> Result<PullRequest, ForgeError>;

    /// Returns the newest comments, at least one hundred if there are as many.
    async fn comments(&self, existing: &PullRequest) -> Result<Vec<PullRequestComment>, ForgeError>;

    /// Adds a comment, and returns its id.
    async fn comment(&self, existing: &PullRequest, text: &str) -> Result<u64, ForgeError>;

    /// Deletes a comment that this run added.
    async fn delete_comment(&self, existing: &PullRequest, id: u64) -> Result<(), ForgeError>;

    /// Enables auto-merge: the forge merges as soon as the requirements of the base branch are met. Only called where
    /// [`Limits::auto_merge`] is set.
    async fn enable_auto_merge(&self, existing: &PullRequest, method: MergeMethod) -> Result<(), ForgeError> {
        let _ = method;
        let action = format!("enable auto-merge for {}", existing.branch);
        Err(ForgeError::NotSupported { action, forge: self.kind().label })
    }

    /// Returns whether auto-merge is enabled. Only called where [`Limits::auto_merge`] is set.
    async fn has_auto_merge(&self, existing: &PullRequest) -> Result<bool, ForgeError> {
        let action = format!("read auto-merge of {}", existing.branch);
        Err(ForgeError::NotSupported { action, forge: self.kind().label })
    }

    /// Returns the operations that create commits through the API; `None` if the forge has none.
    fn commits(&self) -> Option<&dyn Commits> {
        None
    }

    /// Checks with read requests that the repository exists and what the token may do; for `tagboat check`.
    async fn check(&self) -> Result<Access, ForgeError>;

    /// Returns how many requests were sent so far.
    fn requests(&self) -> u64;
}

/// A forge that creates commits through its API: signed by the forge, and without a push.
#[async_trait]
pub trait Commits: Send + Sync {
    /// Returns the e-mail addresses of the forge as a committer.
    fn committers(&self) -> Vec<String>;

    /// Moves a branch to one commit on the base, in one step. Returns [`ForgeError::BranchChanged`] if the branch does not
    /// point at the expected commit.
    async fn commit(&self, request: ApiCommit<'_>) -> Result<CommitId, ForgeError>;
}

/// A commit to create through the API of a forge. Its files are not executable.
#[derive(Debug, Clone, Copy)]
pub struct ApiCommit<'a> {
    /// The branch. If it is the base, the commit is added to it.
    pub branch: &'a BranchName,
    /// The commit that it points at now; `None` if it should not exist.
    pub expected: Option<&'a CommitId>,
    /// The commit that the new one follows.
    pub base: &'a CommitId,
    /// The new contents of every file that changes, by path.
    pub files: &'a BTreeMap<Arc<str>, Vec<u8>>,
    /// The whole message.
    pub message: &'a str,
}

/// The differences between a pull request and what is desired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference<'a> {
    /// The title, if another one is desired.
    pub title: Option<&'a str>,
    /// The body, if another one is desired.
    pub body: Option<&'a str>,
    /// The base branch, if another one is desired.
    pub base: Option<&'a BranchName>,
}

impl<'a> Difference<'a> {
    /// Compares a pull request with its proposal.
    pub fn between(existing: &PullRequest, proposal: &'a Proposal) -> Self {
        Self {
            title: (existing.title != proposal.title).then_some(&*proposal.title),
            base: (existing.base != proposal.base).then_some(&proposal.base),
            ..Self::of_body(existing, &proposal.body)
        }
    }

    /// Compares a pull request with a body.
    pub fn of_body(existing: &PullRequest, body: &'a str) -> Self {
        // Browsers save a body with the line ends of a form.
        let is_same = existing.body.replace("\r\n", "\n") == body;
        Self { title: None, body: (!is_same).then_some(body), base: None }
    }

    /// Returns whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.title.is_none() && self.body.is_none() && self.base.is_none()
    }
}

/// What [`Forge::attach`] did.
#[derive(Debug, Default)]
pub struct Attached {
    /// What the pull request has now.
    pub done: Metadata,
    /// What failed: a label that does not exist, a reviewer without access.
    pub warnings: Vec<ForgeError>,
}

/// A pull request after a write.
#[derive(Debug)]
pub struct Written {
    /// As the forge has it now.
    pub pull_request: PullRequest,
    /// Whether the write changed anything.
    pub is_changed: bool,
    /// What failed without harm to the pull request itself.
    pub warnings: Vec<ForgeError>,
}

/// What `tagboat check` reports about a forge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The account that the token belongs to, if the forge names it.
    pub user: Option<String>,
    /// What the token may do, in the forge's words.
    pub rights: Vec<String>,
    /// Requests left before the rate limit, if the forge reports them.
    pub remaining: Option<u64>,
    /// The full name to which the repository was renamed or transferred.
    pub new_name: Option<String>,
}
