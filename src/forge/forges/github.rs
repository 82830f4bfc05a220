//! GitHub: github.com, Enterprise Cloud with data residency, and Enterprise Server. Requests and models are octocrab's.
//! Where a model requires more than a run needs, this file parses less.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use octocrab::models::{Repository, pulls::PullRequest as Pull};
use octocrab::{Octocrab, Page};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value, json};

use super::github_model::{Assigned, IssueComment, User, observed};
use crate::http::RetryPolicy;
use crate::plan::{LinkStyle, MergeMethod, Metadata, Proposal, PullRequest};
use crate::refname::BranchName;

use super::github_client::GitHubClient;
use super::github_graphql::GraphQl;
use crate::forge::client::query;
use crate::forge::credential::{AuthScheme, CredentialInput, CredentialKind};
use crate::forge::error::ForgeError;
use crate::forge::failure::malformed;
use crate::forge::forge::{Access, Attached, Commits, Difference, Forge, ForgeKind, PullRequestComment};
use crate::forge::lifecycle::{checked, not_a_repository, not_set, silently_refused};
use crate::forge::limits::{CreationRules, Limits};
use crate::forge::remote::{Address, RemoteUrl};
use crate::forge::settings::ConnectionSettings;
use crate::forge::token_variable::TokenVariable;

/// Its row in the table.
pub(super) const KIND: ForgeKind = ForgeKind {
    name: "github",
    label: "GitHub",
    about: "GitHub: github.com, Enterprise Cloud and Enterprise Server",
    recognizes,
    address,
    api_path: "/api/v3",
    repository_paths: &["owner/name"],
    limits: LIMITS,
    token_variables: TOKEN_VARIABLES,
    other_job_tokens: &[TokenVariable::by_runner("ACTIONS_RUNTIME_TOKEN", "GITHUB_SERVER_URL", &["GITHUB_SERVER_URL"])
        .or_marked_by("GITHUB_ACTIONS")],
    credentials: &[
        CredentialKind { input: CredentialInput::App, scheme: AuthScheme::Bearer, git_user: GIT_USER },
        CredentialKind::token(AuthScheme::Bearer, GIT_USER),
    ],
    permissions: PERMISSIONS,
    creation: CreationRules { exists: "already exists", branch_not_visible: "head invalid", overwrites: false },
    links: Some(LINKS),
    run_pages: &["{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}"],
    connect,
};

/// The variables that GitHub's own tools read. People and Actions set the first; Actions run for one server.
const TOKEN_VARIABLES: &[TokenVariable] = &[
    TokenVariable::by_runner("GITHUB_TOKEN", "GITHUB_SERVER_URL", &["GITHUB_SERVER_URL"])
        .or_marked_by("GITHUB_ACTIONS"),
    TokenVariable::by_person("GH_TOKEN"),
    TokenVariable::by_person("GH_ENTERPRISE_TOKEN"),
];

/// GitHub ignores the user name, and documents this one for installation tokens.
const GIT_USER: &str = "x-access-token";

/// GitHub refuses longer texts with 422: "title is too long (maximum is 256 characters)", "body … 65536".
const LIMITS: Limits = Limits::all(256, 65_536);

const PERMISSIONS: &str = "`contents: write` and `pull-requests: write` on this repository (a classic token: `repo`); in GitHub \
                     Actions, also enable the setting that allows workflows to create pull requests";

/// The refusal in private repositories without a paid plan.
const NO_DRAFTS: &str = "Draft pull requests are not supported";

/// The author of pull requests that are opened with a workflow's own token, which start no workflows:
/// <https://docs.github.com/en/actions/security-for-github-actions/security-guides/automatic-token-authentication>.
const ACTIONS: &str = "github-actions[bot]";

/// The most pages that are read, of a hundred pull requests each; more mean an endless listing.
const PAGES: usize = 100;

/// Recognizes github.com, its data-residency hosts, and hosts that begin with `github.`.
fn recognizes(remote: &RemoteUrl) -> bool {
    matches!(remote.host.as_str(), "github.com" | "www.github.com" | "ssh.github.com")
        || remote.host.ends_with(".ghe.com")
        || remote.host.starts_with("github.")
}

/// Returns the address in the API: `/api/v3` on a server (<https://docs.github.com/en/enterprise-server/rest>).
fn address(remote: &RemoteUrl) -> Option<Address> {
    let [owner, name] = remote.segments()[..] else { return None };
    let api = match remote.host.as_str() {
        "github.com" | "www.github.com" | "ssh.github.com" => "https://api.github.com".to_owned(),
        "api.github.com" => "https://api.github.com".to_owned(),
        host if host.ends_with(".ghe.com") => format!("https://api.{}", host.trim_start_matches("api.")),
        _ => format!("{}/api/v3", remote.site()),
    };
    Some(Address { api, repository: format!("{owner}/{name}") })
}

/// Links to hosts with `github` in their name.
const LINKS: LinkStyle = LinkStyle {
    repository: |host, path| host.contains("github").then(|| path.to_owned()),
    commit: "/commit/NEW",
    compare: "/compare/OLD...NEW",
};

/// Must be called inside a tokio runtime: octocrab starts a task.
fn connect(settings: ConnectionSettings) -> Result<Box<dyn Forge>, ForgeError> {
    let repository = settings.address.repository.clone();
    let Some((owner, name)) = repository.split_once('/').filter(|(_, name)| !name.contains('/')) else {
        return Err(not_a_repository(&repository, "owner/name"));
    };
    let (owner, name) = (owner.to_owned(), name.to_owned());
    let graphql = GraphQl::new(GitHubClient::new(&settings, &KIND)?, repository.clone());
    let (retry_policy, warned) = (settings.retry_policy, AtomicBool::new(false));
    Ok(Box::new(GitHub { graphql, retry_policy, warned, owner, name, repository }))
}

struct GitHub {
    graphql: GraphQl,
    retry_policy: RetryPolicy,
    /// Whether the warning that no workflows start was printed.
    warned: AtomicBool,
    owner: String,
    name: String,
    repository: String,
}

#[async_trait]
impl Forge for GitHub {
    fn kind(&self) -> &'static ForgeKind {
        &KIND
    }

    fn retry_policy(&self) -> RetryPolicy {
        self.retry_policy
    }

    async fn open_pull_requests(&self, prefix: &str) -> Result<Vec<PullRequest>, ForgeError> {
        let action = format!("list the pull requests of {}", self.repository);
        let mut found = Vec::new();
        for page in 1..=PAGES {
            let query = format!("state=open&per_page=100&page={page}");
            let (matching, last) = self.list(&action, &query, |branch| branch.starts_with(prefix)).await?;
            found.extend(matching);
            if last {
                return Ok(found);
            }
        }
        Err(ForgeError::endless(action, PAGES))
    }

    async fn closed_pull_requests(&self, branch: &BranchName) -> Result<Vec<PullRequest>, ForgeError> {
        self.of_branch(branch, "closed").await
    }

    async fn find_open(&self, branch: &BranchName) -> Result<Vec<PullRequest>, ForgeError> {
        self.of_branch(branch, "open").await
    }

    async fn create(&self, proposal: &Proposal) -> Result<PullRequest, ForgeError> {
        let action = format!("open a pull request for {} in {}", proposal.branch, self.repository);
        let create = async |octocrab: &Octocrab, draft| {
            let pulls = octocrab.pulls(&self.owner, &self.name);
            let request = pulls.create(&proposal.title, proposal.branch.as_str(), proposal.base.as_str());
            request.body(proposal.body.as_str()).draft(draft).maintainer_can_modify(true).send().await
        };
        let call = async |draft| self.client().call(&action, async |octocrab| create(octocrab, draft).await).await;
        let created = match call(proposal.extras.draft).await {
            Err(failure) if failure.is_refusal(NO_DRAFTS) => {
                tracing::warn!("{} has no drafts; opening {} ready for review", self.repository, proposal.branch);
                call(false).await?
            }
            created => created?,
        };
        let by_workflow = created.user.as_ref().is_some_and(|user| user.login == ACTIONS);
        if by_workflow && !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "pull requests opened with a workflow's GITHUB_TOKEN start no workflows; to run checks on them, set \
                 TAGBOAT_APP_ID and TAGBOAT_APP_PRIVATE_KEY, or TAGBOAT_FORGE_TOKEN"
            );
        }
        checked(&action, observed(created))
    }

    async fn attach(&self, existing: &PullRequest, missing: &Metadata) -> Attached {
        let mut attached = Attached::default();
        self.label(existing, &missing.labels, &mut attached).await;
        self.request_reviews(existing, missing, &mut attached).await;
        self.assign(existing, &missing.assignees, &mut attached).await;
        attached
    }

    async fn edit(&self, existing: &PullRequest, difference: &Difference<'_>) -> Result<PullRequest, ForgeError> {
        let base = difference.base.map(BranchName::as_str);
        let fields = [("title", difference.title), ("body", difference.body), ("base", base)];
        let change: Map<_, _> =
            fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), json!(value?)))).collect();
        self.patch("update", existing, Value::Object(change)).await
    }

    async fn close_with(&self, existing: &PullRequest, body: &str) -> Result<PullRequest, ForgeError> {
        self.patch("close", existing, json!({"state": "closed", "body": body})).await
    }

    async fn comments(&self, existing: &PullRequest) -> Result<Vec<PullRequestComment>, ForgeError> {
        let action = format!("read the comments of {}", existing.url);
        let mut comments = Vec::new();
        // Oldest first, in any case.
        for page in 1..=PAGES {
            let route =
                format!("/repos/{}/issues/{}/comments?per_page=100&page={page}", self.repository, existing.number);
            let listed: Vec<IssueComment> = self.get(&action, &route).await?;
            let is_last = listed.len() < 100;
            comments.extend(listed.into_iter().filter_map(IssueComment::observed));
            if is_last {
                break;
            }
        }
        Ok(comments)
    }

    async fn comment(&self, existing: &PullRequest, text: &str) -> Result<u64, ForgeError> {
        let action = format!("comment on {}", existing.url);
        let route = format!("/repos/{}/issues/{}/comments", self.repository, existing.number);
        Ok(self.post::<IssueComment>(&action, &route, json!({ "body": text })).await?.id)
    }

    async fn delete_comment(&self, existing: &PullRequest, id: u64) -> Result<(), ForgeError> {
        let action = format!("delete a comment of {}", existing.url);
        let route = format!("/repos/{}/issues/comments/{id}", self.repository);
        let delete = async |octocrab: &Octocrab| {
            octocrab::map_github_error(octocrab._delete(&route, None::<&()>).await?).await.map(drop)
        };
        self.client().call(&action, delete).await
    }

    async fn enable_auto_merge(&self, existing: &PullRequest, method: MergeMethod) -> Result<(), ForgeError> {
        self.graphql.enable_auto_merge(existing, method).await
    }

    async fn has_auto_merge(&self, existing: &PullRequest) -> Result<bool, ForgeError> {
        self.graphql.has_auto_merge(existing).await
    }

    fn commits(&self) -> Option<&dyn Commits> {
        Some(&self.graphql)
    }

    async fn check(&self) -> Result<Access, ForgeError> {
        let action = format!("read the repository {}", self.repository);
        let read = async |octocrab: &Octocrab| octocrab.repos(&self.owner, &self.name).get().await;
        let repository: Repository = self.client().call(&action, read).await?;
        if repository.archived == Some(true) {
            return Err(ForgeError::Archived { action, message: "the repository is read-only".to_owned() });
        }
        // The token of a workflow has no account, and a server may have no limit: neither is an error.
        let user = self.get::<User>("read the account of the token", "/user").await.ok().map(|user| user.login);
        let limits = self.get::<Value>("read the rate limit", "/rate_limit").await.ok();
        let remaining = limits.and_then(|limits| limits.pointer("/resources/core/remaining")?.as_u64());
        let rights = repository.permissions.map_or(vec![], |has| {
            let rights = [
                ("admin", has.admin),
                ("maintain", has.maintain),
                ("pull", has.pull),
                ("push", has.push),
                ("triage", has.triage),
            ];
            rights.into_iter().filter(|(_, has)| *has).map(|(name, _)| name.to_owned()).collect()
        });
        Ok(Access { user, rights, remaining, new_name: self.client().new_name() })
    }

    fn requests(&self) -> u64 {
        self.client().requests()
    }
}

impl GitHub {
    fn client(&self) -> &GitHubClient {
        &self.graphql.client
    }

    async fn get<T: DeserializeOwned>(&self, action: &str, route: &str) -> Result<T, ForgeError> {
        self.client().call(action, async |octocrab| octocrab.get(route, None::<&()>).await).await
    }

    async fn post<T: DeserializeOwned>(&self, action: &str, route: &str, body: Value) -> Result<T, ForgeError> {
        self.client().call(action, async |octocrab| octocrab.post(route, Some(&body)).await).await
    }

    /// Changes a pull request. octocrab's own request sends a field that GitHub does not describe.
    async fn patch(&self, verb: &str, existing: &PullRequest, body: Value) -> Result<PullRequest, ForgeError> {
        let action = format!("{verb} {}", existing.url);
        let route = format!("/repos/{}/pulls/{}", self.repository, existing.number);
        let patch = async |octocrab: &Octocrab| octocrab.patch(&route, Some(&body)).await;
        let changed: Pull = self.client().call(&action, patch).await?;
        checked(&action, observed(changed))
    }

    /// Returns the pull requests of one branch of this repository, newest first.
    async fn of_branch(&self, branch: &BranchName, state: &str) -> Result<Vec<PullRequest>, ForgeError> {
        let action = format!("list the pull requests of {} in {}", branch, self.repository);
        let head = format!("{}:{branch}", self.client().owner(&self.owner));
        let order = [("sort", "created"), ("direction", "desc"), ("per_page", "100")];
        let pairs = [&[("state", state), ("head", &head)][..], &order].concat();
        // An older server ignores a `head` that it cannot find, and lists everything.
        Ok(self.list(&action, &query(&pairs), |name| name == branch.as_str()).await?.0)
    }

    /// Returns the pull requests of one page whose branch is wanted and in this repository, and whether it is the last
    /// page. Only those are parsed as octocrab's model, which is strict; pull requests of other people may have any content.
    async fn list(
        &self,
        action: &str,
        query: &str,
        matches: impl Fn(&str) -> bool + Send,
    ) -> Result<(Vec<PullRequest>, bool), ForgeError> {
        let route = format!("/repos/{}/pulls?{query}", self.repository);
        let get = async |octocrab: &Octocrab| octocrab.get(&route, None::<&()>).await;
        let listed: Page<Value> = self.client().call(action, get).await?;
        // Pages are counted, not followed: a `next` link cannot lead the token to another host.
        let last = listed.next.is_none();
        let is_matching = |pull: &&Value| pull.pointer("/head/ref").and_then(Value::as_str).is_some_and(&matches);
        let mut found = Vec::new();
        for pull in listed.items.iter().filter(is_matching) {
            let pull = Pull::deserialize(pull).map_err(|error| malformed(action, &error))?;
            let id = |repository: &Option<Repository>| repository.as_ref().map(|repository| repository.id);
            // A fork may have a branch of the same name, or may have been deleted.
            if pull.head.repo.is_some() && id(&pull.head.repo) == id(&pull.base.repo) {
                found.extend(observed(pull));
            }
        }
        Ok((found, last))
    }

    /// Adds labels. GitHub creates those that do not exist.
    async fn label(&self, existing: &PullRequest, missing: &[String], attached: &mut Attached) {
        if missing.is_empty() {
            return;
        }
        let (action, number) = (format!("add labels to {}", existing.url), existing.number);
        let label =
            async |octocrab: &Octocrab| octocrab.issues(&self.owner, &self.name).add_labels(number, missing).await;
        match self.client().call(&action, label).await {
            Ok(_) => attached.done.labels = missing.to_vec(),
            Err(error) => attached.warnings.push(not_set("label", missing.to_vec(), existing, error)),
        }
    }

    /// Requests reviews. What GitHub refuses becomes a warning.
    async fn request_reviews(&self, existing: &PullRequest, missing: &Metadata, attached: &mut Attached) {
        if missing.reviewers.is_empty() && missing.team_reviewers.is_empty() {
            return;
        }
        let route = format!("/repos/{}/pulls/{}/requested_reviewers", self.repository, existing.number);
        let action = format!("request a review of {}", existing.url);
        let everyone = json!({"reviewers": missing.reviewers, "team_reviewers": missing.team_reviewers});
        let done = &mut attached.done;
        if self.post::<IgnoredAny>(&action, &route, everyone).await.is_ok() {
            done.reviewers.clone_from(&missing.reviewers);
            done.team_reviewers.clone_from(&missing.team_reviewers);
            return;
        }
        // GitHub refuses all of them because of one, and does not name it: request one by one.
        let kinds = [
            ("reviewer", "reviewers", &missing.reviewers, &mut done.reviewers),
            ("team", "team_reviewers", &missing.team_reviewers, &mut done.team_reviewers),
        ];
        for (what, key, names, done) in kinds {
            for name in names {
                match self.post::<IgnoredAny>(&action, &route, json!({ key: [name] })).await {
                    Ok(_) => done.push(name.clone()),
                    Err(error) => attached.warnings.push(not_set(what, vec![name.clone()], existing, error)),
                }
            }
        }
    }

    /// Assigns people. Those that GitHub drops become a warning.
    async fn assign(&self, existing: &PullRequest, missing: &[String], attached: &mut Attached) {
        if missing.is_empty() {
            return;
        }
        let action = format!("assign users to {}", existing.url);
        let route = format!("/repos/{}/issues/{}/assignees", self.repository, existing.number);
        let (assignees, error) = match self.post::<Assigned>(&action, &route, json!({ "assignees": missing })).await {
            Err(error) => (Vec::new(), error),
            // GitHub: "Users without push access are silently ignored."
            Ok(Assigned { assignees }) => (assignees, silently_refused(&action, "no access to the repository")),
        };
        let is_set = |name: &String| assignees.iter().any(|user| user.login.eq_ignore_ascii_case(name));
        let (done, not): (Vec<_>, Vec<_>) = missing.iter().cloned().partition(is_set);
        attached.done.assignees = done;
        if !not.is_empty() {
            attached.warnings.push(not_set("assignee", not, existing, error));
        }
    }
}
