//! The API of Azure DevOps over a [`CodeHost`], with its error messages. The name of the project contains a space.

use base64::Engine;
use serde_json::{Value, json};

use super::code_host::{CodeHost, Comment, Pull, Refused, State, add_missing};
use super::double::{Answer, READER, Renaming, Request, TOKEN, Vendor};
use super::spec::Description;

pub(crate) static AZURE_DEVOPS: Vendor = Vendor {
    name: "azure-devops",
    root: "",
    undescribed: "",
    repository: "acme/My Project/gitops",
    described: Description {
        file: "azure-devops-git-7.2.json",
        accepts_null: false,
        paths: &[],
        also: &[],
        wrapped: Some("value"),
        mistyped: &[],
    },
    person: guid,
    closes_with_branch: false,
    lists_descriptions: false,
    renaming: Renaming::None,
    answer,
};

/// Returns an id for a name, in the form of a GUID.
fn guid(name: &str) -> String {
    let hex: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
    let hex = format!("{hex:0<32}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32])
}

fn answer(site: &str, host: &mut CodeHost, request: &Request) -> Answer {
    let pair = request.header("authorization").unwrap_or_default().trim_start_matches("Basic ");
    let pair = base64::engine::general_purpose::STANDARD.decode(pair).unwrap_or_default();
    let token = String::from_utf8(pair).unwrap_or_default().trim_start_matches(':').to_owned();
    if ![TOKEN, READER].contains(&token.as_str()) {
        return Answer::new(203, json!("<html>Azure DevOps Services | Sign In</html>"));
    }
    let segments = request.segments();
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    let writes = request.method != "GET";
    let [organization, project, "_apis", "git", "repositories", name, rest @ ..] = &path[..] else {
        return match path[..] {
            ["acme", "_apis", "connectionData"] => {
                Answer::new(200, json!({"authenticatedUser": {"providerDisplayName": "tagboat-bot"}}))
            }
            _ => refuse(404, "The controller for path was not found"),
        };
    };
    if format!("{organization}/{project}/{name}") != AZURE_DEVOPS.repository {
        return refuse(
            404,
            &format!(
                "TF401019: The Git repository with name or identifier {name} does not exist or you do not have permissions for the operation you are attempting."
            ),
        );
    }
    if writes && token == READER {
        return refuse(403, "TF401027: You need the Git 'PullRequestContribute' permission to perform this action.");
    }
    let rest: Vec<String> = rest.iter().map(|part| part.to_lowercase()).collect();
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    match (request.method.as_str(), &rest[..]) {
        ("GET", []) => Answer::new(200, json!({"id": guid("gitops"), "name": "gitops", "isDisabled": host.archived})),
        ("GET", ["pullrequests"]) => list(site, host, request),
        ("POST", ["pullrequests"]) => open(site, host, request),
        (_, ["pullrequests", number, rest @ ..]) => {
            let people = host.people.clone();
            let Some(pull) = number.parse().ok().and_then(|number| host.pull(number)) else {
                return refuse(404, &format!("TF401180: The requested pull request was not found: {number}"));
            };
            on_pull(site, pull, &people, rest, request)
        }
        _ => refuse(404, "The controller for path was not found"),
    }
}

/// Answers a request about one pull request.
fn on_pull(site: &str, pull: &mut Pull, people: &[String], rest: &[&str], request: &Request) -> Answer {
    match (request.method.as_str(), rest) {
        ("GET", []) => Answer::new(200, view(site, pull)),
        ("PATCH", []) => change(site, pull, request),
        ("POST", ["labels"]) => {
            let name = request.text("name").unwrap_or_default();
            add_missing(&mut pull.labels, [name.to_owned()]);
            Answer::new(200, label(name))
        }
        ("PUT", ["reviewers", id]) => match people.iter().find(|name| guid(name) == *id) {
            Some(name) if name == "deployers" => {
                pull.teams.push(name.clone());
                Answer::new(200, json!({"id": id, "vote": 0}))
            }
            Some(name) => {
                add_missing(&mut pull.reviewers, [name.clone()]);
                Answer::new(200, json!({"id": id, "vote": 0}))
            }
            None => refuse(400, &format!("The identity {id} could not be found")),
        },
        ("GET", ["threads"]) => {
            // A deleted comment has no content.
            let deleted = json!({"id": 1, "comments": [{"id": 1, "isDeleted": true}]});
            let threads = pull.comments.iter().map(thread).chain([deleted]).collect::<Vec<_>>();
            Answer::new(200, json!({"count": threads.len(), "value": threads}))
        }
        ("DELETE", ["threads", id, "comments", "1"]) if pull.delete_comment(id) => Answer::new(200, Value::Null),
        ("POST", ["threads"]) => {
            let comments = request.body["comments"].as_array().cloned().unwrap_or_default();
            let [comment] = &comments[..] else { return refuse(400, "The double supports threads of one comment.") };
            Answer::new(200, thread(pull.comment(comment["content"].as_str().unwrap_or_default())))
        }
        _ => refuse(404, "The controller for path was not found"),
    }
}

/// "Please note that description field will be truncated up to 400 symbols in the result."
fn list(site: &str, host: &CodeHost, request: &Request) -> Answer {
    let status = request.parameter("searchCriteria.status").unwrap_or("active");
    let source = request.parameter("searchCriteria.sourceRefName").map(|name| name.replace("refs/heads/", ""));
    let number = |name, default| request.parameter(name).map_or(default, |n| n.parse::<usize>().unwrap());
    let fits = |pull: &&Pull| {
        (status == "all" || status == word(pull)) && source.as_ref().is_none_or(|source| *source == pull.head)
    };
    let found = host.pulls.iter().rev().filter(fits).skip(number("$skip", 0)).take(number("$top", 100));
    let shorten = |pull: &Pull| {
        let mut view = view(site, pull);
        view["description"] = json!(pull.body.chars().take(400).collect::<String>());
        view
    };
    let value: Vec<Value> = found.map(shorten).collect();
    Answer::new(200, json!({"count": value.len(), "value": value}))
}

fn open(site: &str, host: &mut CodeHost, request: &Request) -> Answer {
    let text = |field| request.text(field).unwrap_or_default();
    if let Some(refused) = too_long(text("title"), text("description")) {
        return refused;
    }
    let (Some(head), Some(base)) =
        (text("sourceRefName").strip_prefix("refs/heads/"), text("targetRefName").strip_prefix("refs/heads/"))
    else {
        return refuse(400, "TF401294: The specified source or target ref is not a branch.");
    };
    match host.open(head, base, text("title"), text("description")) {
        Ok(pull) => {
            pull.draft = request.body["isDraft"] == true;
            let labels = request.body["labels"].as_array().cloned().unwrap_or_default();
            pull.labels = labels.iter().filter_map(|label| label["name"].as_str().map(str::to_owned)).collect();
            Answer::new(201, view(site, pull))
        }
        Err(Refused::Exists(_)) => {
            refuse(409, "TF401179: An active pull request for the source and target branch already exists.")
        }
        Err(Refused::NoHead | Refused::NoBase) => refuse(
            400,
            "TF401398: The pull request cannot be activated because the source and/or the target branch no longer exists, or the requested refs are not branches",
        ),
        Err(Refused::NoCommits) => refuse(400, "there are no changes"),
    }
}

fn change(site: &str, pull: &mut Pull, request: &Request) -> Answer {
    if pull.state != State::Open {
        return refuse(409, "TF401181: The pull request cannot be edited due to its state.");
    }
    let text = |field, now: &str| request.text(field).unwrap_or(now).to_owned();
    let (title, body) = (text("title", &pull.title), text("description", &pull.body));
    if let Some(refused) = too_long(&title, &body) {
        return refused;
    }
    (pull.title, pull.body) = (title, body);
    pull.base = text("targetRefName", &pull.base).replace("refs/heads/", "");
    if request.body.get("autoCompleteSetBy").is_some() {
        if request.body["autoCompleteSetBy"]["id"] != guid("tagboat-bot").as_str() {
            return refuse(400, "TF401174: The auto-complete identity is not that of the caller.");
        }
        let strategy = request.body["completionOptions"]["mergeStrategy"].as_str().unwrap_or("noFastForward");
        pull.auto_merge = Some(strategy.replace("noFastForward", "merge"));
    }
    if request.text("status") == Some("abandoned") {
        pull.state = State::Closed;
    }
    let mut view = view(site, pull);
    view.as_object_mut().unwrap().remove("labels");
    Answer::new(200, view)
}

fn too_long(title: &str, body: &str) -> Option<Answer> {
    let wrong = title.is_empty() || title.chars().count() > 400 || body.chars().count() > 4_000;
    wrong.then(|| {
        refuse(400, "A pull request title of at most 400 characters and a description of at most 4000 is required.")
    })
}

fn refuse(status: u16, message: &str) -> Answer {
    Answer::new(
        status,
        json!({"$id": "1", "innerException": null, "message": message, "typeKey": "GitException", "errorCode": 0}),
    )
}

fn word(pull: &Pull) -> &'static str {
    match pull.state {
        State::Open => "active",
        State::Merged => "completed",
        State::Closed => "abandoned",
    }
}

/// Returns a comment as the only one of its thread. Ids of comments count from 1 in each thread.
fn thread(comment: &Comment) -> Value {
    json!({"id": comment.id, "status": "closed", "comments": [{"id": 1, "content": comment.text}]})
}

fn label(name: &str) -> Value {
    json!({"id": guid(name), "name": name, "active": true})
}

fn view(site: &str, pull: &Pull) -> Value {
    let mut view = json!({
        "pullRequestId": pull.number, "title": pull.title, "description": pull.body, "status": word(pull),
        "sourceRefName": format!("refs/heads/{}", pull.head), "targetRefName": format!("refs/heads/{}", pull.base),
        "isDraft": pull.draft, "lastMergeSourceCommit": {"commitId": pull.sha}, "mergeStatus": "succeeded",
        "labels": pull.labels.iter().map(|name| label(name)).collect::<Vec<_>>(), "reviewers": [],
        "repository": {"id": guid("gitops"), "name": "gitops"}, "createdBy": {"id": guid("tagboat-bot")},
        "url": format!("{site}/acme/_apis/git/repositories/{}/pullRequests/{}", guid("gitops"), pull.number),
    });
    if pull.auto_merge.is_some() {
        view["autoCompleteSetBy"] = json!({"id": guid("tagboat-bot")});
    }
    if pull.fork {
        view["forkSource"] = json!({"name": format!("refs/heads/{}", pull.head)});
    }
    view
}
