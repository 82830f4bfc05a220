//! Bitbucket Cloud: bitbucket.org.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::forge::client::{ApiClient, query, segment};
use crate::forge::credential::{AuthScheme, CredentialInput, CredentialKind};
use crate::forge::error::ForgeError;
use crate::forge::forge::{Access, Attached, Difference, Forge, ForgeKind, PullRequestComment};
use crate::forge::lifecycle::{checked, not_a_repository, not_set};
use crate::forge::limits::{CreationRules, Limits};
use crate::forge::remote::{Address, RemoteUrl};
use crate::forge::settings::ConnectionSettings;
use crate::forge::token_variable::TokenVariable;
use crate::http::{Method, RetryPolicy};
use crate::plan::{LinkStyle, Metadata, Proposal, PullRequest, PullRequestState};
use crate::refname::{BranchName, CommitId};

/// Its row in the table.
pub(super) const KIND: ForgeKind = ForgeKind {
    name: "bitbucket-cloud",
    label: "Bitbucket Cloud",
    about: "Bitbucket Cloud: bitbucket.org",
    recognizes,
    address,
    api_path: "/2.0",
    repository_paths: &["workspace/name"],
    limits: LIMITS,
    token_variables: TOKEN_VARIABLES,
    other_job_tokens: &[],
    credentials: &[
        CredentialKind {
            input: CredentialInput::TokenOfAccount,
            scheme: AuthScheme::Basic,
            git_user: GIT_USER_OF_ACCOUNT,
        },
        CredentialKind::token(AuthScheme::Bearer, GIT_USER),
    ],
    permissions: PERMISSIONS,
    creation: CreationRules { exists: "already exists", branch_not_visible: "branch not found", overwrites: true },
    links: Some(LINKS),
    run_pages: &["{BITBUCKET_GIT_HTTP_ORIGIN}/pipelines/results/{BITBUCKET_BUILD_NUMBER}"],
    connect,
};

/// Pipelines set no token. These are the usual names of a repository variable.
const TOKEN_VARIABLES: &[TokenVariable] = &[
    TokenVariable::by_person("BITBUCKET_TOKEN"),
    TokenVariable::by_person("BITBUCKET_API_TOKEN"),
    TokenVariable::by_person("BITBUCKET_ACCESS_TOKEN"),
];

/// The git user of access tokens of a repository, project or workspace.
const GIT_USER: &str = "x-token-auth";

/// The git user of API tokens of an account. The e-mail address is the user for the API only:
/// <https://support.atlassian.com/bitbucket-cloud/docs/using-api-tokens/>.
const GIT_USER_OF_ACCOUNT: &str = "x-bitbucket-api-token-auth";

/// 255 characters in a title, 32,768 in a description. There are no labels, assignees or teams on pull requests, and
/// its API has no auto-merge.
const LIMITS: Limits =
    Limits { labels: false, team_reviewers: false, assignees: false, auto_merge: false, ..Limits::all(255, 32_768) };

const PERMISSIONS: &str = "the scopes `pullrequest:write` and `repository:write` (an API token also needs the \
                     e-mail address of its account as the user)";

/// The most pages that are read, of fifty pull requests (the maximum) each; more mean an endless listing.
const PAGES: usize = 200;
const PAGE: usize = 50;

/// Recognizes bitbucket.org only: other hosts run Data Center.
fn recognizes(remote: &RemoteUrl) -> bool {
    matches!(remote.host.as_str(), "bitbucket.org" | "altssh.bitbucket.org")
}

/// Returns the address in the API, which has one host for all repositories.
fn address(remote: &RemoteUrl) -> Option<Address> {
    let [workspace, name] = remote.segments()[..] else { return None };
    let (api, repository) = ("https://api.bitbucket.org/2.0".to_owned(), format!("{workspace}/{name}"));
    recognizes(remote).then_some(Address { api, repository })
}

/// A comparison has the newer revision first.
const LINKS: LinkStyle = LinkStyle {
    repository: |host, path| (host == "bitbucket.org").then(|| path.to_owned()),
    commit: "/commits/NEW",
    compare: "/branches/compare/NEW..OLD",
};

fn connect(settings: ConnectionSettings) -> Result<Box<dyn Forge>, ForgeError> {
    let repository = settings.address.repository.clone();
    let Some((workspace, name)) = repository.split_once('/').filter(|(_, name)| !name.contains('/')) else {
        return Err(not_a_repository(&repository, "workspace/name"));
    };
    let root = format!("/repositories/{}/{}", segment(workspace), segment(name));
    let (client, retry_policy) = (ApiClient::new(&settings, &KIND, &root)?, settings.retry_policy);
    Ok(Box::new(BitbucketCloud { client, retry_policy, root, repository }))
}

struct BitbucketCloud {
    client: ApiClient,
    retry_policy: RetryPolicy,
    /// The route of the repository.
    root: String,
    repository: String,
}

#[async_trait]
impl Forge for BitbucketCloud {
    fn kind(&self) -> &'static ForgeKind {
        &KIND
    }

    fn retry_policy(&self) -> RetryPolicy {
        self.retry_policy
    }

    async fn open_pull_requests(&self, prefix: &str) -> Result<Vec<PullRequest>, ForgeError> {
        // `~` means "contains": the server lists less, and the prefix is checked here.
        let filter = format!("state = \"OPEN\" AND source.branch.name ~ {}", quoted(prefix));
        self.list(&filter, |pull| pull.source.branch.name.starts_with(prefix)).await
    }

    async fn closed_pull_requests(&self, branch: &BranchName) -> Result<Vec<PullRequest>, ForgeError> {
        let filter = format!("state != \"OPEN\" AND source.branch.name = {}", quoted(branch.as_str()));
        let mut found = self.list(&filter, |pull| pull.source.branch.name == branch.as_str()).await?;
        found.sort_by_key(|pull| std::cmp::Reverse(pull.number));
        Ok(found)
    }

    async fn find_open(&self, branch: &BranchName) -> Result<Vec<PullRequest>, ForgeError> {
        let branch = branch.as_str();
        let filter = format!("state = \"OPEN\" AND source.branch.name = {}", quoted(branch));
        self.list(&filter, |pull| pull.source.branch.name == branch).await
    }

    async fn create(&self, proposal: &Proposal) -> Result<PullRequest, ForgeError> {
        let action = format!("open a pull request for {} in {}", proposal.branch, self.repository);
        let body = json!({
            "type": "pullrequest", "title": proposal.title, "description": proposal.body,
            "source": {"branch": {"name": proposal.branch.as_str()}},
            "destination": {"branch": {"name": proposal.base.as_str()}},
            "draft": proposal.extras.draft, "close_source_branch": false,
        });
        let made: Pull = self.client.post(&action, &format!("{}/pullrequests", self.root), &body).await?;
        checked(&action, made.observed())
    }

    /// Requests reviews from accounts by `{uuid}` or account id: Bitbucket finds no account by name. One invalid reviewer
    /// makes Bitbucket refuse the whole list, so each is added on its own.
    async fn attach(&self, existing: &PullRequest, missing: &Metadata) -> Attached {
        let mut attached = Attached::default();
        for name in &missing.reviewers {
            let key = if name.starts_with('{') { "uuid" } else { "account_id" };
            let reviewer = json!({"type": "user", key: name});
            let change = json!({"type": "pullrequest", "title": existing.title, "description": existing.body});
            match self.put("request a review of", existing, change, Some(reviewer)).await {
                Ok(_) => attached.done.reviewers.push(name.clone()),
                Err(error) => attached.warnings.push(not_set("reviewer", vec![name.clone()], existing, error)),
            }
        }
        attached
    }

    async fn edit(&self, existing: &PullRequest, difference: &Difference<'_>) -> Result<PullRequest, ForgeError> {
        let change = json!({
            "type": "pullrequest",
            "title": difference.title.unwrap_or(&existing.title),
            "description": difference.body.unwrap_or(&existing.body),
            "destination": {"branch": {"name": difference.base.unwrap_or(&existing.base).as_str()}},
        });
        self.put("update", existing, change, None).await
    }

    async fn close_with(&self, existing: &PullRequest, body: &str) -> Result<PullRequest, ForgeError> {
        // A declined pull request is read-only, so the body is written first.
        if existing.body != body {
            let change = json!({"type": "pullrequest", "title": existing.title, "description": body});
            self.put("close", existing, change, None).await?;
        }
        let action = format!("close {}", existing.url);
        let route = format!("{}/decline", self.route(existing));
        let declined = self.client.send::<Pull>(&action, Method::POST, &route, None).await?;
        checked(&action, declined.body.observed())
    }

    async fn comments(&self, existing: &PullRequest) -> Result<Vec<PullRequestComment>, ForgeError> {
        let action = format!("read the comments of {}", existing.url);
        let mut comments = Vec::new();
        for page in 1..=PAGES {
            let query = query(&[("pagelen", &PAGE.to_string()), ("page", &page.to_string())]);
            let listed: Comments =
                self.client.get(&action, &format!("{}/comments?{query}", self.route(existing))).await?;
            comments.extend(listed.values.into_iter().map(ListedComment::observed));
            if listed.next.is_none() {
                break;
            }
        }
        Ok(comments)
    }

    async fn comment(&self, existing: &PullRequest, text: &str) -> Result<u64, ForgeError> {
        let action = format!("comment on {}", existing.url);
        let route = format!("{}/comments", self.route(existing));
        let body = json!({"type": "pullrequest_comment", "content": {"raw": text}});
        let added: ListedComment = self.client.post(&action, &route, &body).await?;
        Ok(added.id)
    }

    async fn delete_comment(&self, existing: &PullRequest, id: u64) -> Result<(), ForgeError> {
        let action = format!("delete a comment of {}", existing.url);
        let route = format!("{}/comments/{id}", self.route(existing));
        self.client.send::<Value>(&action, Method::DELETE, &route, None).await.map(drop)
    }

    async fn check(&self) -> Result<Access, ForgeError> {
        let action = format!("read the repository {}", self.repository);
        let response = self.client.send::<Value>(&action, Method::GET, &self.root, None).await?;
        let rights = match response.header("x-oauth-scopes") {
            Some(scopes) => scopes.split(',').map(|scope| scope.trim().to_owned()).collect(),
            None => vec!["read the repository".to_owned()],
        };
        // An access token of a repository has no user.
        let user =
            self.client.get::<User>("read the account of the token", "/user").await.ok().map(|user| user.display_name);
        Ok(Access { user, rights, remaining: None, new_name: self.client.new_name() })
    }

    fn requests(&self) -> u64 {
        self.client.requests()
    }
}

impl BitbucketCloud {
    fn route(&self, existing: &PullRequest) -> String {
        format!("{}/pullrequests/{}", self.root, existing.number)
    }

    async fn list(&self, filter: &str, matches: impl Fn(&Pull) -> bool + Send) -> Result<Vec<PullRequest>, ForgeError> {
        let action = format!("list the pull requests of {}", self.repository);
        let mut found = Vec::new();
        for page in 1..=PAGES {
            let (size, page) = (PAGE.to_string(), page.to_string());
            let query = query(&[("q", filter), ("pagelen", &size), ("page", &page)]);
            let route = format!("{}/pullrequests?{query}", self.root);
            let listed: Listing = self.client.get(&action, &route).await?;
            // Pages are counted, not followed: a `next` link cannot lead the token to another host.
            let last = listed.next.is_none();
            let matching = listed.values.into_iter().filter(|pull| pull.is_local() && matches(pull));
            found.extend(matching.filter_map(Pull::observed));
            if last {
                return Ok(found);
            }
        }
        Err(ForgeError::endless(action, PAGES))
    }

    /// Writes a pull request with its current reviewers and one more: Bitbucket reads a missing list as an empty one.
    async fn put(
        &self,
        verb: &str,
        existing: &PullRequest,
        mut change: Value,
        reviewer: Option<Value>,
    ) -> Result<PullRequest, ForgeError> {
        let action = format!("{verb} {}", existing.url);
        let route = self.route(existing);
        let now: Pull = self.client.get(&action, &route).await?;
        let reviewers = now.reviewers.into_iter().map(|user| json!({"type": "user", "uuid": user.uuid}));
        let others = reviewers.filter(|one| Some(one) != reviewer.as_ref()).collect::<Vec<_>>();
        change["reviewers"] = others.into_iter().chain(reviewer).collect();
        let written = self.client.send::<Pull>(&action, Method::PUT, &route, Some(&change)).await?;
        checked(&action, written.body.observed())
    }
}

/// Returns a quoted string of Bitbucket's query language.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[derive(Deserialize)]
struct Comments {
    values: Vec<ListedComment>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct ListedComment {
    id: u64,
    content: Content,
}

impl ListedComment {
    fn observed(self) -> PullRequestComment {
        PullRequestComment { id: self.id, text: self.content.raw }
    }
}

#[derive(Deserialize)]
struct Content {
    #[serde(default)]
    raw: String,
}

#[derive(Deserialize)]
struct Listing {
    values: Vec<Pull>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Pull {
    id: u64,
    title: String,
    #[serde(default)]
    description: String,
    state: String,
    source: Side,
    destination: Side,
    #[serde(default)]
    reviewers: Vec<Reviewer>,
    links: Links,
}

#[derive(Deserialize)]
struct Side {
    branch: Branch,
    commit: Option<Commit>,
    /// `None` if the fork was deleted.
    repository: Option<Repository>,
}

#[derive(Deserialize)]
struct Branch {
    name: String,
}

#[derive(Deserialize)]
struct Commit {
    hash: String,
}

#[derive(Deserialize, PartialEq)]
struct Repository {
    full_name: String,
}

#[derive(Deserialize)]
struct Reviewer {
    uuid: String,
}

#[derive(Deserialize)]
struct Links {
    html: Link,
}

#[derive(Deserialize)]
struct Link {
    href: String,
}

#[derive(Deserialize)]
struct User {
    display_name: String,
}

impl Pull {
    fn is_local(&self) -> bool {
        self.source.repository.is_some() && self.source.repository == self.destination.repository
    }

    fn observed(self) -> Option<PullRequest> {
        Some(PullRequest {
            number: self.id,
            url: self.links.html.href,
            branch: BranchName::new(&self.source.branch.name).ok()?,
            base: BranchName::new(&self.destination.branch.name).ok()?,
            state: match self.state.as_str() {
                "OPEN" => PullRequestState::Open,
                "MERGED" => PullRequestState::Merged,
                // DECLINED, SUPERSEDED
                _ => PullRequestState::Closed,
            },
            // The API has twelve digits only, which do not identify a commit reliably.
            head: self.source.commit.and_then(|commit| CommitId::new(&commit.hash).ok()),
            title: self.title,
            body: self.description,
            labels: vec![],
        })
    }
}
