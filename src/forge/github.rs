//! GitHub: github.com, Enterprise Cloud with data residency, and Enterprise Server. Through octocrab's generic verbs
//! and with structs of our own: octocrab's models insist on fields that older servers don't send. Knows no git.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use octocrab::service::middleware::auth_header::AuthHeaderLayer;
use octocrab::service::middleware::base_uri::BaseUriLayer;
use octocrab::service::middleware::extra_headers::ExtraHeadersLayer;
use octocrab::service::middleware::reqwest_connector::ReqwestConnector;
use octocrab::{AuthState, FromResponse, Octocrab, OctocrabBuilder, Page};
use reqwest::header::{ACCEPT, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::plan::{Extras, Proposal, PullRequest, PullRequestState};
use crate::refname::{BranchName, CommitId};

use super::error::{ForgeError, Refusal};
use super::forge::{Access, Forge, Limits, Written};
use super::patience::{Patience, refusal};
use super::remote::RemoteUrl;
use super::settings::{Address, ForgeSettings};

/// The variables that GitHub's own tools read a token from.
pub(super) const TOKEN_VARIABLES: &[&str] = &["GITHUB_TOKEN", "GH_TOKEN", "GH_ENTERPRISE_TOKEN"];

/// GitHub refuses longer ones with 422: "title is too long (maximum is 256 characters)", "body … 65536".
const LIMITS: Limits = Limits::all(256, 65_536);

const NEEDS: &str = "contents: write and pull-requests: write on this repository (a classic token: `repo`); in GitHub \
                     Actions also the setting that allows workflows to create pull requests";

/// More open pull requests than this many pages of a hundred are taken for an answer that never ends.
const PAGES: u32 = 100;

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

/// Makes a client; sends nothing. Must be called inside a tokio runtime, which octocrab puts a task on.
pub(super) fn connect(settings: ForgeSettings) -> Result<Box<dyn Forge>, ForgeError> {
    let bad = |reason: String| ForgeError::Settings { reason };
    let ForgeSettings { address: Address { api, repository }, token, client, patience, .. } = settings;
    let Some((owner, _)) = repository.split_once('/').filter(|(_, name)| !name.contains('/')) else {
        return Err(bad(format!("{repository:?} is not a GitHub repository: write owner/name")));
    };
    let uri = api.parse::<hyper::Uri>().ok().filter(|uri| uri.scheme().is_some() && uri.authority().is_some());
    let uri = uri.ok_or_else(|| bad(format!("{api:?} is not the URL of an API")))?;
    let token = token.ok_or_else(|| bad("GitHub needs a token".to_owned()))?;
    let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.reveal()))
        .map_err(|_| bad("the token holds characters that no token has".to_owned()))?;
    bearer.set_sensitive(true);
    let headers = vec![
        (ACCEPT, HeaderValue::from_static("application/vnd.github+json")),
        (HeaderName::from_static("x-github-api-version"), HeaderValue::from_static("2022-11-28")),
    ];
    // The short way (`build_with_reqwest`) would send a second `User-Agent` and log every 502 as an error.
    let Ok(crab) = OctocrabBuilder::new_empty()
        .with_service(ReqwestConnector::new(client))
        .with_layer(&ExtraHeadersLayer::new(Arc::new(headers)))
        .with_layer(&BaseUriLayer::new(uri.clone()))
        .with_layer(&AuthHeaderLayer::new(Some(bearer), uri.clone(), uri))
        .with_auth(AuthState::None)
        .build();
    Ok(Box::new(GitHub { crab, owner: owner.to_owned(), repository, patience, sent: AtomicU64::new(0) }))
}

struct GitHub {
    crab: Octocrab,
    owner: String,
    repository: String,
    patience: Patience,
    sent: AtomicU64,
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
            let listed: Page<Pull> = self.get(&action, &format!("/repos/{}/pulls?{query}", self.repository)).await?;
            // Pages are counted, not followed: a `next` link can't lead the token to another host.
            let last = listed.next.is_none();
            let ours = listed.items.into_iter().filter(|pull| pull.head.name.starts_with(prefix) && pull.is_local());
            found.extend(ours.filter_map(Pull::observed));
            if last {
                return Ok(found);
            }
        }
        Err(ForgeError::Malformed { action, reason: format!("it has more than {PAGES} pages") })
    }

    async fn ended_pull_requests(&self, branch: &BranchName) -> Result<Vec<PullRequest>, ForgeError> {
        self.of_branch(branch, "closed").await
    }

    async fn open(&self, proposal: &Proposal) -> Result<Written, ForgeError> {
        LIMITS.fits(&proposal.title, &proposal.body)?;
        let opened = match self.create(proposal).await {
            Ok(pull) => pull,
            Err(failure) => {
                let exists =
                    matches!(&failure, ForgeError::Refused { message, .. } if message.contains("already exists"));
                if !exists && !failure.is_ambiguous() {
                    return Err(failure);
                }
                match self.of_branch(&proposal.branch, "open").await?.into_iter().next() {
                    Some(found) if exists => return self.update(&found, proposal).await,
                    Some(found) => found,
                    None if exists => return Err(failure),
                    None => self.create(proposal).await?,
                }
            }
        };
        let mut written = self.label(opened, &proposal.extras).await;
        self.ask_people(&mut written, &proposal.extras).await;
        Ok(written)
    }

    async fn update(&self, existing: &PullRequest, proposal: &Proposal) -> Result<Written, ForgeError> {
        LIMITS.fits(&proposal.title, &proposal.body)?;
        let mut patch = Map::new();
        if existing.title != proposal.title {
            patch.insert("title".to_owned(), json!(proposal.title));
        }
        // A body that a person saved in the browser has the line ends of a form.
        if existing.body.replace("\r\n", "\n") != proposal.body {
            patch.insert("body".to_owned(), json!(proposal.body));
        }
        if existing.base != proposal.base {
            patch.insert("base".to_owned(), json!(proposal.base.as_str()));
        }
        let now = match patch.is_empty() {
            true => existing.clone(),
            false => self.patch("update", existing, Value::Object(patch)).await?,
        };
        Ok(self.label(now, &proposal.extras).await)
    }

    async fn close(&self, existing: &PullRequest, body: &str, comment: &str) -> Result<Written, ForgeError> {
        LIMITS.fits("", body)?;
        let pull_request = self.patch("close", existing, json!({"state": "closed", "body": body})).await?;
        let action = format!("comment on {}", existing.url);
        let route = format!("/repos/{}/issues/{}/comments", self.repository, existing.number);
        let said = self.post::<Ignored>(&action, &route, json!({ "body": comment })).await;
        Ok(Written { pull_request, warnings: said.err().into_iter().collect() })
    }

    async fn check(&self) -> Result<Access, ForgeError> {
        let action = format!("look at {}", self.repository);
        let repository: Repository = self.get(&action, &format!("/repos/{}", self.repository)).await?;
        if repository.archived {
            return Err(ForgeError::Archived { action, message: "it can only be read".to_owned() });
        }
        let rights = repository.permissions.into_iter().filter(|(_, has)| *has).map(|(name, _)| name).collect();
        // A workflow's own token has no user, and a server may have no limit: neither is an error.
        let user = self.get::<User>("ask for the user", "/user").await.ok().map(|user| user.login);
        let limits = self.get::<Value>("ask for the limit", "/rate_limit").await.ok();
        let remaining = limits.and_then(|limits| limits.pointer("/resources/core/remaining")?.as_u64());
        Ok(Access { user, rights, remaining })
    }

    fn requests(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
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
        let listed: Page<Pull> = self.get(&action, &format!("/repos/{}/pulls?{query}", self.repository)).await?;
        // An older server ignores a `head` that it can't find, and lists everything.
        let ours = listed.items.into_iter().filter(|pull| pull.head.name == branch.as_str() && pull.is_local());
        Ok(ours.filter_map(Pull::observed).collect())
    }

    /// Sends the request that makes a pull request; again only after a refusal that says that a branch pushed a moment
    /// ago has not been seen yet.
    async fn create(&self, proposal: &Proposal) -> Result<PullRequest, ForgeError> {
        let action = format!("open a pull request for {} in {}", proposal.branch, self.repository);
        let body = json!({
            "title": proposal.title, "body": proposal.body, "head": proposal.branch.as_str(),
            "base": proposal.base.as_str(), "draft": proposal.extras.draft, "maintainer_can_modify": true,
        });
        let mut attempt = 1;
        loop {
            let made = self.post::<Pull>(&action, &format!("/repos/{}/pulls", self.repository), body.clone()).await;
            match made {
                Err(ForgeError::Refused { message, .. })
                    if message.contains("head invalid") && attempt < self.patience.attempts =>
                {
                    tokio::time::sleep(self.patience.pause * attempt).await;
                    attempt += 1;
                }
                made => return seen(&action, made?),
            }
        }
    }

    async fn patch(&self, verb: &str, existing: &PullRequest, body: Value) -> Result<PullRequest, ForgeError> {
        let action = format!("{verb} {}", existing.url);
        let route = format!("/repos/{}/pulls/{}", self.repository, existing.number);
        let patched = self.send::<Pull>(&action, Verb::Patch, &route, Some(&body)).await?;
        seen(&action, patched)
    }

    /// Adds the labels that are missing. GitHub makes a label that doesn't exist.
    async fn label(&self, mut pull_request: PullRequest, extras: &Extras) -> Written {
        let has = |name: &String| pull_request.labels.iter().any(|label| label.eq_ignore_ascii_case(name));
        let missing: Vec<String> = extras.labels.iter().filter(|name| !has(name)).cloned().collect();
        if missing.is_empty() {
            return Written { pull_request, warnings: Vec::new() };
        }
        let action = format!("label {}", pull_request.url);
        let route = format!("/repos/{}/issues/{}/labels", self.repository, pull_request.number);
        let warnings = match self.post::<Vec<Label>>(&action, &route, json!({ "labels": missing })).await {
            Ok(labels) => {
                pull_request.labels = labels.into_iter().map(|label| label.name).collect();
                Vec::new()
            }
            Err(source) => vec![not_set("label", missing, &pull_request, source)],
        };
        Written { pull_request, warnings }
    }

    /// Asks for reviews and assigns. What GitHub refuses becomes a warning.
    async fn ask_people(&self, written: &mut Written, extras: &Extras) {
        let Written { pull_request, warnings } = written;
        let number = pull_request.number;
        let route = format!("/repos/{}/pulls/{number}/requested_reviewers", self.repository);
        let action = format!("ask for a review of {}", pull_request.url);
        let everyone = json!({"reviewers": extras.reviewers, "team_reviewers": extras.team_reviewers});
        let wanted = !extras.reviewers.is_empty() || !extras.team_reviewers.is_empty();
        if wanted && self.post::<Ignored>(&action, &route, everyone).await.is_err() {
            // GitHub refuses all of them for the sake of one, and doesn't say which: ask one by one.
            let kinds =
                [("reviewer", "reviewers", &extras.reviewers), ("team", "team_reviewers", &extras.team_reviewers)];
            for (what, key, names) in kinds {
                for name in names {
                    if let Err(source) = self.post::<Ignored>(&action, &route, json!({ key: [name] })).await {
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
        match self.post::<Assigned>(&action, &route, json!({ "assignees": extras.assignees })).await {
            Err(source) => warnings.push(not_set("assignee", extras.assignees.clone(), pull_request, source)),
            Ok(Assigned { assignees }) => {
                let is_there = |name: &String| assignees.iter().any(|user| user.login.eq_ignore_ascii_case(name));
                let missing: Vec<String> = extras.assignees.iter().filter(|name| !is_there(name)).cloned().collect();
                if !missing.is_empty() {
                    // GitHub: "Users without push access are silently ignored."
                    let message = "they have no access to the repository".to_owned();
                    let source = ForgeError::Refused { action, status: 201, message };
                    warnings.push(not_set("assignee", missing, pull_request, source));
                }
            }
        }
    }

    async fn get<T: FromResponse>(&self, action: &str, route: &str) -> Result<T, ForgeError> {
        self.send(action, Verb::Get, route, None).await
    }

    async fn post<T: FromResponse>(&self, action: &str, route: &str, body: Value) -> Result<T, ForgeError> {
        self.send(action, Verb::Post, route, Some(&body)).await
    }

    async fn send<T: FromResponse>(
        &self,
        action: &str,
        verb: Verb,
        route: &str,
        body: Option<&Value>,
    ) -> Result<T, ForgeError> {
        let mut attempt = 1;
        loop {
            self.sent.fetch_add(1, Ordering::Relaxed);
            let answer = match verb {
                Verb::Get => self.crab.get(route, None::<&()>).await,
                Verb::Patch => self.crab.patch(route, body).await,
                Verb::Post => self.crab.post(route, body).await,
            };
            let failure = match answer {
                Ok(answer) => return Ok(answer),
                Err(error) => explain(action, error),
            };
            let Some(pause) = self.patience.pause_after(attempt, &failure, verb != Verb::Post) else {
                return Err(failure);
            };
            tracing::debug!(%failure, ?pause, "asking GitHub again");
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Get,
    Patch,
    Post,
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

fn seen(action: &str, pull: Pull) -> Result<PullRequest, ForgeError> {
    let reason = "it names a branch that git would refuse".to_owned();
    pull.observed().ok_or_else(|| ForgeError::Malformed { action: action.to_owned(), reason })
}

fn not_set(what: &'static str, names: Vec<String>, pull_request: &PullRequest, source: ForgeError) -> ForgeError {
    ForgeError::NotSet { what, names, url: pull_request.url.clone(), source: Box::new(source) }
}

/// The meaning of an error of octocrab.
fn explain(action: &str, error: octocrab::Error) -> ForgeError {
    match error {
        octocrab::Error::GitHub { source, .. } => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
            let message = details(&source.message, source.errors.as_deref().unwrap_or_default());
            let status = source.status_code.as_u16();
            match source.headers {
                Some(headers) => refusal(status, &headers, message, now),
                None => Refusal { status, message, wait: None, limited: status == 429 },
            }
            .explain(action, NEEDS)
        }
        octocrab::Error::Json { source, .. } => malformed(action, &source),
        octocrab::Error::Serde { source, .. } => malformed(action, &source),
        // A list that is none of the forms that octocrab knows.
        octocrab::Error::Other { source, .. } => malformed(action, &source),
        error => {
            let mut cause: &dyn std::error::Error = &error;
            while let Some(inner) = cause.source() {
                cause = inner;
            }
            ForgeError::Unreachable { action: action.to_owned(), reason: cause.to_string() }
        }
    }
}

fn malformed(action: &str, reason: &dyn std::fmt::Display) -> ForgeError {
    ForgeError::Malformed { action: action.to_owned(), reason: reason.to_string() }
}

/// GitHub's message with what it says of the fields: `Validation Failed (head invalid)`.
fn details(message: &str, errors: &[Value]) -> String {
    let parts: Vec<String> = errors
        .iter()
        .filter_map(|error| {
            let text = |key: &str| error.get(key).and_then(Value::as_str);
            let said = text("message").or_else(|| error.as_str()).map(str::to_owned);
            said.or_else(|| Some(format!("{} {}", text("field")?, text("code")?)))
        })
        .collect();
    if parts.is_empty() { message.to_owned() } else { format!("{message} ({})", parts.join("; ")) }
}
