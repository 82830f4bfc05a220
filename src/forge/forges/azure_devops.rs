//! Azure DevOps: Services (dev.azure.com) and Server.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::azure_devops_model::{Listing, Pull, Repository, Thread, Threads};
use crate::forge::client::{ApiClient, query, segment};
use crate::forge::credential::{AuthScheme, CredentialInput, CredentialKind};
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
    name: "azure-devops",
    label: "Azure DevOps",
    about: "Azure DevOps Services and Server",
    recognizes,
    address,
    api_path: "",
    repository_paths: &["project/_git/name", "_git/name"],
    limits: LIMITS,
    token_variables: TOKEN_VARIABLES,
    other_job_tokens: &[],
    credentials: &[
        CredentialKind { input: CredentialInput::JsonWebToken, scheme: AuthScheme::Bearer, git_user: GIT_USER },
        CredentialKind::token(AuthScheme::Basic, GIT_USER),
    ],
    permissions: PERMISSIONS,
    creation: CreationRules { exists: "TF401179", branch_not_visible: "TF401398", overwrites: false },
    links: Some(LINKS),
    run_pages: &["{SYSTEM_COLLECTIONURI}{SYSTEM_TEAMPROJECT}/_build/results?buildId={BUILD_BUILDID}"],
    connect,
};

/// A pipeline sets the first with `env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)`; `az devops` reads the second.
const TOKEN_VARIABLES: &[TokenVariable] = &[
    TokenVariable::by_runner("SYSTEM_ACCESSTOKEN", "SYSTEM_COLLECTIONURI", &["SYSTEM_COLLECTIONURI"])
        .or_marked_by("TF_BUILD"),
    TokenVariable::by_person("AZURE_DEVOPS_EXT_PAT"),
];

/// The server ignores the user name.
const GIT_USER: &str = "x-access-token";

/// 400 characters in a title, 4,000 in a description. Pull requests have no assignees.
const LIMITS: Limits = Limits { assignees: false, ..Limits::all(400, 4_000) };

const PERMISSIONS: &str = "the scope Code (read and write); for the token of a pipeline, the build service needs the rights \
                     to contribute, create branches and contribute to pull requests";

/// Supported since Server 2020. `preview` is needed where labels had no final version yet.
const VERSION: &str = "api-version=6.0-preview";

/// Listings truncate a description to this many characters.
const TRUNCATED: usize = 400;

/// The most pages that are read; more mean an endless listing.
const PAGES: usize = 100;
const PAGE: usize = 100;

/// Recognizes the hosts of the service, and `_git`, which only URLs of Azure DevOps contain.
fn recognizes(remote: &RemoteUrl) -> bool {
    let host = remote.host.as_str();
    matches!(host, "dev.azure.com" | "ssh.dev.azure.com" | "vs-ssh.visualstudio.com")
        || host.ends_with(".visualstudio.com")
        || remote.segments().contains(&"_git")
}

/// Reads `https://dev.azure.com/org/project/_git/name`, `git@ssh.dev.azure.com:v3/org/project/name`,
/// `https://org.visualstudio.com/project/_git/name`, and `https://server/collection/project/_git/name`. URLs omit a
/// project that has the name of the repository.
fn address(remote: &RemoteUrl) -> Option<Address> {
    let service = |organization: &str, project: &str, name: &str| Address {
        api: "https://dev.azure.com".to_owned(),
        repository: format!("{organization}/{project}/{name}"),
    };
    let segments = remote.segments();
    if let ["v3", organization, project, name] = segments[..] {
        return Some(service(organization, project, name));
    }
    let at = segments.iter().position(|segment| *segment == "_git")?;
    let [name] = segments[at + 1..] else { return None };
    let before = &segments[..at];
    if let Some(organization) = remote.host.strip_suffix(".visualstudio.com") {
        let project = before.iter().rfind(|segment| **segment != "DefaultCollection").unwrap_or(&name);
        return Some(service(organization, project, name));
    }
    if remote.host == "dev.azure.com" {
        return match before {
            [organization] => Some(service(organization, name, name)),
            [organization, project] => Some(service(organization, project, name)),
            _ => None,
        };
    }
    let (project, collection) = before.split_last()?;
    let repository = [collection, &[*project, name]].concat().join("/");
    (!collection.is_empty()).then(|| Address { api: remote.site(), repository })
}

/// The web address of every repository contains `_git`.
const LINKS: LinkStyle = LinkStyle {
    repository: |_, path| path.contains("/_git/").then(|| path.to_owned()),
    commit: "/commit/NEW",
    compare: "/branchCompare?baseVersion=GCOLD&targetVersion=GCNEW&_a=commits",
};

fn connect(settings: ConnectionSettings) -> Result<Box<dyn Forge>, ForgeError> {
    let repository = settings.address.repository.clone();
    let parts: Vec<String> = repository.split('/').map(segment).collect();
    let [collection @ .., project, name] = &parts[..] else {
        return Err(not_a_repository(&repository, "organization/project/name"));
    };
    let collection: String = collection.iter().map(|part| format!("/{part}")).collect();
    let web = format!("{}{collection}/{project}/_git/{name}", settings.address.api.trim_end_matches('/'));
    let root = format!("{collection}/{project}/_apis/git/repositories/{name}");
    let (client, retry_policy) = (ApiClient::new(&settings, &KIND, &root)?, settings.retry_policy);
    Ok(Box::new(AzureDevops { client, retry_policy, root, collection, web, repository }))
}

struct AzureDevops {
    client: ApiClient,
    retry_policy: RetryPolicy,
    /// The route of the repository.
    root: String,
    /// The route of the organization, or of the collection on a server.
    collection: String,
    /// The web address of the repository.
    web: String,
    repository: String,
}

#[async_trait]
impl Forge for AzureDevops {
    fn kind(&self) -> &'static ForgeKind {
        &KIND
    }

    fn retry_policy(&self) -> RetryPolicy {
        self.retry_policy
    }

    async fn open_pull_requests(&self, prefix: &str) -> Result<Vec<PullRequest>, ForgeError> {
        self.list(&[("searchCriteria.status", "active")], |pull| pull.branch().starts_with(prefix)).await
    }

    async fn closed_pull_requests(&self, branch: &BranchName) -> Result<Vec<PullRequest>, ForgeError> {
        let all = self.of_branch(branch, "all").await?;
        Ok(all.into_iter().filter(|pull| pull.state != PullRequestState::Open).collect())
    }

    async fn find_open(&self, branch: &BranchName) -> Result<Vec<PullRequest>, ForgeError> {
        self.of_branch(branch, "active").await
    }

    async fn create(&self, proposal: &Proposal) -> Result<PullRequest, ForgeError> {
        let action = format!("open a pull request for {} in {}", proposal.branch, self.repository);
        let labels: Vec<Value> = proposal.extras.metadata.labels.iter().map(|name| json!({ "name": name })).collect();
        let body = json!({
            "sourceRefName": proposal.branch.full(), "targetRefName": proposal.base.full(),
            "title": proposal.title, "description": proposal.body, "isDraft": proposal.extras.draft, "labels": labels,
        });
        let made: Pull = self.client.post(&action, &format!("{}/pullrequests?{VERSION}", self.root), &body).await?;
        self.seen(&action, made)
    }

    async fn attach(&self, existing: &PullRequest, missing: &Metadata) -> Attached {
        let mut attached = Attached::default();
        for name in &missing.labels {
            let action = format!("add labels to {}", existing.url);
            let route = format!("{}/labels?{VERSION}", self.route("pullRequests", existing.number));
            match self.client.post::<Value>(&action, &route, &json!({ "name": name })).await {
                Ok(_) => attached.done.labels.push(name.clone()),
                Err(error) => attached.warnings.push(not_set("label", vec![name.clone()], existing, error)),
            }
        }
        self.request_reviews(existing, missing, &mut attached).await;
        attached
    }

    async fn edit(&self, existing: &PullRequest, difference: &Difference<'_>) -> Result<PullRequest, ForgeError> {
        let base = difference.base.map(BranchName::full);
        let fields =
            [("title", difference.title), ("description", difference.body), ("targetRefName", base.as_deref())];
        let fields = fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), json!(value?))));
        self.patch("update", existing, &Value::Object(fields.collect())).await
    }

    async fn close_with(&self, existing: &PullRequest, body: &str) -> Result<PullRequest, ForgeError> {
        // An abandoned pull request is read-only, so the body is written first.
        if existing.body != body {
            self.patch("close", existing, &json!({ "description": body })).await?;
        }
        let closed = self.patch("close", existing, &json!({"status": "abandoned"})).await?;
        Ok(PullRequest { body: body.to_owned(), ..closed })
    }

    async fn comments(&self, existing: &PullRequest) -> Result<Vec<PullRequestComment>, ForgeError> {
        let action = format!("read the comments of {}", existing.url);
        let route = format!("{}/threads?{VERSION}", self.route("pullRequests", existing.number));
        let threads: Threads = self.client.get(&action, &route).await?;
        Ok(threads.value.into_iter().flat_map(Thread::observed).collect())
    }

    async fn comment(&self, existing: &PullRequest, text: &str) -> Result<u64, ForgeError> {
        let action = format!("comment on {}", existing.url);
        let route = format!("{}/threads?{VERSION}", self.route("pullRequests", existing.number));
        let comment = json!({"parentCommentId": 0, "content": text, "commentType": "text"});
        let thread = json!({"comments": [comment], "status": "closed"});
        let added: Thread = self.client.post(&action, &route, &thread).await?;
        Ok(added.id)
    }

    /// The id is that of the thread, in which the comment is the first.
    async fn delete_comment(&self, existing: &PullRequest, id: u64) -> Result<(), ForgeError> {
        let action = format!("delete a comment of {}", existing.url);
        let route = format!("{}/threads/{id}/comments/1?{VERSION}", self.route("pullRequests", existing.number));
        self.client.send::<Value>(&action, Method::DELETE, &route, None).await.map(drop)
    }

    /// Azure DevOps enables auto-merge in the name of an account; the author of the pull request is used.
    async fn enable_auto_merge(&self, existing: &PullRequest, method: MergeMethod) -> Result<(), ForgeError> {
        let action = format!("enable auto-merge on {}", existing.url);
        let route = format!("{}?{VERSION}", self.route("pullrequests", existing.number));
        let now: Pull = self.client.get(&action, &route).await?;
        let strategy = match method {
            MergeMethod::Merge => "noFastForward",
            MergeMethod::Squash => "squash",
            MergeMethod::Rebase => "rebase",
        };
        let change = json!({
            "autoCompleteSetBy": {"id": now.author.map(|author| author.id)},
            "completionOptions": {"mergeStrategy": strategy},
        });
        self.patch("enable auto-merge on", existing, &change).await.map(drop)
    }

    async fn has_auto_merge(&self, existing: &PullRequest) -> Result<bool, ForgeError> {
        let action = format!("read auto-merge of {}", existing.url);
        let route = format!("{}?{VERSION}", self.route("pullrequests", existing.number));
        Ok(self.client.get::<Pull>(&action, &route).await?.auto_merge.is_some())
    }

    async fn check(&self) -> Result<Access, ForgeError> {
        let action = format!("read the repository {}", self.repository);
        let repository: Repository = self.client.get(&action, &format!("{}?{VERSION}", self.root)).await?;
        if repository.is_disabled {
            return Err(ForgeError::Archived { action, message: "the repository is disabled".to_owned() });
        }
        let route = format!("{}/_apis/connectionData", self.collection);
        let data = self.client.get::<Value>("read the account of the token", &route).await.unwrap_or_default();
        let name = data.pointer("/authenticatedUser/providerDisplayName").and_then(Value::as_str).map(str::to_owned);
        // A request for rights requires more rights than a bot has.
        Ok(Access {
            user: name,
            rights: vec!["read the repository".to_owned()],
            remaining: None,
            new_name: self.client.new_name(),
        })
    }

    fn requests(&self) -> u64 {
        self.client.requests()
    }
}

impl AzureDevops {
    fn route(&self, kind: &str, number: u64) -> String {
        format!("{}/{kind}/{number}", self.root)
    }

    async fn of_branch(&self, branch: &BranchName, status: &str) -> Result<Vec<PullRequest>, ForgeError> {
        let name = branch.full();
        let filter = [("searchCriteria.status", status), ("searchCriteria.sourceRefName", &name)];
        let mut found = self.list(&filter, |pull| pull.source == name).await?;
        found.sort_by_key(|pull| std::cmp::Reverse(pull.number));
        Ok(found)
    }

    /// Returns pull requests with whole descriptions. Those that a listing truncates are read one by one.
    async fn list(
        &self,
        filter: &[(&str, &str)],
        matches: impl Fn(&Pull) -> bool + Send,
    ) -> Result<Vec<PullRequest>, ForgeError> {
        let action = format!("list the pull requests of {}", self.repository);
        let mut found = Vec::new();
        for page in 0..PAGES {
            let (top, skip) = (PAGE.to_string(), (page * PAGE).to_string());
            let pairs = [filter, &[("$top", &top), ("$skip", &skip)]].concat();
            let route = format!("{}/pullrequests?{}&{VERSION}", self.root, query(&pairs));
            let listed: Listing = self.client.get(&action, &route).await?;
            let last = listed.value.len() < PAGE;
            for mut pull in listed.value.into_iter().filter(|pull| pull.fork.is_none() && matches(pull)) {
                let is_short = pull.description.as_ref().is_some_and(|text| text.chars().count() >= TRUNCATED);
                if is_short {
                    let route = format!("{}?{VERSION}", self.route("pullrequests", pull.number));
                    pull = self.client.get(&action, &route).await?;
                }
                found.extend(pull.observed(&self.web));
            }
            if last {
                return Ok(found);
            }
        }
        Err(ForgeError::endless(action, PAGES))
    }

    async fn patch(&self, verb: &str, existing: &PullRequest, change: &Value) -> Result<PullRequest, ForgeError> {
        let action = format!("{verb} {}", existing.url);
        let route = format!("{}?{VERSION}", self.route("pullrequests", existing.number));
        let patched = self.client.send::<Pull>(&action, Method::PATCH, &route, Some(change)).await?;
        // The response to a PATCH has no labels.
        let labels = existing.labels.clone();
        Ok(PullRequest { labels, ..self.seen(&action, patched.body)? })
    }

    /// Requests reviews from people and groups by id: names are looked up on another host, which does not get the token.
    async fn request_reviews(&self, existing: &PullRequest, missing: &Metadata, attached: &mut Attached) {
        let done = &mut attached.done;
        let kinds = [
            ("reviewer", &missing.reviewers, &mut done.reviewers),
            ("team", &missing.team_reviewers, &mut done.team_reviewers),
        ];
        for (what, names, done) in kinds {
            for name in names {
                let action = format!("request a review of {}", existing.url);
                let route = self.route("pullRequests", existing.number);
                let route = format!("{route}/reviewers/{}?{VERSION}", segment(name));
                let vote = json!({"id": name, "vote": 0});
                let result = if is_id(name) {
                    self.client.send::<Value>(&action, Method::PUT, &route, Some(&vote)).await.map(drop)
                } else {
                    Err(silently_refused(&action, "not the id of a person or group (a GUID)"))
                };
                match result {
                    Ok(()) => done.push(name.clone()),
                    Err(error) => attached.warnings.push(not_set(what, vec![name.clone()], existing, error)),
                }
            }
        }
    }

    fn seen(&self, action: &str, pull: Pull) -> Result<PullRequest, ForgeError> {
        checked(action, pull.observed(&self.web))
    }
}

/// Returns whether a text is a GUID: 32 hex digits in groups of 8, 4, 4, 4 and 12.
fn is_id(text: &str) -> bool {
    text.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}
