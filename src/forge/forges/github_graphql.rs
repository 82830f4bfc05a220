//! GitHub features that only GraphQL has: commits that GitHub signs, compare-and-swap updates of branches, and
//! auto-merge. <https://docs.github.com/en/graphql/reference>.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::plan::{MergeMethod, PullRequest};
use crate::refname::{BranchName, CommitId};

use super::github_client::GitHubClient;
use crate::forge::error::ForgeError;
use crate::forge::forge::{ApiCommit, Commits};

/// One repository.
pub(super) struct GraphQl {
    pub(super) client: GitHubClient,
    pub(super) repository: String,
    /// Its node id in GraphQL.
    id: OnceCell<String>,
}

/// "A value of 0000000000000000000000000000000000000000 can be used to verify that the references should not exist", and
/// to delete them.
const NOTHING: &str = "0000000000000000000000000000000000000000";

const COMMIT: &str = "mutation($input: CreateCommitOnBranchInput!) \
                      { createCommitOnBranch(input: $input) { commit { oid } } }";
const MOVE: &str = "mutation($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }";
const REPOSITORY: &str = "query($owner: String!, $name: String!) \
                          { repository(owner: $owner, name: $name) { id } }";
const REFERENCE: &str = "query($owner: String!, $name: String!, $ref: String!) \
                         { repository(owner: $owner, name: $name) { ref(qualifiedName: $ref) { target { oid } } } }";
const PULL_REQUEST: &str = "query($owner: String!, $name: String!, $number: Int!) \
                            { repository(owner: $owner, name: $name) \
                            { pullRequest(number: $number) { id autoMergeRequest { enabledAt } } } }";
const MERGE: &str = "mutation($input: EnablePullRequestAutoMergeInput!) \
                     { enablePullRequestAutoMerge(input: $input) { clientMutationId } }";

/// What became of a side branch.
enum SideBranch {
    Deleted,
    Unknown,
}

#[async_trait]
impl Commits for GraphQl {
    /// `web-flow` is the committer of all commits through the API or a browser. An Enterprise Server has its own address.
    fn committers(&self) -> Vec<String> {
        vec!["noreply@github.com".to_owned(), format!("noreply@{}", self.client.host())]
    }

    /// A branch that is first moved to its new base would have, for a moment, a pull request without changes, which GitHub
    /// closes. So the commit is created on a side branch. One mutation then moves the branch and deletes the side branch.
    async fn commit(&self, request: ApiCommit<'_>) -> Result<CommitId, ForgeError> {
        if request.expected == Some(request.base) {
            return self.commit_on(request.branch, &request).await;
        }
        let action = format!("commit to {} of {}", request.branch, self.repository);
        let random = fastrand::u32(..);
        let side = request.branch.side_branch(Timestamp::now().as_second(), random);
        let side = side.map_err(|error| ForgeError::Malformed { action: action.clone(), reason: error.to_string() })?;
        let made = self.commit_on_side(&action, &side, &request).await;
        if !matches!(made, Ok((_, SideBranch::Deleted)))
            && let Err(error) = self.move_refs(&action, vec![update(&side, None, NOTHING)]).await
        {
            tracing::debug!("the branch {side} is left to a later run: {error}");
        }
        made.map(|(commit, _)| commit)
    }
}

impl GraphQl {
    pub(super) fn new(client: GitHubClient, repository: String) -> Self {
        Self { client, repository, id: OnceCell::new() }
    }

    /// Creates a commit on a side branch and moves the branch to it. Returns the commit, and what became of the side branch.
    async fn commit_on_side(
        &self,
        action: &str,
        side: &BranchName,
        request: &ApiCommit<'_>,
    ) -> Result<(CommitId, SideBranch), ForgeError> {
        self.move_refs(action, vec![update(side, Some(NOTHING), request.base.as_str())]).await?;
        let commit = self.commit_on(side, request).await?;
        let expected = request.expected.map_or(NOTHING, CommitId::as_str);
        let moves =
            vec![update(request.branch, Some(expected), commit.as_str()), update(side, Some(commit.as_str()), NOTHING)];
        let Err(failure) = self.move_refs(action, moves).await else { return Ok((commit, SideBranch::Deleted)) };
        // GitHub reports a moved branch in many ways, and a response may be lost: read the branch. A concurrent run that made the
        // same commit in the same second has moved it to that commit.
        match self.head(action, request.branch).await {
            Ok(head) if head.as_ref() == Some(&commit) => Ok((commit, SideBranch::Unknown)),
            Ok(head) if head.as_ref() != request.expected => {
                Err(ForgeError::BranchChanged { action: action.to_owned() })
            }
            _ => Err(failure),
        }
    }

    /// Creates a commit on a branch, which must point at the base.
    async fn commit_on(&self, branch: &BranchName, request: &ApiCommit<'_>) -> Result<CommitId, ForgeError> {
        let action = format!("commit to {} of {}", request.branch, self.repository);
        let (headline, body) = request.message.split_once('\n').unwrap_or((request.message, ""));
        let file = |(path, bytes): (&Arc<str>, &Vec<u8>)| json!({"path": &**path, "contents": STANDARD.encode(bytes)});
        let input = json!({
            "branch": {"repositoryNameWithOwner": self.name(), "branchName": branch.as_str()},
            "message": {"headline": headline, "body": body.trim_start()},
            "fileChanges": {"additions": request.files.iter().map(file).collect::<Vec<_>>()},
            "expectedHeadOid": request.base.as_str(),
        });
        let made = self.client.graphql(&action, COMMIT, json!({ "input": input })).await?;
        let id = made.pointer("/createCommitOnBranch/commit/oid").and_then(Value::as_str).unwrap_or_default();
        CommitId::new(id).map_err(|error| ForgeError::Malformed { action, reason: error.to_string() })
    }

    /// Updates all of these refs, or none.
    async fn move_refs(&self, action: &str, moves: Vec<Value>) -> Result<(), ForgeError> {
        let id = self.id.get_or_try_init(|| self.find(action, REPOSITORY, json!({}), "/repository/id")).await?;
        let input = json!({"repositoryId": id, "refUpdates": moves});
        self.client.graphql(action, MOVE, json!({ "input": input })).await.map(drop)
    }

    /// Returns the head of a branch; `None` if there is no such branch.
    async fn head(&self, action: &str, branch: &BranchName) -> Result<Option<CommitId>, ForgeError> {
        let found = self.query(action, REFERENCE, json!({ "ref": branch.full() })).await?;
        let id = found.pointer("/repository/ref/target/oid").and_then(Value::as_str);
        Ok(id.and_then(|id| CommitId::new(id).ok()))
    }

    /// Enables auto-merge.
    pub(super) async fn enable_auto_merge(
        &self,
        existing: &PullRequest,
        method: MergeMethod,
    ) -> Result<(), ForgeError> {
        let action = format!("enable auto-merge on {}", existing.url);
        let number = json!({ "number": existing.number });
        let id = self.find(&action, PULL_REQUEST, number, "/repository/pullRequest/id").await?;
        let method = match method {
            MergeMethod::Merge => "MERGE",
            MergeMethod::Squash => "SQUASH",
            MergeMethod::Rebase => "REBASE",
        };
        let input = json!({"pullRequestId": id, "mergeMethod": method});
        self.client.graphql(&action, MERGE, json!({ "input": input })).await.map(drop)
    }

    /// Returns whether auto-merge is enabled.
    pub(super) async fn has_auto_merge(&self, existing: &PullRequest) -> Result<bool, ForgeError> {
        let action = format!("read auto-merge of {}", existing.url);
        let found = self.query(&action, PULL_REQUEST, json!({ "number": existing.number })).await?;
        Ok(found.pointer("/repository/pullRequest/autoMergeRequest").is_some_and(Value::is_object))
    }

    async fn find(&self, action: &str, query: &str, variables: Value, at: &str) -> Result<String, ForgeError> {
        let found = self.query(action, query, variables).await?;
        let id = found.pointer(at).and_then(Value::as_str).map(str::to_owned);
        id.ok_or_else(|| ForgeError::Malformed {
            action: action.to_owned(),
            reason: format!("the response has no {at}"),
        })
    }

    /// Returns the current full name of the repository.
    fn name(&self) -> String {
        self.client.new_name().unwrap_or_else(|| self.repository.clone())
    }

    /// Queries the repository.
    async fn query(&self, action: &str, query: &str, mut variables: Value) -> Result<Value, ForgeError> {
        let repository = self.name();
        let (owner, name) = repository.split_once('/').unwrap_or_default();
        (variables["owner"], variables["name"]) = (json!(owner), json!(name));
        self.client.graphql(action, query, variables).await
    }
}

/// Returns the update of one ref, which must point at the expected commit if one is given.
fn update(branch: &BranchName, before: Option<&str>, after: &str) -> Value {
    let mut update = json!({"name": branch.full(), "afterOid": after, "force": true});
    if let Some(before) = before {
        update["beforeOid"] = json!(before);
    }
    update
}
