//! Bitbucket Data Center, self-managed.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::bitbucket_data_center_model::{About, Activity, ActivityComment, Listing, Pull, Repository};
use crate::forge::client::{ApiClient, query, segment};
use crate::forge::credential::{AuthScheme, CredentialKind};
use crate::forge::error::ForgeError;
use crate::forge::forge::{Access, Attached, Difference, Forge, ForgeKind, PullRequestComment};
use crate::forge::lifecycle::{checked, not_a_repository, not_set, silently_refused};
use crate::forge::limits::{CreationRules, Limits};
use crate::forge::remote::{Address, RemoteUrl, Scheme};
use crate::forge::settings::ConnectionSettings;
use crate::forge::token_variable::TokenVariable;
use crate::http::{Method, RetryPolicy};
use crate::plan::{LinkStyle, MergeMethod, Metadata, Proposal, PullRequest, PullRequestState};
use crate::refname::BranchName;

/// Its row in the table.
pub(super) const KIND: ForgeKind = ForgeKind {
    name: "bitbucket-data-center",
    label: "Bitbucket Data Center",
    about: "Bitbucket Data Center, self-managed",
    recognizes,
    address,
    api_path: "/rest",
    repository_paths: &["scm/project/name"],
    limits: LIMITS,
    token_variables: TOKEN_VARIABLES,
    other_job_tokens: &[],
    credentials: &[CredentialKind::token(AuthScheme::Bearer, GIT_USER)],
    permissions: PERMISSIONS,
    creation: CreationRules {
        exists: "Only one pull request may be open",
        branch_not_visible: "does not exist",
        overwrites: false,
    },
    links: Some(LINKS),
    run_pages: &[],
    connect,
};

/// A usual name, as Bamboo and Jenkins set no token. `BITBUCKET_TOKEN` may be a token for Cloud.
const TOKEN_VARIABLES: &[TokenVariable] = &[TokenVariable::by_person("BITBUCKET_DATA_CENTER_TOKEN")];

/// The git user of tokens of a repository or project. A personal token needs the name of its owner.
const GIT_USER: &str = "x-token-auth";

/// 255 characters in a title, 32,768 in a description. There are no labels, assignees or teams on pull requests.
const LIMITS: Limits = Limits { labels: false, team_reviewers: false, assignees: false, ..Limits::all(255, 32_768) };

const PERMISSIONS: &str = "the permission *repository write*, as an HTTP access token";

/// The most pages that are read, of a hundred pull requests each; more mean an endless listing.
const PAGES: usize = 100;

/// Recognizes hosts that begin with `bitbucket.` or `stash.`, and `/scm/`, which only URLs of this server contain.
fn recognizes(remote: &RemoteUrl) -> bool {
    let named = remote.host.starts_with("bitbucket.") || remote.host.starts_with("stash.");
    (named && remote.host != "bitbucket.org") || scm(remote).is_some()
}

/// Reads `https://host/context/scm/PROJECT/name` and `ssh://git@host:7999/PROJECT/name`. The project `~name` belongs to
/// the user of that name.
fn address(remote: &RemoteUrl) -> Option<Address> {
    let segments = remote.segments();
    let (context, rest) = match (scm(remote), remote.scheme) {
        (Some(at), _) => (&segments[..at], &segments[at + 1..]),
        (None, Scheme::Ssh) => (&segments[..0], &segments[..]),
        (None, _) => return None,
    };
    let [project, name] = rest else { return None };
    let context: String = context.iter().map(|part| format!("/{part}")).collect();
    Some(Address { api: format!("{}{context}/rest", remote.site()), repository: format!("{project}/{name}") })
}

/// Returns the index of the segment `scm` in the path.
fn scm(remote: &RemoteUrl) -> Option<usize> {
    let segments = remote.segments();
    let at = segments.len().checked_sub(3)?;
    (remote.scheme != Scheme::Ssh && segments[at] == "scm").then_some(at)
}

/// In a comparison, the source is the new revision and the target the old one.
const LINKS: LinkStyle = LinkStyle {
    repository: page,
    commit: "/commits/NEW",
    compare: "/compare/commits?sourceBranch=NEW&targetBranch=OLD",
};

/// Returns the path of a repository's page, `projects/KEY/repos/NAME`, for that page or the path that git clones from,
/// `scm/KEY/NAME`. Both are below the folder that the server is installed in.
fn page(_: &str, path: &str) -> Option<String> {
    if let Some((context, repository)) = path.split_once("/scm/") {
        let (key, name) = repository.split_once('/').filter(|(_, name)| !name.contains('/'))?;
        let project = key.strip_prefix('~').map_or(format!("projects/{key}"), |user| format!("users/{user}"));
        return Some(format!("{context}/{project}/repos/{name}"));
    }
    let (project, _) = path.split_once("/repos/")?;
    let is_page = project.contains("/projects/") || project.contains("/users/");
    is_page.then(|| path.trim_end_matches("/browse").to_owned())
}

fn connect(settings: ConnectionSettings) -> Result<Box<dyn Forge>, ForgeError> {
    let repository = settings.address.repository.clone();
    let Some((project, slug)) = repository.split_once('/').filter(|(_, name)| !name.contains('/')) else {
        return Err(not_a_repository(&repository, "PROJECT/name"));
    };
    let root = format!("/api/latest/projects/{}/repos/{}", segment(project), segment(slug));
    let (client, retry_policy) = (ApiClient::new(&settings, &KIND, &root)?, settings.retry_policy);
    let (project, slug) = (project.to_owned(), slug.to_owned());
    Ok(Box::new(BitbucketDataCenter { client, retry_policy, root, project, slug, repository }))
}

struct BitbucketDataCenter {
    client: ApiClient,
    retry_policy: RetryPolicy,
    /// The route of the repository.
    root: String,
    project: String,
    slug: String,
    repository: String,
}

#[async_trait]
impl Forge for BitbucketDataCenter {
    fn kind(&self) -> &'static ForgeKind {
        &KIND
    }

    fn retry_policy(&self) -> RetryPolicy {
        self.retry_policy
    }

    async fn open_pull_requests(&self, prefix: &str) -> Result<Vec<PullRequest>, ForgeError> {
        self.list(&[("state", "OPEN")], |pull| pull.from.branch().starts_with(prefix)).await
    }

    async fn closed_pull_requests(&self, branch: &BranchName) -> Result<Vec<PullRequest>, ForgeError> {
        let all = self.of_branch(branch, "ALL").await?;
        Ok(all.into_iter().filter(|pull| pull.state != PullRequestState::Open).collect())
    }

    async fn find_open(&self, branch: &BranchName) -> Result<Vec<PullRequest>, ForgeError> {
        self.of_branch(branch, "OPEN").await
    }

    async fn create(&self, proposal: &Proposal) -> Result<PullRequest, ForgeError> {
        let action = format!("open a pull request for {} in {}", proposal.branch, self.repository);
        let body = json!({
            "title": proposal.title, "description": proposal.body, "draft": proposal.extras.draft,
            "fromRef": self.reference(&proposal.branch), "toRef": self.reference(&proposal.base),
        });
        let made: Pull = self.client.post(&action, &format!("{}/pull-requests", self.root), &body).await?;
        checked(&action, made.observed())
    }

    /// Requests reviews. One invalid reviewer makes Bitbucket refuse the whole list, so each is added on its own.
    async fn attach(&self, existing: &PullRequest, missing: &Metadata) -> Attached {
        let mut attached = Attached::default();
        for name in &missing.reviewers {
            let reviewer = json!({"user": {"name": name}});
            let change = json!({"title": existing.title, "description": existing.body});
            match self.put("request a review of", existing, change, Some(reviewer)).await {
                Ok(_) => attached.done.reviewers.push(name.clone()),
                Err(error) => attached.warnings.push(not_set("reviewer", vec![name.clone()], existing, error)),
            }
        }
        attached
    }

    async fn edit(&self, existing: &PullRequest, difference: &Difference<'_>) -> Result<PullRequest, ForgeError> {
        let change = json!({
            "title": difference.title.unwrap_or(&existing.title),
            "description": difference.body.unwrap_or(&existing.body),
            "toRef": self.reference(difference.base.unwrap_or(&existing.base)),
        });
        self.put("update", existing, change, None).await
    }

    async fn close_with(&self, existing: &PullRequest, body: &str) -> Result<PullRequest, ForgeError> {
        // A declined pull request is read-only, so the body is written first.
        if existing.body != body {
            let change = json!({"title": existing.title, "description": body});
            self.put("close", existing, change, None).await?;
        }
        let action = format!("close {}", existing.url);
        let route = self.route(existing);
        let now: Pull = self.client.get(&action, &route).await?;
        let decline = format!("{route}/decline?version={}", now.version);
        let declined: Pull = self.client.post(&action, &decline, &json!({})).await?;
        checked(&action, declined.observed())
    }

    async fn comments(&self, existing: &PullRequest) -> Result<Vec<PullRequestComment>, ForgeError> {
        let action = format!("read the comments of {}", existing.url);
        let route = format!("{}/activities?limit=100", self.route(existing));
        let listed: Listing<Activity> = self.client.get(&action, &route).await?;
        Ok(listed.values.into_iter().filter_map(Activity::observed).collect())
    }

    async fn comment(&self, existing: &PullRequest, text: &str) -> Result<u64, ForgeError> {
        let action = format!("comment on {}", existing.url);
        let route = format!("{}/comments", self.route(existing));
        let added: ActivityComment = self.client.post(&action, &route, &json!({ "text": text })).await?;
        Ok(added.id)
    }

    /// Version 0 is that of a comment without changes.
    async fn delete_comment(&self, existing: &PullRequest, id: u64) -> Result<(), ForgeError> {
        let action = format!("delete a comment of {}", existing.url);
        let route = format!("{}/comments/{id}?version=0", self.route(existing));
        self.client.send::<Value>(&action, Method::DELETE, &route, None).await.map(drop)
    }

    /// Reads the version first: a server before 8.15 ignores `autoMerge` and merges at once.
    async fn enable_auto_merge(&self, existing: &PullRequest, method: MergeMethod) -> Result<(), ForgeError> {
        let action = format!("enable auto-merge on {}", existing.url);
        let about: About = self.client.get(&action, "/api/latest/application-properties").await?;
        if !about.has_auto_merge() {
            return Err(silently_refused(&action, &format!("needs Bitbucket 8.15; this is {}", about.version)));
        }
        let route = self.route(existing);
        let now: Pull = self.client.get(&action, &route).await?;
        let strategy = match method {
            MergeMethod::Merge => "no-ff",
            MergeMethod::Squash => "squash",
            MergeMethod::Rebase => "rebase-no-ff",
        };
        let body = json!({"autoMerge": true, "strategyId": strategy, "version": now.version});
        let merge = format!("{route}/merge?version={}", now.version);
        self.client.post::<Value>(&action, &merge, &body).await.map(drop)
    }

    /// A server may answer with nothing or with 404 if auto-merge was not requested, or was canceled.
    async fn has_auto_merge(&self, existing: &PullRequest) -> Result<bool, ForgeError> {
        let action = format!("read auto-merge of {}", existing.url);
        match self.client.get::<Value>(&action, &format!("{}/auto-merge", self.route(existing))).await {
            Err(ForgeError::NotFound { .. }) => Ok(false),
            read => Ok(read?.is_object()),
        }
    }

    async fn check(&self) -> Result<Access, ForgeError> {
        let action = format!("read the repository {}", self.repository);
        let response = self.client.send::<Repository>(&action, Method::GET, &self.root, None).await?;
        if response.body.archived {
            return Err(ForgeError::Archived { action, message: "the repository is read-only".to_owned() });
        }
        let user = response.header("x-ausername").map(str::to_owned);
        // Without rights of an administrator, only the list of writable repositories shows the rights of the token.
        let query = query(&[("name", &self.slug), ("projectkey", &self.project), ("permission", "REPO_WRITE")]);
        let writable: Listing<Repository> = self.client.get(&action, &format!("/api/latest/repos?{query}")).await?;
        let can_write = writable.values.iter().any(|repository| repository.slug == response.body.slug);
        let rights = if can_write { vec!["read".to_owned(), "write".to_owned()] } else { vec!["read".to_owned()] };
        Ok(Access { user, rights, remaining: None, new_name: self.client.new_name() })
    }

    fn requests(&self) -> u64 {
        self.client.requests()
    }
}

impl BitbucketDataCenter {
    fn route(&self, existing: &PullRequest) -> String {
        format!("{}/pull-requests/{}", self.root, existing.number)
    }

    fn reference(&self, branch: &BranchName) -> Value {
        json!({"id": branch.full(), "repository": {"slug": self.slug, "project": {"key": self.project}}})
    }

    async fn of_branch(&self, branch: &BranchName, state: &str) -> Result<Vec<PullRequest>, ForgeError> {
        let name = branch.full();
        let filter = [("at", name.as_str()), ("direction", "OUTGOING"), ("state", state), ("order", "NEWEST")];
        self.list(&filter, |pull| pull.from.id == name).await
    }

    async fn list(
        &self,
        filter: &[(&str, &str)],
        matches: impl Fn(&Pull) -> bool + Send,
    ) -> Result<Vec<PullRequest>, ForgeError> {
        let action = format!("list the pull requests of {}", self.repository);
        let (mut found, mut start) = (Vec::new(), 0);
        for _ in 0..PAGES {
            let route = format!("{}/pull-requests?{}&limit=100&start={start}", self.root, query(filter));
            let listed: Listing<Pull> = self.client.get(&action, &route).await?;
            let matching = listed.values.into_iter().filter(|pull| pull.is_local() && matches(pull));
            found.extend(matching.filter_map(Pull::observed));
            match listed.next_page_start {
                Some(next) if next > start && !listed.is_last_page => start = next,
                _ => return Ok(found),
            }
        }
        Err(ForgeError::endless(action, PAGES))
    }

    /// Writes to the current version, with the current reviewers and one more: Bitbucket reads a missing list as an empty one.
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
        change["version"] = json!(now.version);
        let reviewers = now.reviewers.into_iter().map(|reviewer| json!({"user": {"name": reviewer.user.name}}));
        let others = reviewers.filter(|one| Some(one) != reviewer.as_ref()).collect::<Vec<_>>();
        change["reviewers"] = others.into_iter().chain(reviewer).collect();
        let written = self.client.send::<Pull>(&action, Method::PUT, &route, Some(&change)).await?;
        checked(&action, written.body.observed())
    }
}
