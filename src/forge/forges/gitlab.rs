//! GitLab: gitlab.com and self-managed. A merge request is a pull request.

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use super::gitlab_model::{DRAFT, Merge, Note, Project, User, role};
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
use crate::plan::{LinkStyle, MergeMethod, Metadata, Proposal, PullRequest, PullRequestState};
use crate::refname::BranchName;

/// Its row in the table.
pub(super) const KIND: ForgeKind = ForgeKind {
    name: "gitlab",
    label: "GitLab",
    about: "GitLab: gitlab.com and self-managed",
    recognizes,
    address,
    api_path: "/api/v4",
    repository_paths: &["group/project"],
    limits: LIMITS,
    token_variables: TOKEN_VARIABLES,
    other_job_tokens: OTHER_JOB_TOKENS,
    credentials: &[CredentialKind::token(AuthScheme::Bearer, GIT_USER)],
    permissions: PERMISSIONS,
    creation: CreationRules {
        exists: "Another open merge request already exists",
        branch_not_visible: "does not exist",
        overwrites: false,
    },
    links: Some(LINKS),
    run_pages: &["{CI_JOB_URL}"],
    connect,
};

/// GitLab's own tools read `GITLAB_TOKEN`.
const TOKEN_VARIABLES: &[TokenVariable] =
    &[TokenVariable::by_person("GITLAB_TOKEN"), TokenVariable::by_person("GITLAB_ACCESS_TOKEN")];

/// The token of a job may not open merge requests.
const OTHER_JOB_TOKENS: &[TokenVariable] = &[TokenVariable::by_runner("CI_JOB_TOKEN", "GITLAB_CI", &["CI_SERVER_URL"])];

/// GitLab ignores the user name of an access token.
const GIT_USER: &str = "oauth2";

/// Limits of GitLab: 255 characters in a title, 1,048,576 in a description. Groups cannot review.
const LIMITS: Limits = Limits { team_reviewers: false, ..Limits::all(255, 1_048_576) };

const PERMISSIONS: &str = "the scope `api`, and at least the role Developer in the project";

/// The most pages that are read, of a hundred merge requests each; more mean an endless listing.
const PAGES: usize = 100;

/// Recognizes gitlab.com, and hosts that begin with `gitlab.`.
fn recognizes(remote: &RemoteUrl) -> bool {
    remote.host == "altssh.gitlab.com" || remote.host.starts_with("gitlab.")
}

/// Returns the address in the API, for any depth of groups.
fn address(remote: &RemoteUrl) -> Option<Address> {
    let site = match remote.host.as_str() {
        "altssh.gitlab.com" => "https://gitlab.com".to_owned(),
        _ => remote.site(),
    };
    (remote.segments().len() >= 2).then(|| Address { api: format!("{site}/api/v4"), repository: remote.path.clone() })
}

/// Links to hosts with `gitlab` in their name.
const LINKS: LinkStyle = LinkStyle {
    repository: |host, path| host.contains("gitlab").then(|| path.to_owned()),
    commit: "/-/commit/NEW",
    compare: "/-/compare/OLD...NEW",
};

fn connect(settings: ConnectionSettings) -> Result<Box<dyn Forge>, ForgeError> {
    let repository = settings.address.repository.clone();
    if !repository.contains('/') {
        return Err(not_a_repository(&repository, "group/project"));
    }
    let project = format!("/projects/{}", segment(&repository));
    let (client, retry_policy) = (ApiClient::new(&settings, &KIND, &project)?, settings.retry_policy);
    Ok(Box::new(GitLab { client, retry_policy, project, repository }))
}

struct GitLab {
    client: ApiClient,
    retry_policy: RetryPolicy,
    /// The route of the project: its path is one encoded part.
    project: String,
    repository: String,
}

#[async_trait]
impl Forge for GitLab {
    fn kind(&self) -> &'static ForgeKind {
        &KIND
    }

    fn retry_policy(&self) -> RetryPolicy {
        self.retry_policy
    }

    async fn open_pull_requests(&self, prefix: &str) -> Result<Vec<PullRequest>, ForgeError> {
        let action = format!("list the merge requests of {}", self.repository);
        let mut found = Vec::new();
        for page in 1..=PAGES {
            let query = format!("state=opened&per_page=100&page={page}");
            let route = format!("{}/merge_requests?{query}", self.project);
            let response = self.client.send::<Vec<Merge>>(&action, Method::GET, &route, None).await?;
            let last = response.header("x-next-page").is_none_or(str::is_empty);
            let matching = response.body.into_iter().filter(|merge| merge.source_branch.starts_with(prefix));
            found.extend(matching.filter(Merge::is_local).filter_map(Merge::observed));
            if last {
                return Ok(found);
            }
        }
        Err(ForgeError::endless(action, PAGES))
    }

    async fn closed_pull_requests(&self, branch: &BranchName) -> Result<Vec<PullRequest>, ForgeError> {
        let all = self.of_branch(branch, "all").await?;
        Ok(all.into_iter().filter(|found| found.state != PullRequestState::Open).collect())
    }

    async fn find_open(&self, branch: &BranchName) -> Result<Vec<PullRequest>, ForgeError> {
        self.of_branch(branch, "opened").await
    }

    async fn create(&self, proposal: &Proposal) -> Result<PullRequest, ForgeError> {
        let action = format!("open a merge request for {} in {}", proposal.branch, self.repository);
        let prefix = if proposal.extras.draft { DRAFT } else { "" };
        let mut body = json!({
            "source_branch": proposal.branch.as_str(), "target_branch": proposal.base.as_str(),
            "title": format!("{prefix}{}", proposal.title), "description": proposal.body,
        });
        if !proposal.extras.metadata.labels.is_empty() {
            // GitLab creates labels that do not exist.
            body["labels"] = json!(proposal.extras.metadata.labels);
        }
        let made: Merge = self.client.post(&action, &format!("{}/merge_requests", self.project), &body).await?;
        checked(&action, made.observed())
    }

    async fn attach(&self, existing: &PullRequest, missing: &Metadata) -> Attached {
        let mut attached = Attached::default();
        if !missing.labels.is_empty() {
            match self.put("add labels to", existing, json!({ "add_labels": missing.labels })).await {
                Ok(_) => attached.done.labels.clone_from(&missing.labels),
                Err(error) => attached.warnings.push(not_set("label", missing.labels.clone(), existing, error)),
            }
        }
        self.request_reviews(existing, missing, &mut attached).await;
        attached
    }

    async fn edit(&self, existing: &PullRequest, difference: &Difference<'_>) -> Result<PullRequest, ForgeError> {
        let mut change = Map::new();
        if let Some(title) = difference.title {
            // A person may have marked it as ready or as a draft since.
            let action = format!("read {}", existing.url);
            let now: Merge = self.client.get(&action, &self.route(existing)).await?;
            let prefix = if now.draft { DRAFT } else { "" };
            change.insert("title".to_owned(), json!(format!("{prefix}{title}")));
        }
        let base = difference.base.map(BranchName::as_str);
        for (key, value) in [("description", difference.body), ("target_branch", base)] {
            if let Some(value) = value {
                change.insert(key.to_owned(), json!(value));
            }
        }
        let put = self.put("update", existing, Value::Object(change)).await?;
        checked(&format!("update {}", existing.url), put.observed())
    }

    async fn close_with(&self, existing: &PullRequest, body: &str) -> Result<PullRequest, ForgeError> {
        let change = json!({"state_event": "close", "description": body});
        let closed = self.put("close", existing, change).await?;
        checked(&format!("close {}", existing.url), closed.observed())
    }

    async fn comments(&self, existing: &PullRequest) -> Result<Vec<PullRequestComment>, ForgeError> {
        let action = format!("read the comments of {}", existing.url);
        let route = format!("{}/notes?sort=desc&per_page=100", self.route(existing));
        let notes: Vec<Note> = self.client.get(&action, &route).await?;
        Ok(notes.into_iter().map(|note| PullRequestComment { id: note.id, text: note.body }).collect())
    }

    async fn comment(&self, existing: &PullRequest, text: &str) -> Result<u64, ForgeError> {
        let action = format!("comment on {}", existing.url);
        let route = format!("{}/notes", self.route(existing));
        let added: Note = self.client.post(&action, &route, &json!({ "body": text })).await?;
        Ok(added.id)
    }

    async fn delete_comment(&self, existing: &PullRequest, id: u64) -> Result<(), ForgeError> {
        let action = format!("delete a comment of {}", existing.url);
        let route = format!("{}/notes/{id}", self.route(existing));
        self.client.send::<Value>(&action, Method::DELETE, &route, None).await.map(drop)
    }

    /// Waits for a pipeline, which starts some time after the push: without one, GitLab would merge at once.
    async fn enable_auto_merge(&self, existing: &PullRequest, method: MergeMethod) -> Result<(), ForgeError> {
        let action = format!("enable auto-merge on {}", existing.url);
        let mut tried = 1;
        let now = loop {
            let now: Merge = self.client.get(&action, &self.route(existing)).await?;
            match self.retry_policy.wait(tried, None) {
                Some(pause) if now.head_pipeline.is_none() => tokio::time::sleep(pause).await,
                _ => break now,
            }
            tried += 1;
        };
        let (Some(sha), Some(_)) = (now.sha, now.head_pipeline) else {
            return Err(silently_refused(&action, "there is no pipeline to wait for"));
        };
        // GitLab reads `auto_merge` since 17.11, the other key before. Except for squashing, the project sets the merge
        // method.
        let squash = method == MergeMethod::Squash;
        let body = json!({"auto_merge": true, "merge_when_pipeline_succeeds": true, "squash": squash, "sha": sha});
        let route = format!("{}/merge", self.route(existing));
        self.client.send::<Value>(&action, Method::PUT, &route, Some(&body)).await.map(drop)
    }

    async fn has_auto_merge(&self, existing: &PullRequest) -> Result<bool, ForgeError> {
        let action = format!("read auto-merge of {}", existing.url);
        let now: Merge = self.client.get(&action, &self.route(existing)).await?;
        Ok(now.auto_merge)
    }

    async fn check(&self) -> Result<Access, ForgeError> {
        let action = format!("read the repository {}", self.repository);
        let project: Project = self.client.get(&action, &self.project).await?;
        if project.archived {
            return Err(ForgeError::Archived { action, message: "the repository is read-only".to_owned() });
        }
        let response = self.client.send::<User>("read the account of the token", Method::GET, "/user", None).await.ok();
        let remaining = response.as_ref().and_then(|response| response.header("ratelimit-remaining")?.parse().ok());
        let levels = [project.permissions.project_access, project.permissions.group_access];
        let level = levels.into_iter().flatten().map(|access| access.access_level).max().unwrap_or(0);
        Ok(Access {
            user: response.map(|response| response.body.username),
            rights: vec![role(level).to_owned()],
            remaining,
            new_name: self.client.new_name(),
        })
    }

    fn requests(&self) -> u64 {
        self.client.requests()
    }
}

impl GitLab {
    fn route(&self, existing: &PullRequest) -> String {
        format!("{}/merge_requests/{}", self.project, existing.number)
    }

    /// Returns the merge requests of one branch of this project, newest first.
    async fn of_branch(&self, branch: &BranchName, state: &str) -> Result<Vec<PullRequest>, ForgeError> {
        let action = format!("list the merge requests of {branch} in {}", self.repository);
        let query = query(&[
            ("state", state),
            ("source_branch", branch.as_str()),
            ("order_by", "created_at"),
            ("sort", "desc"),
            ("per_page", "100"),
        ]);
        let listed: Vec<Merge> = self.client.get(&action, &format!("{}/merge_requests?{query}", self.project)).await?;
        let matching = listed.into_iter().filter(|merge| merge.source_branch == branch.as_str() && merge.is_local());
        Ok(matching.filter_map(Merge::observed).collect())
    }

    async fn put(&self, verb: &str, existing: &PullRequest, body: Value) -> Result<Merge, ForgeError> {
        let action = format!("{verb} {}", existing.url);
        Ok(self.client.send(&action, Method::PUT, &self.route(existing), Some(&body)).await?.body)
    }

    /// Requests reviews and assigns people. GitLab requires user ids, replaces the lists, and without a subscription it silently
    /// keeps only one of each.
    async fn request_reviews(&self, existing: &PullRequest, missing: &Metadata, attached: &mut Attached) {
        let kinds =
            [("reviewer", "reviewer_ids", &missing.reviewers), ("assignee", "assignee_ids", &missing.assignees)];
        let mut found: [Vec<(u64, String)>; 2] = [vec![], vec![]];
        for ((what, _, names), found) in kinds.iter().zip(&mut found) {
            for name in *names {
                match self.user_id(name).await {
                    Ok(id) => found.push((id, name.clone())),
                    Err(error) => attached.warnings.push(not_set(what, vec![name.clone()], existing, error)),
                }
            }
        }
        if found.iter().all(Vec::is_empty) {
            return;
        }
        let kept = match self.add_people(existing, kinds.map(|(_, key, _)| key), &found).await {
            Ok(merge) => [merge.reviewers, merge.assignees],
            Err(error) => {
                let names = found.into_iter().flatten().map(|(_, name)| name).collect();
                attached.warnings.push(not_set("people", names, existing, error));
                return;
            }
        };
        let done = [&mut attached.done.reviewers, &mut attached.done.assignees];
        for (((what, ..), found), (kept, done)) in kinds.iter().zip(found).zip(kept.into_iter().zip(done)) {
            let is_kept = |name: &String| kept.iter().any(|user| user.username.eq_ignore_ascii_case(name));
            let (set, dropped): (Vec<_>, Vec<_>) = found.into_iter().map(|(_, name)| name).partition(is_kept);
            *done = set;
            if !dropped.is_empty() {
                let error = silently_refused(
                    "request reviews and assign people",
                    "GitLab keeps only one without a subscription",
                );
                attached.warnings.push(not_set(what, dropped, existing, error));
            }
        }
    }

    /// Adds people to those that the merge request has now.
    async fn add_people(
        &self,
        existing: &PullRequest,
        keys: [&str; 2],
        found: &[Vec<(u64, String)>; 2],
    ) -> Result<Merge, ForgeError> {
        let now: Merge = self.client.get(&format!("read {}", existing.url), &self.route(existing)).await?;
        let mut change = Map::new();
        for ((key, found), now) in keys.iter().zip(found).zip([now.reviewers, now.assignees]) {
            if !found.is_empty() {
                let ids = now.iter().map(|user| user.id).chain(found.iter().map(|(id, _)| *id)).collect::<Vec<_>>();
                change.insert((*key).to_owned(), json!(ids));
            }
        }
        self.put("request reviews and assign people on", existing, Value::Object(change)).await
    }

    async fn user_id(&self, name: &str) -> Result<u64, ForgeError> {
        let action = format!("find the user {name}");
        let users: Vec<User> = self.client.get(&action, &format!("/users?{}", query(&[("username", name)]))).await?;
        let id = users.first().map(|user| user.id);
        id.ok_or(ForgeError::NotFound { action, message: "no such user".to_owned() })
    }
}
