//! Bitbucket Data Center's API over a [`CodeHost`], with its error messages.

use serde_json::{Value, json};

use super::code_host::{CodeHost, Comment, Pull, Refused, State};
use super::double::{Answer, READER, Renaming, Request, TOKEN, Vendor};
use super::spec::Description;

pub(crate) static BITBUCKET_DATA_CENTER: Vendor = Vendor {
    name: "bitbucket-data-center",
    root: "/rest",
    undescribed: "/rest",
    repository: "PLAT/gitops",
    described: Description {
        file: "bitbucket-data-center.json",
        accepts_null: false,
        paths: &[],
        also: &[],
        wrapped: None,
        mistyped: &[],
    },
    person: str::to_owned,
    closes_with_branch: true,
    lists_descriptions: true,
    renaming: Renaming::None,
    answer,
};

fn answer(site: &str, host: &mut CodeHost, request: &Request) -> Answer {
    let token = request.header("authorization").unwrap_or_default().trim_start_matches("Bearer ");
    if ![TOKEN, READER].contains(&token) {
        return refuse(
            401,
            "Authentication failed. Please check your credentials and try again.",
            "IncorrectPasswordAuthenticationException",
        );
    }
    let segments = request.segments();
    let path: Vec<&str> = segments.iter().map(String::as_str).skip(3).collect();
    let writes = request.method != "GET";
    match (request.method.as_str(), &path[..]) {
        ("GET", ["application-properties"]) => {
            Answer::new(200, json!({"version": "8.19.2", "buildNumber": "8019002", "displayName": "Bitbucket"}))
        }
        ("GET", ["repos"]) => {
            let values: Vec<Value> = if token == TOKEN { vec![repository(false)] } else { vec![] };
            Answer::new(
                200,
                json!({"values": values, "size": values.len(), "limit": 25, "start": 0, "isLastPage": true}),
            )
        }
        (_, ["projects", project, "repos", slug, ..])
            if format!("{project}/{slug}") != BITBUCKET_DATA_CENTER.repository =>
        {
            refuse(404, &format!("Repository {project}/{slug} does not exist."), "NoSuchRepositoryException")
        }
        (_, ["projects", ..]) if writes && token == READER => {
            refuse(401, "You are not permitted to access this resource", "AuthorisationException")
        }
        ("GET", ["projects", _, "repos", _]) => {
            Answer::new(200, repository(false)).header("x-ausername", "tagboat-bot")
        }
        ("GET", ["projects", _, "repos", _, "pull-requests"]) => list(site, host, request),
        ("POST", ["projects", _, "repos", _, "pull-requests"]) => open(site, host, request),
        (method, ["projects", _, "repos", _, "pull-requests", number, rest @ ..]) => {
            let people = host.people.clone();
            let Some(pull) = number.parse().ok().and_then(|number| host.pull(number)) else {
                return refuse(404, "Pull request does not exist.", "NoSuchPullRequestException");
            };
            on_pull(site, pull, &people, (method, rest), request)
        }
        _ => refuse(404, "Not found", "NotFoundException"),
    }
}

/// Answers a request about one pull request.
fn on_pull(site: &str, pull: &mut Pull, people: &[String], what: (&str, &[&str]), request: &Request) -> Answer {
    match what {
        ("GET", []) => Answer::new(200, view(site, pull)),
        ("PUT", []) => change(site, pull, people, request),
        ("POST", ["merge"]) => {
            if request.parameter("version") != Some(&pull.version.to_string()) {
                return out_of_date();
            }
            if request.body["autoMerge"] == true && pull.pipeline {
                pull.auto_merge = request.text("strategyId").map(|id| id.replace("no-ff", "merge"));
            } else {
                pull.state = State::Merged;
            }
            Answer::new(200, view(site, pull))
        }
        ("GET", ["auto-merge"]) => match &pull.auto_merge {
            Some(strategy) => Answer::new(200, json!({"strategyId": strategy, "fromHash": pull.sha})),
            None => refuse(404, "Auto-merge was not requested.", "NoSuchAutoMergeRequestException"),
        },
        ("POST", ["decline"]) => {
            if request.parameter("version") != Some(&pull.version.to_string()) {
                return out_of_date();
            }
            (pull.state, pull.version) = (State::Closed, pull.version + 1);
            Answer::new(200, view(site, pull))
        }
        ("GET", ["activities"]) => {
            let commented = |one: &Comment| json!({"id": 10 * one.id, "action": "COMMENTED", "comment": comment(one)});
            let opened = json!({"id": 1, "action": "OPENED"});
            let activities = pull.comments.iter().rev().map(commented).chain([opened]).collect::<Vec<_>>();
            Answer::new(200, json!({"size": activities.len(), "isLastPage": true, "values": activities}))
        }
        ("DELETE", ["comments", _]) if request.parameter("version") != Some("0") => out_of_date(),
        ("DELETE", ["comments", id]) if pull.delete_comment(id) => Answer::new(204, Value::Null),
        ("POST", ["comments"]) => match request.text("text") {
            Some(text) if !text.is_empty() => Answer::new(201, comment(pull.comment(text))),
            _ => refuse(400, "A comment is required.", "ArgumentValidationException"),
        },
        _ => refuse(404, "Not found", "NotFoundException"),
    }
}

fn comment(comment: &Comment) -> Value {
    json!({"id": comment.id, "version": 0, "text": comment.text})
}

fn list(site: &str, host: &CodeHost, request: &Request) -> Answer {
    let state = request.parameter("state").unwrap_or("OPEN");
    let at = request.parameter("at").and_then(|at| at.strip_prefix("refs/heads/"));
    let limit: usize = request.parameter("limit").map_or(25, |n| n.parse().unwrap());
    let start: usize = request.parameter("start").map_or(0, |n| n.parse().unwrap());
    let outgoing = request.parameter("direction") == Some("OUTGOING");
    let fits = |pull: &&Pull| {
        (state == "ALL" || state == word(pull))
            && at.is_none_or(|at| at == if outgoing { &pull.head } else { &pull.base })
    };
    let found: Vec<&Pull> = host.pulls.iter().rev().filter(fits).collect();
    let values: Vec<Value> = found.iter().skip(start).take(limit).map(|pull| view(site, pull)).collect();
    let last = start + values.len() >= found.len();
    let mut body = json!({"size": values.len(), "limit": limit, "start": start, "isLastPage": last, "values": values});
    if !last {
        body["nextPageStart"] = json!(start + limit);
    }
    Answer::new(200, body)
}

fn open(site: &str, host: &mut CodeHost, request: &Request) -> Answer {
    let name = |side: &str| request.body[side]["id"].as_str().unwrap_or_default().replace("refs/heads/", "");
    let (title, body) = (request.text("title").unwrap_or_default(), request.text("description").unwrap_or_default());
    let (head, base) = (name("fromRef"), name("toRef"));
    if let Some(refused) = invalid(title, body) {
        return refused;
    }
    match host.open(&head, &base, title, body) {
        Ok(pull) => {
            pull.draft = request.body["draft"] == true;
            Answer::new(201, view(site, pull))
        }
        Err(Refused::Exists(_)) => refuse(
            409,
            "Only one pull request may be open for a given source and target branch",
            "DuplicatePullRequestException",
        ),
        Err(Refused::NoHead) => refuse(
            404,
            &format!("Branch \"refs/heads/{head}\" does not exist in this repository."),
            "NoSuchBranchException",
        ),
        Err(Refused::NoBase) => refuse(
            404,
            &format!("Branch \"refs/heads/{base}\" does not exist in this repository."),
            "NoSuchBranchException",
        ),
        Err(Refused::NoCommits) => refuse(409, "Branch is already up-to-date", "EmptyPullRequestException"),
    }
}

fn change(site: &str, pull: &mut Pull, people: &[String], request: &Request) -> Answer {
    if request.body["version"] != json!(pull.version) {
        return out_of_date();
    }
    if pull.state != State::Open {
        return refuse(409, "This pull request has already been closed", "IllegalPullRequestStateException");
    }
    let (title, body) = (request.text("title").unwrap_or_default(), request.text("description").unwrap_or_default());
    if let Some(refused) = invalid(title, body) {
        return refused;
    }
    let reviewers = request.body["reviewers"].as_array().cloned().unwrap_or_default();
    let names: Vec<String> =
        reviewers.iter().map(|one| one["user"]["name"].as_str().unwrap_or_default().to_owned()).collect();
    if let Some(name) = names.iter().find(|name| !people.contains(name)) {
        return refuse(409, &format!("{name} is not a user."), "InvalidPullRequestReviewersException");
    }
    (pull.title, pull.body, pull.reviewers) = (title.to_owned(), body.to_owned(), names);
    if let Some(base) = request.body["toRef"]["id"].as_str() {
        pull.base = base.replace("refs/heads/", "");
    }
    pull.version += 1;
    Answer::new(200, view(site, pull))
}

fn invalid(title: &str, body: &str) -> Option<Answer> {
    let wrong = title.is_empty() || title.chars().count() > 255 || body.chars().count() > 32_768;
    wrong.then(|| {
        refuse(400, "Please enter a title and a description that are not too long.", "ArgumentValidationException")
    })
}

fn out_of_date() -> Answer {
    let message = "You are attempting to modify a pull request based on out-of-date information.";
    refuse(409, message, "PullRequestOutOfDateException")
}

fn refuse(status: u16, message: &str, exception: &str) -> Answer {
    let exception = format!("com.atlassian.bitbucket.{exception}");
    Answer::new(status, json!({"errors": [{"context": null, "message": message, "exceptionName": exception}]}))
}

fn word(pull: &Pull) -> &'static str {
    match pull.state {
        State::Open => "OPEN",
        State::Merged => "MERGED",
        State::Closed => "DECLINED",
    }
}

fn repository(fork: bool) -> Value {
    let (id, key) = if fork { (8, "~STRANGER") } else { (7, "PLAT") };
    json!({"id": id, "slug": "gitops", "name": "gitops", "archived": false, "project": {"key": key}})
}

fn view(site: &str, pull: &Pull) -> Value {
    let link = format!("{site}/projects/PLAT/repos/gitops/pull-requests/{}", pull.number);
    let reviewer =
        |name: &String| json!({"user": {"name": name, "slug": name}, "role": "REVIEWER", "status": "UNAPPROVED"});
    json!({
        "id": pull.number, "version": pull.version, "title": pull.title, "description": pull.body, "state": word(pull),
        "open": pull.state == State::Open, "closed": pull.state != State::Open, "draft": pull.draft,
        "fromRef": {"id": format!("refs/heads/{}", pull.head), "displayId": pull.head, "latestCommit": pull.sha,
                    "repository": repository(pull.fork)},
        "toRef": {"id": format!("refs/heads/{}", pull.base), "displayId": pull.base, "latestCommit": pull.sha,
                  "repository": repository(false)},
        "reviewers": pull.reviewers.iter().map(reviewer).collect::<Vec<_>>(), "links": {"self": [{"href": link}]},
    })
}
