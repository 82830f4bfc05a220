//! Gitea and Forgejo, which share this part of their API.

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use super::gitea_model::{DRAFT, Event, IssueComment, Label, Pull, Repository, User};
use crate::forge::client::{ApiClient, query, segment};
use crate::forge::credential::{AuthScheme, CredentialKind};
use crate::forge::error::ForgeError;
use crate::forge::forge::{Access, Attached, Difference, Forge, ForgeKind, PullRequestComment};
use crate::forge::lifecycle::{checked, not_a_repository, not_set, silently_refused};
use crate::forge::limits::{CreationRules, Limits};
use crate::forge::remote::{Address, RemoteUrl};
use crate::forge::settings::ConnectionSettings;
use crate::forge::token_variable::TokenVariable;
use crate::http::{Method, RetryPolicy};
use crate::plan::{LinkStyle, MergeMethod, Metadata, Proposal, PullRequest};
use crate::refname::BranchName;

/// Its row in the table.
pub(super) const KIND: ForgeKind = ForgeKind {
    name: "gitea",
    label: "Gitea",
    about: "Gitea and Forgejo, including Codeberg",
    recognizes,
    address,
    api_path: "/api/v1",
    repository_paths: &["owner/name"],
    limits: LIMITS,
    token_variables: TOKEN_VARIABLES,
    other_job_tokens: &[],
    credentials: &[CredentialKind::token(AuthScheme::Token, GIT_USER)],
    permissions: PERMISSIONS,
    creation: CreationRules {
        exists: "pull request already exists",
        branch_not_visible: "couldn't be found",
        overwrites: false,
    },
    links: Some(LINKS),
    run_pages: RUN_PAGES,
    connect,
};

/// The usual names. Their Actions set the variables of GitHub for the token and the server.
const TOKEN_VARIABLES: &[TokenVariable] = &[
    TokenVariable::by_runner("FORGEJO_TOKEN", "FORGEJO_ACTIONS", &["FORGEJO_SERVER_URL", "GITHUB_SERVER_URL"]),
    TokenVariable::by_runner("GITEA_TOKEN", "GITEA_ACTIONS", &["GITEA_SERVER_URL", "GITHUB_SERVER_URL"]),
    TokenVariable::by_runner("GITHUB_TOKEN", "GITHUB_SERVER_URL", &["GITHUB_SERVER_URL"])
        .or_marked_by("GITHUB_ACTIONS"),
];

/// The page has the number of the run, not its id.
const RUN_PAGES: &[&str] = &[
    "{?FORGEJO_ACTIONS}{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_NUMBER}",
    "{?GITEA_ACTIONS}{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_NUMBER}",
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

fn connect(settings: ConnectionSettings) -> Result<Box<dyn Forge>, ForgeError> {
    let repository = settings.address.repository.clone();
    let Some((owner, name)) = repository.split_once('/').filter(|(_, name)| !name.contains('/')) else {
        return Err(not_a_repository(&repository, "owner/name"));
    };
    let root = format!("/repos/{}/{}", segment(owner), segment(name));
    let (client, retry_policy) = (ApiClient::new(&settings, &KIND, &root)?, settings.retry_policy);
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

    async fn find_open(&self, branch: &BranchName) -> Result<Vec<PullRequest>, ForgeError> {
        let branch = branch.as_str();
        let filter = [("state", "open"), ("head", branch)];
        let (found, _) = self.list(&filter, PAGES, |pull| pull.head.name == branch).await?;
        Ok(found)
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

    async fn attach(&self, existing: &PullRequest, missing: &Metadata) -> Attached {
        let mut attached = Attached::default();
        self.label(existing, &missing.labels, &mut attached).await;
        self.request_reviews(existing, missing, &mut attached).await;
        self.assign(existing, &missing.assignees, &mut attached).await;
        attached
    }

    async fn edit(&self, existing: &PullRequest, difference: &Difference<'_>) -> Result<PullRequest, ForgeError> {
        let mut change = Map::new();
        if let Some(title) = difference.title {
            // A person may have marked it as ready or as a draft since.
            let action = format!("read {}", existing.url);
            let now: Pull = self.client.get(&action, &self.route(existing)).await?;
            let prefix = if now.draft { DRAFT } else { "" };
            change.insert("title".to_owned(), json!(format!("{prefix}{title}")));
        }
        for (key, value) in [("body", difference.body), ("base", difference.base.map(BranchName::as_str))] {
            if let Some(value) = value {
                change.insert(key.to_owned(), json!(value));
            }
        }
        self.patch("update", existing, Value::Object(change)).await
    }

    async fn close_with(&self, existing: &PullRequest, body: &str) -> Result<PullRequest, ForgeError> {
        self.patch("close", existing, json!({"state": "closed", "body": body})).await
    }

    async fn comments(&self, existing: &PullRequest) -> Result<Vec<PullRequestComment>, ForgeError> {
        let action = format!("read the comments of {}", existing.url);
        let route = format!("{}/issues/{}/comments", self.root, existing.number);
        let comments: Vec<IssueComment> = self.client.get(&action, &route).await?;
        Ok(comments.into_iter().map(IssueComment::observed).collect())
    }

    async fn comment(&self, existing: &PullRequest, text: &str) -> Result<u64, ForgeError> {
        let action = format!("comment on {}", existing.url);
        let route = format!("{}/issues/{}/comments", self.root, existing.number);
        let added: IssueComment = self.client.post(&action, &route, &json!({ "body": text })).await?;
        Ok(added.id)
    }

    async fn delete_comment(&self, existing: &PullRequest, id: u64) -> Result<(), ForgeError> {
        let action = format!("delete a comment of {}", existing.url);
        let route = format!("{}/issues/comments/{id}", self.root);
        self.client.send::<Value>(&action, Method::DELETE, &route, None).await.map(drop)
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

    /// Only the timeline shows it, oldest event first. A page of the server may be smaller than requested, so an empty one is
    /// the end.
    async fn has_auto_merge(&self, existing: &PullRequest) -> Result<bool, ForgeError> {
        let action = format!("read auto-merge of {}", existing.url);
        let mut is_enabled = false;
        for page in 1..=PAGES {
            let route = format!("{}/issues/{}/timeline?limit={PAGE}&page={page}", self.root, existing.number);
            let events: Vec<Event> = self.client.get(&action, &route).await?;
            if events.is_empty() {
                return Ok(is_enabled);
            }
            is_enabled = events.iter().rev().find_map(Event::auto_merge).unwrap_or(is_enabled);
        }
        Err(ForgeError::endless(action, PAGES))
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
        Ok(Access { user, rights, remaining: None, new_name: self.client.new_name() })
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
    async fn label(&self, existing: &PullRequest, missing: &[String], attached: &mut Attached) {
        if missing.is_empty() {
            return;
        }
        let action = format!("add labels to {}", existing.url);
        let route = format!("{}/issues/{}/labels", self.root, existing.number);
        let set = self.client.post::<Vec<Label>>(&action, &route, &json!({ "labels": missing })).await;
        let (labels, error) = match set {
            Ok(labels) => (labels, silently_refused(&action, "no such label in the repository")),
            Err(error) => (vec![], error),
        };
        let is_set = |name: &String| labels.iter().any(|label| label.name == *name);
        let (done, not): (Vec<_>, Vec<_>) = missing.iter().cloned().partition(is_set);
        attached.done.labels = done;
        if !not.is_empty() {
            attached.warnings.push(not_set("label", not, existing, error));
        }
    }

    async fn request_reviews(&self, existing: &PullRequest, missing: &Metadata, attached: &mut Attached) {
        let action = format!("request a review of {}", existing.url);
        let route = format!("{}/pulls/{}/requested_reviewers", self.root, existing.number);
        let done = &mut attached.done;
        let kinds = [
            ("reviewer", "reviewers", &missing.reviewers, &mut done.reviewers),
            ("team", "team_reviewers", &missing.team_reviewers, &mut done.team_reviewers),
        ];
        // One by one: one invalid name makes the server refuse the whole request.
        for (what, key, names, done) in kinds {
            for name in names {
                match self.client.post::<Value>(&action, &route, &json!({ key: [name] })).await {
                    Ok(_) => done.push(name.clone()),
                    Err(error) => attached.warnings.push(not_set(what, vec![name.clone()], existing, error)),
                }
            }
        }
    }

    /// Assigns people one by one, since one unknown name makes the server refuse the list. The server replaces the list, so
    /// each request names those that a person assigned as well.
    async fn assign(&self, existing: &PullRequest, missing: &[String], attached: &mut Attached) {
        if missing.is_empty() {
            return;
        }
        let action = format!("read {}", existing.url);
        let mut assigned = match self.client.get::<Pull>(&action, &self.route(existing)).await {
            Ok(now) => now.assignees.unwrap_or_default().into_iter().map(|user| user.login).collect::<Vec<_>>(),
            Err(error) => {
                attached.warnings.push(not_set("assignee", missing.to_vec(), existing, error));
                return;
            }
        };
        for name in missing {
            assigned.push(name.clone());
            match self.patch("assign", existing, json!({ "assignees": assigned })).await {
                Ok(_) => attached.done.assignees.push(name.clone()),
                Err(error) => {
                    assigned.pop();
                    attached.warnings.push(not_set("assignee", vec![name.clone()], existing, error));
                }
            }
        }
    }
}
