//! GitHub: github.com, Enterprise Cloud with data residency, and Enterprise Server. Through octocrab's generic verbs
//! and with structs of our own: octocrab's models insist on fields that older servers don't send. Knows no git.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use octocrab::Page;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::http::RetryPolicy;
use crate::plan::{Extras, LinkStyle, MergeMethod, Proposal, PullRequest, PullRequestState};
use crate::refname::{BranchName, CommitId};

use super::create::{self, CreatePullRequest, Difference, ignored, not_set, shown};
use super::error::ForgeError;
use super::forge::{Access, Commits, Forge, Limits, Written};
use super::github_client::GitHubClient;
use super::github_graphql::GraphQl;
use super::remote::RemoteUrl;
use super::settings::{Address, ForgeSettings, TokenVariable};

/// What GitHub's own tools read; the first is set by people and by Actions, which run for one server.
pub(super) const TOKEN_VARIABLES: &[TokenVariable] = &[
    TokenVariable { name: "GITHUB_TOKEN", server: Some("GITHUB_SERVER_URL") },
    TokenVariable::by_hand("GH_TOKEN"),
    TokenVariable::by_hand("GH_ENTERPRISE_TOKEN"),
];

/// Any name does; GitHub documents this one for installation tokens.
pub(super) const GIT_USER: &str = "x-access-token";

/// GitHub refuses longer ones with 422: "title is too long (maximum is 256 characters)", "body … 65536".
const LIMITS: Limits = Limits::all(256, 65_536);

const NEEDS: &str = "contents: write and pull-requests: write on this repository (a classic token: `repo`); in GitHub \
                     Actions also the setting that allows workflows to create pull requests";

/// What private repositories without a paid plan say.
const NO_DRAFTS: &str = "Draft pull requests are not supported";

/// Who opens what is opened with a workflow's own token, which starts no workflows:
/// <https://docs.github.com/en/actions/security-for-github-actions/security-guides/automatic-token-authentication>.
const ACTIONS: &str = "github-actions[bot]";

/// More open pull requests than this many pages of a hundred are taken for an answer that never ends.
const PAGES: usize = 100;

/// github.com, its data-residency hosts, and servers whose name begins with `github.`.
pub(super) fn recognises(remote: &RemoteUrl) -> bool {
    matches!(remote.host.as_str(), "github.com" | "www.github.com" | "ssh.github.com")
        || remote.host.ends_with(".ghe.com")
        || remote.host.starts_with("github.")
}

/// The API of a host: <https://docs.github.com/en/enterprise-server/rest> puts it below `/api/v3`.
pub(super) fn address(remote: &RemoteUrl) -> Option<Address> {
    let [owner, name] = remote.segments()[..] else { return None };
    let api = match remote.host.as_str() {
        "github.com" | "www.github.com" | "ssh.github.com" => "https://api.github.com".to_owned(),
        host if host.ends_with(".ghe.com") => format!("https://api.{host}"),
        _ => format!("{}/api/v3", remote.site()),
    };
    Some(Address { api, repository: format!("{owner}/{name}") })
}

/// Servers with `github` in their name.
pub(super) const LINKS: LinkStyle = LinkStyle {
    repository: |host, path| host.contains("github").then(|| path.to_owned()),
    commit: "/commit/NEW",
    compare: "/compare/OLD...NEW",
};

/// Makes a client; sends nothing. Must be called inside a tokio runtime, which octocrab puts a task on.
pub(super) fn connect(settings: ForgeSettings) -> Result<Box<dyn Forge>, ForgeError> {
    let repository = settings.address.repository.clone();
    let Some((owner, _)) = repository.split_once('/').filter(|(_, name)| !name.contains('/')) else {
        let reason = format!("{repository:?} is not a GitHub repository: write owner/name");
        return Err(ForgeError::Settings { reason });
    };
    let graphql = GraphQl::new(GitHubClient::new(settings, NEEDS)?, repository.clone());
    Ok(Box::new(GitHub { owner: owner.to_owned(), graphql, told: AtomicBool::new(false), repository }))
}

struct GitHub {
    graphql: GraphQl,
    /// Whether it was said that workflows do not start.
    told: AtomicBool,
    owner: String,
    repository: String,
}

#[async_trait]
impl Forge for GitHub {
    fn limits(&self) -> Limits {
        LIMITS
    }

    async fn open_pull_requests(&self, prefix: &str) -> Result<Vec<PullRequest>, ForgeError> {
        let action = format!("list the pull requests of {}", self.repository);
        let mut found = Vec::new();
        for page in 1..=PAGES {
            let query = format!("state=open&per_page=100&page={page}");
            let listed: Page<Pull> =
                self.graphql.client.get(&action, &format!("/repos/{}/pulls?{query}", self.repository)).await?;
            // Pages are counted, not followed: a `next` link can't lead the token to another host.
            let last = listed.next.is_none();
            let ours = listed.items.into_iter().filter(|pull| pull.head.name.starts_with(prefix) && pull.is_local());
            found.extend(ours.filter_map(Pull::observed));
            if last {
                return Ok(found);
            }
        }
        Err(ForgeError::endless(action, PAGES))
    }

    async fn closed_pull_requests(&self, branch: &BranchName) -> Result<Vec<PullRequest>, ForgeError> {
        self.of_branch(branch, "closed").await
    }

    async fn open(&self, proposal: &Proposal) -> Result<Written, ForgeError> {
        create::open(self, proposal).await
    }

    async fn update(&self, existing: &PullRequest, proposal: &Proposal) -> Result<Written, ForgeError> {
        LIMITS.fits(&proposal.title, &proposal.body)?;
        let difference = Difference::between(existing, proposal);
        let fields = [("title", difference.title), ("body", difference.body), ("base", difference.base)];
        let patch: Map<_, _> =
            fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), json!(value?)))).collect();
        let pull_request = match difference.is_only_labels() {
            true => existing.clone(),
            false => self.patch("update", existing, Value::Object(patch)).await?,
        };
        let mut written = Written { pull_request, warnings: Vec::new() };
        self.label(&mut written, difference.labels).await;
        Ok(written)
    }

    async fn close(&self, existing: &PullRequest, body: &str, comment: &str) -> Result<Written, ForgeError> {
        LIMITS.fits("", body)?;
        let pull_request = self.patch("close", existing, json!({"state": "closed", "body": body})).await?;
        let action = format!("comment on {}", existing.url);
        let route = format!("/repos/{}/issues/{}/comments", self.repository, existing.number);
        let said = self.graphql.client.post::<Ignored>(&action, &route, json!({ "body": comment })).await;
        Ok(Written { pull_request, warnings: said.err().into_iter().collect() })
    }

    async fn merge_when_ready(&self, existing: &PullRequest, how: MergeMethod) -> Result<(), ForgeError> {
        self.graphql.merge_when_ready(existing, how).await
    }

    fn commits(&self) -> Option<&dyn Commits> {
        Some(&self.graphql)
    }

    async fn check(&self) -> Result<Access, ForgeError> {
        let action = format!("look at {}", self.repository);
        let repository: Repository = self.graphql.client.get(&action, &format!("/repos/{}", self.repository)).await?;
        if repository.archived {
            return Err(ForgeError::Archived { action, message: "it can only be read".to_owned() });
        }
        let rights = repository.permissions.into_iter().filter(|(_, has)| *has).map(|(name, _)| name).collect();
        // A workflow's own token has no user, and a server may have no limit: neither is an error.
        let user = self.graphql.client.get::<User>("ask for the user", "/user").await.ok().map(|user| user.login);
        let limits = self.graphql.client.get::<Value>("ask for the limit", "/rate_limit").await.ok();
        let remaining = limits.and_then(|limits| limits.pointer("/resources/core/remaining")?.as_u64());
        Ok(Access { user, rights, remaining })
    }

    fn requests(&self) -> u64 {
        self.graphql.client.requests()
    }
}

#[async_trait]
impl CreatePullRequest for GitHub {
    const EXISTS: &'static str = "already exists";
    const UNSEEN: &'static str = "head invalid";

    fn retry_policy(&self) -> RetryPolicy {
        self.graphql.client.retry_policy()
    }

    async fn create(&self, proposal: &Proposal) -> Result<PullRequest, ForgeError> {
        let action = format!("open a pull request for {} in {}", proposal.branch, self.repository);
        let mut body = json!({
            "title": proposal.title, "body": proposal.body, "head": proposal.branch.as_str(),
            "base": proposal.base.as_str(), "draft": proposal.extras.draft, "maintainer_can_modify": true,
        });
        let route = format!("/repos/{}/pulls", self.repository);
        let made = match self.graphql.client.post::<Pull>(&action, &route, body.clone()).await {
            Err(ForgeError::Refused { message, .. }) if message.contains(NO_DRAFTS) => {
                tracing::warn!(
                    "{} takes no drafts, so {} is opened for review at once",
                    self.repository,
                    proposal.branch
                );
                body["draft"] = json!(false);
                self.graphql.client.post::<Pull>(&action, &route, body).await?
            }
            made => made?,
        };
        if made.user.as_ref().is_some_and(|user| user.login == ACTIONS) && !self.told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "pull requests that are opened with a workflow's own GITHUB_TOKEN start no workflows: where checks have \
                 to run on them, give an App (TAGBOAT_APP_ID, TAGBOAT_APP_PRIVATE_KEY) or another token \
                 (TAGBOAT_FORGE_TOKEN)"
            );
        }
        shown(&action, made.observed())
    }

    async fn find_open(&self, proposal: &Proposal) -> Result<Option<PullRequest>, ForgeError> {
        Ok(self.of_branch(&proposal.branch, "open").await?.into_iter().next())
    }

    async fn complete(&self, written: &mut Written, proposal: &Proposal) {
        let missing = Difference::between(&written.pull_request, proposal).labels;
        self.label(written, missing).await;
        self.ask_people(written, &proposal.extras).await;
    }
}

impl GitHub {
    /// Pull requests of one branch of this repository, newest first.
    async fn of_branch(&self, branch: &BranchName, state: &str) -> Result<Vec<PullRequest>, ForgeError> {
        let action = format!("list the pull requests of {} in {}", branch, self.repository);
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("state", state), ("head", &format!("{}:{branch}", self.owner))])
            .extend_pairs([("sort", "created"), ("direction", "desc"), ("per_page", "100")])
            .finish();
        let listed: Page<Pull> =
            self.graphql.client.get(&action, &format!("/repos/{}/pulls?{query}", self.repository)).await?;
        // An older server ignores a `head` that it can't find, and lists everything.
        let ours = listed.items.into_iter().filter(|pull| pull.head.name == branch.as_str() && pull.is_local());
        Ok(ours.filter_map(Pull::observed).collect())
    }

    async fn patch(&self, verb: &str, existing: &PullRequest, body: Value) -> Result<PullRequest, ForgeError> {
        let action = format!("{verb} {}", existing.url);
        let route = format!("/repos/{}/pulls/{}", self.repository, existing.number);
        let patched = self.graphql.client.patch::<Pull>(&action, &route, body).await?;
        shown(&action, patched.observed())
    }

    /// Adds labels. GitHub makes those that don't exist.
    async fn label(&self, written: &mut Written, missing: Vec<String>) {
        if missing.is_empty() {
            return;
        }
        let Written { pull_request, warnings } = written;
        let action = format!("label {}", pull_request.url);
        let route = format!("/repos/{}/issues/{}/labels", self.repository, pull_request.number);
        match self.graphql.client.post::<Vec<Label>>(&action, &route, json!({ "labels": missing })).await {
            Ok(labels) => pull_request.labels = labels.into_iter().map(|label| label.name).collect(),
            Err(source) => warnings.push(not_set("label", missing, pull_request, source)),
        }
    }

    /// Asks for reviews and assigns. What GitHub refuses becomes a warning.
    async fn ask_people(&self, written: &mut Written, extras: &Extras) {
        let Written { pull_request, warnings } = written;
        let number = pull_request.number;
        let route = format!("/repos/{}/pulls/{number}/requested_reviewers", self.repository);
        let action = format!("ask for a review of {}", pull_request.url);
        let everyone = json!({"reviewers": extras.reviewers, "team_reviewers": extras.team_reviewers});
        let wanted = !extras.reviewers.is_empty() || !extras.team_reviewers.is_empty();
        if wanted && self.graphql.client.post::<Ignored>(&action, &route, everyone).await.is_err() {
            // GitHub refuses all of them for the sake of one, and doesn't say which: ask one by one.
            let kinds =
                [("reviewer", "reviewers", &extras.reviewers), ("team", "team_reviewers", &extras.team_reviewers)];
            for (what, key, names) in kinds {
                for name in names {
                    if let Err(source) =
                        self.graphql.client.post::<Ignored>(&action, &route, json!({ key: [name] })).await
                    {
                        warnings.push(not_set(what, vec![name.clone()], pull_request, source));
                    }
                }
            }
        }
        if extras.assignees.is_empty() {
            return;
        }
        let action = format!("assign {}", pull_request.url);
        let route = format!("/repos/{}/issues/{number}/assignees", self.repository);
        match self.graphql.client.post::<Assigned>(&action, &route, json!({ "assignees": extras.assignees })).await {
            Err(source) => warnings.push(not_set("assignee", extras.assignees.clone(), pull_request, source)),
            Ok(Assigned { assignees }) => {
                let is_there = |name: &String| assignees.iter().any(|user| user.login.eq_ignore_ascii_case(name));
                let missing: Vec<String> = extras.assignees.iter().filter(|name| !is_there(name)).cloned().collect();
                if !missing.is_empty() {
                    // GitHub: "Users without push access are silently ignored."
                    let source = ignored(&action, "they have no access to the repository");
                    warnings.push(not_set("assignee", missing, pull_request, source));
                }
            }
        }
    }
}

#[derive(Deserialize)]
struct Pull {
    number: u64,
    html_url: String,
    state: String,
    merged_at: Option<String>,
    title: String,
    body: Option<String>,
    labels: Vec<Label>,
    user: Option<User>,
    head: Side,
    base: Side,
}

#[derive(Deserialize)]
struct Side {
    #[serde(rename = "ref")]
    name: String,
    sha: String,
    repo: Option<RepositoryId>,
}

#[derive(Deserialize, PartialEq)]
struct RepositoryId {
    id: u64,
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
struct Assigned {
    assignees: Vec<User>,
}

#[derive(Deserialize)]
struct Repository {
    archived: bool,
    #[serde(default)]
    permissions: std::collections::BTreeMap<String, bool>,
}

/// An answer whose status says all.
#[derive(Deserialize)]
struct Ignored {}

impl Pull {
    /// Whether the branch is in the repository itself; a fork may have a branch of the same name, or be gone.
    fn is_local(&self) -> bool {
        self.head.repo.is_some() && self.head.repo == self.base.repo
    }

    fn observed(self) -> Option<PullRequest> {
        let state = match (self.merged_at, self.state.as_str()) {
            (Some(_), _) => PullRequestState::Merged,
            (None, "open") => PullRequestState::Open,
            (None, _) => PullRequestState::Closed,
        };
        Some(PullRequest {
            number: self.number,
            url: self.html_url,
            branch: BranchName::new(&self.head.name).ok()?,
            base: BranchName::new(&self.base.name).ok()?,
            state,
            head: CommitId::new(&self.head.sha).ok(),
            title: self.title,
            body: self.body.unwrap_or_default(),
            labels: self.labels.into_iter().map(|label| label.name).collect(),
        })
    }
}
