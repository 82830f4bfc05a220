//! GitHub's GraphQL API over a [`CodeHost`]: commits, branches and auto-merge. It accepts the fields of GitHub's schema and
//! rejects what GitHub rejects.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::code_host::{CodeHost, State};
use super::double::{Answer, READER, Request};
use super::github::GITHUB;

const REPOSITORY: &str = "R_kgDOTagboat";
const NOTHING: &str = "0000000000000000000000000000000000000000";

/// Mutations, the required fields of their input, and the optional ones.
#[rustfmt::skip]
const MUTATIONS: &[(&str, &[&str], &[&str])] = &[
    ("createCommitOnBranch",       &["branch", "message", "expectedHeadOid"], &["fileChanges", "clientMutationId"]),
    ("updateRefs",                 &["repositoryId", "refUpdates"],           &["clientMutationId"]),
    ("enablePullRequestAutoMerge", &["pullRequestId"],                        &["mergeMethod", "commitHeadline", "commitBody",
                                                                                "authorEmail", "expectedHeadOid", "clientMutationId"]),
];

pub(super) fn answer(host: &mut CodeHost, request: &Request, bearer: &str) -> Answer {
    let query = request.text("query").unwrap_or_default();
    let (input, variables) = (&request.body["variables"]["input"], &request.body["variables"]);
    let result = match MUTATIONS.iter().find(|(name, ..)| query.contains(&format!("{name}(input: $input)"))) {
        Some(_) if bearer == READER => {
            Err(("FORBIDDEN", "Resource not accessible by personal access token".to_owned()))
        }
        Some(_) if host.archived => Err(("", "Repository was archived so is read-only.".to_owned())),
        Some((name, required, optional)) => match wrong_fields(input, required, optional) {
            Some(wrong) => Err(("", wrong)),
            None => mutate(host, name, input),
        },
        None => ask(host, query, variables),
    };
    Answer::new(
        200,
        match result {
            Ok(data) => json!({ "data": data }),
            Err(("", message)) => json!({ "errors": [{"message": message}] }),
            Err((kind, message)) => json!({ "data": null, "errors": [{"type": kind, "message": message}] }),
        },
    )
}

type GraphQlResult = Result<Value, (&'static str, String)>;

fn wrong_fields(input: &Value, required: &[&str], optional: &[&str]) -> Option<String> {
    let given = input.as_object()?;
    let unknown = given.keys().find(|key| !required.contains(&key.as_str()) && !optional.contains(&key.as_str()));
    let missing = required.iter().find(|key| !given.contains_key(**key));
    unknown
        .map(|key| {
            format!("Variable $input of type Input! was provided invalid value for {key} (Field is not defined)")
        })
        .or_else(|| missing.map(|key| format!("Variable $input of type Input! was provided invalid value for {key}")))
}

fn mutate(host: &mut CodeHost, name: &str, input: &Value) -> GraphQlResult {
    let done = match name {
        "createCommitOnBranch" => json!({"commit": {"oid": commit(host, input)?}}),
        "updateRefs" => {
            move_refs(host, input)?;
            json!({"clientMutationId": null})
        }
        _ => {
            enable_auto_merge(host, input)?;
            json!({"clientMutationId": null})
        }
    };
    close_empty(host);
    Ok(json!({ name: done }))
}

fn commit(host: &mut CodeHost, input: &Value) -> Result<String, (&'static str, String)> {
    let branch = &input["branch"];
    if branch["repositoryNameWithOwner"] != GITHUB.repository {
        return Err(("NOT_FOUND", "Could not resolve to a Repository with that name.".to_owned()));
    }
    let name = format!("refs/heads/{}", branch["branchName"].as_str().unwrap());
    let Some(head) = host.bare.at_ref(&name) else {
        return Err(("NOT_FOUND", format!("No such branch: {name}")));
    };
    if input["expectedHeadOid"] != head.as_str() {
        let expected = &input["expectedHeadOid"];
        return Err((
            "STALE_DATA",
            format!("Expected branch to point to {expected} but it did not. Pull and try again."),
        ));
    }
    let (headline, body) = (input["message"]["headline"].as_str().unwrap(), input["message"]["body"].as_str());
    if headline.is_empty() {
        return Err(("UNPROCESSABLE", "A commit message is required".to_owned()));
    }
    let additions = input["fileChanges"]["additions"].as_array().cloned().unwrap_or_default();
    let file = |addition: &Value| {
        let bytes = STANDARD.decode(addition["contents"].as_str().unwrap()).ok()?;
        Some((addition["path"].as_str()?.to_owned(), bytes))
    };
    let Some(files) = additions.iter().map(file).collect::<Option<Vec<_>>>() else {
        return Err(("UNPROCESSABLE", "contents is not Base64".to_owned()));
    };
    let message = match body.unwrap_or_default() {
        "" => headline.to_owned(),
        body => format!("{headline}\n\n{body}"),
    };
    let commit = host.bare.commit_for(&head, &files, &message);
    host.bare.move_refs(&[(name, head, commit.clone())]).map_err(|error| ("UNPROCESSABLE", error))?;
    Ok(commit)
}

fn move_refs(host: &mut CodeHost, input: &Value) -> Result<(), (&'static str, String)> {
    if input["repositoryId"] != REPOSITORY {
        return Err(("NOT_FOUND", "Could not resolve to a node with the global id".to_owned()));
    }
    let mut moves = Vec::new();
    for update in input["refUpdates"].as_array().unwrap() {
        let text = |field: &str| update[field].as_str();
        let (name, to) = (text("name").unwrap(), text("afterOid").unwrap());
        let is = host.bare.at_ref(name).unwrap_or_else(|| NOTHING.to_owned());
        assert!(name.starts_with("refs/heads/"), "{name}");
        if text("beforeOid").is_some_and(|before| before != is) {
            return Err(("UNPROCESSABLE", format!("Reference {name} is not at the expected object")));
        }
        if update["force"] != true && is != NOTHING {
            return Err(("UNPROCESSABLE", "Update is not a fast forward".to_owned()));
        }
        moves.push((name.to_owned(), is, to.to_owned()));
    }
    host.bare.move_refs(&moves).map_err(|error| ("UNPROCESSABLE", error))
}

/// Closes each pull request whose branch has no commits of its own; GitHub does not reopen these.
fn close_empty(host: &mut CodeHost) {
    let bare = host.bare.clone();
    for pull in host.pulls.iter_mut().filter(|pull| pull.state == State::Open && !pull.fork) {
        if bare.head(&pull.head).is_some() && bare.ahead(&pull.base, &pull.head) == 0 {
            pull.state = State::Closed;
        }
    }
}

fn enable_auto_merge(host: &mut CodeHost, input: &Value) -> Result<(), (&'static str, String)> {
    let number = input["pullRequestId"].as_str().and_then(|id| id.strip_prefix("PR_")?.parse().ok());
    let Some(pull) = number.and_then(|number| host.pull(number)) else {
        return Err(("NOT_FOUND", "Could not resolve to a node with the global id".to_owned()));
    };
    if !pull.pipeline {
        return Err(("UNPROCESSABLE", "Pull request Pull request is in clean status".to_owned()));
    }
    pull.auto_merge = input["mergeMethod"].as_str().map(str::to_lowercase);
    Ok(())
}

fn ask(host: &mut CodeHost, query: &str, variables: &Value) -> GraphQlResult {
    let (owner, name) = (variables["owner"].as_str().unwrap(), variables["name"].as_str().unwrap());
    if format!("{owner}/{name}") != GITHUB.repository {
        return Err(("NOT_FOUND", format!("Could not resolve to a Repository with the name '{owner}/{name}'.")));
    }
    let found = if query.contains("pullRequest(number: $number) { id autoMergeRequest { enabledAt } }") {
        let Some(pull) = host.pull(variables["number"].as_u64().unwrap()) else {
            return Err(("NOT_FOUND", "Could not resolve to a PullRequest".to_owned()));
        };
        let auto_merge = pull.auto_merge.as_ref().map(|_| json!({"enabledAt": "2026-01-02T03:04:05Z"}));
        json!({"pullRequest": {"id": format!("PR_{}", pull.number), "autoMergeRequest": auto_merge}})
    } else if query.contains("ref(qualifiedName: $ref)") {
        let head = host.bare.at_ref(variables["ref"].as_str().unwrap());
        json!({"ref": head.map(|oid| json!({"target": {"oid": oid}}))})
    } else {
        assert!(query.contains("{ id }"), "a query that GitHub would not understand: {query}");
        json!({"id": REPOSITORY})
    };
    Ok(json!({ "repository": found }))
}
