//! Gitea and Forgejo, which share this part of their API.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::forge::client::{ApiClient, query, segment};
use crate::forge::credential::{AuthScheme, CredentialKind};
use crate::forge::error::ForgeError;
use crate::forge::forge::{Access, Difference, Forge, ForgeKind, Written};
use crate::forge::lifecycle::{checked, not_a_repository, not_set, silently_refused};
use crate::forge::limits::{CreationRules, Limits};
use crate::forge::remote::{Address, RemoteUrl};
use crate::forge::settings::ForgeSettings;
use crate::forge::token_variable::TokenVariable;
use crate::http::{Method, RetryPolicy};
use crate::plan::{Extras, LinkStyle, MergeMethod, Proposal, PullRequest, PullRequestState};
use crate::refname::{BranchName, CommitId};

/// Its row in the table.
pub(super) const KIND: ForgeKind = ForgeKind {
    name: "gitea",
    label: "Gitea",
    about: "Gitea and Forgejo, including Codeberg",
    recognizes,
    address,
    repository_paths: &["owner/name"],
    limits: LIMITS,
    token_variables: TOKEN_VARIABLES,
    credentials: &[CredentialKind::token(AuthScheme::Token, GIT_USER)],
    permissions: PERMISSIONS,
    creation: CreationRules {
        exists: "pull request already exists",
        branch_not_visible: "couldn't be found",
        overwrites: false,
    },
    links: Some(LINKS),
    connect,
};

/// The usual names. Their Actions set the variables of GitHub for the token and the server.
const TOKEN_VARIABLES: &[TokenVariable] = &[
    TokenVariable::by_runner("FORGEJO_TOKEN", "FORGEJO_ACTIONS", &["FORGEJO_SERVER_URL", "GITHUB_SERVER_URL"]),
    TokenVariable::by_runner("GITEA_TOKEN", "GITEA_ACTIONS", &["GITEA_SERVER_URL", "GITHUB_SERVER_URL"]),
    TokenVariable::by_runner("GITHUB_TOKEN", "GITHUB_SERVER_URL", &["GITHUB_SERVER_URL"]),
];

/// The server reads the token only and ignores the user name.
const GIT_USER: &str = "x-access-token";

/// 255 characters in a title. No limit of a body is documented; this one fits into any database.
const LIMITS: Limits = Limits::all(255, 1_000_000);

const PERMISSIONS: &str = "the scopes `write:repository` and `write:issue`, and write access to this repository";

/// The default maximum of a page on the server.
const PAGE: usize = 50;
const PAGES: usize = 200;

/// The most pages of closed pull requests that are read from a server without a filter by branch.
const CLOSED_PAGES: usize = 4;

/// The prefix of a title that makes a pull request a draft, by the default of both servers.
const DRAFT: &str = "WIP: ";

/// Prefixes of host names that run Gitea or Forgejo.
const HOSTS: &[&str] = &["gitea.", "forgejo.", "codeberg."];

/// Recognizes codeberg.org, gitea.com, and hosts that begin with `gitea.`, `forgejo.` or `codeberg.`.
fn recognizes(remote: &RemoteUrl) -> bool {
    HOSTS.iter().any(|name| remote.host.starts_with(name))
}

/// Returns the address in the API, which begins with `/api/v1`.
fn address(remote: &RemoteUrl) -> Option<Address> {
    let [owner, name] = remote.segments()[..] else { return None };
    Some(Address { api: format!("{}/api/v1", remote.site()), repository: format!("{owner}/{name}") })
}

/// Links to hosts with these prefixes.
const LINKS: LinkStyle = LinkStyle {
    repository: |host, path| HOSTS.iter().any(|name| host.starts_with(name)).then(|| path.to_owned()),
    commit: "/commit/NEW",
    compare: "/compare/OLD...NEW",
};

fn connect(settings: ForgeSettings) -> Result<Box<dyn Forge>, ForgeError> {
    let repository = settings.address.repository.clone();
    let Some((owner, name)) = repository.split_once('/').filter(|(_, name)| !name.contains('/')) else {
        return Err(not_a_repository(&repository, "owner/name"));
    };
    let (client, retry_policy) = (ApiClient::new(&settings, &KIND)?, settings.retry_policy);
    let root = format!("/repos/{}/{}", segment(owner), segment(name));
    Ok(Box::new(Gitea { client, retry_policy, root, repository }))
}

struct Gitea {
    client: ApiClient,
    retry_policy: RetryPolicy,
    /// The route of the repository.
    root: String,
    repository: String,
}

#[async_trait]
impl Forge for Gitea {
    fn kind(&self) -> &'static ForgeKind {
        &KIND
    }

    fn retry_policy(&self) -> RetryPolicy {
        self.retry_policy
    }

    async fn open_pull_requests(&self, prefix: &str) -> Result<Vec<PullRequest>, ForgeError> {
        let (found, all) = self.list(&[("state", "open")], PAGES, |pull| pull.head.name.starts_with(prefix)).await?;
        let action = || format!("list the pull requests of {}", self.repository);
        if all { Ok(found) } else { Err(ForgeError::endless(action(), PAGES)) }
    }

    async fn closed_pull_requests(&self, branch: &BranchName) -> Result<Vec<PullRequest>, ForgeError> {
        // Forgejo filters by branch. An older server lists all, newest first, so the newest are filtered here.
        let filter = [("state", "closed"), ("head", branch.as_str())];
        let (mut found, _) = self.list(&filter, CLOSED_PAGES, |pull| pull.branch() == branch.as_str()).await?;
        found.sort_by_key(|pull| std::cmp::Reverse(pull.number));
        Ok(found)
    }

    async fn find_open(&self, branch: &BranchName) -> Result<Option<PullRequest>, ForgeError> {
        let branch = branch.as_str();
        let filter = [("state", "open"), ("head", branch)];
        let (found, _) = self.list(&filter, PAGES, |pull| pull.head.name == branch).await?;
        Ok(found.into_iter().next())
    }

    async fn create(&self, proposal: &Proposal) -> Result<PullRequest, ForgeError> {
        let action = format!("open a pull request for {} in {}", proposal.branch, self.repository);
        let prefix = if proposal.extras.draft { DRAFT } else { "" };
        let body = json!({
            "head": proposal.branch.as_str(), "base": proposal.base.as_str(),
            "title": format!("{prefix}{}", proposal.title), "body": proposal.body,
        });
        let created: Pull = self.client.post(&action, &format!("{}/pulls", self.root), &body).await?;
        checked(&action, created.observed())
    }

    async fn complete(&self, written: &mut Written, proposal: &Proposal) {
        let missing = Difference::between(&written.pull_request, proposal, LIMITS).labels;
        self.label(written, missing).await;
        self.ask_for_reviews(written, &proposal.extras).await;
        self.assign(written, &proposal.extras).await;
    }

    async fn edit(&self, existing: &PullRequest, difference: &Difference<'_>) -> Result<Written, ForgeError> {
        let mut change = Map::new();
        if let Some(title) = difference.title {
            // A person may have marked it as ready or as a draft since.
            let action = format!("read {}", existing.url);
            let now: Pull = self.client.get(&action, &self.route(existing)).await?;
            let prefix = if now.draft { DRAFT } else { "" };
            change.insert("title".to_owned(), json!(format!("{prefix}{title}")));
        }
        for (key, value) in [("body", difference.body), ("base", difference.base)] {
            if let Some(value) = value {
                change.insert(key.to_owned(), json!(value));
            }
        }
        let pull_request = if change.is_empty() {
            existing.clone()
        } else {
            self.patch("update", existing, Value::Object(change)).await?
        };
        let mut written = Written { pull_request, warnings: Vec::new() };
        self.label(&mut written, difference.labels.clone()).await;
        Ok(written)
    }

    async fn close_with(&self, existing: &PullRequest, body: &str) -> Result<PullRequest, ForgeError> {
        self.patch("close", existing, json!({"state": "closed", "body": body})).await
    }

    async fn comment(&self, existing: &PullRequest, text: &str) -> Result<(), ForgeError> {
        let action = format!("comment on {}", existing.url);
        let route = format!("{}/issues/{}/comments", self.root, existing.number);
        self.client.post::<Value>(&action, &route, &json!({ "body": text })).await.map(drop)
    }

    async fn enable_auto_merge(&self, existing: &PullRequest, method: MergeMethod) -> Result<(), ForgeError> {
        let action = format!("enable auto-merge on {}", existing.url);
        let method = match method {
            MergeMethod::Merge => "merge",
            MergeMethod::Squash => "squash",
            MergeMethod::Rebase => "rebase",
        };
        let mut body = json!({"Do": method, "merge_when_checks_succeed": true});
        if let Some(head) = &existing.head {
            body["head_commit_id"] = json!(head.as_str());
        }
        let route = format!("{}/pulls/{}/merge", self.root, existing.number);
        self.client.post::<Value>(&action, &route, &body).await.map(drop)
    }

    async fn check(&self) -> Result<Access, ForgeError> {
        let action = format!("read the repository {}", self.repository);
        let repository: Repository = self.client.get(&action, &self.root).await?;
        if repository.archived {
            return Err(ForgeError::Archived { action, message: "the repository is read-only".to_owned() });
        }
        let rights = repository.permissions.into_iter().filter(|(_, has)| *has).map(|(name, _)| name).collect();
        // A token may lack the permission to read its account.
        let user = self.client.get::<User>("read the account of the token", "/user").await.ok().map(|user| user.login);
        Ok(Access { user, rights, remaining: None })
    }

    fn requests(&self) -> u64 {
        self.client.requests()
    }
}

impl Gitea {
    fn route(&self, existing: &PullRequest) -> String {
        format!("{}/pulls/{}", self.root, existing.number)
    }

    /// Returns the pull requests of the repository that pass both filters, that of the server, which it may ignore, and
    /// `matches`; and whether these are all, or only those of the first `pages`.
    async fn list(
        &self,
        filter: &[(&str, &str)],
        pages: usize,
        matches: impl Fn(&Pull) -> bool + Send,
    ) -> Result<(Vec<PullRequest>, bool), ForgeError> {
        let action = format!("list the pull requests of {}", self.repository);
        let (mut found, mut read) = (Vec::new(), 0);
        for page in 1..=pages {
            let query = format!("{}&limit={PAGE}&page={page}", query(filter));
            let route = format!("{}/pulls?{query}", self.root);
            let response = self.client.send::<Vec<Pull>>(&action, Method::GET, &route, None).await?;
            let total = response.header("x-total-count").and_then(|count| count.parse().ok());
            let got = response.body.len();
            read += got;
            let matching = response.body.into_iter().filter(|pull| pull.is_local() && matches(pull));
            found.extend(matching.filter_map(Pull::observed));
            // A page of the server may be smaller than requested, so only the count shows the end.
            if got == 0 || read >= total.unwrap_or(if got < PAGE { 0 } else { usize::MAX }) {
                return Ok((found, true));
            }
        }
        Ok((found, false))
    }

    async fn patch(&self, verb: &str, existing: &PullRequest, body: Value) -> Result<PullRequest, ForgeError> {
        let action = format!("{verb} {}", existing.url);
        let route = self.route(existing);
        let patched = self.client.send::<Pull>(&action, Method::PATCH, &route, Some(&body)).await?;
        checked(&action, patched.body.observed())
    }

    /// Adds labels. The server silently drops those that do not exist.
    async fn label(&self, written: &mut Written, missing: Vec<String>) {
        if missing.is_empty() {
            return;
        }
        let Written { pull_request, warnings } = written;
        let action = format!("add labels to {}", pull_request.url);
        let route = format!("{}/issues/{}/labels", self.root, pull_request.number);
        let set = self.client.post::<Vec<Label>>(&action, &route, &json!({ "labels": missing })).await;
        let (labels, source) = match set {
            Ok(labels) => (labels, silently_refused(&action, "no such label in the repository")),
            Err(source) => (vec![], source),
        };
        let is_set = |name: &String| labels.iter().any(|label| label.name == *name);
        let not: Vec<String> = missing.into_iter().filter(|name| !is_set(name)).collect();
        if !labels.is_empty() {
            pull_request.labels = labels.into_iter().map(|label| label.name).collect();
        }
        if !not.is_empty() {
            warnings.push(not_set("label", not, pull_request, source));
        }
    }

    async fn ask_for_reviews(&self, written: &mut Written, extras: &Extras) {
        let action = format!("request a review of {}", written.pull_request.url);
        let route = format!("{}/pulls/{}/requested_reviewers", self.root, written.pull_request.number);
        let kinds = [("reviewer", "reviewers", &extras.reviewers), ("team", "team_reviewers", &extras.team_reviewers)];
        // One by one: one invalid name makes the server refuse the whole request.
        for (what, key, names) in kinds {
            for name in names {
                if let Err(source) = self.client.post::<Value>(&action, &route, &json!({ key: [name] })).await {
                    written.warnings.push(not_set(what, vec![name.clone()], &written.pull_request, source));
                }
            }
        }
    }

    /// Assigns people one by one, since one unknown name makes the server refuse the list. Each request names all so far.
    async fn assign(&self, written: &mut Written, extras: &Extras) {
        let mut assigned: Vec<&String> = Vec::new();
        for name in &extras.assignees {
            assigned.push(name);
            if let Err(source) = self.patch("assign", &written.pull_request, json!({ "assignees": assigned })).await {
                assigned.pop();
                written.warnings.push(not_set("assignee", vec![name.clone()], &written.pull_request, source));
            }
        }
    }
}

#[derive(Deserialize)]
struct Pull {
    number: u64,
    html_url: String,
    state: String,
    #[serde(default)]
    merged: bool,
    title: String,
    body: Option<String>,
    #[serde(default)]
    draft: bool,
    labels: Option<Vec<Label>>,
    head: Side,
    base: Side,
}

#[derive(Deserialize)]
struct Side {
    #[serde(rename = "ref")]
    name: String,
    /// `owner:branch` or the branch; remains after the branch is deleted.
    #[serde(default)]
    label: String,
    #[serde(default)]
    sha: String,
    repo_id: Option<i64>,
}

#[derive(Deserialize)]
struct Label {
    name: String,
}

#[derive(Deserialize)]
struct User {
    login: String,
}

#[derive(Deserialize)]
struct Repository {
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    permissions: std::collections::BTreeMap<String, bool>,
}

impl Pull {
    /// Returns whether the branch is in the repository, not in a fork.
    fn is_local(&self) -> bool {
        self.head.repo_id == self.base.repo_id
    }

    /// Returns the branch. After it is deleted, `ref` is `refs/pull/1/head`, and only the label has its name.
    fn branch(&self) -> &str {
        if self.head.name.starts_with("refs/") {
            self.head.label.rsplit(':').next().unwrap_or_default()
        } else {
            &self.head.name
        }
    }

    fn observed(self) -> Option<PullRequest> {
        let branch = BranchName::new(self.branch()).ok()?;
        Some(PullRequest {
            number: self.number,
            url: self.html_url,
            branch,
            base: BranchName::new(&self.base.name).ok()?,
            state: match self.state.as_str() {
                _ if self.merged => PullRequestState::Merged,
                "open" => PullRequestState::Open,
                _ => PullRequestState::Closed,
            },
            head: CommitId::new(&self.head.sha).ok(),
            title: if self.draft {
                self.title.strip_prefix(DRAFT).unwrap_or(&self.title).to_owned()
            } else {
                self.title
            },
            body: self.body.unwrap_or_default(),
            labels: self.labels.unwrap_or_default().into_iter().map(|label| label.name).collect(),
        })
    }
}
